// Builds a door on an empty page; what it tells is kept in `window.heard`.
async (kind) => {
  const pulse = await import("/static/console/pulse.js");
  const names = ["state", "incoming", "incomingOver", "answered", "lost", "resumed", "ended", "notice", "blocked"];
  window.heard = [];
  const hear = Object.fromEntries(names.map((name) => [name, (...told) => window.heard.push([name, ...told])]));
  hear.level = (level) => { window.level = level; };
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": "token-of-this-session" };
  const ticket = async () => (await fetch("/console/phone-token", { method: "POST", body: "{}", headers })).json();
  if (kind === "gateway") {
    const { GatewayDoor } = await import("/static/console/gateway-door.js");
    window.makeDoor = () => new GatewayDoor(ticket, hear, pulse);
  } else {
    const { TwilioDoor } = await import("/static/console/twilio-door.js");
    window.makeDoor = () => new TwilioDoor(ticket, hear, pulse, async () => window.ScriptedDevice);
  }
  window.door = window.makeDoor();
}

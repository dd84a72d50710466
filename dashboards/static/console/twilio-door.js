// A softphone on Twilio: the same door as the gateway's, made of the SDK's Device.

const SILENCE = new URL("silence.wav", import.meta.url).href;
const SOUNDS = ["incoming", "outgoing", "disconnect", ..."0123456789sh"].map((name) => (name.length > 1 ? name : `dtmf${name}`));
const LOOK_MS = 4000;
const KEEP_LOST_MS = 30000;
const RENEW_MS = 30000;
const SENTENCES = {
  31401: "麦克风没有被允许，对方听不到您。请在浏览器的网站设置里允许麦克风。",
  31402: "麦克风打不开，对方听不到您。请看它是不是被别的程序占用。",
};
const NO_SDK = "页面缺少通话组件，电话接不了。请管理员在服务器上装好（make vendor）。";

/** The SDK from our own host. Throws a sentence when it is not there. */
export function loadDevice() {
  if (window.Twilio?.Device) return Promise.resolve(window.Twilio.Device);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../vendor/twilio.min.js", import.meta.url).href;
    script.onload = () => resolve(window.Twilio.Device);
    script.onerror = () => reject(new Error(NO_SDK));
    document.head.append(script);
  });
}

export class TwilioDoor {
  state = "off";
  call = null;
  #fetchTicket;
  #hear;
  #pulse;
  #load;
  #device = null;
  #talk = null; // the SDK's own call
  #isMuted = false;
  #devices = { microphone: "", earphone: "" };
  #played = 0;
  #stopLooking = () => {};

  constructor(fetchTicket, hear, pulse, load = loadDevice) {
    this.#fetchTicket = fetchTicket;
    this.#hear = hear;
    this.#pulse = pulse;
    this.#load = load;
  }

  async open(kept = null) {
    if (this.state !== "off") return;
    this.#set("connecting");
    this.#stopLooking = this.#pulse.every(LOOK_MS, () => this.#stayRegistered());
    try {
      await this.#build(await this.#load());
    } catch (error) {
      this.#hear.notice(error.message);
      this.#leave("off");
      return;
    }
    if (kept) await this.#resume(kept);
    await this.#stayRegistered();
  }

  close() {
    const [device, talk] = [this.#device, this.kept ? this.#talk : null];
    this.#leave("off");
    if (!talk) { device?.destroy(); return; }
    // Another window goes on with the talk; a Device that is destroyed would hang up.
    talk.mute(true);
    talk.on("disconnect", () => device.destroy());
  }

  accept() {
    if (this.call?.stage !== "incoming") return;
    this.call.stage = "answering";
    this.#talk.accept({ rtcConstraints: { audio: microphoneOf(this.#devices.microphone) } });
  }

  reject() {
    if (this.call?.stage !== "incoming") return;
    this.#talk.reject();
    this.#drop();
  }

  hangUp() {
    this.#talk?.disconnect();
  }

  press(digit) {
    this.#talk?.sendDigits(digit);
  }

  mute(isMuted) {
    this.#isMuted = isMuted;
    this.#talk?.mute(isMuted);
  }

  async choose(devices) {
    this.#devices = devices;
    const { audio } = this.#device ?? {};
    if (!audio) return;
    try {
      if (audio.isOutputSelectionSupported) await audio.speakerDevices.set(devices.earphone || "default");
      if (this.call?.stage === "live") await audio.setInputDevice(devices.microphone || "default");
    } catch {
      this.#hear.notice(SENTENCES[31402]);
    }
  }

  get kept() {
    return this.call && this.call.stage !== "incoming" ? { call: this.call.call, key: this.#talk?.connectToken ?? this.call.key } : null;
  }

  async wake() {}

  playedRms() {
    return this.#played;
  }

  async #build(Device) {
    // The SDK hangs up when the page goes away. A talk shall outlive a reload, as at the other door.
    window.addEventListener("pagehide", this.#stayOnTheLine, { capture: true });
    const device = new Device((await this.#fetchTicket()).twilio_token, {
      appName: "hotline-12333",
      closeProtection: false,
      codecPreferences: ["opus", "pcmu"],
      logLevel: "silent",
      maxCallSignalingTimeoutMs: KEEP_LOST_MS,
      tokenRefreshMs: RENEW_MS,
      // The page rings by itself; and none of the SDK's sounds is asked for at Twilio.
      sounds: Object.fromEntries(SOUNDS.map((name) => [name, SILENCE])),
    });
    this.#device = device;
    for (const sound of ["incoming", "outgoing", "disconnect"]) device.audio?.[sound](false);
    device.on("registered", () => this.#set("registered"));
    device.on("unregistered", () => { if (this.state === "registered") this.#set("lost"); });
    device.on("incoming", (talk) => this.#take(talk));
    device.on("tokenWillExpire", () => this.#renew());
    device.on("error", () => { if (this.state === "connecting") this.#set("lost"); });
  }

  // The event about the token's end comes once, and a failed registration is not tried again by the SDK.
  async #stayRegistered() {
    if (this.#device?.state !== "unregistered") return;
    try {
      if (this.state === "lost") await this.#renew();
      await this.#device.register();
    } catch {
      if (this.#device) this.#set("lost");
    }
  }

  async #renew() {
    try {
      this.#device?.updateToken((await this.#fetchTicket()).twilio_token);
    } catch { /* The next look tries again. */ }
  }

  #take(talk) {
    const { CallSid: call, From: from = "" } = talk.parameters;
    this.call = { call, key: talk.connectToken, from, parameters: Object.fromEntries(talk.customParameters ?? []), stage: "incoming" };
    this.#follow(talk, () => this.#hear.answered());
    this.#hear.incoming();
  }

  async #resume(kept) {
    this.call = { ...kept, stage: "lost" };
    try {
      this.#follow(await this.#device.connect({ connectToken: kept.key }), () => this.#hear.resumed());
    } catch {
      this.#drop(() => this.#hear.ended("gone"));
    }
  }

  #follow(talk, begun) {
    this.#talk = talk;
    const whenMine = (work) => (...told) => { if (this.#talk === talk && this.call) work(...told); };
    talk.on("accept", whenMine(() => {
      this.call.stage = "live";
      talk.mute(this.#isMuted);
      begun();
    }));
    talk.on("cancel", whenMine(() => this.#drop(() => this.#hear.incomingOver("canceled"))));
    talk.on("disconnect", whenMine(() => this.#drop(() => this.#hear.ended("completed"))));
    talk.on("reconnecting", whenMine(() => { this.call.stage = "lost"; this.#hear.lost(); }));
    talk.on("reconnected", whenMine(() => { this.call.stage = "live"; this.#hear.resumed(); }));
    talk.on("volume", whenMine((spoken, heard) => { this.#played = heard; this.#hear.level(spoken); }));
    talk.on("error", whenMine(({ code }) => { if (SENTENCES[code]) this.#hear.notice(SENTENCES[code]); }));
  }

  #stayOnTheLine = (event) => {
    if (this.kept) event.stopImmediatePropagation();
  };

  #drop(tell = () => {}) {
    this.#talk = null;
    this.call = null;
    this.#played = 0;
    this.#device?.audio?.unsetInputDevice?.()?.catch(() => {});
    this.#hear.level(0);
    tell();
  }

  #leave(state) {
    this.#stopLooking();
    window.removeEventListener("pagehide", this.#stayOnTheLine, { capture: true });
    this.#device = null;
    if (this.call) this.#drop();
    this.#set(state);
  }

  #set(state) {
    this.state = state;
    this.#hear.state();
  }
}

function microphoneOf(deviceId) {
  return { echoCancellation: true, ...(deviceId && { deviceId: { ideal: deviceId } }) };
}

// The states of a seat, each with its symbol and colour; the words come from the server.

export const SYMBOLS = {
  logged_out: "○", available: "●", reserved: "◉", on_call: "▶", hold: "❚❚", wrap_up: "✎", break: "■", away: "▲",
};
export const TONES = {
  logged_out: "off", available: "on", reserved: "call", on_call: "call", hold: "soon", wrap_up: "soon", break: "off", away: "stop",
};
/** With a caller, or just about to be. */
export const ENGAGED = ["reserved", "on_call", "hold", "wrap_up"];
export const TALKING = ["on_call", "hold"];

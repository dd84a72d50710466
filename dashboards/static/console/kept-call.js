// The call this window is in, kept over a reload.

const PLACE = "console-call";
const MOST_SECONDS = 30; // the gateway keeps a lost leg about as long

/** Keep a call, {call, key}; null forgets it. */
export function keepCall(call) {
  if (call) sessionStorage.setItem(PLACE, JSON.stringify({ ...call, at: Date.now() }));
  else sessionStorage.removeItem(PLACE);
}

/** The call that was left a moment ago; null without one. */
export function keptCall() {
  const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  return kept && Date.now() - kept.at < 1000 * MOST_SECONDS ? kept : null;
}

// A page that is loaded again in mid-call finds the call again, and one that could be rung can be rung again. Written
// only when the page goes away, so that a copy of the tab does not take the call, or the number, from the first.

const PLACE = "phone-call";
const WAITING_PLACE = "phone-waiting";
const MOST_SECONDS = 30; // the gateway keeps a lost call about as long

/** Keep what is needed to come back. */
export function remember(call) {
  sessionStorage.setItem(PLACE, JSON.stringify({ ...call, leftAt: Date.now() }));
}

/** Keep the number whose calls rang here, "" for none. */
export function rememberWaiting(number) {
  if (number) sessionStorage.setItem(WAITING_PLACE, number);
}

/** The number whose calls rang here before this page was loaded again, once; "" without one. */
export function recallWaiting() {
  const number = sessionStorage.getItem(WAITING_PLACE) ?? "";
  sessionStorage.removeItem(WAITING_PLACE);
  return number;
}

/** The call that was left a moment ago, once; null without one. */
export function recall() {
  const kept = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (!kept) return null;
  const call = JSON.parse(kept);
  return Date.now() - call.leftAt < 1000 * MOST_SECONDS ? call : null;
}

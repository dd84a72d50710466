// Where the wallboard's snapshots come from, and how old the newest is by the server's clock.

import { SignedOut } from "../console/api.js";
import { Link } from "../console/link.js";
import * as pulse from "../console/pulse.js";
import { serverNow, setServerNow } from "../console/times.js";

const DATA = "/province/api/wall";
const PATIENCE_MS = 8000;
const POLL_MS = 5000;
// A wall runs for weeks, and its own clock runs away.
const CHECK_CLOCK_MS = 600000;
export const LATE_MS = 5000;
export const STALE_MS = 15000;

export class WallSource {
  /** The newest snapshot, null before the first. */
  newest = null;
  /** What the server refused, in its own words; "" when it did not. */
  refusal = "";
  #link;
  #hear;
  #askedAt = 0;

  /** `hear(snapshot)` is told of every new one. */
  constructor(url, hear) {
    this.#hear = hear;
    this.#link = new Link({
      url, event: "wall", look: () => this.#look(), pulse, lookMs: POLL_MS,
      hear: { data: (snapshot) => this.#take(snapshot), link: () => {} },
    });
  }

  start() {
    this.#link.start();
    pulse.every(1000, () => this.#watch());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#link.refresh(); });
  }

  /** loading, live, late, stale or signed-out. */
  get state() {
    if (this.#link.state === "signed-out") return "signed-out";
    if (!this.newest) return "loading";
    return this.ageMs >= STALE_MS ? "stale" : this.ageMs >= LATE_MS ? "late" : "live";
  }

  /** How old the newest snapshot is. */
  get ageMs() {
    return this.newest ? Math.max(0, serverNow() - Date.parse(this.newest.at)) : Infinity;
  }

  // A stream that lives may have nothing to say: then the server is asked whether it has.
  #watch() {
    const since = Date.now() - this.#askedAt;
    if ((this.ageMs >= LATE_MS && since >= POLL_MS) || since >= CHECK_CLOCK_MS) this.#link.refresh();
  }

  async #look() {
    this.#askedAt = Date.now();
    const headers = { Accept: "application/json", "X-Background": "1" };
    const answer = await fetch(DATA, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 401 || answer.redirected) throw new SignedOut();
    const told = await answer.json().catch(() => null);
    this.refusal = answer.ok ? "" : told?.error ?? "";
    if (!answer.ok || !told) throw new Error(this.refusal);
    const at = Date.parse(answer.headers.get("Date") ?? "");
    // The header has no parts of a second.
    setServerNow(new Date(Math.max(at ? at + 500 : 0, Date.parse(told.at))).toISOString());
    return told;
  }

  #take(snapshot) {
    const at = Date.parse(snapshot.at);
    if (at > serverNow()) setServerNow(snapshot.at);
    // An older word counts where nothing newer comes any more: the clock was set back.
    if (this.newest && at < Date.parse(this.newest.at) && this.ageMs < STALE_MS) return;
    this.refusal = "";
    this.newest = snapshot;
    this.#hear(snapshot);
  }
}

// Asks the server again and again while somebody looks, and knows how fresh the answer is.

import { SignedOut } from "./api.js";

const EVERY_MS = 5000;
const NO_DATABASE = 503;

export class Poll {
  /** loading, live, lost or signed-out. */
  state = "loading";
  /** When the data last came, in milliseconds since 1970 on our own clock; 0 before that. */
  freshAt = 0;
  /** The last thing the server refused, in its own words; "" when it did not. */
  refusal = "";
  #look;
  #hear;
  #asked = 0;
  #isWaiting = false;

  /** `look()` fetches, `hear(data)` is told. Nothing is asked while the page is hidden. */
  constructor({ look, hear, pulse }) {
    this.#look = look;
    this.#hear = hear;
    pulse.every(EVERY_MS, () => { if (!document.hidden && !this.#isWaiting) this.refresh(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.refresh(); });
    window.addEventListener("online", () => this.refresh());
  }

  /** Ask now. An answer to what was asked before is not listened to any more. */
  async refresh() {
    const nth = (this.#asked += 1);
    this.#isWaiting = true;
    try {
      const data = await this.#look();
      if (nth !== this.#asked) return;
      this.freshAt = Date.now();
      this.state = "live";
      this.refusal = "";
      this.#hear(data);
    } catch (error) {
      if (nth !== this.#asked) return;
      this.state = error instanceof SignedOut ? "signed-out" : "lost";
      this.refusal = error.status === NO_DATABASE ? "现在连不上数据库，" : error.status ? error.message : "";
    } finally {
      if (nth === this.#asked) this.#isWaiting = false;
    }
  }
}

// What the server pushes. While that is broken the page asks by itself, and says how old its data is.

import { SignedOut } from "./api.js";

const LOOK_MS = 3000;
const SILENCE_MS = 20000; // the stream pings more often than that
const WAITS_MS = [300, 1000, 2000, 3000];

export class Link {
  /** live, lost or signed-out. */
  state = "lost";
  /** When the data last came, in milliseconds since 1970 on our own clock; 0 before that. */
  freshAt = 0;
  #url;
  #event;
  #look;
  #hear;
  #pulse;
  #source = null;
  #heardAt = 0;
  #failures = 0;
  #reopenAt = 0;
  #lookedAt = 0;
  #isLooking = false;
  #lookMs;

  /**
   * `event` is the one that carries the data, `look()` fetches the same, every `lookMs` while the stream is broken.
   * `hear` is told: data(object), link().
   */
  constructor({ url, event, look, hear, pulse, lookMs = LOOK_MS }) {
    this.#url = url;
    this.#event = event;
    this.#look = look;
    this.#hear = hear;
    this.#pulse = pulse;
    this.#lookMs = lookMs;
  }

  start() {
    this.#open();
    this.#ask();
    this.#pulse.every(500, () => this.#watch());
    window.addEventListener("online", () => { this.#reopenAt = 0; });
  }

  /** Ask now, whatever the stream does. */
  refresh() {
    return this.#ask();
  }

  /** The server has asked for a new sign-in; asks until there is one. */
  signedOut() {
    this.#set("signed-out");
  }

  #open() {
    this.#source?.close();
    this.#heardAt = Date.now();
    if (!this.#url) return;
    const source = new EventSource(this.#url, { withCredentials: true });
    this.#source = source;
    const heard = (work) => (event) => {
      if (source !== this.#source) return;
      this.#heardAt = Date.now();
      this.#failures = 0;
      work(event);
      // A stream that was opened before goes on without a session; actions do not.
      if (this.state !== "signed-out") this.#set("live");
    };
    source.addEventListener(this.#event, heard(({ data }) => this.#take(JSON.parse(data))));
    source.addEventListener("ping", heard(() => { this.freshAt = Date.now(); }));
    source.onopen = () => { this.#heardAt = Date.now(); };
    source.onerror = () => { if (source === this.#source) this.#lose(); };
  }

  #lose() {
    this.#source?.close();
    this.#source = null;
    this.#reopenAt = Date.now() + WAITS_MS[Math.min(this.#failures, WAITS_MS.length - 1)];
    this.#failures += 1;
    if (this.state === "live") this.#set("lost");
  }

  #watch() {
    const now = Date.now();
    if (this.#source && now - this.#heardAt > SILENCE_MS) this.#lose();
    if (!this.#source && now >= this.#reopenAt) this.#open();
    if (this.state !== "live" && now - this.#lookedAt >= this.#lookMs) this.#ask();
  }

  async #ask() {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#lookedAt = Date.now();
    try {
      this.#take(await this.#look());
      if (this.state === "signed-out") this.#comeBack();
    } catch (error) {
      if (error instanceof SignedOut) this.#set("signed-out");
    } finally {
      this.#isLooking = false;
    }
  }

  #comeBack() {
    this.#set(this.#source ? "live" : "lost");
    this.#reopenAt = 0;
  }

  #take(data) {
    this.freshAt = Date.now();
    this.#hear.data(data);
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.#hear.link();
  }
}

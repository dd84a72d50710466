// The telephone line: a call on a connection, and half a minute of trying when that connection breaks.

import { Connection } from "./connection.js";

const WAITS_MS = [500, 1000, 2000, 4000];
const GIVE_UP_MS = 30000;
const NOT_WON_BACK = "没有接回来，通话已结束。";

export class Line {
  /** The call on this line, {call, key}; null without one. */
  call = null;
  #fetchTicket;
  #hear;
  #connection = null;
  // Whatever belongs to an earlier epoch is of no interest any more.
  #epoch = 0;
  #wake = () => {};

  /** `hear` is told: message(object), audio(buffer), lost(), gone(sentence). */
  constructor(fetchTicket, hear) {
    this.#fetchTicket = fetchTicket;
    this.#hear = hear;
    // No need to wait out a pause when the network is back.
    window.addEventListener("online", () => this.#wake());
  }

  /** Begin a call. */
  async dial(to, from) {
    this.close();
    const epoch = this.#epoch;
    try {
      await this.#connect(epoch, { type: "dial", to, from });
    } catch (error) {
      if (epoch === this.#epoch) this.#end(error.message);
    }
  }

  /** Come back to a call that this page was in before it was loaded again. */
  async resume(call) {
    this.close();
    this.call = call;
    await this.#winBack([0, ...WAITS_MS]);
  }

  /** Press a key. */
  press(digit) {
    this.#connection?.say({ type: "digit", digit });
  }

  /** Hang up; nothing more is heard of this call. */
  hangUp() {
    this.#connection?.say({ type: "hangup" });
    this.close();
  }

  /** Send a frame of sound. */
  send(frame) {
    this.#connection?.send(frame);
  }

  /** Let go of the call and its connection. */
  close() {
    this.#epoch += 1;
    this.#connection?.close();
    this.#connection = null;
    this.call = null;
    this.#wake();
  }

  async #connect(epoch, opening) {
    const ticket = await this.#fetchTicket();
    if (epoch !== this.#epoch) return;
    this.#connection?.close();
    this.#connection = new Connection(ticket, opening, {
      audio: (buffer) => this.#hear.audio(buffer),
      broken: () => this.#lose(),
      message: (message) => {
        if (message.type === "ringing") this.call = { call: message.call, key: message.key };
        this.#hear.message(message);
      },
    });
    await this.#connection.answered;
  }

  #lose() {
    this.#hear.lost();
    this.#winBack(WAITS_MS);
  }

  async #winBack(waits) {
    const epoch = this.#epoch;
    const deadline = setTimeout(() => { if (epoch === this.#epoch) this.#end(NOT_WON_BACK); }, GIVE_UP_MS);
    for (let n = 0; epoch === this.#epoch; n += 1) {
      await this.#pause(waits[Math.min(n, waits.length - 1)]);
      if (epoch !== this.#epoch) break;
      try {
        await this.#connect(epoch, { type: "resume", ...this.call });
        break;
      } catch (error) {
        if (error.isFinal && epoch === this.#epoch) this.#end(error.message);
      }
    }
    clearTimeout(deadline);
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  #end(sentence) {
    this.close();
    this.#hear.gone(sentence);
  }
}

// The telephone line: a call on a connection, and half a minute of trying when that connection breaks. With a number
// of its own it also stands open between calls, so that it can be rung.

import { Connection } from "./connection.js";

const WAITS_MS = [500, 1000, 2000, 4000];
const GIVE_UP_MS = 30000;
const NOT_WON_BACK = "没有接回来，通话已结束。";

export class Line {
  /** The call on this line, {call, key}; null without one. */
  call = null;
  /** Whose calls ring here; "" when the line can only dial. */
  number = "";
  /** True while a call to the number would ring here. */
  isRegistered = false;
  #fetchTicket;
  #hear;
  #every;
  #connection = null;
  #isInCall = false;
  // Whatever belongs to an earlier epoch is of no interest any more.
  #epoch = 0;
  #wake = () => {};

  /**
   * `fetchTicket(number)` asks for what opens a connection. `hear` is told: message(object), audio(buffer), lost(),
   * gone(sentence), and while there is a number: standing(), refused(sentence). `every` keeps the time of the pings.
   */
  constructor(fetchTicket, hear, every) {
    this.#fetchTicket = fetchTicket;
    this.#hear = hear;
    this.#every = every;
    // No need to wait out a pause when the network is back.
    window.addEventListener("online", () => this.#wake());
  }

  /** Ring for calls to this number, from now on and between calls. */
  wait(number) {
    this.number = number;
    this.close();
  }

  /** Ring no more. A call that is going on does so to its end. */
  stopWaiting() {
    this.number = "";
    if (!this.#isInCall) this.close();
  }

  /** Begin a call. */
  async dial(to, from) {
    const opening = { type: "dial", to, from };
    if (!this.isRegistered) this.#drop();
    this.#isInCall = true;
    const epoch = this.#epoch;
    try {
      // Over the line that can be rung, so that whoever rings meanwhile hears that it is engaged.
      if (this.number && !this.isRegistered) await this.#connect(epoch, { type: "register" });
      if (!this.number) await this.#connect(epoch, opening);
      else if (epoch === this.#epoch) this.#connection.say(opening);
    } catch (error) {
      if (epoch === this.#epoch) this.#end(error.message);
    }
  }

  /** Take the call that rings. */
  accept(asMachine) {
    this.#isInCall = true;
    this.#connection?.say({ type: "accept", call: this.call?.call, ...(asMachine && { as: "machine" }) });
  }

  /** Do not take a call that rings. */
  reject(call = this.call?.call) {
    this.#connection?.say({ type: "reject", call });
    if (call === this.call?.call) this.call = null;
  }

  /** Come back to a call that this page was in before it was loaded again; `number` is where it could be rung. */
  async resume(call, number) {
    this.#drop();
    this.number = number;
    this.call = call;
    this.#isInCall = true;
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
    if (this.#isInCall) this.#connection?.send(frame);
  }

  /** Let go of the call and its connection; a line with a number stands open again on a new one. */
  close() {
    this.#drop();
    if (this.number) this.#stand([0, ...WAITS_MS]);
  }

  #drop() {
    this.#epoch += 1;
    this.#connection?.close();
    this.#connection = null;
    this.call = null;
    this.#isInCall = false;
    this.isRegistered = false;
    this.#wake();
  }

  async #connect(epoch, opening) {
    const ticket = await this.#fetchTicket(this.number);
    if (epoch !== this.#epoch) return;
    this.#connection?.close();
    this.#connection = new Connection(ticket, opening, {
      audio: (buffer) => this.#hear.audio(buffer),
      broken: () => this.#lose(),
      message: (message) => {
        this.#note[message.type]?.(message);
        this.#hear.message(message);
      },
    }, this.#every);
    await this.#connection.answered;
  }

  // What the line itself must know of what it is told.
  #note = {
    ringing: ({ call, key }) => { this.call = { call, key }; },
    incoming: ({ call, key }) => {
      // One that was being taken when the connection broke may ring again.
      if (this.#isInCall && this.call?.call !== call) return;
      this.#isInCall = false;
      this.call = { call, key };
      this.#registerAgain();
    },
    incoming_over: ({ call }) => {
      if (this.call?.call !== call) return;
      this.#isInCall = false;
      this.call = null;
    },
    resumed: () => this.#registerAgain(),
    registered: () => { this.isRegistered = true; this.#hear.standing(); },
    replaced: () => { this.isRegistered = false; this.stopWaiting(); },
  };

  // A connection that was opened to go on with a call.
  #registerAgain() {
    if (this.number && !this.isRegistered) this.#connection.say({ type: "register" });
  }

  #lose() {
    this.isRegistered = false;
    if (this.#isInCall) {
      this.#hear.lost();
      this.#winBack(WAITS_MS);
      return;
    }
    const { call } = this;
    this.call = null;
    if (call) this.#hear.message({ type: "incoming_over", call: call.call, reason: "lost" });
    this.#stand(WAITS_MS);
  }

  async #stand(waits) {
    const epoch = this.#epoch;
    this.#hear.standing();
    for (let n = 0; epoch === this.#epoch && !this.isRegistered; n += 1) {
      await this.#pause(waits[Math.min(n, waits.length - 1)]);
      if (epoch !== this.#epoch) return;
      try {
        await this.#connect(epoch, { type: "register" });
      } catch (error) {
        if (!error.isFinal || epoch !== this.#epoch) continue;
        this.stopWaiting();
        this.#hear.refused(error.message);
      }
    }
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

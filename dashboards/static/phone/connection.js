// One connection to the voice gateway: JSON in text frames, sound in binary ones.

const ANSWER_MS = 6000;
const PING_MS = 2000;
const MISSED_PINGS = 3;
const MOST_UNSENT_BYTES = 16000; // one second; older sound is of no use to anybody
const FIRST_WORDS = ["registered", "ringing", "incoming", "resumed", "ended"];
export const NOT_REACHED = "连不上语音网关，它可能正在重新启动，可以再拨一次。";

/** The gateway will not have this call; asking again cannot help. */
class Refused extends Error {
  isFinal = true;
}

export class Connection {
  #socket;
  #hear;
  #every;
  #settle;
  #timer;
  #stopPinging = () => {};
  #isThrough = false;
  #isClosed = false;
  #unheardPings = 0;

  /**
   * `opening` is said as soon as the gateway is ready. `hear` is told: message(object), audio(buffer), and
   * broken() once the connection had been through. `answered` settles with the gateway's first word.
   * `every` keeps the time of the pings.
   */
  constructor({ url, token }, opening, hear, every = pageTimer) {
    this.#hear = hear;
    this.#every = every;
    this.answered = new Promise((resolve, reject) => { this.#settle = { resolve, reject }; });
    this.#timer = setTimeout(() => this.#break(), ANSWER_MS);
    this.#socket = new WebSocket(`${url}?token=${encodeURIComponent(token)}`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onclose = () => this.#break();
    this.#socket.onmessage = ({ data }) => {
      if (this.#isClosed) return;
      this.#unheardPings = 0;
      if (data instanceof ArrayBuffer) this.#hear.audio(data);
      else this.#take(JSON.parse(data), opening);
    };
  }

  /** Send a message. */
  say(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Send a frame of sound. */
  send(frame) {
    const canTake = this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < MOST_UNSENT_BYTES;
    if (this.#isThrough && canTake) this.#socket.send(frame);
  }

  /** Close it; nothing more is heard. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stopPinging();
    this.#settle.reject(new Error(NOT_REACHED));
    this.#socket.close();
  }

  #take(message, opening) {
    if (message.type === "ready") this.say(opening);
    if (message.type === "error" && !this.#isThrough) {
      this.#settle.reject(new Refused(message.sentence));
      this.close();
      return;
    }
    if (FIRST_WORDS.includes(message.type) && !this.#isThrough) this.#begin();
    this.#hear.message(message);
  }

  #begin() {
    this.#isThrough = true;
    clearTimeout(this.#timer);
    this.#stopPinging = this.#every(PING_MS, () => this.#ping());
    this.#settle.resolve();
  }

  // A dead network does not close a connection; silence on it tells.
  #ping() {
    if (this.#unheardPings >= MISSED_PINGS) { this.#break(); return; }
    this.#unheardPings += 1;
    this.say({ type: "ping", t: Math.round(performance.now()) });
  }

  #break() {
    if (this.#isClosed) return;
    this.close();
    if (this.#isThrough) this.#hear.broken();
  }
}

function pageTimer(ms, work) {
  const timer = setInterval(work, ms);
  return () => clearInterval(timer);
}

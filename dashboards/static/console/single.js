// Of all windows of a browser one takes the calls. It holds a lock, which also keeps a browser from
// putting its tab to sleep.

const NAME = "console-phone";
const PATIENCE_MS = 700; // a reload lets go of the lock a moment after the new page begins
const ANSWER_MS = 300;

async function isHeld() {
  const { held } = await navigator.locks.query();
  return held.some(({ name }) => name === NAME);
}

export class SingleWindow {
  /** Whether this window takes the calls. */
  isMine = false;
  #hear;
  #channel = new BroadcastChannel(NAME);
  #release = () => {};

  /** `hear` is told: mine(call) with the call another window handed over or null, elsewhere(); `handOver()` gives ours away. */
  constructor(hear) {
    this.#hear = hear;
    this.#channel.addEventListener("message", ({ data }) => {
      if (data.type !== "take-over" || !this.isMine) return;
      this.#channel.postMessage({ type: "call", call: this.#hear.handOver() });
      this.giveUp();
    });
  }

  /** Take the calls, unless another window does. */
  async claim() {
    while (!(await this.#hold({ signal: AbortSignal.timeout(PATIENCE_MS) }))) {
      // A busy browser hands out even a free lock late: only one that is held is another window's.
      if (await isHeld()) {
        this.#hear.elsewhere();
        return;
      }
    }
  }

  /** Take the calls from the other window, and the call that it is in. */
  async takeOver() {
    const call = await this.#askForCall();
    await this.#hold({ steal: true }, call);
  }

  /** Let go, so that another window may take the calls: the telephone line was taken elsewhere. */
  giveUp() {
    this.isMine = false;
    this.#release();
    this.#hear.elsewhere();
  }

  #hold(options, call = null) {
    if (!navigator.locks) {
      this.#begin(call);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const held = navigator.locks.request(NAME, options, () => {
        resolve(true);
        this.#begin(call);
        return new Promise((release) => { this.#release = release; });
      });
      held.catch(() => {
        resolve(false);
        if (this.isMine) this.giveUp();
      });
    });
  }

  #begin(call) {
    this.isMine = true;
    this.#hear.mine(call);
  }

  #askForCall() {
    return new Promise((resolve) => {
      const take = ({ data }) => { if (data.type === "call") settle(data.call); };
      const settle = (call) => {
        this.#channel.removeEventListener("message", take);
        resolve(call);
      };
      this.#channel.addEventListener("message", take);
      setTimeout(settle, ANSWER_MS, null);
      this.#channel.postMessage({ type: "take-over" });
    });
  }
}

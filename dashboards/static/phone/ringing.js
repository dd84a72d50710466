// A call that comes: it rings and is shown, until somebody takes it or it is over.

import { written } from "./numbers.js";

// While one of these is shown another call can ring, or the same one again.
const CAN_RING = ["idle", "ended", "ringing", "answering", "lost"];
const MISSED = {
  busy: "您没有接这个电话。",
  canceled: "对方挂断了，没有接到。",
  completed: "对方挂断了，没有接到。",
  "no-answer": "响了很久没有人接，电话断了。",
  lost: "网络断了，没有接到来电。",
  replaced: "电话改在另一个页面上响了。",
};

export class Ringing {
  /** The number of whoever rang last, as it is shown. */
  caller = "";
  #line;
  #bell;
  #view;
  #dialled;
  #captions;

  constructor({ line, bell, view, dialled, captions }) {
    this.#line = line;
    this.#bell = bell;
    this.#view = view;
    this.#dialled = dialled;
    this.#captions = captions;
  }

  /** A call is shown to this page. */
  begin({ call, from }) {
    if (this.#line.call?.call !== call || !CAN_RING.includes(this.#view.state)) {
      this.#line.reject(call);
      return;
    }
    const [number, name] = [written(from), this.#dialled.nameOf(from)];
    this.caller = number;
    this.#captions.clear();
    this.#captions.note(`来电：${[number, name].filter(Boolean).join("　")}`);
    this.#view.notice("");
    this.#view.number(number);
    this.#view.hint(`${name && `${name}打来，`}打给 ${written(this.#line.number)}`);
    this.#view.show("ringing");
    this.#bell.ring(number, `打给${written(this.#line.number)}`, true);
  }

  /** Nobody can take it any more; false when nothing rang. */
  over(reason) {
    if (this.#view.state !== "ringing" && this.#view.state !== "answering") return false;
    this.stop();
    this.#captions.note(MISSED[reason] ?? MISSED.canceled);
    this.#view.show("idle");
    this.#view.hint(MISSED[reason] ?? MISSED.canceled);
    this.#dialled.showAgain();
    return true;
  }

  /** Not this call, or not now. */
  decline() {
    this.#line.reject();
    this.over("busy");
  }

  /** Silence. */
  stop() {
    this.#bell.stop();
  }
}

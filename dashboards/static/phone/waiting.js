// The switch 等电话: whether this page rings for calls to its own number, and the sentence beside it.

import { written } from "./numbers.js";

const OFF = "打开后，打这个号码，这里会响。";
const byId = (id) => document.getElementById(id);

export class Waiting {
  #line;
  #bell;
  #view;
  #dialled;
  #switch = byId("wait");

  constructor({ line, bell, view, dialled }) {
    this.#line = line;
    this.#bell = bell;
    this.#view = view;
    this.#dialled = dialled;
    this.#switch.addEventListener("click", () => this.#turn());
    // A page that was just loaded may sound only once it was touched.
    for (const touch of ["pointerup", "keyup"]) document.addEventListener(touch, () => this.show());
    this.show();
  }

  /** As before the page was loaded again. */
  goOn(number) {
    this.#dialled.restoreOwn(number);
    this.#line.wait(number);
  }

  /** Show how it stands. */
  show() {
    const { number } = this.#line;
    this.#switch.setAttribute("aria-checked", String(Boolean(number)));
    byId("wait-text").textContent = this.#words(number);
    byId("wait-text").classList.toggle("soon", Boolean(number) && !this.#bell.isAudible);
    this.#view.waiting(number, this.#line.isRegistered);
  }

  /** It was switched off by others, who say why. */
  lose(sentence) {
    this.#view.notice(sentence);
    this.show();
  }

  #turn() {
    if (this.#line.number) {
      this.#line.stopWaiting();
      this.show();
      return;
    }
    const own = this.#dialled.readOwn();
    this.#view.notice(own.sentence ?? "");
    if (own.sentence) {
      own.field.focus();
      return;
    }
    // Switched on by hand, so from now on this page may sound.
    this.#bell.wake();
    this.#line.wait(own.number);
  }

  #words(number) {
    if (!number) return OFF;
    if (!this.#line.isRegistered) return "正在接上，请稍等……";
    return this.#bell.isAudible ? `${written(number)} 有人打，这里会响。` : "点一下这一页，来电才响得出声。";
  }
}

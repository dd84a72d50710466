// The number to be dialled, and the number it is to come from, as the user chooses or types them.

import { callerNumber, dialable } from "./numbers.js";

const LONGEST = 20;
const byId = (id) => document.getElementById(id);

export class Dialled {
  #to = byId("to");
  #from = byId("from");
  #own = byId("own");
  #shown;
  #isChosen = true;
  #show;

  /** `show` is told what the display shall say. */
  constructor(show) {
    this.#show = show;
    this.#to.addEventListener("change", () => this.#choose());
    this.#from.addEventListener("change", () => this.#offerOwn(true));
    // The browser may bring back what was chosen before a reload.
    this.#offerOwn(false);
    this.#choose();
  }

  /** Add a key; the first one replaces a number that was chosen from the list. */
  add(key) {
    this.#set((this.#isChosen ? "" : this.#shown) + key);
  }

  deleteLast() {
    this.#set(this.#shown.slice(0, -1));
  }

  /** After the display has shown something else. */
  showAgain() {
    this.#show(this.#shown);
  }

  /** Show what an earlier page had dialled. */
  restore({ to, from }) {
    this.#to.value = to;
    if (this.#to.value) this.#choose();
    else this.#set(to);
    this.restoreOwn(from);
  }

  /** {to, from}, or {sentence, field} when one of them is no number. */
  read() {
    const to = this.#isChosen ? this.#to.value : dialable(this.#shown);
    if (!to) return { sentence: "这个号码拨不了。请从“拨打”里选一个，或输入带区号的号码。", field: this.#to };
    const isOwn = this.#from.value === "own";
    const from = isOwn ? callerNumber(this.#own.value) : this.#from.value;
    if (from === null) return { sentence: "来电号码请写11位手机号，或带区号的座机号。", field: this.#own };
    return { to, from };
  }

  /** {number} at which this telephone can be rung, or {sentence, field} when it has none. */
  readOwn() {
    const number = this.#from.value === "own" ? callerNumber(this.#own.value) : this.#from.value;
    if (number) return { number };
    if (number === null) return { sentence: "来电号码请写11位手机号，或带区号的座机号。", field: this.#own };
    const field = this.#from.value === "own" ? this.#own : this.#from;
    return { sentence: "先选一个来电号码，别人才能打给您。", field };
  }

  /** Show the number at which an earlier page could be rung. */
  restoreOwn(number) {
    this.#from.value = number;
    if (this.#from.selectedIndex >= 0) return;
    this.#from.value = "own";
    this.#own.value = number;
    this.#offerOwn(false);
  }

  /** Whose number this is in the list of those to be dialled: 芜湖; "" when it is none of them. */
  nameOf(number) {
    const choice = [...this.#to.options].find(({ value }) => value && value === number);
    return choice?.textContent.trim().split("　").at(-1) ?? "";
  }

  #choose() {
    if (!this.#to.value) return;
    this.#shown = this.#to.selectedOptions[0].dataset.shown;
    this.#isChosen = true;
    this.#show(this.#shown);
  }

  #set(shown) {
    this.#shown = shown.slice(0, LONGEST);
    this.#isChosen = false;
    const listed = [...this.#to.options].find(({ dataset }) => dataset.shown?.replace(" ", "") === this.#shown);
    this.#to.value = listed?.value ?? "";
    this.#show(this.#shown);
  }

  #offerOwn(mayFocus) {
    this.#own.parentElement.hidden = this.#from.value !== "own";
    if (this.#from.value === "own" && mayFocus) this.#own.focus();
  }
}

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

  /** Show what an earlier page had dialled. */
  restore({ to, from }) {
    this.#to.value = to;
    if (this.#to.value) this.#choose();
    else this.#set(to);
    this.#from.value = from;
    if (this.#from.selectedIndex >= 0) return;
    this.#from.value = "own";
    this.#own.value = from;
    this.#offerOwn(false);
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

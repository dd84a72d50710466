// Dialogs that ask, send, and stay open with the sentence when the server says no.

import { byId, write } from "./dom.js";
import { choice } from "./slots.js";

export class Sheet {
  dialog;
  #wrong;

  constructor(name) {
    this.dialog = byId(`${name}-dialog`);
    this.#wrong = byId(`${name}-wrong`);
    this.dialog.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    byId(`${name}-form`)?.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
  }

  /** What the form does; a dialog that only shows has none. */
  send() {}

  say(words) {
    write(this.#wrong, words);
    this.#wrong.hidden = !words;
  }

  /**
   * Do it once; the dialog stays open with the sentence of whatever goes wrong. When `work` gives {tell, said}, the
   * dialog closes and `tell(said)` is told.
   */
  async attempt(button, work) {
    if (button.disabled) return;
    button.disabled = true;
    this.say("");
    try {
      const told = await work();
      if (!told) return;
      this.dialog.close();
      await told.tell(told.said);
    } catch (error) {
      this.say(error.message);
    } finally {
      button.disabled = false;
    }
  }
}

/** Asks for one of some reasons before something is taken off a list. */
export class ReasonDialog extends Sheet {
  #name;
  #reasons;
  #about;
  #clear;
  #done;
  #ask;
  #row = null;

  /**
   * `reasons` are [{key, name, needs_words}]; `about(row)` says what it is about; `clear(row, reason, words)` sends it,
   * `done(said)` is told afterwards; `ask` is said over the words where a reason needs some.
   */
  constructor({ name, reasons, about, clear, done, ask = "请写清楚原因" }) {
    super(name);
    this.#name = name;
    this.#reasons = reasons;
    this.#about = about;
    this.#clear = clear;
    this.#done = done;
    this.#ask = ask;
    this.#part("reasons").addEventListener("change", ({ target }) => this.#choose(target));
  }

  open(row) {
    this.#row = row;
    write(this.#part("about"), this.#about(row));
    this.#part("reasons").replaceChildren(...this.#reasons.map(({ key, name }) => choice(this.#name, key, name)));
    this.#part("words").value = "";
    write(this.#part("words-name"), "补充说明，可以不写");
    this.say("");
    this.dialog.showModal();
    this.#part("reasons").querySelector("input").focus();
  }

  send() {
    const chosen = this.#part("reasons").querySelector("input:checked");
    const reason = chosen && this.#reasons.find(({ key }) => key === chosen.value);
    const words = this.#part("words").value.trim();
    if (!reason) { this.say("请选一个原因。"); return; }
    if (reason.needs_words && !words) { this.say("请写一句原因。"); this.#part("words").focus(); return; }
    this.attempt(this.#part("form").querySelector("[type=submit]"), async () => {
      const { said } = await this.#clear(this.#row, reason, words);
      return { tell: this.#done, said };
    });
  }

  #choose(input) {
    const needs = this.#reasons.find(({ key }) => key === input.value)?.needs_words;
    write(this.#part("words-name"), needs ? this.#ask : "补充说明，可以不写");
    this.say("");
    if (needs) this.#part("words").focus();
  }

  #part(part) {
    return byId(`${this.#name}-${part}`);
  }
}

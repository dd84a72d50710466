// Asks what was found out before an alarm is taken off the list.

import { byId, write } from "../console/dom.js";
import { choice } from "../console/slots.js";

export class AlarmClear {
  #dialog = byId("clear-dialog");
  #api;
  #done;
  #reasons;
  #row = null;

  /** `done(said)` is told when it is done; `reasons` are [{key, name, needs_words}]. */
  constructor(api, done, reasons) {
    this.#api = api;
    this.#done = done;
    this.#reasons = reasons;
    this.#dialog.querySelector("[data-close]").addEventListener("click", () => this.#dialog.close());
    byId("clear-reasons").addEventListener("change", ({ target }) => this.#choose(target));
    byId("clear-form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
  }

  open(row) {
    this.#row = row;
    write(byId("clear-about"), `${row.centre_name}，${row.rule_zh}：${row.words}`);
    byId("clear-reasons").replaceChildren(...this.#reasons.map(({ key, name }) => choice("clear", key, name)));
    byId("clear-words").value = "";
    write(byId("clear-words-name"), "补充说明，可以不写");
    this.#say("");
    this.#dialog.showModal();
    byId("clear-reasons").querySelector("input").focus();
  }

  #choose(input) {
    const needs = this.#needsWords(input);
    write(byId("clear-words-name"), needs ? "请写清楚原因" : "补充说明，可以不写");
    this.#say("");
    if (needs) byId("clear-words").focus();
  }

  #needsWords(input) {
    return Boolean(this.#reasons.find(({ key }) => key === input.value)?.needs_words);
  }

  async #send() {
    const button = byId("clear-form").querySelector("[type=submit]");
    const chosen = byId("clear-reasons").querySelector("input:checked");
    const words = byId("clear-words").value.trim();
    if (button.disabled) return;
    if (!chosen) { this.#say("请选一个原因。"); return; }
    if (this.#needsWords(chosen) && !words) { this.#say("请写一句原因。"); byId("clear-words").focus(); return; }
    button.disabled = true;
    this.#say("");
    try {
      const { said } = await this.#api.post(`/province/api/alarms/${this.#row.id}/clear`, { reason: chosen.value, words });
      this.#dialog.close();
      await this.#done(said);
    } catch (error) {
      this.#say(error.message);
    } finally {
      button.disabled = false;
    }
  }

  #say(words) {
    write(byId("clear-wrong"), words);
    byId("clear-wrong").hidden = !words;
  }
}

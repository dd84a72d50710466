// Asks what was done before a freeze is taken off the urgent list.

import { byId, write } from "./dom.js";
import { choice } from "./slots.js";

export class FreezeWhy {
  #dialog = byId("why-dialog");
  #api;
  #done;
  #reasons;
  #row = null;

  /** `done(said)` is told when it is done. */
  constructor(api, done, reasons) {
    this.#api = api;
    this.#done = done;
    this.#reasons = reasons;
    this.#dialog.querySelector("[data-close]").addEventListener("click", () => this.#dialog.close());
    byId("why-reasons").addEventListener("change", ({ target }) => this.#choose(target));
    byId("why-form").addEventListener("submit", (event) => { event.preventDefault(); this.#send(); });
  }

  open(row) {
    this.#row = row;
    write(byId("why-about"), [row.card, row.bank, `${row.action_zh}：${row.status_zh}`].filter(Boolean).join("，"));
    byId("why-reasons").replaceChildren(...this.#reasons.map(({ key, name }) => choice("why", key, name)));
    byId("why-words").value = "";
    write(byId("why-words-name"), "补充说明，可以不写");
    this.#say("");
    this.#dialog.showModal();
    byId("why-reasons").querySelector("input").focus();
  }

  #choose(input) {
    const needs = this.#needsWords(input);
    write(byId("why-words-name"), needs ? "请写清楚怎么处理的" : "补充说明，可以不写");
    this.#say("");
    if (needs) byId("why-words").focus();
  }

  #needsWords(input) {
    return Boolean(this.#reasons.find(({ key }) => key === input.value)?.needs_words);
  }

  async #send() {
    const button = byId("why-form").querySelector("[type=submit]");
    const chosen = byId("why-reasons").querySelector("input:checked");
    const words = byId("why-words").value.trim();
    if (button.disabled) return;
    if (!chosen) { this.#say("请选一个原因。"); return; }
    if (this.#needsWords(chosen) && !words) { this.#say("请写一句原因。"); byId("why-words").focus(); return; }
    button.disabled = true;
    this.#say("");
    try {
      const { said } = await this.#api.post(`/console/freezes/${this.#row.id}/clear`, { reason: chosen.value, words });
      this.#dialog.close();
      await this.#done(said);
    } catch (error) {
      this.#say(error.message);
    } finally {
      button.disabled = false;
    }
  }

  #say(words) {
    write(byId("why-wrong"), words);
    byId("why-wrong").hidden = !words;
  }
}

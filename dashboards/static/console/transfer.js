// Hands the caller on to another centre, skill or dialect.

import { byId, make } from "./dom.js";

export class Transfer {
  #form = byId("transfer");
  #send;
  #own = "";

  /** `send({centre, skill, language})` does it. */
  constructor({ centres, skills, languages, send }) {
    this.#send = send;
    for (const [id, entries] of [["transfer-centre", centres], ["transfer-skill", skills], ["transfer-language", languages]]) {
      byId(id).replaceChildren(...entries.map(({ key, name }) => {
        const option = make("option", {}, name);
        option.value = key;
        return option;
      }));
    }
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go();
    });
    this.#form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.close(); event.stopPropagation(); }
      if (event.key === "Enter" && event.target.matches("select")) { event.preventDefault(); this.#go(); }
    });
  }

  get isOpen() {
    return !this.#form.hidden;
  }

  /** `own` is the centre of the caller, {centre, skill, language}. */
  toggle(own) {
    if (this.isOpen) { this.close(); return; }
    this.#own = own;
    byId("transfer-centre").value = own.centre;
    byId("transfer-skill").value = own.skill ?? "";
    byId("transfer-language").value = own.language ?? "";
    this.#form.hidden = false;
    byId("transfer-open").setAttribute("aria-expanded", "true");
    byId("transfer-centre").focus();
  }

  close() {
    this.#form.hidden = true;
    byId("transfer-open").setAttribute("aria-expanded", "false");
    byId("transfer-open").focus();
  }

  async #go() {
    const wanted = { centre: byId("transfer-centre").value, skill: byId("transfer-skill").value, language: byId("transfer-language").value };
    byId("transfer-go").disabled = true;
    if (await this.#send(wanted)) this.close();
    byId("transfer-go").disabled = false;
  }
}

// Asks why a case was late before it is taken off the list, and who does the cases of somebody who is away.

import { byId, make, write } from "./dom.js";
import { choice } from "./slots.js";
import { dayAndTime } from "./times.js";

class Sheet {
  dialog;
  #wrong;

  constructor(name) {
    this.dialog = byId(`${name}-dialog`);
    this.#wrong = byId(`${name}-wrong`);
    this.dialog.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    byId(`${name}-form`).addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
  }

  say(words) {
    write(this.#wrong, words);
    this.#wrong.hidden = !words;
  }

  /** Do it; the dialog stays open with the sentence when the server says no. `work` gives what is told. */
  async attempt(button, work) {
    if (button.disabled) return;
    button.disabled = true;
    this.say("");
    try {
      const { tell, said } = await work();
      this.dialog.close();
      await tell(said);
    } catch (error) {
      this.say(error.message);
    } finally {
      button.disabled = false;
    }
  }
}

export class ClearDialog extends Sheet {
  #api;
  #done;
  #reasons;
  #row = null;

  /** `done(said)` is told when it is done; `reasons` are [{key, name, needs_words}]. */
  constructor(api, done, reasons) {
    super("clear");
    this.#api = api;
    this.#done = done;
    this.#reasons = reasons;
    byId("clear-reasons").addEventListener("change", ({ target }) => this.#choose(target));
  }

  open(row) {
    this.#row = row;
    write(byId("clear-about"), `办件 ${row.id}，${[row.kind_zh, row.subject_zh, row.owner].filter(Boolean).join("，")}，期限 ${dayAndTime(row.due_at)}`);
    byId("clear-reasons").replaceChildren(...this.#reasons.map(({ key, name }) => choice("clear", key, name)));
    byId("clear-words").value = "";
    write(byId("clear-words-name"), "补充说明，可以不写");
    this.say("");
    this.dialog.showModal();
    byId("clear-reasons").querySelector("input").focus();
  }

  #choose(input) {
    const needs = this.#needsWords(input);
    write(byId("clear-words-name"), needs ? "请写清楚原因" : "补充说明，可以不写");
    this.say("");
    if (needs) byId("clear-words").focus();
  }

  #needsWords(input) {
    return Boolean(this.#reasons.find(({ key }) => key === input.value)?.needs_words);
  }

  // What is kept is a sentence: the reason of the list, and what was written about it.
  #written(key, words) {
    const reason = this.#reasons.find((one) => one.key === key);
    return reason.needs_words ? words : [reason.name, words].filter(Boolean).join("：");
  }

  send() {
    const chosen = byId("clear-reasons").querySelector("input:checked");
    const words = byId("clear-words").value.trim();
    if (!chosen) { this.say("请选一个原因。"); return; }
    if (this.#needsWords(chosen) && !words) { this.say("请写一句原因。"); byId("clear-words").focus(); return; }
    this.attempt(byId("clear-form").querySelector("[type=submit]"), async () => {
      const { said } = await this.#api.post(`/console/cases/${this.#row.id}/do/clear`, { words: this.#written(chosen.value, words) });
      return { tell: this.#done, said };
    });
  }
}

export class DeputyDialog extends Sheet {
  #api;
  #done;
  #person = null;

  constructor(api, done) {
    super("deputy");
    this.#api = api;
    this.#done = done;
    byId("deputy-end").addEventListener("click", () => this.#end());
  }

  /** `people` are those of the same centre; `now` is the server's time. */
  open(person, people, now) {
    this.#person = person;
    const others = people.filter(({ id, is_active: isActive, centre }) => id !== person.id && isActive && centre === person.centre);
    write(byId("deputy-about"), `${person.name}不在岗时，由谁看到、接着办名下的 ${person.owned} 件。`);
    byId("deputy-who").replaceChildren(make("option", { value: "" }, others.length ? "请选" : "这个中心没有别的咨询员"),
      ...others.map(({ id, name }) => make("option", { value: String(id) }, name)));
    byId("deputy-who").value = person.deputy ? String(person.deputy.id) : "";
    byId("deputy-until").min = shanghaiDay(Date.parse(now));
    byId("deputy-until").value = person.deputy?.until ? shanghaiDay(Date.parse(person.deputy.until) - 1) : "";
    byId("deputy-end").hidden = !person.deputy;
    this.say("");
    this.dialog.showModal();
    byId("deputy-who").focus();
  }

  send() {
    const deputy = byId("deputy-who").value;
    if (!deputy) { this.say("请选谁来代办。"); byId("deputy-who").focus(); return; }
    const body = { agent_id: this.#person.id, deputy_id: Number(deputy), until: byId("deputy-until").value };
    this.attempt(byId("deputy-form").querySelector("[type=submit]"), () => this.#post("/console/deputies", body));
  }

  #end() {
    this.attempt(byId("deputy-end"), () => this.#post(`/console/deputies/${this.#person.id}/end`, {}));
  }

  async #post(path, body) {
    const { said } = await this.#api.post(path, body);
    return { tell: this.#done, said };
  }
}

function shanghaiDay(at) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(at);
}

// Asks who does the cases of somebody who is away.

import { byId, make, write } from "./dom.js";
import { Sheet } from "./sheet.js";

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

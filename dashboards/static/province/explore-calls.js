// The single calls that the figures are made of: never who called, each with a link to what happened in it.

import { SignedOut } from "../console/api.js";
import { byId, make, write } from "../console/dom.js";
import { formatValue } from "./charts.js";
import { searchOf } from "./explore-address.js";
import { WEEKDAYS } from "./explore-heat.js";

const DURATION = { unit: "seconds" };
const FIRST = 20;
const ORDER = "新的在前，按时间看一个来电的经过。";
const NONE = "没有找到这样的来电。";
const TIME = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const STATES = { answered: "on", self_served: "on", voicemail: "soon", callback_requested: "soon", abandoned_in_queue: "stop", human_unavailable: "stop", failed: "stop" };

export class Calls {
  #api;
  #ask;
  #query = null;
  #rows = [];
  #next = null;
  #turn = 0;
  #shownFor = "";

  /** `ask(changed)` is told what else shall be looked at. */
  constructor(api, outcomes, ask) {
    this.#api = api;
    this.#ask = ask;
    byId("outcome").append(new Option("全部结果", ""), ...outcomes.map(({ key, name }) => new Option(name, key)));
    byId("outcome").addEventListener("change", ({ target }) => ask({ outcome: target.value, view: "calls" }));
    byId("list-calls").addEventListener("click", () => ask({ view: "calls" }));
    byId("more-calls").addEventListener("click", () => this.#read(this.#next));
    byId("calls-hour").addEventListener("click", () => ask({ weekday: "", hour: "" }));
  }

  /** Show the calls of this question, when somebody wants to see them. */
  show(query) {
    this.#query = query;
    const isOpen = query.view === "calls" || query.since === query.until;
    byId("outcome").value = query.outcome;
    byId("calls-hour").hidden = query.weekday === "";
    write(byId("calls-hour"), query.weekday === "" ? "" : `${WEEKDAYS[Number(query.weekday)]} ${query.hour}时 ✕`);
    byId("list-calls").hidden = isOpen;
    if (!isOpen) {
      this.#shownFor = "";
      this.#rows = [];
      this.#note("");
      this.#draw("");
    } else if (this.#shownFor !== searchOf(query)) {
      this.#rows = [];
      this.#read(null);
    }
  }

  async #read(after) {
    this.#turn += 1;
    const mine = this.#turn;
    this.#shownFor = searchOf(this.#query);
    byId("calls").setAttribute("aria-busy", "true");
    let said = "";
    try {
      const found = await this.#api.get(`/province/api/calls${this.#shownFor}${after ? `&after=${encodeURIComponent(after)}` : `&limit=${FIRST}`}`);
      if (mine !== this.#turn) return;
      this.#rows = [...this.#rows, ...found.rows];
      this.#next = found.next;
      this.#note(found.note);
      said = this.#rows.length ? "" : NONE;
    } catch (error) {
      if (mine !== this.#turn) return;
      byId("signed-out").toggleAttribute("open", error instanceof SignedOut);
      this.#shownFor = "";
      this.#next = after;
      said = `${error.message}请再按一次“列出来电”。`;
      byId("list-calls").hidden = false;
    }
    byId("calls").removeAttribute("aria-busy");
    this.#draw(said);
  }

  /** What is not listed is said before the list. */
  #note(words) {
    write(byId("calls-note"), `${ORDER}${words ?? ""}`);
  }

  #draw(said) {
    write(byId("no-calls"), said);
    byId("no-calls").hidden = !said;
    byId("calls-list").replaceChildren(...this.#rows.map(rowOf));
    byId("calls-wide").hidden = !this.#rows.length;
    byId("more-calls").hidden = !this.#rows.length || !this.#next;
  }
}

function rowOf(row) {
  const isMoved = row.last_centre_name && row.last_centre_name !== row.centre_name;
  return make("tr", {},
    make("th", { scope: "row" }, make("a", { href: row.href }, TIME.format(Date.parse(row.started_at)))),
    make("td", {}, isMoved ? `${row.centre_name} → ${row.last_centre_name}` : row.centre_name),
    make("td", {}, make("span", { class: `state ${STATES[row.outcome] ?? "off"}` }, row.outcome_zh)),
    make("td", { class: row.subject_zh ? "wrap" : "wrap none" }, row.subject_zh || "—"),
    make("td", { class: "figure" }, row.seconds === null ? "—" : formatValue(DURATION, row.seconds)),
    make("td", {}, row.channel_zh),
    make("td", {}, row.caller || "—"));
}

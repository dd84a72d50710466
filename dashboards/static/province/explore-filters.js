// What is looked at: period, centres, subjects, channels, and what it is compared with.

import { byId, make, write } from "../console/dom.js";
import { Pick } from "./explore-pick.js";
import { daysIn, periodWords } from "./explore-period.js";

const QUICK = ["today", "yesterday", "this_week", "last_week", "this_month", "last_month", "last_30_days", "last_365_days"];
const BACKWARDS = "结束日期在开始日期前面，请换过来。";
const INCOMPLETE = "请把开始和结束的日期都选好。";

export class Filters {
  #query = null;
  #periods;
  #ask;
  #picks;
  #today;

  /** `ask(changed)` is told what somebody has chosen, `reset()` that everything shall be as in the beginning. */
  constructor(config, { ask, reset }) {
    this.#today = config.today;
    this.#ask = ask;
    this.#periods = config.periods.filter(({ key }) => QUICK.includes(key));
    byId("quick").append(...this.#periods.map(({ name, since, until }) => make("button", {
      type: "button", "aria-pressed": "false", onclick: () => ask({ since, until }),
    }, name)));
    for (const name of ["since", "until"]) {
      byId(name).max = config.today;
      byId(name).addEventListener("change", () => this.#takeDates(ask));
    }
    byId("compare").addEventListener("change", ({ target }) => ask({ compare: target.value }));
    byId("reset").addEventListener("click", reset);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("compare").append(...config.comparisons.map(({ key, name }) => make("option", { value: key }, name)));
    const flat = (list) => list.map((one) => ({ ...one, subjects: [] }));
    const lists = { centres: [flat(config.centres), "个中心"], subjects: [config.subjects, "个主题"], channels: [flat(config.channels), "个渠道"] };
    this.#picks = Object.fromEntries(Object.entries(lists).filter(([name]) => byId(`pick-${name}`))
      .map(([name, [groups, unit]]) => [name, new Pick(name, groups, unit, (keys) => ask({ [name]: keys }))]));
  }

  /** Show what is looked at; `answer` has the server's words for it, once it has come. */
  show(query, answer) {
    this.#query = query;
    for (const name of ["since", "until", "compare"]) byId(name).value = query[name];
    for (const [name, pick] of Object.entries(this.#picks)) pick.show(query[name]);
    [...byId("quick").children].forEach((button, n) => {
      const { since, until } = this.#periods[n];
      button.setAttribute("aria-pressed", String(since === query.since && until === query.until));
    });
    this.#complain("");
    this.#tell(query, answer);
  }

  #takeDates(ask) {
    const [since, until] = [byId("since").value, byId("until").value];
    if (!since || !until) return this.#complain(INCOMPLETE);
    if (since > until) return this.#complain(BACKWARDS);
    if (since === this.#query.since && until === this.#query.until) return this.#complain("");
    return ask({ since, until });
  }

  #complain(sentence) {
    write(byId("filters-wrong"), sentence);
    byId("filters-wrong").hidden = !sentence;
  }

  /** In one line what is looked at; what was narrowed is a button that widens it again. */
  #tell(query, answer) {
    const days = daysIn(query.since, query.until);
    const before = answer?.compared_period ? `，对比${withoutYear(answer.compared_period, this.#today)}` : "";
    const chips = Object.entries(this.#picks).filter(([, pick]) => pick.words).map(([name, pick]) => make("button", {
      type: "button", class: "chip", title: "取消，看全部", onclick: () => this.#ask({ [name]: [] }),
    }, `${pick.words} ✕`));
    byId("about").replaceChildren(make("span", {}, `${periodWords(query.since, query.until, this.#today)}${days > 1 ? `，${days}天` : ""}${before}`), ...chips);
  }
}

/** This year is not named, unless the period began in another one. */
function withoutYear(words, today) {
  const years = words.match(/\d{4}年/g) ?? [];
  return years.every((year) => year === `${today.slice(0, 4)}年`) && words.includes("月") ? words.replaceAll(/\d{4}年/g, "") : words;
}

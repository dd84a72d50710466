// What is wrong, whose systems answer, and how fresh each city is.

import { byId, fill, make, write } from "../console/dom.js";
import { secondsSince, spoken, timeOf } from "../console/times.js";

const SEVERITIES = { urgent: ["■", "紧急"], warning: ["▲", "提醒"] };
const STATES = { down: ["■", "stop"], slow: ["◐", "soon"], half_open: ["▲", "soon"], up: ["●", "on"], absent: ["○", "off"] };
const MOST_NAMES = 3;

export class Lists {
  #names;
  #alarms = null;

  /** `names`: code -> name of a centre. */
  constructor(names) {
    this.#names = names;
    new ResizeObserver(() => this.#cut()).observe(byId("alarms"));
  }

  show(snapshot, codes, isWhole) {
    this.#showAlarms(snapshot.alarms.filter(({ centre }) => (centre ? codes.includes(centre) : isWhole)));
    this.#showSystems(codes.flatMap((code) => snapshot.centres[code].systems.map((system) => ({ ...system, centre: code }))), codes.length);
    this.#showCities(codes.filter((code) => snapshot.centres[code].kind === "city").map((code) => ({ code, ...snapshot.centres[code] })));
  }

  #showAlarms(alarms) {
    const urgent = alarms.filter(({ severity }) => severity === "urgent").length;
    write(byId("alarms-count"), alarms.length ? `${alarms.length} 条${urgent ? `，紧急 ${urgent}` : ""}` : "");
    byId("no-alarms").hidden = alarms.length > 0;
    const sorted = alarms.toSorted((a, b) => (b.severity === "urgent") - (a.severity === "urgent") || Date.parse(b.began_at) - Date.parse(a.began_at));
    fill(byId("alarms"), sorted.map((alarm) => ({ ...alarm, since: sinceWords(alarm) })), (alarm) => this.#alarm(alarm));
    this.#cut();
    this.#announce(alarms);
  }

  #alarm({ id, severity, centre, words, since }) {
    const [symbol, word] = SEVERITIES[severity] ?? SEVERITIES.warning;
    return make("li", { class: severity, "data-alarm": id },
      make("i", { "aria-hidden": "true" }, symbol),
      make("p", {}, make("span", { class: "hidden" }, `${word}：`), make("b", {}, centre ? this.#name(centre) : "全省"), ` ${words}`),
      make("small", {}, since));
  }

  // What does not fit is counted: half a line says nothing.
  #cut() {
    const list = byId("alarms");
    const items = [...list.children];
    for (const item of items) item.hidden = false;
    const room = list.getBoundingClientRect().bottom + 1;
    const isOpen = getComputedStyle(list).overflowY === "visible";
    const out = isOpen ? [] : items.filter((item) => item.getBoundingClientRect().bottom > room);
    for (const item of out) item.hidden = true;
    write(byId("alarms-more"), out.length ? `还有 ${out.length} 条，看全部` : "看全部");
  }

  #announce(alarms) {
    const before = this.#alarms;
    this.#alarms = new Set(alarms.map(({ id }) => id));
    if (!before) return;
    const fresh = alarms.filter(({ id }) => !before.has(id));
    if (fresh.length) write(byId("announce"), fresh.map(({ centre, words }) => `新的告警：${centre ? this.#name(centre) : "全省"}，${words}`).join("。"));
  }

  #showSystems(systems, centres) {
    const kinds = new Map();
    for (const system of systems) kinds.set(system.kind, [...(kinds.get(system.kind) ?? []), system]);
    byId("no-systems").hidden = kinds.size > 0;
    const rows = [...kinds.values()].map((same) => ({
      name: same[0].kind_zh ?? same[0].name,
      states: Object.keys(STATES).map((state) => same.filter((system) => system.state === state)).filter((found) => found.length)
        .map((found) => ({ state: found[0].state, word: found[0].state_zh ?? "", why: found[0].sentence ?? "", codes: found.map(({ centre }) => centre) })),
    }));
    fill(byId("systems"), rows.map((row) => ({ ...row, centres })), (row) => this.#system(row));
  }

  #system({ name, states, centres }) {
    return make("li", {}, make("b", {}, name), make("span", { class: "states" }, ...states.map(({ state, word, why, codes }) => {
      const [symbol, tone] = STATES[state];
      const isNamed = centres > 1 && !["up", "absent"].includes(state);
      const count = centres > 1 ? ` ${codes.length}` : "";
      return make("span", { class: `mark ${tone}`, title: why },
        make("i", { "aria-hidden": "true" }, symbol), `${word}${count}`, isNamed ? make("small", {}, this.#some(codes)) : "");
    })));
  }

  #showCities(cities) {
    byId("cities-part").hidden = !cities.length;
    const rows = cities.map(({ code, newest_at: at, is_stale: isStale }) => ({ code, isStale, at: at ? timeOf(at) : "", ago: at ? agoWords(at) : "还没有数据" }));
    fill(byId("city-rows"), rows.toSorted((a, b) => b.isStale - a.isStale), ({ code, isStale, at, ago }) => make("li", { class: isStale ? "stale" : "" },
      make("b", {}, this.#name(code)), make("span", { class: `mark ${isStale ? "stop" : "on"}` }, make("i", { "aria-hidden": "true" }, isStale ? "▲" : "●"), isStale ? "断了" : "正常"),
      make("small", {}, at ? `数据到 ${at}，${ago}` : ago)));
  }

  #some(codes) {
    const names = codes.slice(0, MOST_NAMES).map((code) => this.#name(code)).join("、");
    return codes.length > MOST_NAMES ? `${names}等` : names;
  }

  #name(code) {
    return this.#names.get(code) ?? code;
  }
}

/** `6分钟`, `3小时20分`: beside a time of day, minutes alone would read as one. */
const minutely = (seconds) => spoken(seconds).replace(/^(\d+分)$/, "$1钟");
const agoWords = (at) => (secondsSince(at) < 60 ? "刚刚" : `${minutely(secondsSince(at))}前`);

function sinceWords({ began_at: at, is_over: isOver, must_clear: mustClear }) {
  if (isOver && mustClear) return `${timeOf(at)}，待处理`;
  return `${timeOf(at)}起 ${secondsSince(at) < 60 ? "刚刚" : minutely(secondsSince(at))}`;
}

// The rows of the alarms, and the hours that were proven. What has not changed is left alone.

import { byId, fill, make, write } from "../console/dom.js";
import { FreezeTable } from "../console/freezes-rows.js";
import { dayAndTime, secondsSince, spoken } from "../console/times.js";

const SYMBOLS = { urgent: "■", warning: "▲" };
const TONES = { urgent: "stop", warning: "soon" };
const STATES = { holds: ["✓", "相符"], differs: ["✕", "不符"], unknown: ["?", "没有核对成"], missing: ["·", "还没有核对"] };
// More calls than these are folded away.
const SHOWN_CALLS = 5;

/** A list of alarms; how long each lasts goes on by itself. */
export class AlarmTable extends FreezeTable {
  #body;

  constructor(name, cellsOf, act) {
    super(name, cellsOf, act);
    this.#body = byId(name);
  }

  tick() {
    for (const cell of this.#body.querySelectorAll("[data-since]")) write(cell, `已经${spoken(secondsSince(cell.dataset.since))}`);
  }
}

export function presentCells(row) {
  const lasting = row.ended_at
    ? make("b", {}, `${dayAndTime(row.ended_at)}已经好了`)
    : make("b", { "data-since": row.began_at });
  return [
    make("td", { class: "when-cell" }, lasting, small(`${dayAndTime(row.began_at)}起`)),
    ...sharedCells(row),
    make("td", { class: "deeds-cell" }, row.may_clear
      ? make("button", { type: "button", class: "deed", "data-deed": "clear", "aria-label": `${row.centre_name}，${row.rule_zh}，清除` }, "清除")
      : row.must_clear ? small("由省级清除") : null),
  ];
}

export function pastCells(row) {
  return [
    make("td", { class: "when-cell" }, dayAndTime(row.began_at), small(`到${dayAndTime(row.ended_at)}`)),
    ...sharedCells(row),
    make("td", { class: "deeds-cell words-cell" }, row.cleared_reason
      ? make("span", {}, row.cleared_reason, small(`${row.cleared_by}，${dayAndTime(row.cleared_at)}`))
      : make("span", { class: "quiet" }, "自己结束")),
  ];
}

/** A square for each hour of the last day, by what the proof said; read out as a sentence. */
export function showProofs(proofs) {
  for (const kind of ["outcomes", "carrier"]) {
    const hours = proofs.filter((one) => one.kind === kind);
    const parts = Object.entries(STATES)
      .map(([state, [, words]]) => [hours.filter((one) => one.state === state).length, words])
      .filter(([count]) => count);
    const words = `最近${hours.length}个钟头：${parts.map(([count, said]) => `${count}个${said}`).join("，")}`;
    fill(byId(`proof-${kind}`), [{ words, hours }], () => make("div", {},
      make("span", { class: "squares", "aria-hidden": "true" }, ...hours.map(square)), make("span", {}, words)));
  }
}

function square({ hour, state }) {
  const [symbol, words] = STATES[state];
  return make("i", { class: state, title: `${dayAndTime(hour)}起的一个钟头：${words}` }, symbol);
}

function sharedCells(row) {
  return [
    make("th", { scope: "row", class: "rule-cell" }, row.rule_zh,
      make("span", { class: `state ${TONES[row.severity]}` }, make("span", { "aria-hidden": "true" }, `${SYMBOLS[row.severity]} `), row.severity_zh)),
    make("td", { class: "centre-cell" }, row.centre_name, small(row.about_zh.length ? row.about_zh.join("、") : "")),
    make("td", { class: "words-cell" }, make("span", {}, row.words), thereOf(row), callsOf(row.calls)),
  ];
}

// Where something can be done about it, while there is something to do.
function thereOf({ there, ended_at: endedAt }) {
  return there && !endedAt ? make("a", { class: "there", href: there.path }, `去“${there.name}”`) : null;
}

function callsOf(calls) {
  if (!calls.length) return null;
  const items = calls.map(({ call, words, path }) => make("li", {},
    path ? make("a", { href: path }, call) : call ? make("code", {}, call) : null, make("span", {}, words)));
  const list = make("ul", { class: "calls" }, ...items.slice(0, SHOWN_CALLS));
  if (items.length <= SHOWN_CALLS) return list;
  return make("div", {}, list, make("details", {},
    make("summary", {}, `另外${items.length - SHOWN_CALLS}个`), make("ul", { class: "calls" }, ...items.slice(SHOWN_CALLS))));
}

function small(words) {
  return words ? make("small", {}, words) : null;
}

// The rows of the list. What has not changed is left alone, so that focus and place are kept.

import { arrange, byId, make, write } from "./dom.js";
import { dayAndTime, secondsSince, spanOf, spoken, timeOf } from "./times.js";

const HEADS = { open: "什么时候打", ended: "什么时候结束的", todo: "从什么时候起" };
const SYMBOLS = { scheduled: "○", waiting: "◉", dialling: "▶", live: "●" };
const TONES = { scheduled: "off", waiting: "soon", dialling: "call", live: "on" };
const DEEDS = [["call_now", "call-now", "现在打"], ["postpone", "postpone", "改时间"], ["cancel", "cancel", "取消"], ["clear", "clear", "办结"]];
const MOST_TRIES = 3;

export class CallbackRows {
  #body = byId("rows");
  #rows = new Map();
  #isOneCentre;

  /** `act(deed, row, button)` is told what was pressed. */
  constructor({ isOneCentre, act }) {
    this.#isOneCentre = isOneCentre;
    this.#body.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-deed]");
      if (button && !button.disabled) act(button.dataset.deed, this.#rows.get(button.closest("tr").dataset.id), button);
    });
    this.#body.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** `kind` is open, ended or todo. */
  show(rows, kind) {
    write(byId("due-h"), HEADS[kind]);
    this.#rows = new Map(rows.map((row) => [String(row.id), row]));
    const kept = new Map([...this.#body.rows].map((row) => [row.dataset.id, row]));
    const focused = document.activeElement?.closest?.("#rows tr");
    const deed = document.activeElement?.dataset?.deed;
    arrange(this.#body, rows.map((row) => this.#fresh(kept.get(String(row.id)), row, kind)));
    this.tick();
    // What was made anew, or has gone, must not take the keyboard's place along.
    if (!focused || focused.contains(document.activeElement)) return;
    const again = focused.isConnected && (focused.querySelector(`[data-deed="${deed}"]`) ?? focused.querySelector("[data-deed]"));
    (again || byId("list-h")).focus({ preventScroll: true });
  }

  tick() {
    for (const cell of this.#body.querySelectorAll("[data-since]")) {
      write(cell, `${cell.dataset.words}${spoken(secondsSince(cell.dataset.since))}`);
    }
  }

  /** Lead the eye to one row. */
  point(id) {
    const row = [...this.#body.rows].find((one) => one.dataset.id === String(id));
    if (!row) return;
    row.classList.add("pointed");
    row.scrollIntoView({ block: "center" });
    row.querySelector("[data-deed]")?.focus({ preventScroll: true });
  }

  #fresh(row, callback, kind) {
    const told = JSON.stringify([callback, kind]);
    if (row?.dataset.told === told) return row;
    const made = this.#rowOf(callback, kind);
    made.dataset.told = told;
    made.dataset.id = String(callback.id);
    if (!row) return made;
    row.replaceChildren(...made.children);
    row.dataset.told = told;
    row.className = made.className;
    return row;
  }

  #rowOf(row, kind) {
    return make("tr", { class: row.is_overdue ? "is-late" : "" },
      make("td", { class: "due-cell" }, ...dueOf(row, kind)),
      make("th", { scope: "row", class: "caller-cell" }, row.caller.masked, small(row.caller.region)),
      make("td", { class: "about-cell" }, ...aboutOf(row, this.#isOneCentre)),
      make("td", { class: "asked-cell" }, ...askedOf(row)),
      make("td", { class: "tries-cell" }, triesOf(row)),
      make("td", { class: "state-cell" }, ...stateOf(row, kind)),
      make("td", { class: "agent-cell" }, ...(row.last_agent ? [row.last_agent.number, small(row.last_agent.name)] : [make("span", { class: "quiet" }, "—")])),
      make("td", { class: "deeds-cell" }, ...deedsOf(row)));
  }

  // From row to row with the arrows, at the same button.
  #walk(event) {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const button = event.target.closest("[data-deed]");
    if (!step || !button) return;
    let row = button.closest("tr")[step];
    while (row && !row.querySelector("[data-deed]")) row = row[step];
    if (!row) return;
    event.preventDefault();
    (row.querySelector(`[data-deed="${button.dataset.deed}"]`) ?? row.querySelector("[data-deed]")).focus();
  }
}

function dueOf(row, kind) {
  if (row.ended_at) return [make("b", {}, dayAndTime(row.ended_at)), small("结束")];
  if (kind === "todo") return [make("b", {}, row.promised_until ? dayAndTime(row.promised_until) : "—"), lateOf(row)];
  const slot = row.slot_from && spanOf(row.slot_from, row.slot_until);
  const isPromise = slot && row.not_before === row.slot_from;
  const promised = slot && !isPromise ? `约的 ${slot.replace(/^今天 /, "")}` : "";
  if (row.status === "scheduled") {
    return [make("b", {}, isPromise ? slot : `${dayAndTime(row.not_before)}以后`), lateOf(row), small(promised)];
  }
  const place = row.position ? `排第 ${row.position} 位` : "排着队";
  return [make("b", {}, row.status === "waiting" ? place : "现在"), lateOf(row), small(promised)];
}

function lateOf(row) {
  return row.is_overdue ? make("span", { class: "late", "data-since": row.promised_until, "data-words": "过了 " }) : null;
}

function aboutOf(row, isOneCentre) {
  const marks = [!isOneCentre && row.centre_name, row.is_slow && "慢慢说", row.language_zh].filter(Boolean).join("，");
  return [row.skill_zh, small(marks),
    row.note ? make("span", { class: "note", title: row.note }, `“${row.note}”`) : null];
}

function askedOf(row) {
  const waited = row.ended_at ? null : make("span", { class: "waited", "data-since": row.asked_at, "data-words": "等了 " });
  return [timeOf(row.asked_at), waited, small(row.source_zh)];
}

function triesOf(row) {
  if (!row.attempts.length) return make("span", { class: "quiet" }, "还没打过");
  const counted = row.attempts.filter(({ is_counted }) => is_counted).length;
  const earlier = row.attempts.length - MOST_TRIES;
  return make("ol", { class: "tries", "aria-label": `打过 ${counted} 次` },
    earlier > 0 ? make("li", { class: "quiet" }, `前面还有 ${earlier} 次`) : null,
    ...row.attempts.slice(-MOST_TRIES).map(({ at, result_zh, is_counted, agent }) => make("li", { class: is_counted ? "" : "quiet" },
      make("time", { datetime: at }, timeOf(at)), result_zh, make("small", {}, agent.number))));
}

function stateOf(row, kind) {
  const isFailed = row.status === "ended" && row.to_clear_zh.length > 0;
  const isServed = row.end_reason === "served";
  const tone = isFailed ? "stop" : isServed ? "on" : TONES[row.status] ?? "off";
  const symbol = isFailed ? "▲" : isServed ? "✓" : SYMBOLS[row.status] ?? "■";
  // In the other lists how late it is stands at the left.
  const extra = row.to_clear_zh.filter((words) => words !== row.status_zh && (kind === "todo" || !row.is_overdue));
  return [
    make("span", { class: `state ${tone}` }, make("span", { "aria-hidden": "true" }, `${symbol} `), row.status_zh),
    ...extra.map((words) => make("span", { class: "state stop" }, make("span", { "aria-hidden": "true" }, "▲ "), words)),
    row.text_zh ? make("small", {}, row.text_zh) : null,
    row.end_note ? make("small", { title: row.end_note }, `原因：${row.end_note}`) : null,
    row.cleared_reason && kind !== "open" ? make("small", { title: row.cleared_reason }, `已办结：${row.cleared_reason}`) : null,
  ];
}

function deedsOf(row) {
  const whom = `${row.caller.masked}，`;
  return DEEDS.filter(([may]) => row.may[may]).map(([, deed, words]) => make("button",
    { type: "button", class: "deed", "data-deed": deed, "aria-label": `${whom}${words}` }, words));
}

function small(words) {
  return words ? make("small", {}, words) : null;
}

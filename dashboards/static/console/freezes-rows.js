// The rows of the three tables. What has not changed is left alone, so that focus and place are kept.

import { arrange, byId, make, write } from "./dom.js";
import { clock, dayAndTime, secondsSince, secondsUntil } from "./times.js";

export class FreezeTable {
  #name;
  #body;
  #cellsOf;
  #rows = new Map();

  /** `name` is of the table's elements; `cellsOf(row)` makes the cells; `act(deed, row, button)` hears what was pressed. */
  constructor(name, cellsOf, act = () => {}) {
    this.#name = name;
    this.#body = byId(name);
    this.#cellsOf = cellsOf;
    this.#body.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-deed]");
      if (button && !button.disabled) act(button.dataset.deed, this.#rows.get(button.closest("tr").dataset.id), button);
    });
    this.#body.addEventListener("keydown", (event) => this.#walk(event));
  }

  show(rows) {
    this.#rows = new Map(rows.map((row) => [String(row.id), row]));
    const kept = new Map([...this.#body.rows].map((row) => [row.dataset.id, row]));
    const focused = this.#body.contains(document.activeElement) ? document.activeElement.closest("tr") : null;
    const deed = document.activeElement?.dataset?.deed;
    arrange(this.#body, rows.map((row) => this.#fresh(kept.get(String(row.id)), row)));
    byId(`${this.#name}-table`).hidden = !rows.length;
    byId(`no-${this.#name}`).hidden = rows.length > 0;
    this.tick();
    if (!focused || focused.contains(document.activeElement)) return;
    const now = this.#body.querySelector(`tr[data-id="${focused.dataset.id}"]`);
    const again = now?.querySelector(`[data-deed="${deed}"]`) ?? now?.querySelector("[data-deed]");
    (again ?? byId(`${this.#name}-h`)).focus({ preventScroll: true });
  }

  tick() {
    for (const cell of this.#body.querySelectorAll("[data-due]")) {
      const left = secondsUntil(cell.dataset.due);
      write(cell, left > 0 ? `还有 ${clock(left)}` : `过了 ${clock(secondsSince(cell.dataset.due))}`);
      cell.closest("tr").classList.toggle("is-late", left <= 0);
    }
  }

  #fresh(old, row) {
    const told = JSON.stringify(row);
    if (old?.dataset.told === told) return old;
    return make("tr", { "data-id": row.id, "data-told": told }, ...this.#cellsOf(row));
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

export function urgentCells(row) {
  return [
    make("td", { class: "due-cell" }, make("b", { "data-due": row.due_at }), small(`最晚 ${dayAndTime(row.due_at)}`)),
    ...sharedCells(row),
    make("td", {}, ...aboutOf(row)),
    make("td", { class: "deeds-cell" }, deedOf(row, "look", "再查一次"), deedOf(row, "clear", "处理完毕")),
  ];
}

export function expiringCells(row) {
  return [
    make("td", { class: "due-cell" }, make("b", {}, row.until_zh)),
    ...sharedCells(row),
    make("td", {}, ...aboutOf(row)),
    make("td", { class: "deeds-cell" }, deedOf(row, "reminded", "已提醒")),
  ];
}

export function recentCells(row) {
  const notes = [row.reason && `系统说：${row.reason}`, row.cleared_reason && `${row.cleared_by}：${row.cleared_reason}`];
  return [
    make("td", { class: "when-cell" }, dayAndTime(row.asked_at)),
    make("td", { class: "centre-cell" }, row.centre_name),
    make("th", { scope: "row" }, row.card),
    make("td", {}, row.bank || dash()),
    make("td", {}, row.action_zh),
    make("td", {}, row.door_zh),
    make("td", {}, row.who),
    make("td", { class: "state-cell" }, stateOf(row), ...notes.filter(Boolean).map(small)),
    make("td", {}, row.until_zh || dash()),
    make("td", {}, row.receipt || dash()),
  ];
}

function sharedCells(row) {
  return [
    make("th", { scope: "row", class: "card-cell" }, row.card, small(row.bank)),
    make("td", { class: "deed-cell" }, row.action_zh, small(row.centre_name)),
    make("td", { class: "when-cell" }, dayAndTime(row.asked_at), small(`${row.door_zh}，${row.who}`)),
    make("td", { class: "state-cell" }, stateOf(row), row.due_at ? small(row.until_zh) : null),
  ];
}

function aboutOf(row) {
  const isOpen = row.status === "unknown";
  const looked = isOpen ? `系统查过 ${row.looks} 次${row.look_at ? `，${dayAndTime(row.look_at)}再查` : ""}` : "";
  const callback = row.callback_id && make("a", { href: `/callbacks?tab=centre#callback-${row.callback_id}` }, "看约好的回电");
  const words = [looked, row.reason && `系统说：${row.reason}`, row.receipt && `受理号 ${row.receipt}`].filter(Boolean);
  return [callback || (row.due_at ? make("span", { class: "quiet" }, "没有约回电") : null), ...words.map(small)];
}

function stateOf({ tone, symbol, status_zh: words }) {
  return make("span", { class: `state ${tone}` }, make("span", { "aria-hidden": "true" }, `${symbol} `), words);
}

function deedOf(row, deed, words) {
  return row.may[deed] ? make("button", { type: "button", class: "deed", "data-deed": deed, "aria-label": `${row.card}，${words}` }, words) : null;
}

function small(words) {
  return words ? make("small", {}, words) : null;
}

function dash() {
  return make("span", { class: "quiet" }, "—");
}

// Reconciliation: the last days of every city as a grid of states, and one day measure by measure.

import { byId, fill, make, write } from "../console/dom.js";
import { dayAndTime } from "../console/times.js";
import { dayWords, gap, stateOf } from "./cities-rows.js";
import { Sheet } from "../console/sheet.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class DayGrid {
  #body = byId("days");
  #at = "";

  /** `open(centre, day)` hears which day is wanted. */
  constructor(open) {
    this.#body.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      this.#hold(button);
      open(button.dataset.centre, button.dataset.day);
    });
    this.#body.addEventListener("keydown", (event) => this.#walk(event));
  }

  show(days, rows) {
    byId("days-wide").hidden = byId("day-legend").hidden = !rows.length;
    fill(byId("days-head"), [days], () => make("tr", {}, make("th", { scope: "col" }, "最近31天"), ...days.map(dayHead)));
    const focused = this.#body.contains(document.activeElement) ? document.activeElement.dataset : null;
    fill(this.#body, rows, (row) => make("tr", {}, make("th", { scope: "row" }, row.name),
      ...row.cells.map((cell, n) => make("td", {}, cell ? dayButton(row, cell) : make("span", { class: "none", title: `${dayWords(days[n])}：还没有开始报送` })))));
    this.#hold(this.#buttons().find((one) => key(one) === this.#at) ?? this.#buttons().at(-1));
    if (focused && !this.#body.contains(document.activeElement)) this.#buttons().find((one) => key(one) === key({ dataset: focused }))?.focus({ preventScroll: true });
    showLegend(rows);
  }

  #buttons() {
    return [...this.#body.querySelectorAll("button")];
  }

  // Of the whole grid one button takes the focus, and the arrows move it.
  #hold(button) {
    if (!button) return;
    for (const one of this.#body.querySelectorAll('button[tabindex="0"]')) one.tabIndex = -1;
    button.tabIndex = 0;
    this.#at = key(button);
  }

  #walk(event) {
    const step = STEPS[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell) return;
    event.preventDefault();
    let [row, column] = [cell.parentElement.sectionRowIndex, cell.cellIndex];
    for (;;) {
      [row, column] = [row + step[0], column + step[1]];
      const next = this.#body.rows[row]?.cells[column];
      if (!next || next.tagName === "TH") return;
      const button = next.querySelector("button");
      if (!button) continue;
      this.#hold(button);
      button.focus();
      return;
    }
  }
}

function key({ dataset }) {
  return `${dataset.centre}-${dataset.day}`;
}

function dayHead(day, n) {
  const [, month, date] = day.split("-").map(Number);
  return make("th", { scope: "col", "aria-label": dayWords(day) }, n === 0 || date === 1 ? make("small", {}, `${month}月`) : null, String(date));
}

function dayButton(row, cell) {
  const told = cell.claimed === null ? "没有报送" : `报送来电 ${cell.claimed}`;
  const words = `${row.name}${dayWords(cell.day)}：${cell.state_zh}。${told}，收到 ${cell.arrived}`;
  return make("button", { type: "button", class: `state ${cell.tone}`, tabindex: "-1", title: words, "aria-label": words, "data-centre": row.id, "data-day": cell.day }, cell.symbol);
}

function showLegend(rows) {
  const shown = new Map();
  for (const { cells } of rows) for (const cell of cells) if (cell) shown.set(cell.state, cell);
  fill(byId("day-legend"), [...shown.values()].map(({ tone, symbol, state_zh: words }) => ({ tone, symbol, state_zh: words })), (one) => stateOf(one));
}

export class DayDialog extends Sheet {
  #api;
  #address;
  #done;
  #day = null;

  constructor(api, address, done) {
    super("day");
    this.#api = api;
    this.#address = address;
    this.#done = done;
  }

  async open(centre, day) {
    this.#day = null;
    write(byId("day-h"), `对账，${dayWords(day)}`);
    byId("day-state").replaceChildren("正在打开……");
    byId("day-words").value = "";
    for (const id of ["day-table", "day-said", "day-why", "day-explain"]) byId(id).hidden = true;
    this.say("");
    if (!this.dialog.open) this.dialog.showModal();
    try {
      const found = await this.#api.get(`${this.#address}/days/${encodeURIComponent(centre)}/${encodeURIComponent(day)}`);
      if (this.dialog.open) this.#show(found);
    } catch (error) {
      byId("day-state").replaceChildren();
      this.say(error.message);
    }
  }

  #show(found) {
    this.#day = found;
    write(byId("day-h"), `${found.centre_name}，${dayWords(found.day)}`);
    byId("day-state").replaceChildren(stateOf(found));
    byId("day-measures").replaceChildren(...found.measures.map(measureRow));
    byId("day-table").hidden = !found.measures.length;
    const said = saidOf(found.rows);
    byId("day-said").replaceChildren(...said.map((words) => make("li", {}, words)));
    byId("day-said").hidden = !said.length;
    // What is being counted anew may agree in a moment.
    const isOpen = found.state !== "open" && found.rows.some(({ is_explained: isExplained }) => !isExplained);
    byId("day-why").hidden = byId("day-explain").hidden = !isOpen;
    if (isOpen) byId("day-words").focus();
  }

  send() {
    const words = byId("day-words").value.trim();
    if (!this.#day || byId("day-explain").hidden) return;
    if (!words) { this.say("请写一句为什么对不上。"); byId("day-words").focus(); return; }
    const { centre, day, rows } = this.#day;
    const seen = rows.map(({ id, claimed, arrived }) => ({ id, claimed, arrived }));
    this.attempt(byId("day-explain"), async () => {
      const { said } = await this.#api.post(`${this.#address}/days/${encodeURIComponent(centre)}/${day}/explain`, { seen, words });
      this.dialog.close();
      await this.#done(said);
    });
  }
}

function measureRow(row) {
  const told = row.claimed === null ? "没有报送" : String(row.claimed);
  const differs = row.claimed !== null && row.claimed !== row.arrived;
  return make("tr", { class: differs ? "differs" : "" }, make("th", { scope: "row" }, row.name), make("td", { class: "figure" }, told),
    make("td", { class: "figure" }, String(row.arrived)), make("td", { class: "figure" }, row.claimed === null ? "—" : gap(row)));
}

// The same words were mostly written for all measures of the day.
function saidOf(rows) {
  const told = rows.filter(({ explanation }) => explanation).map((row) =>
    `${row.is_explained ? "" : "（数又变了，这个说明不算了）"}${row.explained_by}，${dayAndTime(row.explained_at)}：${row.explanation}`);
  return [...new Set(told)];
}

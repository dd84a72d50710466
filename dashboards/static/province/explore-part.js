// One part of the page: a picture, the same as a table, and a sentence when there is nothing to show.

import { byId, make, write } from "../console/dom.js";
import { formatValue, shareText } from "./charts.js";
import { changeOf, changeSentence } from "./explore-words.js";

export class Part {
  #name;
  #draw;
  #table;
  #button;
  #isTable = false;
  #data = null;

  /** `draw(box, data)` makes the picture, `table(data)` gives {caption, heads, rows}; rows are lists of texts or elements. */
  constructor(name, { draw, table = null }) {
    this.#name = name;
    this.#draw = draw;
    this.#table = table;
    this.#button = document.querySelector(`[data-table="${name}"]`);
    this.#button?.addEventListener("click", () => this.#turn());
  }

  get box() {
    return byId(this.#name);
  }

  /** Show this; `nothing` is the sentence when there is nothing. */
  show(data, nothing = "") {
    this.#data = data;
    const none = byId(`no-${this.#name}`);
    write(none, nothing);
    none.hidden = !nothing;
    if (this.#button) this.#button.hidden = Boolean(nothing);
    this.#fill(Boolean(nothing));
  }

  note(words) {
    write(byId(`${this.#name}-note`), words);
  }

  #turn() {
    this.#isTable = !this.#isTable;
    this.#button.setAttribute("aria-pressed", String(this.#isTable));
    write(this.#button, this.#isTable ? "看图" : "看表格");
    if (this.#data) this.#fill(false);
  }

  #fill(isNothing) {
    const other = byId(`${this.#name}-table`);
    this.box.hidden = isNothing || this.#isTable;
    other.hidden = isNothing || !this.#isTable;
    if (isNothing) return;
    if (this.#isTable) other.replaceChildren(tableOf(this.#table(this.#data)));
    else this.#draw(this.box, this.#data);
  }
}

/** A table for reading and for screen readers; the first cell of a row names it. */
export function tableOf({ caption, heads, rows }) {
  return make("table", { class: "numbers" },
    make("caption", { class: "hidden" }, caption),
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...rows.map(([name, ...cells]) => make("tr", {},
      make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell))))));
}

/** What a figure means and is made of, for the tip: `now` and `before` are its values, `before` may be missing. */
export function explanation(figure, now, before) {
  const change = changeOf(figure, now, before);
  return [
    make("strong", {}, `${figure.name} ${formatValue(figure, now)}`),
    make("p", {}, figure.definition),
    ...(figure.unit === "count" ? [] : [make("p", { class: "tip-share" }, shareText(now, figure))]),
    ...(before ? [make("p", { class: "tip-share" }, `对比时段 ${formatValue(figure, before)}${change ? `，${changeSentence(change)}` : ""}。`)] : []),
  ];
}

/** An element with the style properties that its rules reckon with; a style written into the document would be refused. */
export function sized(element, values) {
  for (const [name, value] of Object.entries(values)) element.style.setProperty(`--${name}`, value);
  return element;
}

/** A change against the other period: symbol, size and word. */
export function changeChip(change, sentence) {
  if (!change) return "";
  return make("span", { class: `change ${change.tone}`, title: sentence },
    make("span", { "aria-hidden": "true" }, `${change.symbol === "＝" ? "" : change.symbol}${change.size}`),
    change.word ? make("em", { "aria-hidden": "true" }, change.word) : "",
    make("span", { class: "hidden" }, sentence));
}

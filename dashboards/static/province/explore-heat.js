// The hours of a week as one grid: the darker, the more. Arrow keys walk through it.

import { make } from "../console/dom.js";
import { formatValue, heatColours, shareText } from "./charts.js";
import { sized } from "./explore-part.js";

export const WEEKDAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
// The worst hour is looked for among those with at least so much of the busiest one.
const BUSY_SHARE = 0.1;
const HOURS = [...Array(24).keys()];

export class Heat {
  #tip;
  #choose;
  #isWatched = false;
  #data = null;

  /** `choose({weekday, hour})` is told which cell is pressed. */
  constructor(tip, choose) {
    this.#tip = tip;
    this.#choose = choose;
  }

  draw(box, data) {
    this.#data = data;
    const { figure, heat } = data;
    const scale = scaleOf(figure, heat);
    const grid = make("table", { class: "heat", role: "grid", "aria-label": `${figure.name}，一周里的每个小时` },
      make("thead", {}, make("tr", {}, make("td", {}), ...HOURS.map((hour) => make("th", { scope: "col", "aria-label": `${hour}时` }, hour % 3 ? "" : String(hour))))),
      make("tbody", {}, ...heat.map((cells, day) => make("tr", {},
        make("th", { scope: "row" }, WEEKDAYS[day]), ...cells.map((cell, hour) => cellOf(figure, cell, day, hour, scale))))));
    grid.querySelector("tbody td").tabIndex = 0;
    grid.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") this.#press(event);
      else walk(grid, event);
    });
    grid.addEventListener("click", (event) => this.#press(event));
    box.replaceChildren(make("div", { class: "heat-wide" }, grid), legendOf(figure, scale, heat.flat().some((cell) => cell.is_small_sample && !isNone(cell))), make("p", { class: "quiet heat-words" }, summary(figure, heat)));
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#tip.watch(box, (element) => this.#explain(...element.dataset.tip.split(" ").map(Number)));
  }

  #press(event) {
    const cell = event.target.closest("[data-tip]");
    if (!cell) return;
    event.preventDefault();
    const [weekday, hour] = cell.dataset.tip.split(" ");
    this.#choose({ weekday, hour });
  }

  #explain(day, hour) {
    const { figure, heat } = this.#data;
    const cell = heat[day][hour];
    return [make("strong", {}, `${WEEKDAYS[day]} ${hour}时至${hour + 1}时`),
      make("p", {}, isNone(cell) ? "没有可以算的" : `${figure.name} ${formatValue(figure, cell.value)}`),
      ...(figure.unit === "count" || isNone(cell) ? [] : [make("p", { class: "tip-share" }, `${shareText(cell, { ...figure, denominator: "" })}${cell.is_small_sample ? "，样本少" : ""}`)])];
  }

  table({ figure, heat }) {
    return {
      caption: `${figure.name}，一周里的每个小时`, heads: ["", ...HOURS.map((hour) => `${hour}时`)],
      rows: heat.map((cells, day) => [WEEKDAYS[day], ...cells.map((cell) => (isNone(cell) ? "—" : formatValue(figure, cell.value)))]),
    };
  }
}

const isNone = (cell) => cell?.value === null || cell?.value === undefined;

/** From the least to the most; hours with too little in them do not stretch it. */
function scaleOf(figure, heat) {
  const values = heavy(heat.flat()).map(({ value }) => value);
  const low = figure.unit === "count" ? 0 : Math.min(...values);
  return values.length ? { low, high: Math.max(...values) } : { low: 0, high: 0 };
}

/** The cells to judge by: those with a sample large enough, or all when none is. */
function heavy(cells) {
  const known = cells.filter((cell) => !isNone(cell));
  const large = known.filter((cell) => !cell.is_small_sample);
  return large.length ? large : known;
}

function stepOf(value, { low, high }) {
  const last = heatColours.length - 1;
  return high === low ? Math.round(last / 2) : Math.max(0, Math.min(last, Math.round(((value - low) / (high - low)) * last)));
}

function cellOf(figure, cell, day, hour, scale) {
  const words = `${WEEKDAYS[day]} ${hour}时，${isNone(cell) ? "没有可以算的" : formatValue(figure, cell.value)}`;
  const td = make("td", { tabindex: "-1", "data-tip": `${day} ${hour}`, "aria-label": words, class: isNone(cell) ? "none" : cell.is_small_sample ? "small" : "" });
  if (isNone(cell)) return td;
  return sized(td, { colour: heatColours[stepOf(cell.value, scale)] });
}

function legendOf(figure, { low, high }, isSmall) {
  return make("p", { class: "heat-legend quiet" }, make("span", {}, formatValue(figure, low)),
    ...heatColours.map((colour) => sized(make("i", { "aria-hidden": "true" }), { colour })), make("span", {}, formatValue(figure, high)),
    make("span", { class: "heat-none" }, make("i", { class: "none", "aria-hidden": "true" }), "没有可以算的"),
    isSmall ? make("span", { class: "heat-none" }, make("i", { class: "small", "aria-hidden": "true" }), "样本少") : "");
}

function summary(figure, heat) {
  const cells = heavy(heat.flatMap((row, day) => row.map((cell, hour) => ({ ...cell, day, hour }))));
  if (!cells.length) return "";
  const busy = Math.max(...cells.map(({ denominator }) => denominator ?? 0)) * BUSY_SHARE;
  const isLowGood = figure.better === "low" || figure.better === "";
  const found = cells.filter(({ denominator }) => (denominator ?? 0) >= busy || denominator === null).reduce((best, cell) => ((isLowGood ? cell.value > best.value : cell.value < best.value) ? cell : best));
  return `${isLowGood ? "最高" : "最低"}的时候：${WEEKDAYS[found.day]} ${found.hour}时至${found.hour + 1}时，${formatValue(figure, found.value)}。`;
}

function walk(grid, event) {
  const move = MOVES[event.key];
  const cell = event.target.closest("td");
  if (!move || !cell) return;
  event.preventDefault();
  const row = grid.tBodies[0].rows[cell.parentElement.sectionRowIndex + move[0]];
  const next = row?.cells[cell.cellIndex + move[1]];
  if (next?.tagName !== "TD") return;
  cell.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

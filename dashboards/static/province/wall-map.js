// The map of Anhui coloured by one figure, its cities as buttons upon it, and the same as a table.

import { byId, fill, make, write } from "../console/dom.js";
import { ANHUI, darkHeatColours, formatValue, loadMap, makeChart, onResize, shareText, valueOf } from "./charts.js";
import { binOf, boundsOf } from "./wall-sums.js";

export const PROVINCE = "340000";
// Where the names stand, so that none covers another.
const PLACES = {
  "340100": [117.25, 31.92], "340200": [118.42, 31.2], "340300": [117.4, 33.08], "340400": [116.78, 32.56],
  "340500": [118.45, 31.75], "340600": [116.55, 33.98], "340700": [117.55, 30.95], "340800": [116.42, 30.62],
  "341000": [118.2, 29.84], "341100": [117.95, 32.55], "341200": [115.72, 32.85], "341300": [117.45, 33.62],
  "341500": [116.2, 31.72], "341600": [115.95, 33.45], "341700": [117.36, 30.3], "341800": [118.85, 30.68],
};
const PICTURE = {
  geo: {
    map: ANHUI, left: 0, right: 0, top: 0, bottom: 0, aspectScale: 0.85, label: { show: false }, select: { disabled: true },
    emphasis: { label: { show: false }, itemStyle: { areaColor: null, borderColor: "#fff", borderWidth: 2 } },
  },
  // Its cities are buttons with words.
  aria: { enabled: false },
};
const BORDER = "#0b1520";
const NOTHING = "#1a2632";
const numbers = new Intl.NumberFormat("zh-CN");

export class ProvinceMap {
  #centres;
  #seesAll;
  #choose;
  #chart = null;
  #buttons = new Map();
  #values = new Map();
  #bounds = [];
  #painted = "";
  #chosen = "";

  /** `centres`: [{key, name}] that may be seen; `choose(code)` is told of a press. */
  constructor(centres, seesAll, choose) {
    this.#centres = centres;
    this.#seesAll = seesAll;
    this.#choose = choose;
    for (const centre of centres) this.#buttons.set(centre.key, this.#button(centre));
    byId("cities").append(...[...this.#buttons].filter(([code]) => code !== PROVINCE).map(([, { button }]) => button));
    const own = this.#buttons.get(PROVINCE);
    if (own) byId("own-place").append(own.button);
  }

  /** Load the map. False when there is none: the table stands in for it. */
  async load() {
    if (!(await loadMap())) return false;
    // Nothing can be drawn, or placed, while the table is shown instead.
    onResize(byId("map"), () => { if (byId("map").clientWidth) this.#draw(); });
    return true;
  }

  /** Colour by a figure of the snapshot; `chosen` is the centre that the board is narrowed to, or "". */
  show(snapshot, figure, chosen) {
    this.#chosen = chosen;
    this.#values = new Map(this.#centres.map(({ key }) => [key, valueOf(figure, snapshot.centres[key]?.sums ?? {})]));
    for (const [code, value] of this.#values) if (!hasData(snapshot.centres[code])) this.#values.set(code, { value: null });
    const bounds = boundsOf([...this.#values.values()].map(({ value }) => value).filter((value) => value !== null), figure.unit);
    for (const { key } of this.#centres) this.#write(key, figure, bounds, snapshot.centres[key]);
    this.#bounds = bounds;
    this.#paint();
    showLegend(figure, bounds);
    this.#list(snapshot, figure);
  }

  #button({ key, name }) {
    const value = make("b", {}, "—");
    const button = make("button", { type: "button", class: "city", "data-centre": key, "aria-pressed": "false", onclick: () => this.#choose(key) },
      make("span", {}, name), value);
    return { button, value };
  }

  #write(code, figure, bounds, centre) {
    const { button, value } = this.#buttons.get(code);
    const found = this.#values.get(code);
    write(value, found.value === null ? (hasData(centre) ? "—" : "没有数据") : formatValue(figure, found));
    button.classList.toggle("none", found.value === null);
    button.classList.toggle("stale", Boolean(centre?.is_stale));
    button.setAttribute("aria-pressed", String(code === this.#chosen));
    button.dataset.bin = found.value === null ? "" : colourIndex(bounds, found.value);
    button.title = shareText(found, figure);
  }

  #draw() {
    if (!this.#chart) {
      this.#chart = makeChart(byId("map"), PICTURE, { dark: true });
      this.#chart.on("click", ({ name }) => { if (this.#buttons.has(name)) this.#choose(name); });
    }
    this.#chart.resize();
    this.#paint();
    this.#place();
  }

  #paint() {
    if (!this.#chart) return;
    const regions = Object.keys(PLACES).map((code) => {
      const value = this.#values.get(code)?.value ?? null;
      const isChosen = code === this.#chosen;
      return {
        name: code,
        itemStyle: {
          areaColor: value === null ? hatch(this.#values.has(code) || this.#seesAll) : darkHeatColours[colourIndex(this.#bounds, value)],
          borderColor: isChosen ? "#ffffff" : BORDER,
          borderWidth: isChosen ? 3.5 : 1.5,
          opacity: this.#chosen && !isChosen ? 0.8 : 1,
        },
      };
    });
    const painted = JSON.stringify(regions.map(({ name, itemStyle }) => [name, itemStyle, this.#values.get(name)?.value === null]));
    if (painted === this.#painted) return;
    this.#painted = painted;
    this.#chart.setOption({ geo: { regions } });
  }

  #place() {
    for (const [code, place] of Object.entries(PLACES)) {
      const button = this.#buttons.get(code)?.button;
      const [left, top] = this.#chart.convertToPixel("geo", place) ?? [];
      if (!button || left === undefined) continue;
      button.style.left = `${left}px`;
      button.style.top = `${top}px`;
    }
  }

  #list(snapshot, figure) {
    if (byId("table-box").hidden) return;
    write(byId("table-figure"), figure.name);
    const rows = this.#centres.map(({ key, name }) => {
      const centre = snapshot.centres[key];
      const value = this.#values.get(key);
      return {
        key, name, isChosen: key === this.#chosen, value: hasData(centre) ? formatValue(figure, value) : "没有数据", share: shareText(value, { ...figure, denominator: "" }),
        received: hasData(centre) ? numbers.format(centre.sums.received ?? 0) : "—", waiting: centre?.kind === "city" ? "—" : centre?.now.waiting ?? "—", overdue: centre?.now.cases_overdue ?? "—",
      };
    });
    const focused = document.activeElement?.closest?.("#table tr")?.dataset.centre;
    fill(byId("table").tBodies[0], rows, (row) => this.#row(row));
    if (focused && document.activeElement === document.body) byId("table").querySelector(`tr[data-centre="${focused}"] button`)?.focus({ preventScroll: true });
  }

  #row({ key, name, value, share, received, waiting, overdue, isChosen }) {
    const button = make("button", { type: "button", "aria-pressed": String(isChosen), onclick: () => this.#choose(key) }, name);
    return make("tr", { "data-centre": key, class: isChosen ? "chosen" : "" }, make("th", { scope: "row" }, button),
      make("td", { title: share }, value), ...[received, waiting, overdue].map((cell) => make("td", {}, String(cell))));
  }
}

/** Whether anything is known of a centre today. */
export const hasData = (centre) => Boolean(centre) && (centre.kind === "own" || Object.keys(centre.sums).length > 0);

/** Few steps are spread over all the colours; a single one stands in their middle. */
function colourIndex(bounds, value) {
  const most = darkHeatColours.length - 1;
  const steps = bounds.length - 2;
  return Math.round((steps < 1 ? 0.5 : binOf(bounds, value) / steps) * most);
}

function showLegend(figure, bounds) {
  const steps = bounds.slice(1).map((bound, n) => ({ words: `${short(figure, bounds[n])}–${short(figure, bound)}`, bin: colourIndex(bounds, bounds[n]) }));
  const better = { high: "越高越好", low: "越低越好" }[figure.better] ?? "";
  write(byId("legend-better"), better);
  fill(byId("legend"), [...steps.toReversed(), { words: "没有数据", bin: "none" }], ({ words, bin }) => (
    make("li", {}, make("i", { "data-bin": bin, "aria-hidden": "true" }), words)
  ));
}

/** A bound without needless decimals. */
function short(figure, bound) {
  if (figure.unit === "rate") return `${Number((bound * 100).toFixed(1))}%`;
  return formatValue(figure, bound);
}

const patterns = new Map();

/** Grey with slanted lines: nothing is known here. Plain where nothing may be seen. */
function hatch(isLined) {
  if (!isLined) return NOTHING;
  if (!patterns.has(isLined)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 12;
    const pen = tile.getContext("2d");
    pen.fillStyle = NOTHING;
    pen.fillRect(0, 0, 12, 12);
    pen.strokeStyle = "#3d4f5f";
    pen.lineWidth = 2;
    for (const from of [-12, 0, 12]) { pen.moveTo(from, 12); pen.lineTo(from + 12, 0); }
    pen.stroke();
    patterns.set(isLined, { image: tile, repeat: "repeat" });
  }
  return patterns.get(isLined);
}

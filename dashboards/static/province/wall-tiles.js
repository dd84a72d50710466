// The eight large figures. Each is a button that colours the map, and says on hover and focus what it is made of.

import { byId, make, write } from "../console/dom.js";
import { figureText, formatValue, valueOf } from "./charts.js";

const NAMES = [
  "received", "connection_rate", "human_connection_rate", "service_level",
  "asa_seconds", "queue_abandonment", "satisfaction", "on_time",
];
const SHORT = { received: "今天来电", asa_seconds: "平均等待", service_level: "15秒接通率" };
const numbers = new Intl.NumberFormat("zh-CN");

export class Tiles {
  #parts = new Map();
  #choose;

  /** `choose(key)` is told of a press. */
  constructor(figures, choose) {
    this.#choose = choose;
    const shown = NAMES.map((key) => figures.get(key)).filter(Boolean);
    byId("tiles").replaceChildren(...shown.map((figure, n) => this.#build(figure, n + 1)));
  }

  /** Sums of what is shown, what a usual day has brought by now (or null), and the figure of the map. */
  show(sums, expected, chosen) {
    for (const [key, { figure, button, number, share, tip }] of this.#parts) {
      const value = valueOf(figure, sums);
      write(number, formatValue(figure, value));
      write(share, key === "received" ? besideUsual(value.value, expected) : ofWhat(value));
      write(tip, figureText(value, figure));
      button.classList.toggle("none", value.value === null);
      button.setAttribute("aria-pressed", String(key === chosen));
    }
  }

  #build(figure, key) {
    const [number, share] = [make("b", {}, "—"), make("small", {})];
    const tip = make("p", { class: "tip", role: "tooltip", id: `tip-${figure.key}` }, figure.definition);
    const button = make("button", {
      type: "button", class: "tile-button", "data-figure": figure.key, "aria-pressed": "false",
      "aria-describedby": tip.id, onclick: () => this.#choose(figure.key),
    }, make("span", { class: "name" }, SHORT[figure.key] ?? figure.name, make("kbd", { "aria-hidden": "true" }, String(key))), number, share);
    this.#parts.set(figure.key, { figure, button, number, share, tip });
    return make("div", { class: "tipped" }, button, tip);
  }
}

/** `比平常这时候多 12%`; "" when no usual day is known. */
export function besideUsual(count, expected) {
  if (!expected || expected < 1) return "";
  const change = Math.round((count / expected - 1) * 100);
  if (Math.abs(change) < 3) return "和平常差不多";
  if (change >= 100) return `▲ 是平常的 ${(count / expected).toFixed(1)} 倍`;
  return change > 0 ? `▲ 比平常多 ${change}%` : `▼ 比平常少 ${-change}%`;
}

function ofWhat({ numerator, denominator }) {
  return denominator ? `${numbers.format(numerator)} ÷ ${numbers.format(denominator)}` : "还没有";
}

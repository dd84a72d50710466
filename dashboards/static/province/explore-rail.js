// All figures of the period in their groups, each with its change; the pressed one is what the pictures show.

import { byId, make } from "../console/dom.js";
import { formatValue } from "./charts.js";
import { changeChip, explanation } from "./explore-part.js";
import { changeOf, changeSentence, GROUPS } from "./explore-words.js";

// First in their groups, and larger; on a small screen the others wait until somebody wants them.
const LEADS = ["received", "connection_rate", "human_connection_rate", "service_level", "talks", "satisfaction", "on_time", "callback_reached"];

export class Rail {
  #figures;
  #root = byId("rail");
  #select = byId("figure");
  #data = null;
  #isUnfolded = false;

  /** `choose(key)` is told; `tip` explains a figure that is pointed at. */
  constructor(figures, choose, tip) {
    this.#figures = [...figures.filter(({ key }) => LEADS.includes(key)), ...figures.filter(({ key }) => !LEADS.includes(key))];
    this.#select.append(...groupsOf(figures).map(([name, all]) => make("optgroup", { label: name },
      ...all.map((figure) => make("option", { value: figure.key }, figure.name)))));
    this.#select.addEventListener("change", () => choose(this.#select.value));
    this.#root.addEventListener("click", ({ target }) => {
      const key = target.closest("[data-figure]")?.dataset.figure;
      if (key) choose(key);
    });
    this.#root.addEventListener("keydown", (event) => this.#walk(event));
    const explain = (key) => explanation(figures.find((one) => one.key === key), this.#data.totals[key], this.#data.compared_totals?.[key]);
    tip.watch(this.#root, (element) => explain(element.dataset.tip));
  }

  show(data, chosen) {
    this.#data = data;
    this.#select.value = chosen;
    const focused = document.activeElement?.dataset?.figure;
    const order = Object.values(GROUPS);
    const groups = groupsOf(this.#figures).sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
    this.#root.replaceChildren(...groups.map(([name, figures]) => make("section", { "aria-label": name },
      make("h2", {}, name), make("div", { class: "rail-tiles" }, ...figures.map((figure) => this.#tile(figure, chosen))))), this.#unfold());
    if (focused) this.#root.querySelector(`[data-figure="${focused}"]`)?.focus({ preventScroll: true });
    this.#keepInSight();
  }

  #tile(figure, chosen) {
    const [value, before] = [this.#data.totals[figure.key], this.#data.compared_totals?.[figure.key]];
    const change = changeOf(figure, value, before);
    const kind = `${LEADS.includes(figure.key) ? " lead" : ""}${value?.value ? "" : " none"}`;
    return make("button", {
      type: "button", class: `rail-tile${kind}`, "data-figure": figure.key, "data-tip": figure.key, "aria-pressed": String(figure.key === chosen),
      tabindex: figure.key === chosen ? 0 : -1,
    }, make("span", { class: "rail-name" }, figure.name), make("b", {}, formatValue(figure, value)), changeChip(change, changeSentence(change)));
  }

  /** One stop of the tabulator; the arrows go from figure to figure. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const tiles = [...this.#root.querySelectorAll(".rail-tile")].filter((tile) => tile.offsetParent);
    const next = step && tiles[tiles.indexOf(document.activeElement) + step];
    if (!step || !tiles.includes(document.activeElement)) return;
    event.preventDefault();
    next?.focus();
  }

  #unfold() {
    const words = () => (this.#isUnfolded ? "只看主要指标" : `全部 ${this.#figures.length} 个指标`);
    const button = make("button", { type: "button", class: "plain-button unfold", "aria-expanded": String(this.#isUnfolded) }, words());
    button.addEventListener("click", () => {
      this.#isUnfolded = !this.#isUnfolded;
      this.#root.classList.toggle("unfolded", this.#isUnfolded);
      button.setAttribute("aria-expanded", String(this.#isUnfolded));
      button.textContent = words();
    });
    return button;
  }

  /** The pressed one stays in sight where the list scrolls by itself, without moving the page. */
  #keepInSight() {
    const pressed = this.#root.querySelector("[aria-pressed=true]");
    if (!pressed || this.#root.scrollHeight <= this.#root.clientHeight) return;
    const [top, height] = [pressed.offsetTop, pressed.offsetHeight];
    const { scrollTop, clientHeight } = this.#root;
    if (top < scrollTop + 40 || top + height > scrollTop + clientHeight) this.#root.scrollTop = Math.max(0, top - clientHeight / 3);
  }
}

/** Figures by their groups, in the order in which they come. */
export function groupsOf(figures) {
  const groups = new Map();
  for (const figure of figures) {
    const name = GROUPS[figure.group] ?? figure.group;
    groups.set(name, [...(groups.get(name) ?? []), figure]);
  }
  return [...groups];
}

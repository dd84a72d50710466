// Callbacks, apart from the calls: each figure with what it is made of.

import { make } from "../console/dom.js";
import { formatValue, shareText } from "./charts.js";
import { changeChip } from "./explore-part.js";
import { changeOf, changeSentence } from "./explore-words.js";

/** The figures of callbacks as tiles; `before` are the same of the compared period, or null. */
export function drawCallbacks(box, { figures, values, before, choose }) {
  box.replaceChildren(make("div", { class: "callback-tiles" }, ...figures.map((figure) => {
    const value = values[figure.key];
    const change = changeOf(figure, value, before?.[figure.key]);
    return make("button", { type: "button", class: "callback-tile", "data-tip": figure.key, onclick: () => choose(figure.key) },
      make("span", { class: "rail-name" }, figure.name), make("b", {}, formatValue(figure, value)),
      changeChip(change, changeSentence(change)),
      make("small", {}, figure.unit === "count" ? "" : shareText(value, { ...figure, denominator: "" })));
  })));
}

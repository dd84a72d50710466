// How long callers stood in the line: those who were answered, and those who left it.

import { make } from "../console/dom.js";
import { sized } from "./explore-part.js";
import { plain } from "./explore-words.js";

const share = (part, all) => (all ? `${((part / all) * 100).toFixed(1)}%` : "—");
const sum = (waits, name) => waits.reduce((all, one) => all + one[name], 0);

/** How many stood in the line, of [{name, served, left}]. */
export const waited = (waits) => sum(waits, "served") + sum(waits, "left");

/** One bar for each stretch of the wait, the answered first. */
export function drawWaits(box, waits) {
  const most = Math.max(1, ...waits.map(({ served, left }) => served + left));
  const all = waited(waits);
  box.replaceChildren(make("ol", { class: "bars" }, ...waits.map((one) => make("li", {}, barOf(one, most, all)))),
    make("div", { class: "bars-feet" },
      make("p", { class: "bars-foot quiet" }, make("i", { class: "served-mark", "aria-hidden": "true" }), `接通 ${plain(sum(waits, "served"))}`),
      make("p", { class: "bars-foot quiet" }, make("i", { class: "left-mark", "aria-hidden": "true" }), `没等到（挂断或改约回电） ${plain(sum(waits, "left"))}`)));
}

function barOf({ name, served, left }, most, all) {
  const bar = make("div", { class: "bar waits" },
    make("span", { class: "bar-name" }, name),
    make("span", { class: "bar-line", "aria-hidden": "true" }, make("i", { class: "bar-fill" }), make("i", { class: "bar-left" })),
    make("b", { class: "bar-value" }, plain(served + left)),
    make("span", { class: "bar-share quiet" }, share(served + left, all)),
    make("span", { class: "bar-gone quiet" }, left ? `没等到 ${plain(left)}` : ""));
  return sized(bar, { share: served / most, left: left / most });
}

export function waitsTable(waits) {
  const all = waited(waits);
  return {
    caption: "排队等了多久", heads: ["等待", "接通", "没等到", "一共", "占全部"],
    rows: waits.map(({ name, served, left }) => [name, plain(served), plain(left), plain(served + left), share(served + left, all)]),
  };
}

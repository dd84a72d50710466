// Horizontal bars, each a button: centres in their order, subjects, channels. The counts behind stand beside them.

import { make } from "../console/dom.js";
import { formatValue } from "./charts.js";
import { changeChip, sized } from "./explore-part.js";
import { changeOf, changeSentence, plain } from "./explore-words.js";

const SHOWN = 10;

/**
 * Bars of `rows`: [{key, name, value, numerator, denominator, rank?, is_small_sample?, compared?}].
 * `mean` is drawn as a line through all (a rate of everything together); `choose(key)` makes them buttons; `most` hides the rest.
 */
export function drawBars(box, { figure, rows, mean = null, meanName = "", choose = null, most = Infinity, chosen = "" }) {
  const longest = Math.max(...rows.map(({ value }) => value ?? 0), ...rows.map(({ compared }) => compared?.value ?? 0), mean ?? 0);
  // Rates keep their natural end, so that 98% and 99% look as alike as they are.
  const scale = figure.unit === "rate" && longest > 0.25 ? 1 : longest || 1;
  const list = make("ol", { class: `bars${rows.some(({ rank }) => rank) ? " ranked" : ""}` },
    ...rows.slice(0, most).map((row) => make("li", {}, barOf(row, { figure, scale, choose, chosen }))));
  if (mean !== null && figure.unit !== "count") sized(list, { mean: mean / scale }).classList.add("with-mean");
  const foot = mean !== null && figure.unit !== "count" ? make("p", { class: "bars-foot quiet" }, make("i", { class: "mean-mark", "aria-hidden": "true" }), `${meanName} ${formatValue(figure, mean)}`) : "";
  const before = rows.some(({ compared }) => compared) ? make("p", { class: "bars-foot quiet" }, make("i", { class: "before-mark", "aria-hidden": "true" }), "对比时段") : "";
  box.replaceChildren(list, make("div", { class: "bars-feet" }, foot, before, more(box, rows, most, { figure, rows, mean, meanName, choose, chosen })));
}

export { SHOWN };

function more(box, rows, most, everything) {
  if (rows.length <= most) return "";
  return make("button", { type: "button", class: "plain-button", onclick: () => drawBars(box, everything) }, `全部 ${rows.length} 项`);
}

function barOf(row, { figure, scale, choose, chosen }) {
  const { key, name, value, rank, compared } = row;
  const isNone = value === null || value === undefined;
  const change = compared ? changeOf(figure, row, compared) : null;
  const line = make(choose ? "button" : "div", {
    ...(choose ? { type: "button", onclick: () => choose(key) } : {}), "data-key": key,
    class: `bar${row.is_small_sample ? " small" : ""}${isNone ? " none" : ""}${key === chosen ? " chosen" : ""}`,
  },
  rank ? make("span", { class: "bar-rank" }, String(rank)) : rank === null ? make("span", { class: "bar-rank" }, "—") : "",
  make("span", { class: "bar-name" }, name),
  make("span", { class: "bar-line", "aria-hidden": "true" }, make("i", { class: "bar-fill" }), compared?.value ? make("i", { class: "bar-before" }) : ""),
  make("b", { class: "bar-value" }, formatValue(figure, value ?? null)),
  figure.unit === "count" ? "" : make("span", { class: "bar-share quiet" }, sampleWords(row, figure)),
  compared ? changeChip(change, changeSentence(change)) || make("span", { class: "change" }) : "");
  return sized(line, { share: isNone ? 0 : Math.min(1, value / scale), before: Math.min(1, (compared?.value ?? 0) / scale) });
}

function sampleWords(row, figure) {
  const counts = figure.unit === "rate" ? `${plain(row.numerator)}/${plain(row.denominator)}` : `共 ${plain(row.denominator)}`;
  return make("span", {}, counts, row.is_small_sample ? make("em", { class: "few" }, "样本少") : "");
}

/** The same as a table. */
export function barsTable({ figure, rows, caption, first, choose }) {
  const hasShare = figure.unit !== "count";
  const hasBefore = rows.some(({ compared }) => compared);
  const isRanked = rows.some(({ rank }) => rank);
  const heads = [first, ...(isRanked ? ["名次"] : []), figure.name, ...(hasShare ? ["分子", "分母"] : []), ...(hasBefore ? ["对比时段", "变化"] : []), ""];
  return {
    caption, heads: heads.slice(0, -1),
    rows: rows.map((row) => [
      choose ? make("button", { type: "button", class: "plain-button", onclick: () => choose(row.key) }, row.name) : row.name,
      ...(isRanked ? [row.rank ? String(row.rank) : "—"] : []),
      `${formatValue(figure, row.value ?? null)}${row.is_small_sample ? "（样本少）" : ""}`,
      ...(hasShare ? [plain(row.numerator), plain(row.denominator)] : []),
      ...(hasBefore ? [formatValue(figure, row.compared?.value ?? null), changeSentence(changeOf(figure, row, row.compared)) || "—"] : []),
    ]),
  };
}

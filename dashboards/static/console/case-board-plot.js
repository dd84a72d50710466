// How many were due on which day, and how many of them were answered in time: a small plot, and the rate in words.

import { make } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 600;
const HIGH = 96;
const BASE = 14;
const GAP = 3;

/** `92.5%`, or that nothing was due: a rate of nothing is no figure. */
export function rateWords({ rate, due }) {
  if (rate === null || !due) return "没有到期的";
  // Never rounded up to a hundred that it is not.
  return rate === 1 ? "100%" : `${Math.min(99.9, rate * 100).toFixed(1)}%`;
}

/** The two counts behind a rate. */
export const shareWords = ({ due, in_time: inTime }) => (due ? `到期 ${due} 件，按时 ${inTime} 件` : "");

/** One bar a day, in time below, late above. */
export function drawDays(box, days) {
  const told = JSON.stringify(days);
  if (box.dataset.told === told) return;
  box.dataset.told = told;
  const most = Math.max(1, ...days.map(({ due }) => due));
  const step = WIDE / days.length;
  const picture = draw("svg", { viewBox: `0 0 ${WIDE} ${HIGH + BASE}`, role: "img", "aria-label": summary(days), preserveAspectRatio: "none" });
  picture.append(draw("line", { class: "base", x1: 0, x2: WIDE, y1: HIGH, y2: HIGH }));
  days.forEach((day, n) => picture.append(barOf(day, n * step, step - GAP, (HIGH - 4) / most)));
  box.replaceChildren(picture, make("p", { class: "plot-days quiet" },
    make("span", {}, short(days[0].day)), make("span", {}, `最多的一天 ${most === 1 && !days.some(({ due }) => due) ? 0 : most} 件`), make("span", {}, "今天")));
}

/** The same as rows, for whoever does not see the plot. */
export function listDays(body, days) {
  body.replaceChildren(...days.map(({ day, due, in_time: inTime, late }) => make("tr", {},
    make("th", { scope: "row" }, short(day)), make("td", {}, String(due)), make("td", {}, String(inTime)), make("td", {}, String(late)))));
}

function barOf({ day, due, in_time: inTime, late }, x, width, each) {
  const bar = draw("g", {});
  const title = draw("title", {});
  title.textContent = due ? `${short(day)}：到期 ${due} 件，按时 ${inTime} 件，没有按时 ${late} 件` : `${short(day)}：没有到期的`;
  // The whole height answers to the mouse, the empty days too.
  bar.append(title, draw("rect", { class: "day", x, y: 0, width, height: HIGH }));
  if (inTime) bar.append(draw("rect", { class: "in-time", x, y: HIGH - inTime * each, width, height: inTime * each }));
  if (late) bar.append(draw("rect", { class: "late", x, y: HIGH - due * each, width, height: late * each }));
  return bar;
}

function summary(days) {
  const [due, inTime] = ["due", "in_time"].map((name) => days.reduce((sum, day) => sum + day[name], 0));
  return `最近${days.length}天每天到期的办件，一共 ${due} 件，按时 ${inTime} 件，没有按时 ${due - inTime} 件。每天的数在“怎么算的”下面。`;
}

function short(day) {
  const [, month, date] = day.split("-").map(Number);
  return `${month}月${date}日`;
}

function draw(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

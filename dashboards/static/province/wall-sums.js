// The snapshot added up for what is shown: the whole province, or one centre of it.

import { sumOf } from "./charts.js";

const STEPS = [1, 2, 2.5, 5, 10];
const BINS = 6;

/** The codes of the centres that are shown: the chosen one, or all that came. */
export function shownCodes(snapshot, centre) {
  return centre in snapshot.centres ? [centre] : Object.keys(snapshot.centres);
}

/** The measures of several centres together. */
export function addSums(snapshot, codes) {
  const sums = {};
  for (const code of codes) {
    for (const [name, count] of Object.entries(snapshot.centres[code].sums)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/** The present of several centres together; the longest wait is the longest of all. */
export function addNow(snapshot, codes) {
  const parts = codes.map((code) => snapshot.centres[code].now);
  const agents = {};
  for (const part of parts) for (const [state, count] of Object.entries(part.agents)) agents[state] = (agents[state] ?? 0) + count;
  const total = (name) => sumOf([name], parts.reduce((sums, part) => ({ [name]: (sums[name] ?? 0) + (part[name] ?? 0) }), {}));
  return {
    agents,
    longest_wait_seconds: Math.max(0, ...parts.map((part) => part.longest_wait_seconds ?? 0)),
    ...Object.fromEntries(
      ["on_line", "waiting", "callbacks_open", "cases_due_today", "cases_overdue", "cases_active"].map((name) => [name, total(name)]),
    ),
  };
}

/**
 * Today's calls hour by hour beside a usual day: {today: [n|null], usual: [n]|null, expected: n|null}.
 *
 * `expected` is what a usual day has brought by this minute; null when no day is known to compare with.
 */
export function curveOf(snapshot, codes, minutes) {
  const of = (part) => codes.map((code) => snapshot.curve[part]?.[code]).filter(Boolean);
  const [today, usual] = [addRows(of("today")), addRows(of("usual"))];
  // Centres of which no usual day is known would be compared with nothing.
  const isWhole = of("usual").length && of("usual").length === of("today").length;
  return { today, usual: isWhole ? usual : null, expected: isWhole ? soFar(usual, minutes) : null };
}

/** Bounds of the colours of a map: at most six steps of a round width that hold all values; [] without values. */
export function boundsOf(values, unit) {
  if (!values.length) return [];
  const scale = unit === "rate" ? 100 : 1;
  const [least, most] = [Math.min(...values) * scale, Math.max(...values) * scale];
  let power = 1;
  while (power * BINS * 10 < most - least) power *= 10;
  for (let n = 0; ; n += 1) {
    const step = Math.max(1, STEPS[n % STEPS.length] * power * 10 ** Math.floor(n / STEPS.length));
    const from = Math.floor(least / step) * step;
    const count = Math.max(1, Math.floor((most - from) / step) + ((most - from) % step ? 1 : 0));
    if (count <= BINS) return Array.from({ length: count + 1 }, (_, bound) => (from + bound * step) / scale);
  }
}

/** Which step of the bounds a value belongs to. */
export function binOf(bounds, value) {
  const above = bounds.findIndex((bound, n) => n > 0 && value < bound);
  return above < 0 ? Math.max(0, bounds.length - 2) : above - 1;
}

function addRows(rows) {
  if (!rows.length) return [];
  return rows[0].map((_, hour) => (
    rows.every((row) => row[hour] === null || row[hour] === undefined) ? null : rows.reduce((sum, row) => sum + (row[hour] ?? 0), 0)
  ));
}

function soFar(hours, minutes) {
  const each = 1440 / hours.length;
  return hours.reduce((sum, count, n) => sum + count * Math.min(1, Math.max(0, (minutes - n * each) / each)), 0);
}

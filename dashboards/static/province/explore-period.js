// Days as `2026-10-31`, reckoned without a clock's zone: the server says which day it is in Shanghai.

const DAY_MS = 86400000;
const WEEKDAYS = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];

const at = (day) => Date.parse(`${day}T00:00:00Z`);
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

export const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(at(text)) && dayOf(at(text)) === text;
export const addDays = (day, days) => dayOf(at(day) + days * DAY_MS);
/** How many days a period has, its last day included. */
export const daysIn = (since, until) => Math.round((at(until) - at(since)) / DAY_MS) + 1;
export const weekdayOf = (day) => new Date(at(day)).getUTCDay();
export const isWeekend = (day) => [0, 6].includes(weekdayOf(day));

/** `10月31日`, with the year when it is not this one. */
export function dayWords(day, today) {
  const [year, month, date] = day.split("-").map(Number);
  return `${today && day.slice(0, 4) !== today.slice(0, 4) ? `${year}年` : ""}${month}月${date}日`;
}

/** `10月31日 周六`. */
export const dayAndWeekday = (day, today) => `${dayWords(day, today)} ${WEEKDAYS[weekdayOf(day)]}`;

/** `10月1日至31日`, `2025年12月30日至2026年1月3日`, or one day. */
export function periodWords(since, until, today) {
  if (since === until) return dayAndWeekday(since, today);
  const isOneMonth = since.slice(0, 7) === until.slice(0, 7);
  // Two years are both named: an end without its own would seem to lie before the beginning.
  const isOneYear = since.slice(0, 4) === until.slice(0, 4);
  const end = isOneMonth ? `${Number(until.slice(8))}日` : dayWords(until, isOneYear ? until : since);
  return `${dayWords(since, today)}至${end}`;
}

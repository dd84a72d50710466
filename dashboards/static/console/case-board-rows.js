// The rows of the supervisors' page. What has not changed is left alone, so that focus and place are kept.

import { rateWords, shareWords } from "./case-board-plot.js";
import { byId, make, write } from "./dom.js";
import { FreezeTable } from "./freezes-rows.js";
import { dayAndTime, serverNow } from "./times.js";

const MINUTE_MS = 60000;
const HOUR_MS = 3600000;
const DAY_MS = 86400000;

/** A list of cases; `act(deed, row)` hears what was pressed. */
export class BoardTable extends FreezeTable {
  #body;

  constructor(name, act) {
    super(name, name === "handed" ? (row) => cells(row, row.desk_due_at) : (row) => cells(row, row.due_at), act);
    this.#body = byId(name);
  }

  tick() {
    for (const cell of this.#body.querySelectorAll("[data-due]")) {
      const left = Date.parse(cell.dataset.due) - serverNow();
      write(cell, left > 0 ? `还有 ${lasting(left)}` : `过了 ${lasting(-left)}`);
      cell.closest("tr").classList.toggle("is-late", left <= 0);
    }
  }
}

/** `3天4小时`, `5小时`, `12分钟`: a stretch of time as one says it of days. */
export function lasting(ms) {
  if (ms < HOUR_MS) return `${Math.max(0, Math.floor(ms / MINUTE_MS))}分钟`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}小时`;
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  return `${Math.floor(ms / DAY_MS)}天${hours ? `${hours}小时` : ""}`;
}

function cells(row, due) {
  return [
    make("td", { class: "due-cell" }, ...dueOf(row, due)),
    make("th", { scope: "row" }, make("a", { href: `/cases/${row.id}` }, String(row.id))),
    make("td", {}, row.kind_zh),
    make("td", { class: "subject-cell" }, row.subject_zh || dash()),
    make("td", { class: "centre-cell" }, row.centre_name),
    make("td", {}, row.owner || make("span", { class: "quiet" }, "没有人")),
    make("td", {}, dayAndTime(row.opened_at)),
    make("td", { class: "state-cell" }, ...stateOf(row)),
    make("td", { class: "deeds-cell" }, row.may_clear
      ? make("button", { type: "button", class: "deed", "data-deed": "clear", "aria-label": `办件${row.id}，写明超期的原因` }, "清除") : null),
  ];
}

function dueOf(row, due) {
  if (!due) return [dash()];
  const when = `${dayAndTime(due)}${row.is_provisional && due === row.due_at ? "（暂定）" : ""}`;
  if (row.replied_at) return [make("b", {}, "已经答复"), make("small", {}, `期限 ${when}`)];
  return [make("b", { "data-due": due }), make("small", {}, when)];
}

function stateOf(row) {
  const urged = row.urges > 0 && mark("soon", "！", `催了${row.urges}次`);
  const escalated = row.is_with_province && mark("stop", "▲", "已报省厅");
  const watched = row.is_supervised && mark("stop", "▲", "督办");
  const replied = row.replied_at && make("small", {}, `${dayAndTime(row.replied_at)}答复的`);
  const cleared = row.cleared_reason && make("small", {}, `${row.cleared_by}：${row.cleared_reason}`);
  return [make("span", {}, row.status_zh), escalated, urged, watched, replied, cleared].filter(Boolean);
}

/** A centre with its counts; the link leads to its cases. */
export function centreRow(row) {
  const link = make("a", { href: `/cases?centre=${encodeURIComponent(row.code)}` }, row.name);
  const counts = ["active", "unowned", "handed", "due_today", "overdue", "to_clear", "to_decide"];
  return make("tr", { "data-id": row.code }, make("th", { scope: "row" }, link),
    ...counts.map((name) => countCell(row[name], ["overdue", "to_clear"].includes(name))), rateCell(row.week), rateCell(row.month));
}

/** A consultant with what they have, and who stands in for them. */
export function personRow(row) {
  const until = row.deputy?.until ? `到${lastDay(row.deputy.until)}` : "到结束代办";
  const name = row.is_active ? row.name : `${row.name}（坐席已停用）`;
  const words = row.deputy ? "改代办" : "设代办";
  return make("tr", { "data-id": row.id }, make("th", { scope: "row" }, name),
    countCell(row.owned), countCell(row.due_today), countCell(row.overdue, true), rateCell(row.month),
    make("td", {}, ...(row.deputy ? [row.deputy.name, make("small", {}, until)] : [dash()])),
    make("td", { class: "deeds-cell" }, make("button", { type: "button", class: "deed", "data-deed": "deputy", "aria-label": `${row.name}，${words}` }, words)));
}

// `until` is the midnight after the last day.
function lastDay(until) {
  return dayAndTime(new Date(Date.parse(until) - MINUTE_MS).toISOString()).split(" ")[0];
}

function countCell(count, isAlarm = false) {
  return make("td", { class: `figure${count ? "" : " none"}${count && isAlarm ? " alarm" : ""}` }, String(count));
}

function rateCell(rate) {
  return make("td", { class: `figure${rate.due ? "" : " none"}`, title: shareWords(rate) || "没有到期的" },
    rateWords(rate), rate.due ? make("small", {}, `${rate.in_time}/${rate.due}`) : null);
}

function mark(tone, symbol, words) {
  return make("span", { class: `state ${tone}` }, make("span", { "aria-hidden": "true" }, `${symbol} `), words);
}

function dash() {
  return make("span", { class: "quiet" }, "—");
}

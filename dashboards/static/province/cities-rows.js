// The rows of the tables of the cities' data.

import { lasting } from "../console/case-board-rows.js";
import { make, write } from "../console/dom.js";
import { dayAndTime, serverNow } from "../console/times.js";

const MOST_NAMED = 4;

/** `11月19日` of a day such as 2026-11-19. */
export function dayWords(day) {
  const [, month, date] = day.split("-").map(Number);
  return `${month}月${date}日`;
}

/** A state: colour, symbol and word together. */
export function stateOf({ tone, symbol, state_zh: words }) {
  return make("span", { class: `state ${tone}` }, make("span", { "aria-hidden": "true" }, `${symbol} `), words);
}

export function small(words) {
  return words ? make("small", {}, words) : null;
}

export function dash() {
  return make("span", { class: "quiet" }, "—");
}

/** `+3`, `−12`, `0`: what arrived, less what the city told. */
export function gap({ claimed, arrived }) {
  const more = arrived - claimed;
  return more > 0 ? `+${more}` : more < 0 ? `−${-more}` : "0";
}

/** A centre with how fresh its data is. */
export function centreCells(row, decides) {
  // What says nothing of a centre of this hotline is left out on a telephone.
  const minor = row.is_city ? "" : "minor";
  return [
    make("th", { scope: "row" }, row.name, small(row.is_city && (row.is_pulled ? "自己的系统，读前置库" : "自己的系统"))),
    make("td", { class: "state-cell" }, stateOf(row), small(row.pull_problem && `前置库读不了：${row.pull_problem}`)),
    make("td", {}, ...ageOf(row.newest_at, row.is_city ? "还没有" : "还没有来电")),
    make("td", { class: minor }, ...(row.is_city ? ageOf(row.heard_at, "还没有") : [make("span", { class: "quiet" }, "随时")])),
    make("td", { class: minor }, row.limit_zh || dash()),
    make("td", { class: minor }, ...todayOf(row)),
    decides ? make("td", { class: "deeds-cell" }, systemButton(row)) : null,
  ].filter(Boolean);
}

function systemButton({ name, is_city: isCity }) {
  const words = isCity ? "改时限" : "登记系统";
  return make("button", { type: "button", class: "deed", "data-deed": "system", "aria-label": `${name}，${words}` }, words);
}

function ageOf(at, never) {
  return at ? [make("b", { "data-at": at }), small(dayAndTime(at))] : [make("span", { class: "quiet" }, never)];
}

function todayOf({ is_city: isCity, today }) {
  const { accepted, partial, refused } = today;
  if (!accepted && !partial && !refused) return [isCity ? make("span", { class: "quiet" }, "没有") : dash()];
  return [
    accepted && make("span", { class: "state on" }, `✓ 收下 ${accepted}`),
    partial && make("span", { class: "state soon" }, `！一部分 ${partial}`),
    refused && make("span", { class: "state stop" }, `✕ 没收 ${refused}`),
  ].filter(Boolean);
}

/** Write how long ago each moment is. */
export function tickAges(body) {
  for (const cell of body.querySelectorAll("[data-at]")) {
    const ago = serverNow() - Date.parse(cell.dataset.at);
    write(cell, ago < 60000 ? "刚刚" : `${lasting(ago)}前`);
  }
}

/** A day that does not agree. */
export function differenceCells(row) {
  const named = row.rows.slice(0, MOST_NAMED).map((one) => make("span", { class: "gap" }, `${one.name} ${one.claimed}`,
    make("span", { "aria-label": "，收到" }, "→"), `${one.arrived}`, make("b", {}, `（${gap(one)}）`)));
  const rest = row.rows.length - MOST_NAMED;
  const said = row.rows.find(({ explanation }) => explanation);
  const state = row.is_explained ? { tone: "soon", symbol: "≈", state_zh: "已说明" } : { tone: "stop", symbol: "≠", state_zh: "对不上" };
  const words = said && `${said.is_explained ? "" : "数又变了，原来的说明不算了。"}${said.explained_by}：${said.explanation}`;
  return [
    make("th", { scope: "row" }, dayWords(row.day), small(`${dayAndTime(row.found_at)}发现`)),
    make("td", {}, row.centre_name),
    make("td", { class: "gap-cell" }, ...named, rest > 0 ? make("span", { class: "quiet" }, `还有 ${rest} 项`) : null),
    make("td", { class: "state-cell" }, stateOf(state), small(words)),
    make("td", { class: "deeds-cell" }, make("button", { type: "button", class: "deed", "data-deed": "day", "aria-label": `${row.centre_name}${dayWords(row.day)}，${row.is_explained ? "看" : "说明原因"}` }, row.is_explained ? "看" : "说明原因")),
  ];
}

/** A batch. */
export function batchCells(row) {
  const button = make("button", { type: "button", class: "deed", "data-deed": "batch", "aria-label": `${row.centre_name}，批次${row.batch_id}，${row.listed ? "看有错的行" : "看"}` }, row.listed ? "看错在哪" : "看");
  return [
    make("th", { scope: "row" }, dayAndTime(row.received_at)),
    make("td", {}, row.centre_name),
    make("td", {}, row.kind_zh, small(row.via_zh)),
    make("td", {}, stateOf(row)),
    countCell(row.rows, "行数"),
    countCell(row.accepted, "收下"),
    countCell(row.unchanged, "没有变化"),
    countCell(row.refused, "没收", true),
    make("td", { class: "who-cell" }, row.who),
    make("td", { class: "deeds-cell" }, button),
  ];
}

function countCell(count, label, isAlarm = false) {
  return make("td", { class: `figure${count ? "" : " none"}${count && isAlarm ? " alarm" : ""}`, "data-label": label }, String(count));
}

/** A key; never its secret. */
export function keyCells(row) {
  const state = row.revoked_at ? { tone: "off", symbol: "✕", state_zh: "已作废" } : { tone: "on", symbol: "✓", state_zh: "在用" };
  return [
    make("th", { scope: "row" }, make("code", {}, row.id)),
    make("td", {}, row.centre_name),
    make("td", {}, row.made_by, small(dayAndTime(row.made_at))),
    make("td", {}, row.used_at ? dayAndTime(row.used_at) : make("span", { class: "quiet" }, "还没用过")),
    make("td", { class: "state-cell" }, stateOf(state), small(row.revoked_at && `${row.revoked_by}，${dayAndTime(row.revoked_at)}`)),
    make("td", { class: "deeds-cell" }, row.revoked_at ? null
      : make("button", { type: "button", class: "deed", "data-deed": "revoke", "aria-label": `${row.centre_name}的密钥${row.id}，作废` }, "作废")),
  ];
}

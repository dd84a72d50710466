// The parts of a case's page that only show something. What has not changed is left alone.

import { flagOf } from "./cases-rows.js";
import { byId, fill, make, write } from "./dom.js";
import { clock } from "./times.js";

const STAGES = ["waiting", "dialling", "ringing", "answered", "confirmed"];
const STAGES_ZH = ["排上", "拨号", "响铃", "等对方按1", "接通"];

export function showHead(data) {
  document.title = `办件${data.id} ${data.due.zh} · 12333 安徽`;
  write(byId("title"), `办件${data.id}`);
  byId("kind").hidden = false;
  write(byId("kind"), data.kind_zh);
  const due = byId("due");
  due.hidden = false;
  due.className = `state ${data.due.tone}`;
  fill(due, [data.due], ({ symbol, zh }) => make("span", {}, make("span", { "aria-hidden": "true" }, `${symbol} `), zh));
  fill(byId("flags"), data.flags, (flag) => make("li", {}, flagOf(flag)));
  write(byId("due-line"), [data.due_zh, data.desk_due_zh && `转来的要在${data.desk_due_zh}`].filter(Boolean).join("；"));
  byId("late-line").hidden = !data.late_zh;
  write(byId("late-line"), data.late_zh);
}

/** `showNumber(button)` is asked for the whole number. */
export function showAbout(data, { showNumber }) {
  const owner = data.owner
    ? `${data.is_mine ? "我，" : ""}${data.owner.name}（${data.owner.number}）${data.is_for_another ? "，您代办" : ""}` : "还没有人接办";
  const rows = [
    ["状态", data.status_zh],
    ["谁在办", owner],
    ["代办（B角）", data.deputy ? `${data.deputy.name}（${data.deputy.number}）` : ""],
    ["来电人", "", data.caller, Boolean("number" in data.may)],
    ["主题", data.subject_zh || "还没有定", null, data.is_suggested, data.because],
    ["在哪里", [data.centre_name, data.desk_zh, data.first_centre_name && `从${data.first_centre_name}转来`].filter(Boolean).join("，")],
    ["怎么来的", `${data.opened_zh}，${data.source_zh}`],
    ...data.facts.map(({ name, zh }) => [name, zh]),
    ["并到", data.merged_into ? String(data.merged_into) : ""],
    ["在哪里办", data.page_elsewhere],
  ].filter(([, words, caller]) => words || caller);
  fill(byId("facts"), rows, (row) => factOf(row, showNumber));
}

function factOf([name, words, caller, isSpecial, because], showNumber) {
  const inside = { 来电人: () => callerOf(caller, isSpecial, showNumber), 并到: () => [make("a", { href: `/cases/${words}` }, `办件${words}`)],
    在哪里办: () => [make("a", { href: words }, words.startsWith("/freezes") ? "“挂失”页，那里办完这里自动办结" : "“回电”页，那里办完这里自动办结")],
    主题: () => [words, ...(isSpecial ? [" ", make("span", { class: "flag suggested" }, "建议"), because ? make("small", {}, because) : null] : [])],
  }[name] ?? (() => [words]);
  return make("div", {}, make("dt", {}, name), make("dd", {}, ...inside()));
}

function callerOf({ zh, region, is_anonymous: isAnonymous, is_proven: isProven }, mayShow, showNumber) {
  const button = mayShow ? make("button", { type: "button", class: "plain-button", "data-key": "n", onclick: ({ currentTarget }) => showNumber(currentTarget) },
    "显示号码 ", make("kbd", {}, "N")) : null;
  return [make("span", { id: "number" }, zh), " ", button,
    make("small", {}, [region, isProven && "来电时核对过身份", isAnonymous && "举报人不想让人找到，谁也看不到号码"].filter(Boolean).join("，"))];
}

/** How far the try that is under way has come. */
export function showAttempt(attempt) {
  const box = byId("attempt");
  box.hidden = !attempt;
  if (!attempt) { fill(box, [], () => null); return; }
  const at = STAGES.indexOf(attempt.stage);
  fill(box, [attempt], () => make("div", { class: "attempt-line" },
    make("b", {}, make("span", { "aria-hidden": "true" }, attempt.kind === "text" ? "✉ " : "☎ "), attempt.zh),
    attempt.kind === "call" ? make("ol", { class: "stages", "aria-hidden": "true" }, ...STAGES_ZH.map((words, n) => make("li",
      { class: n < at ? "done" : "", "aria-current": n === at ? "step" : "false" }, words))) : null,
    attempt.kind === "call" ? make("span", { class: "quiet" }, "接通以后“工作台”会响，请在那里接听。") : null));
}

export function showReplies({ replies, rule_zh: rule, next_zh: next }) {
  write(byId("rule"), rule);
  byId("no-replies").hidden = replies.length > 0;
  fill(byId("replies"), replies, ({ kind_zh: kind, at_zh: at, who, result_zh: result, is_delivered: isDelivered, talk_seconds: talk, words }) => make("li", {},
    make("span", { class: "when" }, at), make("span", {}, `${who}，${kind}`),
    make("span", { class: `state ${isDelivered ? "on" : "off"}` }, make("span", { "aria-hidden": "true" }, isDelivered ? "✓ " : "· "), result),
    talk ? make("small", {}, `通话 ${clock(talk)}`) : null, words ? make("q", { class: "sent-words" }, words) : null));
  byId("next").hidden = !next;
  write(byId("next"), next);
}

/** `merge(other)` is told. */
export function showOthers({ others, may, id }, merge) {
  byId("others-part").hidden = !others.length;
  fill(byId("others"), others.map((other) => ({ ...other, may: "merge" in may && other.can_take_it_in, id_here: id })), (other) => make("li", {},
    make("a", { href: `/cases/${other.id}` }, `办件${other.id}`), " ", [other.kind_zh, other.subject_zh, other.status_zh].filter(Boolean).join("，"),
    make("small", {}, ` ${other.opened_zh}，${other.centre_name}`),
    other.may ? make("button", { type: "button", class: "deed", onclick: () => merge(other) }, `并到办件${other.id}`) : null));
}

export function showHistory(events) {
  fill(byId("history"), events, ({ at, at_zh: when, who, zh, event, case_zh: of }) => make("li", { class: `event ${event}` },
    make("time", { datetime: at }, when), make("div", {}, make("b", {}, who), " ", zh, of ? make("small", {}, ` ${of}`) : null)));
}

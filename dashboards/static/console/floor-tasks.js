// What waits for a supervisor: dissatisfied callers, callbacks that did not succeed, guides found wrong or missing.

import { arrange, byId, make } from "./dom.js";
import { clock, dayAndTime } from "./times.js";

export class FloorTasks {
  count = 0;
  #api;
  #banners;
  #refresh;
  #list = byId("tasks");

  /** `refresh()` asks for the floor anew. */
  constructor(api, banners, refresh) {
    this.#api = api;
    this.#banners = banners;
    this.#refresh = refresh;
  }

  /** `toClear` is how many callbacks there are to be seen to; `callbacks` are the first of them. */
  show(cases, marks, callbacks, toClear) {
    const left = toClear - callbacks.length;
    const tasks = [...cases.map(taskOfCase), ...callbacks.map(taskOfCallback), ...(left > 0 ? [restOf(left)] : []), ...marks.map(taskOfMark)];
    this.count = cases.length + Math.max(toClear, callbacks.length) + marks.length;
    byId("no-tasks").hidden = tasks.length > 0;
    const kept = new Map([...this.#list.children].map((item) => [item.dataset.path, item]));
    // An item in which somebody writes the reason is left as it is.
    arrange(this.#list, tasks.map((task) => kept.get(task.path) ?? (task.address ? linkOf(task) : this.#itemOf(task))));
  }

  #itemOf({ path, title, tone, lines, sounds = [], canClear, ask }) {
    const button = canClear && make("button", { type: "button", class: "plain-button", "aria-expanded": "false" }, "处理");
    const item = make("li", { "data-path": path },
      make("p", {}, make("span", { class: `state ${tone}` }, title), button || make("small", {}, "由负责的中心处理")),
      ...lines.filter(Boolean).map((line) => make("p", { class: "task-line" }, line)));
    if (sounds.length) item.append(make("p", { class: "sounds" }, ...sounds.map((sound) => this.#listenButton(sound))));
    if (button) button.addEventListener("click", () => this.#toggle(item, button, path, ask));
    return item;
  }

  // Listening leaves a trace, so nothing is fetched before somebody asks for it.
  #listenButton([words, address]) {
    const button = make("button", { type: "button", class: "plain-button" }, `▶ ${words}`);
    button.addEventListener("click", () => {
      const audio = make("audio", { controls: true, src: address, "aria-label": words });
      audio.onerror = () => { audio.replaceWith(button); this.#banners.tell("现在听不了，请过几分钟再试。", "bad"); };
      button.replaceWith(audio);
      audio.play().catch(() => {});
    });
    return button;
  }

  #toggle(item, button, path, ask) {
    const old = item.querySelector("form");
    button.setAttribute("aria-expanded", String(!old));
    if (old) { old.remove(); return; }
    const field = make("input", { type: "text", maxlength: "200", "aria-label": ask, placeholder: ask, autocomplete: "off" });
    const form = make("form", { class: "reason-form" }, field, make("button", { type: "submit", class: "button small" }, "处理完了"));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#clear(path, field); });
    field.addEventListener("keydown", (event) => { if (event.key === "Escape") { button.focus(); button.click(); } });
    item.append(form);
    field.focus();
  }

  async #clear(path, field) {
    const reason = field.value.trim();
    if (!reason) { this.#banners.tell("请写一句处理结果。"); field.focus(); return; }
    try {
      await this.#api.post(path, { reason });
      this.#banners.tell("已处理，从列表里去掉了。", "good");
      this.#list.querySelector(`[data-path="${CSS.escape(path)}"]`)?.remove();
      byId("tasks-h").focus();
    } catch (error) {
      this.#banners.tell(error.message, "bad");
    }
    this.#refresh();
  }
}

function taskOfCase(row) {
  const talk = [row.number && `工号${row.number}${row.name ?? ""}`, row.caller.masked, row.talk_seconds !== null && `通话${clock(row.talk_seconds)}`];
  return {
    path: `/console/cases/${row.id}/close`,
    title: row.score_zh ?? "不满意",
    tone: "stop",
    lines: [row.subject_zh ?? "没有记录事项", `${dayAndTime(row.opened_at)}，${row.centre_name}，${talk.filter(Boolean).join("，")}`, row.note],
    sounds: [
      ...(row.has_comment ? [["听来电人的意见", `/console/cases/${row.id}/comment`]] : []),
      ...(row.has_recording ? [["听这通录音", `/console/recordings/${row.offer_id}`]] : []),
    ],
    canClear: true,
    ask: "怎么处理的，例：已回电解释",
  };
}

// Callbacks are seen to on their own page, where one sees what was tried.
function taskOfCallback(row) {
  const address = `/callbacks?tab=todo#callback-${row.id}`;
  return {
    path: `${address} ${row.reasons_zh.join(" ")}`,
    address,
    title: `回电：${row.reasons_zh.join("，")}`,
    lines: [[row.caller.masked, row.caller.region, row.skill_zh].filter(Boolean).join("，"),
      `${dayAndTime(row.asked_at)}约的，${row.centre_name}，${row.attempts ? `打过${row.attempts}次` : "还没打过"}`],
  };
}

function restOf(count) {
  return { path: `more callbacks ${count}`, address: "/callbacks?tab=todo", title: "回电", lines: [`还有 ${count} 个要处理的回电`] };
}

function linkOf({ path, address, title, lines }) {
  return make("li", { "data-path": path },
    make("p", {}, make("span", { class: "state stop" }, title), make("a", { href: address }, "去处理")),
    ...lines.map((line) => make("p", { class: "task-line" }, line)));
}

function taskOfMark(row) {
  return {
    path: `/console/marks/${row.id}/clear`,
    title: row.verdict_zh,
    tone: "soon",
    lines: [row.title, row.note, `${dayAndTime(row.at)}，${row.centre_name}${row.number}标的。由${row.owner}负责`],
    canClear: row.may_clear,
    ask: "怎么处理的，例：已改电话号码",
  };
}

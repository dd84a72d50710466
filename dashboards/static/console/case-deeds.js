// What can be done about a case: a bar of buttons, each with its key, and the question that comes first.

import { transferFields } from "./case-fields.js";
import { byId, fill, isField, make } from "./dom.js";

const WORDS = { kind: "words", name: "words", most: 500 };
// Deed, key, name. What is most often done stands first.
const DEEDS = [
  ["take", "J", "接办"], ["dial", "D", "拨打"], ["talk", "Y", "本次通话已答复"], ["text", "X", "写短信答复"], ["note", "B", "备注"], ["subject", "T", "改主题"],
  ["decide", "S", "受理/不予受理"], ["assign", "P", "指派"], ["transfer", "Z", "转办"], ["close", "W", "办结"], ["release", "F", "放回"],
  ["reopen", "R", "重新办理"], ["urge", "C", "催办"], ["supervise", "U", "督办"], ["clear", "Q", "清除超期"],
];
const MAIN = ["take", "dial"];
// Ringing somebody takes longer than writing something down.
const PATIENCE_MS = 20000;
const AT_ONCE = ["take", "dial"];

export class CaseDeeds {
  #bar = byId("deeds");
  #api;
  #config;
  #dialog;
  #done;
  #failed;
  #data = null;
  #isClosed = false;

  /** `done(said)` and `failed(error)` are told what came of it. */
  constructor({ api, config, dialog, done, failed }) {
    this.#api = api;
    this.#config = config;
    this.#dialog = dialog;
    this.#done = done;
    this.#failed = failed;
    this.#bar.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-deed]");
      if (button && button.getAttribute("aria-disabled") !== "true") this.#start(button.dataset.deed, button);
    });
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  show(data) {
    this.#data = data;
    const shown = DEEDS.filter(([deed]) => deed in data.may).map(([deed, key, name]) => ({ deed, key, name: nameOf(deed, name, data), whyNot: data.may[deed] }));
    const had = this.#bar.contains(document.activeElement) ? document.activeElement.dataset.deed : "";
    fill(this.#bar, shown, ({ deed, key, name, whyNot }) => make("button", {
      type: "button", class: MAIN.includes(deed) ? "deed main" : "deed", "data-deed": deed, "aria-disabled": whyNot ? "true" : null,
      title: whyNot, "aria-keyshortcuts": key, "aria-description": whyNot,
    }, name, make("kbd", { "aria-hidden": "true" }, key)));
    if (had && !this.#bar.contains(document.activeElement)) {
      (this.#bar.querySelector(`[data-deed="${had}"]`) ?? this.#bar.querySelector("button") ?? byId("title")).focus({ preventScroll: true });
    }
  }

  /** Nothing can be done any more with a case that has gone elsewhere. */
  close(isClosed) {
    this.#isClosed = isClosed;
    this.#bar.toggleAttribute("inert", isClosed);
  }

  merge(other) {
    this.#dialog.open({
      title: `并到办件${other.id}？`, about: "留言和经过以后都在那一件里看，这个编号也通到那里；期限取两件里早的。", go: "并过去",
      fields: [], send: () => this.#send("merge", { into: other.id }),
    });
  }

  split({ id, at }) {
    this.#dialog.open({
      title: "拆成另一件？", about: `把${at}的这条留言拆成一件新的，期限从它留下的时候算。`, go: "拆出来",
      fields: [], send: () => this.#send("split", { message: id }),
    });
  }

  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat || event.defaultPrevented) return;
    if (isField(event.target) || document.querySelector("dialog:modal") || this.#isClosed) return;
    const key = event.key.toUpperCase();
    const deed = DEEDS.find(([, one]) => one === key)?.[0];
    const button = deed ? this.#bar.querySelector(`[data-deed="${deed}"]`) : key === "N" ? document.querySelector('[data-key="n"]') : null;
    if (!button || button.disabled) return;
    event.preventDefault();
    button.focus();
    button.click();
  }

  async #start(deed, button) {
    if (deed === "assign") { await this.#assign(); return; }
    const question = this.#question(deed);
    if (question) { this.#dialog.open({ ...question, send: question.send ?? ((body) => this.#send(deed, body)) }); return; }
    if (!AT_ONCE.includes(deed) || button.disabled) return;
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await this.#done(await this.#post(deed, {}));
    } catch (error) {
      this.#failed(error);
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
      // A button that could not be pressed had lost its place.
      if (document.activeElement === document.body) (button.isConnected ? button : this.#bar.querySelector("button") ?? byId("title")).focus({ preventScroll: true });
    }
  }

  async #assign() {
    try {
      const { agents } = await this.#api.get(`/console/cases/agents?centre=${this.#data.centre}`);
      const options = agents.map(({ id, number, name }) => ({ key: String(id), name: `${name}（${number}）` }));
      const fields = [{ name: "agent", kind: "choice", options, needed: "请选一个人。", isNumber: true }];
      this.#dialog.open({ title: "指派给", go: "指派", fields, send: (body) => this.#send("assign", body) });
    } catch (error) {
      this.#failed(error);
    }
  }

  // The dialog closes at once; what is new on the page comes after it.
  async #send(deed, body) {
    this.#done(await this.#post(deed, body));
  }

  async #post(deed, body) {
    return (await this.#api.post(`/console/cases/${this.#data.id}/do/${deed}`, body, { patienceMs: PATIENCE_MS })).said;
  }

  /** What is asked before a deed; nothing for one that is done at once. */
  #question(deed) {
    const data = this.#data;
    const { centres, desks, subjects, decisions, close_reasons: reasons } = this.#config;
    switch (deed) {
      case "talk": return { title: "刚才的通话就是答复？", go: "已经答复", fields: [],
        about: "正在通话，或者挂断不到30分钟、通话满10秒的，记为已答复，计时从通话开始那一刻停。经过里会写下来电的尾号。" };
      case "text": return { title: `写短信答复 ${data.caller.zh}`, about: "收到运营商的回执才算答复。不要写身份证号、卡号。", go: "发出去",
        fields: [{ ...WORDS, label: "短信内容", most: 300, rows: 5, needed: "请写短信的内容。" }] };
      case "note": return { title: "备注", go: "记下", fields: [{ ...WORDS, label: "写给接着办的人看", needed: "请写备注。" }] };
      case "subject": return { title: "改主题", about: data.is_suggested ? `建议的是${data.subject_zh}：${data.because}` : "", go: "就是这个",
        fields: [{ name: "subject", kind: "subject", groups: subjects, value: data.subject, needed: "请选一个主题。" }] };
      case "decide": return { title: `${data.kind_zh}，受理吗？`, go: "决定", about: "不予受理要写明理由，来电人会问。",
        fields: [{ name: "decision", kind: "choice", options: decisions, needed: "请选受理还是不予受理。" }, { ...WORDS, label: "理由" }] };
      case "transfer": return { title: "转办", about: "答复来电人的日子不变，接办的一方另有一个工作日的期限。", go: "转办",
        fields: transferFields(centres, desks, data.centre, data.desk) };
      case "release": return { title: "放回？", about: "放回以后本中心的人都能接办，期限不变。", go: "放回", fields: [] };
      case "close": return { title: "办结", go: "办结", fields: [
        { name: "reason", kind: "choice", options: reasons.filter(({ key }) => data.close_reasons.includes(key)), needed: "请选办结的原因。" },
        { ...WORDS, label: "补充说明，可以不写" }] };
      case "reopen": return { title: "重新办理", about: "期限从现在重新算。", go: "重新办理", fields: [{ ...WORDS, label: "为什么", needed: "请写一句为什么重新办理。" }] };
      case "urge": return { title: "催办", go: "催办", fields: [{ ...WORDS, label: "要说的话，可以不写" }] };
      case "supervise": {
        const on = !data.is_supervised;
        return { title: on ? "督办" : "不再督办？", go: on ? "督办" : "不再督办", fields: [{ ...WORDS, label: "要说的话，可以不写" }],
          send: (body) => this.#send("supervise", { ...body, on }) };
      }
      case "clear": return { title: "清除超期", about: "从超期名单里去掉；这一件还要接着办。", go: "清除",
        fields: [{ ...WORDS, label: "为什么超期、怎么处理的", needed: "请写明为什么超期、怎么处理的。" }] };
      default: return null;
    }
  }
}

function nameOf(deed, name, data) {
  if (deed === "supervise" && data.is_supervised) return "不再督办";
  return deed === "text" && data.status === "replied" ? "再发短信" : name;
}

// The caller: ringing, in a talk, and just gone. It decides nothing.

import { byId, fill, make, write } from "./dom.js";
import { clock, dayAndTime, secondsSince, secondsUntil, spanOf, timeOf } from "./times.js";

const TITLES = { calling: "正在回电", ring: "来电", joining: "正在接通", talk: "通话中", hold: "保持中，来电人在听音乐", lost: "网络断了，正在接回" };
const SLOW = "请慢慢说";
const TALKING = ["talk", "hold", "lost"];
const STAGES = ["dialling", "ringing", "answered", "confirmed"];

export class CallCard {
  /** none, calling, ring, joining, talk, hold or lost. */
  phase = "none";
  #card = byId("call");
  #offer = null;
  #now = "";

  /** Show an offer in a phase; `seat` says how this seat answers: {isTelephone, tail, canAnswer}. */
  show(phase, offer, seat, now) {
    const hadFocus = this.#card.contains(document.activeElement);
    this.phase = phase;
    this.#offer = offer;
    this.#now = now;
    this.#card.hidden = phase === "none";
    byId("nobody").hidden = phase !== "none";
    this.#card.dataset.phase = phase;
    if (phase === "none") return;
    write(byId("call-title"), phase === "ring" && offer.callback ? "回电接通了，请接听" : TITLES[phase]);
    this.#showCaller(offer);
    this.#showIdentity(phase, offer.identity);
    this.#showCallback(offer.callback, ["calling", "ring"].includes(phase));
    this.#showContext(offer, /\d/.test(offer.caller.masked));
    this.#showButtons(phase, seat);
    this.tick();
    // What somebody has just pressed may have gone.
    if (hadFocus && !this.#card.contains(document.activeElement)) this.#card.focus();
  }

  tick() {
    const offer = this.#offer;
    if (!offer || this.phase === "none") return;
    if (this.phase === "calling") {
      write(byId("call-clock"), clock(secondsSince(offer.callback.stage_at ?? offer.made_at)));
      return;
    }
    const ringing = ["ring", "joining"].includes(this.phase);
    const left = secondsUntil(offer.ring_until);
    const whole = Math.max(1, (Date.parse(offer.ring_until) - Date.parse(offer.made_at)) / 1000);
    write(byId("call-clock"), ringing ? `还有 ${Math.ceil(left)} 秒` : clock(secondsSince(offer.connected_at ?? offer.accepted_at ?? this.#now)));
    byId("countdown").firstElementChild.style.transform = `scaleX(${Math.min(1, left / whole)})`;
    write(byId("caller-waited"), clock(this.#waited(offer, ringing)));
    byId("held").hidden = this.phase !== "hold";
    if (offer.held_since) write(byId("held-time"), clock(secondsSince(offer.held_since)));
  }

  #waited(offer, isRinging) {
    if (!isRinging) return offer.waited_seconds;
    return offer.joined_at ? secondsSince(offer.joined_at) : offer.waited_seconds + secondsSince(this.#now);
  }

  #showCaller({ caller, centre_name, skill_zh, language, language_zh }) {
    write(byId("caller-number"), caller.masked);
    write(byId("caller-region"), caller.region ?? "");
    write(byId("caller-wants"), [centre_name, skill_zh].filter(Boolean).join(" · "));
    const tags = [...(caller.rules_zh ?? []).map((words) => [words, "rule"]),
      ...(caller.is_slow ? [[SLOW, "slow"]] : []), ...(language ? [[language_zh, "tongue"]] : [])];
    fill(byId("caller-tags"), tags, ([words, kind]) => make("li", { class: `tag ${kind}` }, words));
  }

  // While a callback is dialled there is nobody yet who could have proven anything.
  #showIdentity(phase, identity) {
    byId("identity").hidden = phase === "calling";
    byId("identity-tag").classList.toggle("proven", Boolean(identity));
    write(byId("identity-mark"), identity ? "✓" : "○");
    write(byId("identity-words"), identity ? `身份已按键核对 · 证件尾号 ${identity.tail}` : "身份未核对");
    byId("look-up-open").hidden = !TALKING.includes(phase);
  }

  #showCallback(callback, isOnTheWay) {
    byId("callback").hidden = !callback;
    byId("caller-waited").closest(".waited").hidden = Boolean(callback);
    if (!callback) return;
    const { asked_at: asked, source_zh: source, attempt, attempts_before: before, slot_from: from, slot_until: until, stage, note, case_id: caseId } = callback;
    const last = before.at(-1);
    write(byId("callback-words"), [`${dayAndTime(asked)}约的（${source}）`, from && `约的时间是${spanOf(from, until)}`,
      `第${attempt}次`, last && `上次${timeOf(last.at)}${last.result_zh}`].filter(Boolean).join("，"));
    byId("callback-stages").hidden = !isOnTheWay;
    const at = STAGES.indexOf(stage);
    [...byId("callback-stages").children].forEach((item, n) => {
      item.classList.toggle("done", n < at);
      item.setAttribute("aria-current", n === at ? "step" : "false");
    });
    byId("callback-note").hidden = !note || Boolean(caseId);
    write(byId("callback-note"), note ? `上次记的：${note}` : "");
    this.#showCase(caseId, note);
  }

  // In a window of its own: leaving this page would end the talk.
  #showCase(caseId, note) {
    byId("callback-case").hidden = !caseId;
    byId("callback-tag").textContent = caseId ? "答复" : "回电";
    if (!caseId) return;
    write(byId("callback-words"), note || `办件${caseId}`);
    const link = byId("callback-case").firstElementChild;
    link.href = `/cases/${caseId}`;
    write(link, `打开办件${caseId}`);
  }

  #showContext({ asked_zh = [], history = [], handed = [] }, isKnown) {
    fill(byId("asked"), asked_zh, (words) => make("li", {}, words));
    byId("no-asked").hidden = asked_zh.length > 0;
    fill(byId("handed"), handed, ({ number, centre_name, subject_zh, note }) => make("li", {},
      make("b", {}, `${centre_name}${number}转来`), make("span", {}, [subject_zh, note].filter(Boolean).join("。") || "没有留备注")));
    byId("handed-part").hidden = !handed.length;
    fill(byId("history"), history, ({ at, outcome_zh, centre_name, subject_zh }) => make("li", {},
      make("time", { datetime: at }, dayAndTime(at)), make("small", {}, `${centre_name}，${outcome_zh}`),
      subject_zh ? make("span", { title: subject_zh }, subject_zh) : null));
    byId("no-history").hidden = history.length > 0;
    write(byId("no-history"), isKnown ? "没有，第一次来电" : "号码未显示，查不到");
  }

  #showButtons(phase, { isTelephone, tail, canAnswer }) {
    const isRinging = phase === "ring";
    const isTalk = TALKING.includes(phase);
    byId("answer").hidden = !isRinging || isTelephone;
    byId("answer").disabled = !canAnswer;
    byId("reject").hidden = !isRinging;
    byId("on-telephone").hidden = !isTelephone || !isRinging;
    write(byId("on-telephone"), `电话会打到${tail ? `尾号 ${tail}` : "您登记的号码"}，按 1 接听。`);
    for (const id of ["mute", "keypad-open"]) byId(id).hidden = !isTalk || isTelephone;
    for (const id of ["hold", "transfer-open", "book-open", "hang-up"]) byId(id).hidden = !isTalk;
    byId("my-level").hidden = !isTalk || isTelephone;
    byId("hold").setAttribute("aria-pressed", String(phase === "hold"));
    write(byId("hold-words"), phase === "hold" ? "恢复通话" : "保持");
    if (!isTalk) {
      byId("keypad").hidden = true;
      byId("transfer").hidden = true;
    }
  }

  /** Whether we send silence. */
  muted(isMuted) {
    byId("mute").setAttribute("aria-pressed", String(isMuted));
    write(byId("mute-words"), isMuted ? "已静音" : "静音");
  }
}

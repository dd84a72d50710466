// The caller: ringing, in a talk, and just gone. It decides nothing.

import { byId, fill, make, write } from "./dom.js";
import { clock, dayAndTime, secondsSince, secondsUntil } from "./times.js";

const TITLES = { ring: "来电", joining: "正在接通", talk: "通话中", hold: "保持中，来电人在听音乐", lost: "网络断了，正在接回" };
const SLOW = "请慢慢说";

export class CallCard {
  /** none, ring, joining, talk, hold or lost. */
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
    write(byId("call-title"), TITLES[phase]);
    this.#showCaller(offer);
    this.#showContext(offer, /\d/.test(offer.caller.masked));
    this.#showButtons(phase, seat);
    this.tick();
    // What somebody has just pressed may have gone.
    if (hadFocus && !this.#card.contains(document.activeElement)) this.#card.focus();
  }

  tick() {
    const offer = this.#offer;
    if (!offer || this.phase === "none") return;
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
    const isTalk = ["talk", "hold", "lost"].includes(phase);
    byId("answer").hidden = !isRinging || isTelephone;
    byId("answer").disabled = !canAnswer;
    byId("reject").hidden = !isRinging;
    byId("on-telephone").hidden = !isTelephone || !isRinging;
    write(byId("on-telephone"), `电话会打到${tail ? `尾号 ${tail}` : "您登记的号码"}，按 1 接听。`);
    for (const id of ["mute", "keypad-open"]) byId(id).hidden = !isTalk || isTelephone;
    for (const id of ["hold", "transfer-open", "hang-up"]) byId(id).hidden = !isTalk;
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

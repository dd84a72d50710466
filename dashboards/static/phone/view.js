// The face of the phone: what is shown in each state. It decides nothing.

import { clock } from "./numbers.js";

const STATES = {
  idle: "未接通",
  ringing: "来电",
  answering: "正在接听",
  dialling: "正在拨号",
  live: "通话中",
  recording: "正在录音",
  lost: "网络断了，正在接回……",
  ended: "已结束",
};
const FALL = 0.93; // per frame of 20 ms
const AT_REST = ["idle", "ended"];
const WAITING = "等着来电";
const NOT_WAITING_YET = "正在接上……";
const MACHINE_TALKS = "留言机在接";
const byId = (id) => document.getElementById(id);

export class View {
  state = "idle";
  /** Whether an answering machine speaks for this telephone. */
  isMachine = false;
  #isBlocked = false;
  #root = byId("phone");
  #answeredAt = null;
  #recording = null;
  #level = 0;
  // The number that rings here, "" for none, and whether it does so already.
  #number = "";
  #isRegistered = false;

  constructor() {
    setInterval(() => this.#tick(), 250);
  }

  get isAtRest() {
    return AT_REST.includes(this.state);
  }

  show(state) {
    const focused = document.activeElement ?? document.body;
    const hadFocus = focused.closest(".calls");
    this.state = state;
    this.#root.dataset.state = state;
    this.#root.classList.toggle("in-call", !this.isAtRest);
    const button = this.#isRinging ? "answer" : this.isAtRest ? "dial" : "hang-up";
    for (const id of ["dial", "hang-up"]) byId(id).hidden = id !== button;
    for (const part of this.#root.querySelectorAll(".when-ringing")) part.hidden = !this.#isRinging;
    byId("recording").hidden = state !== "recording";
    // The button somebody has just used gives its place to the other; a call that comes is to be had with one key.
    if (hadFocus || (this.#isRinging && (focused === document.body || this.#root.contains(focused)))) byId(button).focus();
    if (state === "dialling" || this.#isRinging) this.answeredAt = null;
    this.#showRest();
    this.#tick();
  }

  /** Which number rings here, "" for none, and whether it does so already. */
  waiting(number, isRegistered) {
    this.#number = number;
    this.#isRegistered = isRegistered;
    this.#showRest();
  }

  get #isRinging() {
    return this.state === "ringing";
  }

  // What depends on both: whether a call is on, and whether one may come.
  #showRest() {
    const rest = this.#number && this.isAtRest ? (this.#isRegistered ? WAITING : NOT_WAITING_YET) : "";
    const talk = this.isMachine && this.state === "live" ? MACHINE_TALKS : "";
    byId("state").textContent = rest || talk || STATES[this.state];
    this.#root.dataset.waits = rest === WAITING ? "yes" : "no";
    // Sound is only missed in a call.
    byId("blocked").hidden = !this.#isBlocked || this.isAtRest || this.#isRinging;
    for (const field of this.#root.querySelectorAll(".choices select, .choices input, .choices button")) {
      // Whoever waits for calls keeps the number.
      const isOwn = Boolean(this.#number) && ["from", "own"].includes(field.id);
      field.disabled = !this.isAtRest || isOwn;
    }
  }

  /** Milliseconds since 1970, or null. */
  get answeredAt() {
    return this.#answeredAt;
  }

  set answeredAt(at) {
    this.#answeredAt = at;
    byId("timer").textContent = clock(at ? (Date.now() - at) / 1000 : 0);
  }

  number(shown) {
    byId("number").textContent = shown || "　";
  }

  hint(words) {
    byId("hint").textContent = words;
  }

  notice(sentence) {
    byId("notice").hidden = !sentence;
    byId("notice-text").textContent = sentence;
  }

  blocked(isBlocked) {
    this.#isBlocked = isBlocked;
    this.#showRest();
  }

  startRecording(most) {
    this.#recording = { since: Date.now(), most };
    this.show("recording");
  }

  muted(isMuted) {
    byId("mute").setAttribute("aria-pressed", String(isMuted));
    byId("mute-text").textContent = isMuted ? "已静音" : "静音";
  }

  /** 0 to 1, on a scale on which speech fills the meter. */
  level(loudness) {
    const value = loudness > 0 ? Math.max(0, 1 + Math.log10(loudness) / 3) : 0;
    // Rises at once and falls slowly, or it could not be read; at the end of a call it is empty.
    this.#level = this.isAtRest ? 0 : Math.max(value, this.#level * FALL);
    for (const meter of this.#root.querySelectorAll(".level")) {
      meter.setAttribute("aria-valuenow", String(Math.round(100 * this.#level)));
      meter.firstElementChild.style.transform = `scaleX(${this.#level})`;
    }
  }

  flash(key) {
    const button = this.#root.querySelector(`[data-key="${CSS.escape(key)}"]`);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 150);
  }

  #tick() {
    if (this.#answeredAt && !this.isAtRest) byId("timer").textContent = clock((Date.now() - this.#answeredAt) / 1000);
    if (this.state !== "recording") return;
    const { since, most } = this.#recording;
    const seconds = (Date.now() - since) / 1000;
    byId("recording-time").textContent = most ? `${clock(seconds)}，最长 ${clock(most)}` : clock(seconds);
  }
}

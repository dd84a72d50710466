// The face of the phone: what is shown in each state. It decides nothing.

import { clock } from "./numbers.js";

const STATES = {
  idle: "未接通",
  dialling: "正在拨号",
  live: "通话中",
  recording: "正在录音",
  lost: "网络断了，正在接回……",
  ended: "已结束",
};
const FALL = 0.93; // per frame of 20 ms
const AT_REST = ["idle", "ended"];
const byId = (id) => document.getElementById(id);

export class View {
  state = "idle";
  #root = byId("phone");
  #answeredAt = null;
  #recording = null;
  #level = 0;

  constructor() {
    setInterval(() => this.#tick(), 250);
  }

  get isAtRest() {
    return AT_REST.includes(this.state);
  }

  show(state) {
    const hadFocus = byId("dial").contains(document.activeElement) || byId("hang-up").contains(document.activeElement);
    this.state = state;
    this.#root.dataset.state = state;
    byId("state").textContent = STATES[state];
    byId("dial").hidden = !this.isAtRest;
    byId("hang-up").hidden = this.isAtRest;
    for (const field of this.#root.querySelectorAll(".choices select, .choices input")) field.disabled = !this.isAtRest;
    byId("recording").hidden = state !== "recording";
    // The button somebody has just used gives its place to the other.
    if (hadFocus) byId(this.isAtRest ? "dial" : "hang-up").focus();
    if (state === "dialling") this.answeredAt = null;
    this.#tick();
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
    byId("blocked").hidden = !isBlocked || this.isAtRest;
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

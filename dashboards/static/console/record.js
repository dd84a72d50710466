// The record of a talk: subject, disposition, note. Three keys for the usual case, saved as typed.

import { announce } from "./banners.js";
import { byId, fill, keepFocus, make, write } from "./dom.js";
import { NoteSaver } from "./note-saver.js";
import { SubjectPicker } from "./subject-picker.js";
import { clock, secondsSince, secondsUntil } from "./times.js";

const OFFERED = 3;
const RECENT_PLACE = "console-recent-subjects";
const TITLES = { talk: "通话记录", wrap_up: "话后整理", late: "上一通的记录" };
const SAVED = { unsaved: "未保存", saving: "正在保存", saved: "已保存", failed: "还没存上，正在重试" };
const EMPTY = { offer: null, subject: null, disposition: null, note: "" };

export class Record {
  /** none, talk, wrap_up or late: the talk after this one has come while somebody is still writing. */
  mode = "none";
  #values = { ...EMPTY };
  #wrapUp = null;
  #masked = "";
  #asked = ["none", null, null];
  #offered = [];
  #dispositions;
  #picker;
  #saver;

  constructor({ groups, dispositions, send, pulse }) {
    this.#dispositions = dispositions;
    this.#picker = new SubjectPicker(groups, (subject) => this.#set({ subject: subject.key }));
    this.#saver = new NoteSaver(send, (state, error) => this.#showSaved(state, error), pulse);
    byId("note").addEventListener("input", ({ target }) => this.#set({ note: target.value }));
    byId("note").addEventListener("blur", () => this.#leaveNote());
    byId("offered").addEventListener("click", ({ target }) => this.#pick(target.closest("button")?.dataset.key));
    byId("dispositions").addEventListener("click", ({ target }) => this.#settle(target.closest("button")?.dataset.key));
    for (const id of ["offered", "dispositions"]) keepFocus(byId(id));
    this.#showDispositions();
  }

  /**
   * Show the record of an offer, `masked` being its caller's number. What somebody is writing is never taken away
   * under their hands: it stays until they have done, or have begun to talk with the next one.
   */
  show(mode, offer, wrapUp, masked) {
    this.#asked = [mode, offer, wrapUp, masked];
    const isOther = offer !== this.#values.offer;
    if (isOther && this.#values.offer && (this.#isBeingWritten() || (this.mode === "late" && mode === "none"))) {
      this.#setMode("late");
      return;
    }
    if (mode === "none") {
      if (this.mode !== "none") this.#clear();
      return;
    }
    if (isOther) this.#begin(offer, wrapUp);
    if (masked) this.#masked = masked;
    this.#wrapUp = wrapUp;
    this.#setMode(mode);
    this.#showOffered(wrapUp?.suggested ?? []);
    this.tick();
  }

  tick() {
    if (this.mode !== "wrap_up" || !this.#wrapUp) return;
    const { auto_finish_at, since } = this.#wrapUp;
    write(byId("record-clock"), auto_finish_at ? `${clock(secondsUntil(auto_finish_at))} 后自动转空闲` : `已整理 ${clock(secondsSince(since))}`);
  }

  /** A figure was pressed: the subject first, then the disposition. Says whether it meant anything. */
  digit(n) {
    if (this.mode === "none" || n === 0) return false;
    const choice = this.#values.subject ? this.#dispositions[n - 1] : this.#offered[n - 1];
    if (!choice) return false;
    if (this.#values.subject) this.#set({ disposition: choice.key });
    else this.#pick(choice.key);
    return true;
  }

  /** One step back: the disposition, then the subject. */
  back() {
    this.#set(this.#values.disposition ? { disposition: null } : { subject: null });
  }

  openSubjects() {
    this.#picker.open();
  }

  writeNote() {
    byId("note").focus();
  }

  /** What is still missing, in words; "" when the record may be closed. */
  get missing() {
    const { length } = this.#offered;
    if (!this.#values.subject) return length ? `请先选事项：按 1 到 ${length}，或按 0 找其他的。` : "请先选事项：按 0 找。";
    return this.#values.disposition ? "" : "请再选结果。";
  }

  /** Everything typed is with the server. */
  save() {
    return this.#saver.flush();
  }

  leave() {
    this.#saver.leave();
  }

  /** Close what was left open of the talk before. */
  async closeLate() {
    if (await this.#saver.flush()) this.#clear();
    this.show(...this.#asked);
  }

  async #leaveNote() {
    await this.#saver.flush();
    this.show(...this.#asked);
  }

  #isBeingWritten() {
    return document.activeElement === byId("note") || this.#saver.isDirty;
  }

  #begin(offer, wrapUp) {
    const draft = this.#saver.draftOf(offer);
    const { subject = null, disposition = null, note = "" } = draft ?? wrapUp ?? {};
    this.#values = { offer, subject, disposition, note: note ?? "" };
    this.#masked = "";
    byId("note").value = this.#values.note;
    this.#picker.close();
    write(byId("saved"), wrapUp?.saved_at && !draft ? SAVED.saved : "");
    this.#showChosen();
    if (draft) this.#saver.change(this.#values);
  }

  #clear() {
    this.#values = { ...EMPTY };
    this.#wrapUp = null;
    byId("note").value = "";
    this.#picker.close();
    this.#setMode("none");
  }

  #setMode(mode) {
    this.mode = mode;
    byId("record").hidden = mode === "none";
    byId("record").dataset.mode = mode;
    write(byId("record-title"), TITLES[mode] ?? "");
    write(byId("record-about"), mode === "talk" ? "" : this.#masked);
    byId("finish").hidden = mode !== "wrap_up";
    byId("close-late").hidden = mode !== "late";
    if (mode !== "wrap_up") write(byId("record-clock"), mode === "late" ? "整理时间到了，还可以接着写" : "");
  }

  #set(values) {
    Object.assign(this.#values, values);
    this.#showChosen();
    this.#saver.change({ ...this.#values });
  }

  #pick(key) {
    if (!key) return;
    this.#set({ subject: key });
    const recent = [key, ...recentSubjects().filter((one) => one !== key)].slice(0, OFFERED);
    localStorage.setItem(RECENT_PLACE, JSON.stringify(recent));
  }

  #settle(key) {
    if (key) this.#set({ disposition: key });
  }

  #showOffered(suggested) {
    const keys = [...new Set([...suggested, ...recentSubjects()])];
    this.#offered = keys.map((key) => this.#picker.subject(key)).filter(Boolean).slice(0, OFFERED);
    fill(byId("offered"), this.#offered, ({ key, name, group }, n) => make("button", { type: "button", class: "choice-button", "data-key": key },
      make("kbd", {}, String(n + 1)), make("span", {}, name, make("small", {}, group))));
    write(byId("subjects-words"), this.#offered.length ? "其他" : "选事项");
    this.#showChosen();
  }

  #showDispositions() {
    fill(byId("dispositions"), this.#dispositions, ({ key, name }, n) => make("button", { type: "button", class: "choice-button", "data-key": key },
      make("kbd", {}, String(n + 1)), make("span", {}, name)));
  }

  #showChosen() {
    const { subject, disposition } = this.#values;
    const chosen = this.#picker.subject(subject);
    byId("record").dataset.step = !subject ? "subject" : disposition ? "ready" : "disposition";
    byId("other-subject").hidden = !chosen || this.#offered.some(({ key }) => key === subject);
    write(byId("other-subject"), chosen ? `${chosen.group}：${chosen.name}` : "");
    for (const [id, key] of [["offered", subject], ["dispositions", disposition]]) {
      for (const button of byId(id).children) button.setAttribute("aria-pressed", String(button.dataset.key === key));
    }
  }

  #showSaved(state, error) {
    byId("saved").dataset.state = state;
    const words = state === "failed" && error?.status ? `没存上：${error.message}` : SAVED[state];
    write(byId("saved"), words);
    // Success is not worth an interruption.
    if (state === "failed") announce(words);
  }
}

function recentSubjects() {
  return JSON.parse(localStorage.getItem(RECENT_PLACE) ?? "[]");
}

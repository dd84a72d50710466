// The transcript: every word at its time, in step with the sound; and the text as somebody corrected it.

import { make, write } from "./dom.js";
import { gapBefore, isDoubtful, saidTime, wordAt } from "./player-logic.js";
import { dayAndTime } from "./times.js";

const MOST = 5000;
const NOTHING = "还没有转写。";

export class PlayerWords {
  element = make("div", { class: "player-words" });
  #jump;
  #save;
  #words = [];
  #text = "";
  #corrected = null;
  #note = "";
  #mayCorrect;
  #spans = [];
  #at = -1;
  #seconds = 0;
  #editor = null;
  #said = "";

  /** `jump(seconds)` hears which word was chosen. */
  constructor({ words = [], text = "", corrected = null, note = "", canCorrect = false, onCorrect = null }, jump) {
    this.#jump = jump;
    this.#save = onCorrect;
    this.#mayCorrect = canCorrect && Boolean(onCorrect);
    this.set({ words, text, corrected, note });
  }

  /** What there is to read now; whoever is writing goes on writing. */
  set({ words, text, corrected, note }) {
    this.#words = words ?? [];
    this.#text = text ?? "";
    this.#corrected = corrected ?? null;
    this.#note = note ?? "";
    if (!this.#editor) this.#show();
  }

  /** Mark the word of this second, and keep it in sight while the sound is on. */
  follow(seconds, isPlaying) {
    this.#seconds = seconds;
    const at = wordAt(this.#words, seconds);
    if (at === this.#at && this.#spans[at]?.classList.contains("is-now") === at >= 0) return;
    this.#spans[this.#at]?.classList.remove("is-now");
    this.#at = at;
    const span = this.#spans[at];
    if (!span || (!isPlaying && seconds === 0)) { this.#at = -2; return; }
    span.classList.add("is-now");
    if (isPlaying) keepInSight(span);
  }

  #show() {
    this.#spans = [];
    this.#at = -2;
    this.element.classList.toggle("is-editing", Boolean(this.#editor));
    this.element.replaceChildren(...[this.#head(), this.#editor ?? this.#correctedPart(), this.#heardPart()].filter(Boolean));
    this.follow(this.#seconds, false);
  }

  #head() {
    const label = this.#corrected || this.#text ? "改文字" : "写下听到的话";
    const edit = this.#mayCorrect && !this.#editor
      && make("button", { type: "button", class: "plain-button player-edit", onclick: () => this.#edit() }, label);
    return make("header", {}, make("h3", {}, "文字"),
      make("span", { class: "player-done", role: "status" }, this.#said), edit || null);
  }

  #correctedPart() {
    if (!this.#corrected) return null;
    const { text, by, at } = this.#corrected;
    return make("section", { class: "player-corrected", "aria-label": "改过的文字" },
      make("p", { class: "lines" }, text), make("p", { class: "quiet" }, `${by}${by ? "，" : ""}${dayAndTime(at)}改的`));
  }

  #heardPart() {
    const isBeside = this.#corrected || this.#editor;
    const words = this.#words.length ? this.#wordLine() : this.#text ? make("p", { class: "lines" }, this.#text) : null;
    const title = isBeside && words && make("p", { class: "quiet player-heard-title" }, this.#words.length ? "机器识别的，跟着声音走" : "机器识别的");
    return make("section", { class: "player-heard", "aria-label": "机器识别的文字" },
      title || null, words ?? make("p", { class: "empty" }, this.#note || NOTHING), words && this.#note ? make("p", { class: "quiet" }, this.#note) : null);
  }

  #wordLine() {
    const line = make("p", { class: "player-line", role: "group", "aria-label": "一个词一个词的文字，左右键选词，回车从那里听" });
    this.#spans = this.#words.map((word, n) => {
      const isUnsure = isDoubtful(word);
      const span = make("span", {
        role: "button", class: isUnsure ? "is-doubtful" : "", tabindex: n === 0 ? "0" : "-1", "data-n": String(n),
        title: isUnsure ? `${saidTime(word[1])}，把握 ${Math.round(100 * word[3])}%` : saidTime(word[1]),
      }, word[0]);
      line.append(gapBefore(this.#words, n), span);
      return span;
    });
    line.addEventListener("click", ({ target }) => this.#choose(target));
    line.addEventListener("keydown", (event) => this.#walk(event));
    const hasDoubts = this.#words.some(isDoubtful);
    return make("div", {}, line, hasDoubts
      && make("p", { class: "player-legend quiet" }, make("span", { class: "is-doubtful" }, "虚线"), "：识别的把握不大，以录音为准"));
  }

  #choose(target) {
    const n = Number(target.closest("[data-n]")?.dataset.n ?? -1);
    // Marking a piece of the text is no click on a word.
    if (n < 0 || !window.getSelection().isCollapsed) return;
    this.#focus(n, false);
    this.#jump(this.#words[n][1]);
  }

  #walk(event) {
    const n = Number(event.target.dataset.n ?? -1);
    if (n < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = { ArrowLeft: n - 1, ArrowRight: n + 1, Home: 0, End: this.#spans.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); this.#focus(to, true); return; }
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.#jump(this.#words[n][1]);
  }

  #focus(n, isFocused) {
    const span = this.#spans[n];
    if (!span) return;
    for (const other of this.#spans) if (other.tabIndex === 0) other.tabIndex = -1;
    span.tabIndex = 0;
    if (isFocused) span.focus();
  }

  #edit() {
    const area = make("textarea", { rows: "5", maxlength: String(MOST), "aria-label": "改正后的文字" });
    area.value = this.#corrected?.text ?? this.#text;
    const wrong = make("p", { class: "wrong", role: "alert", hidden: true });
    const save = make("button", { type: "submit", class: "button small" }, "保存");
    const cancel = make("button", { type: "button", class: "button small quiet-button", onclick: () => this.#leave("") }, "取消");
    const count = make("span", { class: "quiet" });
    const tell = () => write(count, `${area.value.length}／${MOST} 个字`);
    this.#said = "";
    this.#editor = make("form", { class: "player-editor" }, area,
      make("p", { class: "quiet" }, "不要写完整的身份证号、卡号。", make("kbd", {}, "Ctrl+Enter"), "保存，", make("kbd", {}, "Esc"), "取消"), wrong,
      make("p", { class: "actions" }, save, cancel, count));
    area.addEventListener("input", tell);
    this.#editor.addEventListener("submit", (event) => { event.preventDefault(); this.#send(area, save, wrong); });
    this.#editor.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") { event.preventDefault(); this.#leave(""); }
      if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); this.#send(area, save, wrong); }
    });
    tell();
    this.#show();
    area.focus();
  }

  async #send(area, save, wrong) {
    if (save.disabled) return;
    save.disabled = true;
    wrong.hidden = true;
    try {
      this.#corrected = (await this.#save(area.value)) ?? this.#corrected;
      this.#leave("保存好了。");
    } catch (error) {
      write(wrong, error.message);
      wrong.hidden = false;
      area.focus();
    } finally {
      save.disabled = false;
    }
  }

  #leave(said) {
    this.#editor = null;
    this.#said = said;
    this.#show();
    this.element.querySelector(".player-edit")?.focus({ preventScroll: true });
  }
}

// Only the text itself is scrolled, never the page under somebody's hands.
function keepInSight(span) {
  const box = span.closest(".player-line");
  const { top, bottom } = span.getBoundingClientRect();
  const frame = box.getBoundingClientRect();
  if (top < frame.top || bottom > frame.bottom) box.scrollTop += top - frame.top - frame.height / 3;
}

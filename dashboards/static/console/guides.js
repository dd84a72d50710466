// Guides to search and read while talking; a wrong or missing one is marked with one key.

import { byId, isField, make, write } from "./dom.js";

const PAUSE_MS = 200;
const SEND_MARK_MS = 6000;
const MARKED = { wrong: "标记有误", missing: "标记缺内容" };

export class Guides {
  #api;
  #banners;
  #offer;
  #field = byId("guide-search");
  #results = byId("guide-results");
  #asked = null;
  #timer = 0;
  #finding = Promise.resolve();
  #open = null;
  #mark = null;
  #markTimer = 0;
  #isTouched = false;
  #hasFailed = false;

  /** `offer()` gives the id of the talk that is going on, or null. */
  constructor(api, banners, offer) {
    this.#api = api;
    this.#banners = banners;
    this.#offer = offer;
    this.#field.addEventListener("input", () => this.#later());
    this.#field.addEventListener("keydown", (event) => this.#press(event, 0));
    this.#results.addEventListener("keydown", (event) => this.#press(event, this.#position(event.target)));
    byId("guide-back").addEventListener("click", () => this.#back());
    byId("mark-form").addEventListener("submit", (event) => { event.preventDefault(); this.sendMark(); });
    byId("mark-undo").addEventListener("click", () => this.#dropMark());
    byId("mark-note").addEventListener("input", () => this.#sendMarkLater());
    byId("mark-note").addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.#dropMark(); event.stopPropagation(); }
    });
    this.#find("");
  }

  focus() {
    this.#back(false);
    this.#field.focus();
    this.#field.select();
  }

  /** Offer what the caller asked about, unless somebody is reading something else. */
  async suggest(words) {
    const isInUse = () => this.#isTouched || this.#open || document.activeElement === this.#field;
    if (!words || isInUse()) return;
    const { guides } = await this.#api.get(addressOf(words)).catch(() => ({ guides: [] }));
    if (!guides.length || isInUse()) return;
    this.#field.value = this.#asked = words;
    this.#show(guides, words);
  }

  /** The server can be asked again. */
  retry() {
    if (this.#hasFailed) this.#find(this.#asked);
  }

  /** The talk is over: the next caller asks about something else. */
  reset() {
    this.#isTouched = false;
  }

  /** Mark the guide that is open, or that there is none about what was searched for. A note may be added for a moment. */
  async mark(verdict) {
    const guide = this.#open?.id ?? this.#field.value.trim();
    if (!this.#open && verdict === "wrong") { this.#banners.tell("请先打开一份指南。"); return; }
    if (!guide) { this.#banners.tell("请先查一查缺的是什么。"); return; }
    await this.sendMark();
    this.#mark = { guide, verdict };
    write(byId("mark-words"), MARKED[verdict]);
    write(byId("mark-about"), this.#open?.title ?? guide);
    byId("mark-note").value = "";
    byId("mark-form").hidden = false;
    // Somebody who is writing goes on writing.
    if (!isField(document.activeElement)) byId("mark-note").focus();
    this.#sendMarkLater();
  }

  /** Send the mark that is still waiting for a note. */
  async sendMark(options = {}) {
    clearTimeout(this.#markTimer);
    const mark = this.#mark;
    if (!mark) return;
    this.#mark = null;
    const note = byId("mark-note").value.trim();
    this.#hideMark();
    try {
      await this.#api.post("/console/guides/mark", { ...mark, note, offer: this.#offer() }, options);
      this.#banners.tell("已经告诉编写的人，谢谢。", "good");
    } catch (error) {
      this.#banners.tell(`标记没有送出去：${error.message}`, "bad");
    }
  }

  #later() {
    this.#isTouched = this.#field.value !== "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.#finding = this.#find(this.#field.value.trim()); }, PAUSE_MS);
  }

  // What was typed quickly is looked for first.
  async #openFirst() {
    clearTimeout(this.#timer);
    const words = this.#field.value.trim();
    if (words !== this.#asked) this.#finding = this.#find(words);
    await this.#finding;
    this.#results.querySelector("button")?.click();
  }

  async #find(words) {
    this.#asked = words;
    this.#hasFailed = false;
    this.#back(false);
    try {
      const { guides } = await this.#api.get(addressOf(words));
      if (this.#asked !== words) return;
      this.#show(guides, words);
    } catch (error) {
      if (this.#asked !== words) return;
      this.#hasFailed = true;
      this.#say(`${error.message}指南暂时查不了。`);
    }
  }

  #show(guides, words) {
    this.#results.replaceChildren(...guides.map((guide) => make("li", {}, make("button", { type: "button", onclick: () => this.#read(guide.id) },
      make("b", {}, guide.title), make("small", {}, [guide.kind_zh, guide.subject_zh].filter(Boolean).join(" · ")),
      guide.snippet ? make("span", {}, guide.snippet) : null,
      guide.problem ? make("em", {}, guide.problem) : null))));
    this.#say(guides.length ? "" : `没有找到“${words}”。按 Alt+Q 告诉编写的人缺这一份。`);
  }

  #say(sentence) {
    byId("guide-sentence").hidden = !sentence;
    write(byId("guide-sentence"), sentence);
  }

  async #read(id) {
    try {
      const guide = await this.#api.get(`/console/guides/${id}`);
      await this.sendMark();
      this.#open = guide;
      write(byId("guide-title"), guide.title);
      write(byId("guide-valid"), [guide.kind_zh, guide.subject_zh, guide.valid_zh].filter(Boolean).join(" · "));
      write(byId("guide-source"), guide.source ? `依据：${guide.source}` : "");
      byId("guide-problem").hidden = !guide.problem;
      write(byId("guide-problem"), guide.problem ?? "");
      byId("guide-parts").replaceChildren(...guide.parts.flatMap(partOf));
      this.#toggle(true);
      byId("guide").scrollTop = 0;
      byId("guide").focus();
    } catch (error) {
      this.#banners.tell(error.message);
    }
  }

  #back(mayFocus = true) {
    if (!this.#open) return;
    const { id } = this.#open;
    this.#open = null;
    this.#toggle(false);
    if (mayFocus) (this.#results.querySelector(`[data-id="${CSS.escape(id)}"]`) ?? this.#field).focus();
  }

  #toggle(isReading) {
    byId("guide-list").hidden = isReading;
    byId("guide").hidden = !isReading;
    byId("mark-wrong").hidden = !isReading;
  }

  #press(event, position) {
    if (event.isComposing || event.altKey || event.ctrlKey) return;
    const buttons = [...this.#results.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) (buttons[position + step - 1] ?? this.#field).focus();
    else if (event.key === "Enter" && position === 0) this.#openFirst();
    else return;
    event.preventDefault();
  }

  // 0 is the field, 1 the first result.
  #position(target) {
    return [...this.#results.querySelectorAll("button")].indexOf(target.closest("button")) + 1;
  }

  #sendMarkLater() {
    clearTimeout(this.#markTimer);
    this.#markTimer = setTimeout(() => this.sendMark(), SEND_MARK_MS);
  }

  #dropMark() {
    clearTimeout(this.#markTimer);
    this.#mark = null;
    this.#hideMark();
  }

  #hideMark() {
    if (byId("mark-form").contains(document.activeElement)) (this.#open ? byId("guide") : this.#field).focus();
    byId("mark-form").hidden = true;
  }
}

function addressOf(words) {
  return `/console/guides?q=${encodeURIComponent(words)}`;
}

function partOf({ title, lines }) {
  return [title ? make("h3", {}, title) : null, ...lines.map((line) => make("p", {}, line))].filter(Boolean);
}

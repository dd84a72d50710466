// Sentences at the top of the page: what is wrong and what happens next. Each has a name and is shown once.

import { byId, make, write } from "./dom.js";

const SHOWN_MS = { good: 5000, note: 12000, bad: 12000 };

export class Banners {
  #list = byId("banners");
  #shown = new Map();
  #told = null;

  /** Show a sentence under a name, or take it away when it is empty. `tone` is good, note or bad. */
  set(name, sentence, tone = "note") {
    const old = this.#shown.get(name);
    if (!sentence) {
      old?.remove();
      this.#shown.delete(name);
      return;
    }
    if (old?.dataset.tone === tone) {
      write(old.querySelector(".words"), sentence);
      return;
    }
    old?.remove();
    const banner = bannerOf(tone, sentence);
    this.#shown.set(name, banner);
    this.#list.append(banner);
  }

  /** Show a sentence for a while, at the foot of the page, where it moves nothing. */
  tell(sentence, tone = "note") {
    if (!sentence || (this.#told?.isConnected && this.#told.dataset.sentence === sentence)) return;
    const close = make("button", { type: "button", class: "close", "aria-label": "知道了", onclick: () => this.#told.remove() }, "✕");
    this.#told?.remove();
    this.#told = bannerOf(tone, sentence, close);
    this.#told.dataset.sentence = sentence;
    byId("told").append(this.#told);
    const told = this.#told;
    setTimeout(() => told.remove(), SHOWN_MS[tone]);
  }
}

function bannerOf(tone, sentence, button = null) {
  const mark = { good: "✓", note: "!", bad: "✕" }[tone];
  return make("div", { class: `banner ${tone}`, role: tone === "bad" ? "alert" : "status", "data-tone": tone },
    make("span", { class: "mark", "aria-hidden": "true" }, mark), make("span", { class: "words" }, sentence), button);
}

/** Say it to whoever cannot see the page; `isUrgent` interrupts. */
export function announce(words, isUrgent = false) {
  write(byId(isUrgent ? "alarm" : "announce"), words);
}

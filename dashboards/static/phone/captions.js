// What is said, sentence by sentence while it is said; the latest is the large one.

const SENTENCES = /[^。！？；]+[。！？；]*[”』]?/g;
const SHORTEST = 8; // characters that are worth a line of their own
const NEAR_PX = 40;
const MOST_KEPT = 30;
// More keys in a row than any menu wants may be an ID number or a PIN that was typed ahead.
const MOST_KEYS_KEPT = 3;

export class Captions {
  /** Every text as it came, for tests. */
  texts = [];
  #list;
  #timers = [];
  #isBeingSaid = false;
  #isResuming = false;
  #current = { text: "", seconds: 0 };
  // Somebody who has scrolled up to read is left there.
  #isFollowing = true;

  constructor(list) {
    this.#list = list;
    list.addEventListener("scroll", () => {
      this.#isFollowing = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    });
    new ResizeObserver(() => this.#follow()).observe(list);
  }

  /** Show a text that takes so many seconds to say; after `resume`, what is left of the text that was being said. */
  say(text, seconds) {
    this.#stop();
    const isRest = this.#isResuming && text === this.#current.text;
    this.#isResuming = false;
    if (!isRest) {
      this.texts.push(text);
      this.#current = { text, seconds };
    }
    const whole = this.#current.seconds;
    const heard = whole - seconds;
    this.#isBeingSaid = true;
    this.#timers.push(setTimeout(() => { this.#isBeingSaid = false; }, 1000 * seconds));
    let spoken = 0;
    for (const part of sentences(text)) {
      const from = (whole * spoken) / text.length;
      spoken += part.length;
      const to = (whole * spoken) / text.length;
      if (from > heard) this.#timers.push(setTimeout(() => this.#add(part, "said"), 1000 * (from - heard)));
      else if ((to > heard || !whole) && !(isRest && this.#goOnWith(part))) this.#add(part, "said");
    }
  }

  /** The speaker was interrupted: what has not been said is not shown. */
  silence() {
    if (this.#isBeingSaid) [...this.#list.querySelectorAll(".said")].at(-1)?.classList.add("cut");
    this.#stop();
  }

  /** The call goes on after a lost network: the text that was being said may come again. */
  resume() {
    this.#isResuming = true;
  }

  /** A line about what the caller did; keys pressed one after the other share one. */
  note(words, isKey = false) {
    const last = this.#list.lastElementChild;
    if (isKey && last?.dataset.keys) {
      last.dataset.keys += ` ${words}`;
      last.textContent = `您按了 ${last.dataset.keys}`;
      return;
    }
    const line = this.#add(isKey ? `您按了 ${words}` : words, "note");
    if (isKey) line.dataset.keys = words;
  }

  /** Of keys in a row only how many there were: numbers do not stay behind. */
  forgetNumbers() {
    for (const line of this.#list.querySelectorAll("[data-keys]")) {
      const { length } = line.dataset.keys.split(" ");
      delete line.dataset.keys;
      if (length > MOST_KEYS_KEPT) line.textContent = `您按了 ${length} 个键`;
    }
  }

  clear() {
    this.#stop();
    this.texts.length = 0;
    this.#current = { text: "", seconds: 0 };
    this.#isFollowing = true;
    this.#list.replaceChildren();
  }

  /** What is shown, to be kept over a reload; numbers that were keyed are not. */
  keep() {
    this.forgetNumbers();
    const lines = [...this.#list.children].slice(-MOST_KEPT).map((line) => [line.textContent, line.className]);
    return { lines, current: this.#current };
  }

  /** Show kept lines again. */
  restore({ lines, current }) {
    this.clear();
    this.#current = current;
    for (const [text, className] of lines) {
      this.#add(text, className);
      if (className.includes("said")) this.texts.push(text);
    }
  }

  #add(text, className) {
    const line = document.createElement("li");
    line.className = className;
    line.textContent = text;
    this.#list.append(line);
    this.#follow();
    return line;
  }

  #goOnWith(part) {
    const last = [...this.#list.querySelectorAll(".said")].at(-1);
    if (last?.textContent !== part) return false;
    last.classList.remove("cut");
    return true;
  }

  #follow() {
    if (this.#isFollowing) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #stop() {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers = [];
    this.#isBeingSaid = false;
  }
}

function sentences(text) {
  const parts = [];
  for (const part of text.match(SENTENCES) ?? [text]) {
    if (parts.length && parts.at(-1).length < SHORTEST) parts[parts.length - 1] += part;
    else parts.push(part);
  }
  return parts;
}

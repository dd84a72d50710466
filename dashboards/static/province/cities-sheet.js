// What the dialogs of this page share: they close, they say what went wrong, and what they show can be copied.

import { byId, write } from "../console/dom.js";

const SAID_MS = 3000;

export class Sheet {
  dialog;
  #wrong;

  constructor(name) {
    this.dialog = byId(`${name}-dialog`);
    this.#wrong = byId(`${name}-wrong`);
    this.dialog.querySelector("[data-close]").addEventListener("click", () => this.dialog.close());
    byId(`${name}-form`)?.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
  }

  send() {}

  say(words) {
    write(this.#wrong, words);
    this.#wrong.hidden = !words;
  }

  /** Do it once; the sentence of whatever goes wrong stays in the dialog. */
  async attempt(button, work) {
    if (button.disabled) return;
    button.disabled = true;
    this.say("");
    try {
      await work();
    } catch (error) {
      this.say(error.message);
    } finally {
      button.disabled = false;
    }
  }
}

/** Copy a text, or mark the element that shows it for Ctrl+C; the button says which, for a while. */
export async function copy(button, text, element) {
  button.dataset.words ??= button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    write(button, "✓ 复制好了");
  } catch {
    getSelection().selectAllChildren(element);
    write(button, "选中了，请按 Ctrl+C");
  }
  setTimeout(() => write(button, button.dataset.words), SAID_MS);
}

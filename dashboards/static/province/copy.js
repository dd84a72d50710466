// A text that can be copied.

import { write } from "../console/dom.js";

const SAID_MS = 3000;

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

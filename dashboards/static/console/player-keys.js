// The keys of a player. They work where nobody types and no button is meant; of several players, the one last touched.

import { isField } from "./dom.js";
import { STEP_SECONDS } from "./player-logic.js";

const KEYS = new Map([
  [" ", ["toggle"]],
  ["ArrowLeft", ["skip", -STEP_SECONDS]],
  ["ArrowRight", ["skip", STEP_SECONDS]],
  [",", ["speed", -1]],
  [".", ["speed", 1]],
  ["，", ["speed", -1]],
  ["。", ["speed", 1]],
]);
const PRESSES = "button, a, summary, [role=button], [role=tab], [role=radio], [role=option], input, select";
let last = null;

export class PlayerKeys {
  #root;
  #deeds;
  #heard = (event) => this.#hear(event);
  #touched = () => { last = this; };

  /** `deeds`: toggle(), skip(seconds), speed(step). */
  constructor(root, deeds) {
    this.#root = root;
    this.#deeds = deeds;
    document.addEventListener("keydown", this.#heard);
    root.addEventListener("pointerdown", this.#touched);
    root.addEventListener("focusin", this.#touched);
    if (!last?.isThere) last = this;
  }

  get isThere() { return this.#root.isConnected; }

  close() {
    document.removeEventListener("keydown", this.#heard);
    this.#root.removeEventListener("pointerdown", this.#touched);
    this.#root.removeEventListener("focusin", this.#touched);
    if (last === this) last = null;
  }

  #hear(event) {
    const [deed, value] = KEYS.get(event.key) ?? [];
    if (!deed || last !== this || !this.isThere || !this.#isMeant(event)) return;
    event.preventDefault();
    this.#deeds[deed](value);
  }

  #isMeant(event) {
    const { target } = event;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
    if (isField(target) || document.querySelector("dialog:modal:not(:has(.player))")) return false;
    // A button takes the space bar; everything that walks with the arrows has said so by then.
    return event.key !== " " || !target.closest?.(PRESSES);
  }
}

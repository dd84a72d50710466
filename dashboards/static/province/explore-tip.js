// What a number means, shown when it is pointed at or focused. Escape takes it away.

import { byId } from "../console/dom.js";

const GAP = 8;
const EDGE = 8;

export class Tip {
  #box = byId("tip");
  #owner = null;

  /** `contentOf(element)` gives the nodes for an element with `[data-tip]`, or null. */
  watch(root, contentOf) {
    root.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") this.#show(event.target.closest("[data-tip]"), contentOf); });
    root.addEventListener("pointerleave", () => this.hide());
    root.addEventListener("focusin", ({ target }) => { if (target.matches(":focus-visible")) this.#show(target.closest("[data-tip]"), contentOf); });
    root.addEventListener("focusout", () => this.hide());
  }

  constructor() {
    document.addEventListener("keydown", ({ key }) => { if (key === "Escape") this.hide(); });
    addEventListener("scroll", () => { if (this.#owner) this.#place(this.#owner.getBoundingClientRect()); }, { passive: true, capture: true });
  }

  hide() {
    this.#box.hidden = true;
    this.#owner?.removeAttribute("aria-describedby");
    this.#owner = null;
  }

  #show(owner, contentOf) {
    if (owner === this.#owner) return;
    this.hide();
    const content = owner && contentOf(owner);
    if (!content) return;
    this.#owner = owner;
    this.#box.replaceChildren(...content);
    this.#box.hidden = false;
    this.#place(owner.getBoundingClientRect());
    owner.setAttribute("aria-describedby", "tip");
  }

  #place(about) {
    const { offsetWidth: width, offsetHeight: height } = this.#box;
    const isRoomBelow = about.bottom + GAP + height < innerHeight - EDGE;
    const top = isRoomBelow ? about.bottom + GAP : Math.max(EDGE, about.top - GAP - height);
    const left = Math.min(Math.max(EDGE, about.left + about.width / 2 - width / 2), innerWidth - width - EDGE);
    this.#box.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
  }
}

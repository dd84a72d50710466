// Several of a list, or of a tree of two levels, to tick in a panel that opens below its button.

import { byId, make, write } from "../console/dom.js";

const SHOWN = 2;

export class Pick {
  #name;
  #groups;
  #unit;
  #ask;
  #details;
  #keys = [];

  /** `groups`: [{key, name, subjects: [{key, name}]}], empty `subjects` for a list without a second level. */
  constructor(name, groups, unit, ask) {
    this.#name = name;
    this.#groups = groups;
    this.#unit = unit;
    this.#ask = ask;
    this.#details = byId(`pick-${name}`);
    this.#build();
    this.#details.addEventListener("toggle", () => { if (this.#details.open) this.#tick(this.#keys); });
    this.#details.addEventListener("keydown", (event) => this.#press(event));
    document.addEventListener("pointerdown", ({ target }) => { if (this.#details.open && !this.#details.contains(target)) this.#take(); });
    this.#details.querySelector(`[data-take="${name}"]`).addEventListener("click", () => this.#take());
    this.#details.querySelector(`[data-clear="${name}"]`).addEventListener("click", () => this.#tick([]));
  }

  /** What is chosen, in words; "" for all. */
  get words() {
    const names = this.#keys.map((key) => this.#nameOf(key));
    if (!names.length) return "";
    return names.length > SHOWN ? `${names.slice(0, SHOWN).join("、")}等${names.length}${this.#unit}` : names.join("、");
  }

  show(keys) {
    this.#keys = keys;
    write(byId(`${this.#name}-chosen`), this.words || `全部${this.#groups.some(({ subjects }) => subjects.length) ? "" : ` ${this.#groups.length} ${this.#unit}`}`);
    this.#details.classList.toggle("narrowed", keys.length > 0);
    if (this.#details.open) this.#tick(keys);
  }

  #nameOf(key) {
    for (const group of this.#groups) {
      if (group.key === key) return group.name;
      const found = group.subjects.find((one) => one.key === key);
      if (found) return found.name;
    }
    return key;
  }

  #build() {
    const list = byId(`${this.#name}-list`);
    list.replaceChildren(...this.#groups.map((group) => (group.subjects.length ? this.#branch(group) : choice(group))));
    list.classList.toggle("flat", !this.#groups.some(({ subjects }) => subjects.length));
    list.addEventListener("change", ({ target }) => this.#spread(target));
  }

  #branch(group) {
    const fold = make("button", { type: "button", class: "fold", "aria-expanded": "false", "aria-label": `${group.name}的小类` }, "▸");
    const leaves = make("div", { class: "leaves", hidden: true }, ...group.subjects.map(choice));
    const open = (isOpen) => {
      leaves.hidden = !isOpen;
      fold.setAttribute("aria-expanded", String(isOpen));
    };
    fold.addEventListener("click", () => open(leaves.hidden));
    const branch = make("div", { class: "branch" }, make("div", { class: "branch-head" }, fold, choice(group)), leaves);
    branch.unfold = open;
    return branch;
  }

  /** A group's box goes over all of its own; theirs make the group's whole, half or empty. */
  #spread(box) {
    const branch = box.closest(".branch");
    if (!branch) return;
    const leaves = [...branch.querySelectorAll(".leaves input")];
    const head = branch.querySelector(".branch-head input");
    if (box === head) for (const leaf of leaves) leaf.checked = box.checked;
    const ticked = leaves.filter(({ checked }) => checked).length;
    head.checked = ticked === leaves.length;
    head.indeterminate = ticked > 0 && ticked < leaves.length;
  }

  #tick(keys) {
    for (const box of this.#details.querySelectorAll("input")) {
      box.checked = keys.includes(box.value);
      box.indeterminate = false;
    }
    for (const branch of this.#details.querySelectorAll(".branch")) {
      const head = branch.querySelector(".branch-head input");
      const leaves = [...branch.querySelectorAll(".leaves input")];
      this.#spread(head.checked ? head : leaves[0]);
      branch.unfold(head.indeterminate);
    }
  }

  get #ticked() {
    return this.#groups.flatMap(({ key, subjects }) => {
      const isTicked = (wanted) => this.#details.querySelector(`input[value="${wanted}"]`).checked;
      if (isTicked(key)) return [key];
      return subjects.filter((one) => isTicked(one.key)).map((one) => one.key);
    });
  }

  #take() {
    const keys = this.#ticked;
    this.#details.open = false;
    const all = keys.length === this.#groups.length && keys.every((key, n) => key === this.#groups[n].key) ? [] : keys;
    if (all.join() !== this.#keys.join()) this.#ask(all);
  }

  #press(event) {
    if (event.key !== "Escape" || !this.#details.open) return;
    event.stopPropagation();
    this.#details.open = false;
    this.#details.querySelector("summary").focus();
  }
}

function choice({ key, name }) {
  return make("label", { class: "tick" }, make("input", { type: "checkbox", value: key }), make("span", {}, name));
}

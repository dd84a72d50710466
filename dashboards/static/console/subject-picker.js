// Finds one subject of the provincial tree: by characters, or by the first letters of its pinyin.

import { byId, keepFocus, make } from "./dom.js";

export class SubjectPicker {
  #panel = byId("subject-panel");
  #field = byId("subject-filter");
  #list = byId("subject-list");
  #groups;
  #choose;
  #found = [];
  #active = 0;

  /** `choose(subject)` is told. */
  constructor(groups, choose) {
    this.#groups = groups;
    this.#choose = choose;
    this.#field.addEventListener("input", () => this.#show());
    this.#field.addEventListener("keydown", (event) => this.#press(event));
    this.#list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")?.dataset.key));
    keepFocus(this.#list);
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  open() {
    this.#panel.hidden = false;
    byId("subjects-open").setAttribute("aria-expanded", "true");
    this.#field.value = "";
    this.#show();
    this.#field.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.#field.blur();
    this.#panel.hidden = true;
    byId("subjects-open").setAttribute("aria-expanded", "false");
  }

  /** The subject with this key; undefined without one. */
  subject(key) {
    return this.#groups.flatMap(({ subjects }) => subjects).find((subject) => subject.key === key);
  }

  #show() {
    const wanted = this.#field.value.trim().toLowerCase();
    const groups = this.#groups
      .map((group) => ({ ...group, subjects: group.subjects.filter((subject) => fits(subject, wanted)) }))
      .filter(({ subjects }) => subjects.length);
    this.#found = groups.flatMap(({ subjects }) => subjects);
    this.#active = 0;
    this.#list.replaceChildren(...groups.map(({ name, subjects }) => make("li", { role: "group", "aria-label": name },
      make("b", { "aria-hidden": "true" }, name), ...subjects.map(optionOf))));
    byId("no-subject").hidden = this.#found.length > 0;
    // Nothing is marked before somebody looks for something.
    this.#mark(wanted ? 0 : -1);
  }

  #mark(n) {
    this.#active = n;
    const options = [...this.#list.querySelectorAll("[role=option]")];
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === n)));
    this.#field.setAttribute("aria-activedescendant", options[n]?.id ?? "");
    options[n]?.scrollIntoView({ block: "nearest" });
  }

  #press(event) {
    if (event.isComposing || event.altKey || event.ctrlKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#mark(Math.max(0, Math.min(this.#found.length - 1, this.#active + step)));
    else if (event.key === "Enter") this.#take(this.#found[Math.max(0, this.#active)]?.key);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #take(key) {
    const subject = this.subject(key);
    if (!subject) return;
    this.close();
    this.#choose(subject);
  }
}

function optionOf({ key, name }) {
  return make("span", { role: "option", id: `subject-${key}`, "data-key": key, "aria-selected": "false" }, name);
}

function fits(subject, wanted) {
  if (!wanted || subject.words.toLowerCase().includes(wanted)) return true;
  return /^[a-z?]+$/.test(wanted) && subject.letters.includes(wanted);
}

// The rows of the list of cases, and which of them are chosen. What has not changed is left alone.

import { arrange, byId, make } from "./dom.js";

export class CaseRows {
  #body = byId("rows");
  #all = byId("pick-all");
  #rows = new Map();
  #picked = new Set();
  #last = null;
  #isOneCentre;
  #told;

  /** `picked()` is told when others are chosen. */
  constructor({ isOneCentre, picked }) {
    this.#isOneCentre = isOneCentre;
    this.#told = picked;
    this.#body.addEventListener("click", (event) => this.#click(event));
    this.#body.addEventListener("keydown", (event) => this.#press(event));
    this.#all.addEventListener("change", () => this.#pickAll(this.#all.checked));
    byId("cases").classList.toggle("one-centre", isOneCentre);
  }

  /** The rows that are chosen and still there. */
  get picked() {
    return [...this.#rows.values()].filter(({ id }) => this.#picked.has(id));
  }

  show(rows) {
    this.#rows = new Map(rows.map((row) => [String(row.id), row]));
    for (const id of this.#picked) if (!this.#rows.has(String(id))) this.#picked.delete(id);
    const kept = new Map([...this.#body.rows].map((row) => [row.dataset.id, row]));
    const at = document.activeElement;
    const focused = at?.closest?.("#rows tr");
    const wasBox = at?.type === "checkbox";
    const next = focused && [...this.#body.rows].slice([...this.#body.rows].indexOf(focused)).map((row) => row.dataset.id);
    arrange(this.#body, rows.map((row) => this.#fresh(kept.get(String(row.id)), row)));
    this.#mark();
    // What was made anew, or has gone, must not take the keyboard's place along.
    if (!focused || focused.contains(document.activeElement)) return;
    const row = next.map((id) => this.#body.querySelector(`tr[data-id="${id}"]`)).find(Boolean);
    (row?.querySelector(wasBox ? "input" : "a") ?? byId("list-h")).focus({ preventScroll: true });
  }

  pickNone() {
    this.#picked.clear();
    this.#mark();
    this.#told();
  }

  #pickAll(isOn) {
    for (const { id, may } of this.#rows.values()) if (isOn && may.length) this.#picked.add(id);
    if (!isOn) this.#picked.clear();
    this.#mark();
    this.#told();
  }

  // A second one with Shift takes all between them.
  #pick(id, isOn, isRange) {
    const ids = [...this.#rows.values()].filter(({ may }) => may.length).map((row) => row.id);
    const [from, to] = [ids.indexOf(this.#last), ids.indexOf(id)];
    const range = isRange && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    for (const one of range) if (isOn) this.#picked.add(one); else this.#picked.delete(one);
    this.#last = id;
    this.#mark();
    this.#told();
  }

  #mark() {
    for (const row of this.#body.rows) {
      const isOn = this.#picked.has(Number(row.dataset.id));
      row.classList.toggle("picked", isOn);
      const box = row.querySelector("input");
      if (box) box.checked = isOn;
    }
    const count = [...this.#rows.values()].filter(({ may }) => may.length).length;
    this.#all.disabled = count === 0;
    this.#all.checked = count > 0 && this.#picked.size === count;
    this.#all.indeterminate = this.#picked.size > 0 && this.#picked.size < count;
  }

  #click(event) {
    const row = this.#rows.get(event.target.closest("tr")?.dataset.id);
    if (!row) return;
    if (event.target.type === "checkbox") { this.#pick(row.id, event.target.checked, event.shiftKey); return; }
    // The whole row opens it, unless somebody marks words to copy them.
    if (!event.target.closest("a, .pick-cell") && !String(window.getSelection())) event.target.closest("tr").querySelector("a").click();
  }

  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const row = event.target.closest("tr");
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (step) {
      const wanted = row[step]?.querySelector(event.target.type === "checkbox" ? "input" : "a") ?? row[step]?.querySelector("a");
      if (!wanted) return;
      event.preventDefault();
      wanted.focus();
    } else if (event.key.toLowerCase() === "x") {
      event.preventDefault();
      const { id, may } = this.#rows.get(row.dataset.id);
      if (may.length) this.#pick(id, !this.#picked.has(id), event.shiftKey);
    }
  }

  #fresh(old, row) {
    const told = JSON.stringify(row);
    if (old?.dataset.told === told) return old;
    return make("tr", { "data-id": row.id, "data-told": told, class: `is-${row.due.key}` }, ...this.#cellsOf(row));
  }

  #cellsOf(row) {
    const box = row.may.length ? make("input", { type: "checkbox", "aria-label": `选上办件${row.id}` }) : null;
    return [
      make("td", { class: "pick-cell" }, box),
      make("td", { class: "due-cell" }, stateOf(row.due), small(row.due.at_zh)),
      make("th", { scope: "row", class: "number-cell" }, make("a", { href: `/cases/${row.id}` }, String(row.id)), small(row.kind_zh)),
      make("td", { class: "subject-cell" }, ...subjectOf(row)),
      make("td", { class: "words-cell" }, ...wordsOf(row)),
      make("td", { class: "caller-cell" }, row.caller_zh),
      make("td", { class: "centre-cell" }, this.#isOneCentre ? row.desk_zh || dash() : row.centre_name, this.#isOneCentre ? null : small(row.desk_zh)),
      make("td", { class: "owner-cell" }, ...ownerOf(row)),
      make("td", { class: "flags-cell" }, ...row.flags.map(flagOf)),
    ];
  }
}

/** Colour, symbol and words together. */
export function stateOf({ tone, symbol, zh }) {
  return make("span", { class: `state ${tone}` }, make("span", { "aria-hidden": "true" }, `${symbol} `), zh);
}

export function flagOf({ key, name, title }) {
  return make("span", { class: `flag ${key}`, title }, name);
}

function subjectOf({ subject_zh: subject, is_suggested: isSuggested }) {
  if (!subject) return [make("span", { class: "quiet" }, "还没有定")];
  const [group, name] = subject.split("：");
  return [name ?? group, isSuggested ? make("span", { class: "flag suggested", title: "从留言的话里猜的，还没有人定" }, "建议") : null, small(name ? group : "")];
}

function wordsOf({ words, heard, messages }) {
  if (!words) return [dash()];
  const said = make("span", { class: heard === "words" ? "said" : "said quiet", title: heard === "words" ? words : "" },
    heard === "unusable" ? make("span", { "aria-hidden": "true" }, "⊘ ") : null, words);
  return [said, small(messages > 1 ? `共 ${messages} 条留言` : "")];
}

function ownerOf({ owner, is_mine: isMine, is_for_another: isForAnother }) {
  if (!owner) return [make("span", { class: "quiet" }, "没人接")];
  if (isMine) return [make("b", {}, "我"), small(owner.number)];
  return [owner.name, small(isForAnother ? `${owner.number}，您代办` : owner.number)];
}

function small(words) {
  return words ? make("small", {}, words) : null;
}

function dash() {
  return make("span", { class: "quiet" }, "—");
}

// One dialog for every deed that asks for something first: choices, words, a subject.

import { subjectGroups } from "./config.js";
import { byId, make, write } from "./dom.js";
import { choice } from "./slots.js";

export class DeedDialog {
  #dialog = byId("deed-dialog");
  #fields = [];
  #send = null;

  constructor() {
    byId("deed-back").addEventListener("click", () => this.#dialog.close());
    byId("deed-form").addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    // In a text Enter begins a line; with Ctrl it is done.
    byId("deed-fields").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.ctrlKey) byId("deed-form").requestSubmit();
    });
  }

  /**
   * `fields`: [{name, kind: choice, select, words or subject, label, options: [{key, name, needs_words}], value, needed:
   * the sentence when it is empty, most: characters, isNumber}]; `send(body)` does it and throws what went wrong.
   */
  open({ title, about = "", go, fields, send, isGrave = false }) {
    this.#fields = fields;
    this.#send = send;
    write(byId("deed-h"), title);
    write(byId("deed-about"), about);
    write(byId("deed-go"), go);
    byId("deed-go").classList.toggle("grave", isGrave);
    byId("deed-fields").replaceChildren(...fields.map(fieldOf));
    say("");
    this.#dialog.showModal();
    byId("deed-fields").querySelector("input, select, textarea")?.focus();
  }

  async #submit() {
    const button = byId("deed-go");
    if (button.disabled) return;
    const body = {};
    for (const field of this.#fields) {
      const value = valueOf(field);
      const chosen = this.#fields.flatMap(({ options = [] }) => options).find(({ key }) => key === body.reason);
      const needed = field.needed || (field.name === "words" && chosen?.needs_words ? "请写一句原因。" : "");
      if (needed && !value) { say(needed); elementOf(field)?.focus(); return; }
      body[field.name] = field.isNumber ? Number(value) : value;
    }
    button.disabled = true;
    say("");
    try {
      await this.#send(body);
      this.#dialog.close();
    } catch (error) {
      say(error.message);
    } finally {
      button.disabled = false;
    }
  }
}

function fieldOf(field) {
  return { choice: choicesOf, select: selectOf, words: wordsOf, subject: subjectsOf }[field.kind](field);
}

function choicesOf({ name, label = "", options, value }) {
  const list = make("div", { class: "reasons-list" }, ...options.map(({ key, name: words }) => choice(name, key, words)));
  for (const input of list.querySelectorAll("input")) input.checked = input.value === value;
  return make("fieldset", {}, make("legend", { class: label ? "" : "hidden" }, label || "选一个"), list);
}

function selectOf({ name, label, options, value }) {
  const select = make("select", { name }, ...options.map(({ key, name: words }) => {
    const option = make("option", {}, words);
    option.value = key;
    return option;
  }));
  select.value = value ?? "";
  if (select.selectedIndex < 0) select.selectedIndex = 0;
  return make("label", { class: "deed-field" }, make("span", {}, label), select);
}

function wordsOf({ name, label, value = "", most, rows = 3 }) {
  const area = make("textarea", { name, rows, maxlength: most });
  area.value = value;
  const count = make("small", { class: "count", "aria-hidden": "true" });
  const tell = () => write(count, `${[...area.value].length}／${most} 个字`);
  area.addEventListener("input", tell);
  tell();
  return make("label", { class: "deed-field" }, make("span", {}, label), area, count);
}

// Found by characters, or by the first letters of the pinyin.
function subjectsOf({ name, groups, value }) {
  const filter = make("input", { type: "text", placeholder: "打汉字或拼音首字母来找", "aria-label": "找主题", autocomplete: "off" });
  const list = make("div", { class: "reasons-list subjects", role: "radiogroup", "aria-label": "主题" });
  const all = subjectGroups(groups).flatMap(({ subjects }) => subjects);
  const show = () => {
    const wanted = filter.value.trim().toLowerCase();
    const chosen = list.querySelector("input:checked")?.value ?? value;
    const found = all.filter((one) => !wanted || one.words.toLowerCase().includes(wanted) || one.letters.includes(wanted));
    list.replaceChildren(...found.map(({ key, group, name: words }) => choice(name, key, `${group}：${words}`)));
    const one = [...list.querySelectorAll("input")].find((input) => input.value === chosen);
    const first = wanted ? list.querySelector("input") : null;
    if (one ?? first) (one ?? first).checked = true;
    if (!found.length) list.append(make("p", { class: "quiet" }, "没有这样的主题，换个字看看。"));
  };
  filter.addEventListener("input", show);
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    (list.querySelector("input:checked") ?? list.querySelector("input"))?.focus();
  });
  show();
  return make("div", { class: "deed-field" }, filter, list);
}

function elementOf({ name }) {
  const form = byId("deed-fields");
  return form.querySelector(`textarea[name="${name}"], select[name="${name}"]`) ?? form.querySelector(`input[name="${name}"]`);
}

function valueOf(field) {
  const element = elementOf(field);
  if (element?.type !== "radio") return element?.value.trim() ?? "";
  return byId("deed-fields").querySelector(`input[name="${field.name}"]:checked`)?.value ?? "";
}

function say(words) {
  write(byId("deed-wrong"), words);
  byId("deed-wrong").hidden = !words;
}

// Text messages to the number at which this page waits: a short list, newest first, that is there once one has come.

import { written } from "./numbers.js";

const MOST_KEPT = 20;
const TIME = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false });

export class Texts {
  #box;
  #list;

  /** `box` is hidden until the first text; its list is the `ol` in it. */
  constructor(box) {
    this.#box = box;
    this.#list = box.querySelector("ol");
  }

  /** Show a text as it was taken: {from, text, at}, `at` an ISO time. */
  add({ from, text, at }) {
    const item = document.createElement("li");
    const head = document.createElement("p");
    head.className = "text-head";
    const time = document.createElement("time");
    time.dateTime = at;
    time.textContent = TIME.format(new Date(at));
    head.append(`${written(from)} `, time);
    const body = document.createElement("p");
    body.textContent = text;
    item.append(head, body);
    this.#list.prepend(item);
    while (this.#list.children.length > MOST_KEPT) this.#list.lastElementChild.remove();
    this.#box.hidden = false;
  }
}

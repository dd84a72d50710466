// Two small dialogs: another time, and why something is called off or closed.

import { byId, write } from "./dom.js";
import { choice, slotChoices } from "./slots.js";
import { dayAndTime, spanOf } from "./times.js";

for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

/** Moves a callback to one of the free half hours. */
export class TimeDialog {
  #dialog = byId("time-dialog");
  #api;
  #done;
  #row = null;

  /** `done(said)` is told when it is done. */
  constructor(api, done) {
    this.#api = api;
    this.#done = done;
    byId("more-slots").addEventListener("click", () => this.#load(true));
    byId("time-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  open(row) {
    this.#row = row;
    const now = row.slot_from ? spanOf(row.slot_from, row.slot_until) : row.not_before ? `${dayAndTime(row.not_before)}以后` : "轮到就打";
    write(byId("time-about"), `${row.caller.masked}，原来是${now}`);
    byId("time-slots").replaceChildren();
    say("time-wrong", "");
    this.#dialog.showModal();
    this.#load(false);
  }

  async #load(isMore) {
    const { id } = this.#row;
    say("time-none", isMore ? "" : "正在找空的时间……");
    try {
      const { slots } = await this.#api.get(`/console/callbacks/${id}/slots${isMore ? "?more=1" : ""}`);
      if (this.#row?.id !== id) return;
      byId("time-slots").replaceChildren(...slotChoices(slots));
      const first = byId("time-slots").querySelector("input");
      if (first) { first.checked = true; first.focus(); }
      byId("more-slots").hidden = isMore || !slots.length;
      say("time-none", slots.length ? "" : "最近没有空的时间了。");
    } catch (error) {
      say("time-none", "");
      say("time-wrong", error.message);
    }
  }

  async #send() {
    const slot = byId("time-slots").querySelector("input:checked")?.value;
    if (!slot) { say("time-wrong", "请选一个时间。"); return; }
    await submit(byId("time-form"), "time-wrong", async () => {
      const { said } = await this.#api.post(`/console/callbacks/${this.#row.id}/postpone`, { slot });
      this.#dialog.close();
      await this.#done(said);
    }, () => this.#load(false));
  }
}

const WHY = {
  cancel: { title: "取消这个回电？", go: "取消回电", reasons: "cancel_reasons" },
  clear: { title: "办结", go: "办结", reasons: "clear_reasons" },
};

/** Asks why before something is called off or closed. */
export class WhyDialog {
  #dialog = byId("why-dialog");
  #api;
  #done;
  #config;
  #row = null;
  #deed = "";
  #reasons = [];

  constructor(api, done, config) {
    this.#api = api;
    this.#done = done;
    this.#config = config;
    byId("why-reasons").addEventListener("change", ({ target }) => this.#choose(target));
    byId("why-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** `deed` is cancel or clear. */
  open(deed, row) {
    const { title, go, reasons } = WHY[deed];
    this.#deed = deed;
    this.#row = row;
    write(byId("why-h"), title);
    write(byId("why-go"), go);
    byId("why-go").dataset.deed = deed;
    write(byId("why-about"), [row.caller.masked, row.skill_zh, ...row.to_clear_zh].join("，"));
    this.#reasons = this.#config[reasons];
    byId("why-reasons").replaceChildren(...this.#reasons.map(({ key, name }) => choice("why", key, name)));
    byId("why-words").value = "";
    write(byId("why-words-name"), "补充说明，可以不写");
    say("why-wrong", "");
    this.#dialog.showModal();
    byId("why-reasons").querySelector("input").focus();
  }

  #choose(input) {
    const needs = this.#needsWords(input);
    write(byId("why-words-name"), needs ? "请写清楚原因" : "补充说明，可以不写");
    say("why-wrong", "");
    if (needs) byId("why-words").focus();
  }

  #needsWords(input) {
    return Boolean(this.#reasons.find(({ key }) => key === input.value)?.needs_words);
  }

  async #send() {
    const chosen = byId("why-reasons").querySelector("input:checked");
    const words = byId("why-words").value.trim();
    if (!chosen) { say("why-wrong", "请选一个原因。"); return; }
    if (this.#needsWords(chosen) && !words) { say("why-wrong", "请写一句原因。"); byId("why-words").focus(); return; }
    await submit(byId("why-form"), "why-wrong", async () => {
      const { said } = await this.#api.post(`/console/callbacks/${this.#row.id}/${this.#deed}`, { reason: chosen.value, words });
      this.#dialog.close();
      await this.#done(said);
    });
  }
}

async function submit(form, wrong, send, failed = () => {}) {
  const button = form.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  say(wrong, "");
  try {
    await send();
  } catch (error) {
    await failed();
    say(wrong, error.message);
  } finally {
    button.disabled = false;
  }
}

function say(id, words) {
  write(byId(id), words);
  byId(id).hidden = !words;
}

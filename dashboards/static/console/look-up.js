// Asks a business system about the caller of a talk. What was found is in this page's memory and nowhere else.

import { CardDeed } from "./card-deed.js";
import { byId, make, write } from "./dom.js";

const BUSY_AFTER_MS = 300;
// The server gives a system eight seconds, and needs some for itself.
const PATIENCE_MS = 15000;
const ID_LENGTH = 18;
const NOT_RIGHT = 422;
const SHORT = "身份证号是18位，请补全再查。";

export class LookUp {
  #panel = byId("look-up");
  #number = byId("look-up-number");
  #api;
  #pulse;
  #deed;
  #offer = null;
  // Of the desk, and of the form: what either knows counts until the server finds otherwise.
  #identity = null;
  #isRefuted = false;
  #isAsking = false;
  #asked = 0;
  #stopBusy = () => {};

  /** `tell(sentence)`: what somebody must know who does not look here. */
  constructor(api, pulse, tell = () => {}) {
    this.#api = api;
    this.#pulse = pulse;
    this.#deed = new CardDeed(api, pulse, { done: (card, answer) => this.#mark(card, answer), tell });
    this.#panel.addEventListener("submit", (event) => {
      event.preventDefault();
      // There are three buttons: the key that ends the number leads to the first of them.
      byId("look-up-kinds").querySelector("button:not(:disabled)")?.focus();
    });
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) { this.close(); event.stopPropagation(); event.preventDefault(); }
    });
    byId("look-up-close").addEventListener("click", () => this.close());
    this.#number.addEventListener("input", () => this.#count());
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** The offer in whose talk the panel was opened. */
  toggle(offer) {
    if (this.#deed.isOpen) return;
    if (this.isOpen) { this.close(); return; }
    if (!offer) return;
    this.#show(true);
    this.#load();
  }

  close() {
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#emptyNumber();
    this.#show(false);
    if (hadFocus) byId("look-up-open").focus();
  }

  /** The talk that is shown now, null when there is none: what was found of another caller goes. */
  follow(offer, identity) {
    if (offer !== this.#offer) {
      this.forget();
      this.#offer = offer;
    }
    if (offer) this.#showProof(identity);
  }

  /** Nothing of a caller stays behind. */
  forget() {
    this.#deed.forget();
    this.#asked += 1;
    this.#identity = null;
    this.#isRefuted = false;
    this.#busy(false);
    this.#emptyNumber();
    byId("look-up-purpose").value = "";
    byId("look-up-result").replaceChildren();
    this.#say("");
    this.#show(false);
  }

  #show(isOpen) {
    this.#panel.hidden = !isOpen;
    byId("look-up-open").setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    this.#panel.scrollIntoView({ block: "nearest" });
    byId("look-up-purpose").focus();
  }

  get #isProven() {
    return Boolean(this.#identity) && !this.#isRefuted;
  }

  #showProof(identity) {
    this.#identity = identity ?? this.#identity;
    for (const id of ["look-up-number-part", "look-up-reminder"]) byId(id).hidden = this.#isProven;
    write(byId("look-up-who"), this.#isProven ? `证件尾号 ${this.#identity.tail}，已按键核对` : "");
  }

  async #load() {
    const offer = this.#offer;
    try {
      const form = await this.#api.get(`/console/api/look-up?offer=${encodeURIComponent(offer)}`);
      if (offer !== this.#offer) return;
      this.#showProof(form.identity);
      this.#showPurposes(form.purposes);
      this.#showKinds(form.kinds);
      this.#say("");
    } catch (error) {
      if (offer === this.#offer) this.#say(error.message);
    }
  }

  #showPurposes(purposes) {
    const choice = byId("look-up-purpose");
    if (choice.options.length > 1) return;
    choice.append(...purposes.map(({ key, name }) => {
      const option = make("option", {}, name);
      option.value = key;
      return option;
    }));
  }

  #showKinds(kinds) {
    const focused = document.activeElement?.dataset?.kind;
    byId("look-up-kinds").replaceChildren(...kinds.map(({ key, name, state, sentence }) => make("button", {
      type: "button", class: "call-button kind", "data-kind": key, "data-state": state,
      disabled: state === "closed" || state === "refer", title: sentence, onclick: () => this.#ask(key, name),
    }, name, sentence ? make("small", {}, sentence) : null)));
    if (focused) byId("look-up-kinds").querySelector(`[data-kind="${focused}"]`)?.focus();
  }

  async #ask(kind, name) {
    if (this.#isAsking) return;
    const purpose = byId("look-up-purpose").value;
    const number = this.#number.value.replace(/[\s-]/g, "");
    if (!purpose) { this.#say("请先选查询的用途。", byId("look-up-purpose")); return; }
    if (!this.#isProven && !number) { this.#say("请填来电人的身份证号。", this.#number); return; }
    if (/^\d{1,17}$/.test(number) && number.length !== 15) { this.#say(SHORT, this.#number); return; }
    const nth = (this.#asked += 1);
    // Before it is sent: whatever comes of it, the number is not in the page any more.
    this.#emptyNumber();
    this.#busy(true, name);
    const body = { offer: this.#offer, kind, purpose, ...(!this.#isProven && { id_number: number }) };
    try {
      const answer = await this.#api.post("/console/api/look-up", body, { patienceMs: PATIENCE_MS });
      if (nth === this.#asked) this.#showAnswer(name, answer);
    } catch (error) {
      if (nth === this.#asked) this.#refused(error, body);
    } finally {
      if (nth === this.#asked) this.#busy(false);
    }
  }

  #refused(error, { id_number: number }) {
    if (error.status === NOT_RIGHT && !number) {
      // What the caller had proven is not on the line any more.
      this.#isRefuted = true;
      this.#showProof(null);
    }
    this.#say(error.message, this.#isProven ? null : this.#number);
  }

  #busy(isBusy, name = "") {
    this.#stopBusy();
    this.#isAsking = isBusy;
    this.#panel.setAttribute("aria-busy", String(isBusy));
    byId("look-up-busy").hidden = true;
    if (!isBusy) return;
    this.#say("");
    byId("look-up-result").replaceChildren();
    this.#stopBusy = this.#pulse.after(BUSY_AFTER_MS, () => {
      write(byId("look-up-busy-words"), `正在查${name}，最多等十秒……`);
      byId("look-up-busy").hidden = false;
      byId("look-up-busy").scrollIntoView({ block: "nearest" });
    });
  }

  #showAnswer(name, { result, sentence, findings = [], as_of_zh: asOf, system }) {
    const children = findings.length
      ? findings.map((finding) => findingOf(finding, asOf, this.#deedOf(finding.card)))
      : [make("p", { class: `answer ${result === "not_found" || result === "refer" ? "note" : "bad"}` }, sentence)];
    byId("look-up-result").replaceChildren(
      make("h3", {}, `${name}${system ? `（${system}）` : ""}`), ...children,
    );
    byId("look-up-result").scrollIntoView({ block: "nearest" });
  }

  #deedOf(card) {
    if (!card) return null;
    // A mouse says how often it was pressed, and a key never does.
    let key = "";
    const button = make("button", { type: "button", class: "call-button card-deed-open", "data-card": card.key, "data-deed": card.action }, card.action_zh);
    button.setAttribute("aria-label", `${card.action_zh}${card.name}`);
    button.addEventListener("keydown", (event) => { key = event.key; if (event.repeat) event.preventDefault(); });
    button.addEventListener("click", ({ detail }) => {
      if (detail < 2 && !this.#isAsking) this.#deed.open(this.#offer, card, button, detail ? "" : key);
    });
    return button;
  }

  // What was found of the card is not true any more: that it was done is said instead of its button.
  #mark(card, { result, sentence }) {
    if (result === "not_sent" || result === "refused") return;
    const button = byId("look-up-result").querySelector(`[data-card="${card.key}"]`);
    button?.replaceWith(make("p", { class: "card-told" }, `刚才${card.action_zh}：${sentence}要看卡现在的样子，请再查一次社保卡。`));
  }

  #emptyNumber() {
    this.#number.value = "";
    this.#count();
  }

  #count() {
    const { length } = this.#number.value.replace(/[\s-]/g, "");
    write(byId("look-up-count"), length ? `${length}／${ID_LENGTH}位` : "");
  }

  #say(words, field = null) {
    write(byId("look-up-wrong"), words);
    byId("look-up-wrong").hidden = !words;
    if (words) field?.focus();
  }
}

function findingOf({ title, sentences, place_zh: place }, asOf, deed) {
  return make("article", { class: "finding" },
    make("header", {}, make("h4", {}, title), make("p", {}, place), make("p", {}, `数据日期 ${asOf}`)),
    make("ul", {}, ...sentences.map((words) => make("li", {}, words))), deed);
}

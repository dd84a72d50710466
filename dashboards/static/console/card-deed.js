// The second look before a card is frozen or released, and what came of it. Nothing is chosen beforehand.

import { byId, make, write } from "./dom.js";

// The server looks the card up, writes, and looks at what became of it.
const PATIENCE_MS = 30000;
const BUSY_AFTER_MS = 300;
const FEWEST_ASKED = 2;
const NOT_REACHED = "没有收到结果，可能办成了，也可能没有。不要重复办，结果看“挂失”页。";
const LEFT = "通话结束时这张卡还没有办完，结果看“挂失”页，不要重复办。";
const TONES = { done: "good", already: "good", unknown: "bad", pending: "bad" };

export class CardDeed {
  #dialog = byId("card-deed");
  #go = byId("deed-go");
  #number = byId("deed-number");
  #api;
  #pulse;
  #done;
  #tell;
  #card = null;
  #offer = null;
  #opener = null;
  #openedBy = "";
  #isSending = false;
  #asked = 0;
  #stopBusy = () => {};

  /** `done(card, answer)` is told what came of it, `tell(sentence)` what somebody must know who does not look here. */
  constructor(api, pulse, { done, tell }) {
    this.#api = api;
    this.#pulse = pulse;
    this.#done = done;
    this.#tell = tell;
    byId("deed-form").addEventListener("submit", (event) => event.preventDefault());
    this.#go.addEventListener("click", (event) => { if (event.detail < 2) this.#send(); });
    byId("deed-close").addEventListener("click", () => this.close());
    this.#dialog.addEventListener("cancel", (event) => { event.preventDefault(); this.close(); });
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("input", () => this.#check());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** `card` is as the look-up has it; `openedBy` the key that asked for it, "" for the mouse. */
  open(offer, card, opener, openedBy) {
    if (this.isOpen) return;
    Object.assign(this.#dialog.dataset, { does: card.action, state: "asking" });
    this.#card = card;
    this.#offer = offer;
    this.#opener = opener;
    this.#openedBy = openedBy;
    const name = `${card.action_zh}${card.name}`;
    write(byId("deed-h"), `${name}的社保卡？`);
    write(byId("deed-bank"), card.bank);
    write(byId("deed-who"), card.who);
    byId("deed-lines").replaceChildren(...card.lines.map((words) => make("li", {}, words)));
    byId("deed-oral").hidden = card.proof !== "oral";
    for (const box of this.#boxes) box.checked = false;
    this.#number.value = "";
    write(byId("deed-go-words"), `确认${name}`);
    byId("deed-result").replaceChildren();
    this.#say("");
    this.#check();
    this.#dialog.showModal();
    // On the words first: whoever opened it reads before anything can be pressed.
    byId("deed-h").focus();
  }

  /** Not while it is being done. */
  close() {
    if (this.#isSending) { this.#say("正在办，请等结果。"); return; }
    this.#shut();
    (this.#opener?.isConnected ? this.#opener : byId("look-up-result")).focus();
  }

  /** The talk is over, or another's: nothing of its caller stays. */
  forget() {
    if (this.#isSending) this.#tell(LEFT);
    this.#asked += 1;
    this.#busy(false);
    this.#shut();
    for (const id of ["deed-h", "deed-bank", "deed-who", "deed-go-words"]) write(byId(id), "");
    byId("deed-lines").replaceChildren();
    this.#card = null;
    this.#opener = null;
  }

  #shut() {
    this.#number.value = "";
    byId("deed-result").replaceChildren();
    if (this.isOpen) this.#dialog.close();
  }

  get #boxes() {
    return [...byId("deed-asked").querySelectorAll("input")];
  }

  get #ticked() {
    return this.#boxes.filter(({ checked }) => checked).map(({ value }) => value);
  }

  get #wrong() {
    if (this.#card?.proof !== "oral") return "";
    if (this.#ticked.length < FEWEST_ASKED) return "口头核对至少问两样，问过哪样就勾哪样。";
    return this.#digits.length === 18 ? "" : "请再填一次来电人的身份证号，18位。";
  }

  get #digits() {
    return this.#number.value.replace(/[\s-]/g, "");
  }

  #check() {
    this.#go.setAttribute("aria-disabled", String(Boolean(this.#wrong) || this.#isSending));
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Tab") { this.#trap(event); return; }
    if (event.key === "Enter" && event.ctrlKey && !event.repeat && this.#dialog.dataset.state === "asking") {
      event.preventDefault();
      event.stopPropagation();
      this.#send();
      return;
    }
    // The key that opened it, pressed once too often, must not confirm it.
    const isSameKey = event.key === this.#openedBy || event.repeat;
    if (event.target === this.#go && ["Enter", " "].includes(event.key) && isSameKey) event.preventDefault();
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  }

  #trap(event) {
    const stops = [...this.#dialog.querySelectorAll("button, input")].filter((one) => !one.disabled && one.checkVisibility());
    const at = stops.indexOf(document.activeElement);
    const isEdge = event.shiftKey ? at <= 0 : at === stops.length - 1;
    if (!isEdge) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
  }

  async #send() {
    if (this.#isSending || this.#dialog.dataset.state !== "asking") return;
    if (this.#wrong) { this.#say(this.#wrong); this.#focusWrong(); return; }
    const card = this.#card;
    const nth = (this.#asked += 1);
    const oral = card.proof === "oral" && { asked: this.#ticked, id_number: this.#digits };
    const body = { offer: this.#offer, action: card.action, card: card.key, proof: card.proof, ...oral };
    // Before it is sent: whatever comes of it, the number is not in the page any more.
    this.#number.value = "";
    this.#say("");
    this.#busy(true);
    try {
      const answer = await this.#api.post("/console/api/freeze", body, { patienceMs: PATIENCE_MS });
      if (nth === this.#asked) this.#show(answer);
    } catch (error) {
      if (nth === this.#asked) this.#failed(error);
    } finally {
      if (nth === this.#asked) this.#busy(false);
    }
  }

  // What the server refused was not done; of silence and of its own failures nobody knows.
  #failed(error) {
    if (error.status && error.status < 500) { this.#say(error.message); return; }
    this.#show({ result: "unknown", sentence: error.constructor.name === "SignedOut" ? error.message : NOT_REACHED, lines: [] });
  }

  #show(answer) {
    this.#dialog.dataset.state = "told";
    write(byId("deed-h"), `${this.#card.action_zh}${this.#card.name}的社保卡`);
    byId("deed-result").replaceChildren(
      make("p", { class: `answer ${TONES[answer.result] ?? "note"}` }, answer.sentence),
      make("ul", {}, ...answer.lines.map((words) => make("li", {}, words))));
    this.#done(this.#card, answer);
    byId("deed-close").focus();
  }

  #busy(isBusy) {
    this.#stopBusy();
    this.#isSending = isBusy;
    this.#dialog.setAttribute("aria-busy", String(isBusy));
    byId("deed-busy").hidden = true;
    this.#check();
    if (isBusy) this.#stopBusy = this.#pulse.after(BUSY_AFTER_MS, () => { byId("deed-busy").hidden = false; });
    else this.#stopBusy = () => {};
  }

  #focusWrong() {
    if (this.#card.proof !== "oral") return;
    (this.#ticked.length < FEWEST_ASKED ? this.#boxes.find(({ checked }) => !checked) : this.#number).focus();
  }

  #say(words) {
    write(byId("deed-wrong"), words);
    byId("deed-wrong").hidden = !words;
  }
}

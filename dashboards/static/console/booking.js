// Books a callback for the caller of a talk, while it goes on or while the notes are being written.

import { byId, write } from "./dom.js";
import { choice, slotChoices } from "./slots.js";

export class Booking {
  #form = byId("booking");
  #api;
  #tell;
  #offer = null;
  #mustType = false;

  /** `tell(sentence, tone)` says what became of it. */
  constructor(api, tell) {
    this.#api = api;
    this.#tell = tell;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { this.close(); event.stopPropagation(); event.preventDefault(); }
    });
    byId("booking-close").addEventListener("click", () => this.close());
    byId("booking-more").addEventListener("click", () => this.#load(true));
    byId("booking-other").addEventListener("click", () => this.#askNumber(true));
  }

  get isOpen() {
    return !this.#form.hidden;
  }

  /** `offer` is the talk's, during it or after it. */
  toggle(offer) {
    if (this.isOpen) { this.close(); return; }
    if (!offer) return;
    this.#offer = offer;
    this.#form.reset();
    this.#askNumber(false);
    byId("booking-slots").replaceChildren();
    write(byId("booking-about"), "");
    this.#show(true);
    this.#load(false);
  }

  close() {
    const hadFocus = this.#form.contains(document.activeElement);
    this.#show(false);
    if (hadFocus) this.#opener()?.focus();
  }

  /** The talk that is shown now; a form in which nothing was written goes with its own. */
  follow(offer) {
    if (this.isOpen && offer !== this.#offer && !byId("booking-note").value && !byId("booking-number").value) this.close();
  }

  #opener() {
    return [byId("book-open"), byId("book-after")].find((button) => button.checkVisibility());
  }

  #show(isOpen) {
    this.#form.hidden = !isOpen;
    for (const id of ["book-open", "book-after"]) byId(id).setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.#form.scrollIntoView({ block: "nearest" });
  }

  async #load(isMore) {
    const offer = this.#offer;
    say(isMore ? "" : "正在找空的时间……", false);
    try {
      const form = await this.#api.get(`/console/booking?offer=${encodeURIComponent(offer)}${isMore ? "&more=1" : ""}`);
      if (offer !== this.#offer || !this.isOpen) return;
      this.#fill(form, isMore);
      say(form.booked_zh ? `这个号码已经约过：${form.booked_zh}。要改时间，请到“回电”里改。` : "", Boolean(form.booked_zh));
    } catch (error) {
      say(error.message, true);
    }
  }

  #fill({ caller, can_ring: canRing, can_be_next: canBeNext, slots }, isMore) {
    write(byId("booking-about"), `给 ${caller.masked}`);
    const chosen = byId("booking-slots").querySelector("input:checked")?.value;
    const next = choice("booking-slot", "", canBeNext ? "轮到就打" : "轮到就打（挂机后可选）", !canBeNext);
    byId("booking-slots").replaceChildren(...slotChoices(slots, "booking-slot"), next);
    byId("booking-more").hidden = isMore || !slots.length;
    const inputs = [...byId("booking-slots").querySelectorAll("input:not(:disabled)")];
    const again = inputs.find(({ value }) => value === chosen) ?? inputs[0];
    if (again) again.checked = true;
    this.#mustType = !canRing;
    if (this.#mustType) this.#askNumber(true);
    (this.#mustType ? byId("booking-number") : again)?.focus();
  }

  #askNumber(isAsked) {
    byId("booking-number-part").hidden = !isAsked;
    byId("booking-other").hidden = isAsked;
    byId("booking-number").placeholder = this.#mustType ? "来电没有号码，请问清楚" : "不填就打来电的号码";
    if (isAsked) byId("booking-number").focus();
  }

  async #send() {
    const slot = byId("booking-slots").querySelector("input:checked");
    if (!slot) { say("请选一个时间。", true); return; }
    byId("booking-go").disabled = true;
    try {
      const { said } = await this.#api.post("/console/book", {
        offer: this.#offer, slot: slot.value, note: byId("booking-note").value.trim(), number: byId("booking-number").value.trim(),
      });
      this.close();
      this.#tell(said, "good");
    } catch (error) {
      say(error.message, true);
    } finally {
      byId("booking-go").disabled = false;
    }
  }
}

function say(words, isWrong) {
  write(byId("booking-wrong"), words);
  byId("booking-wrong").hidden = !words;
  byId("booking-wrong").classList.toggle("quiet", !isWrong);
}

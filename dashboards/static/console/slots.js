// Half hours to choose from.

import { make } from "./dom.js";
import { spanOf } from "./times.js";

/** A radio button for each of [{from, until}]; its value is the beginning. */
export function slotChoices(slots, name = "slot") {
  return slots.map(({ from, until }) => choice(name, from, spanOf(from, until)));
}

/** One radio button; an empty value stays empty. */
export function choice(name, value, words, isDisabled = false) {
  const input = make("input", { type: "radio", name, disabled: isDisabled });
  input.value = value;
  return make("label", { class: isDisabled ? "choice quiet" : "choice" }, input, make("span", {}, words));
}

// The line: who waits, where, and for how long.

import { byId, fill, make, write } from "./dom.js";
import { clock, secondsSince, timeOf } from "./times.js";

const LONG_SECONDS = 300;

export class FloorLine {
  #centres = [];
  #body = byId("line-body");

  /** `centres` are those that are looked at, with their counts. */
  show(entries, centres) {
    this.#centres = centres;
    const sum = (name) => centres.reduce((total, centre) => total + (centre[name] ?? 0), 0);
    const waiting = sum("waiting");
    write(byId("waiting"), String(waiting));
    write(byId("callbacks-due"), String(sum("callbacks_due")));
    write(byId("callbacks-scheduled"), String(sum("callbacks_scheduled")));
    const urgent = sum("freezes_urgent");
    byId("freezes-urgent").hidden = !urgent;
    write(byId("freezes-urgent").querySelector("b"), String(urgent));
    fill(this.#body, entries.map(({ waited_seconds: _, ...entry }) => entry), rowOf);
    byId("line-table").hidden = !entries.length;
    byId("no-line").hidden = entries.length > 0;
    const more = waiting - entries.filter(isOnTheTelephone).length;
    byId("more-line").hidden = more <= 0;
    write(byId("more-line"), `后面还有 ${more} 人没有列出来。`);
    this.tick();
  }

  tick() {
    const oldest = this.#centres.map(({ oldest_at }) => oldest_at).filter(Boolean).sort()[0];
    write(byId("longest"), oldest ? clock(secondsSince(oldest)) : "—");
    for (const cell of this.#body.querySelectorAll("[data-since]")) {
      const seconds = secondsSince(cell.dataset.since);
      write(cell, clock(seconds));
      cell.classList.toggle("long", seconds > LONG_SECONDS);
    }
  }
}

function isOnTheTelephone({ is_on_the_telephone: isOn }) {
  return isOn !== false;
}

// Whoever is only to be rung holds a place and waits on no telephone.
function waitOf(entry) {
  if (isOnTheTelephone(entry)) return make("span", { "data-since": entry.joined_at });
  return make("span", { class: "quiet", title: "不在电话上等，轮到就打过去" }, "—");
}

// Before the caller is reached the status says so itself.
function callbackOf({ callback_asked_at: asked, ...entry }) {
  if (!asked) return "";
  return isOnTheTelephone(entry) ? "回电" : `${timeOf(asked)}约的`;
}

function rowOf(entry) {
  const tags = [callbackOf(entry), ...entry.rules_zh, entry.is_slow && "慢慢说", entry.language_zh !== "普通话" && entry.language_zh].filter(Boolean);
  return make("tr", {},
    make("th", { scope: "row" }, String(entry.position)),
    make("td", { class: "centre-cell" }, entry.centre_name),
    make("td", {}, entry.caller.masked, make("small", {}, entry.caller.region)),
    make("td", {}, entry.skill_zh),
    make("td", { class: "figure" }, waitOf(entry)),
    make("td", {}, make("span", { class: entry.status === "offered" ? "state call" : "state off" }, entry.status_zh),
      ...tags.map((tag) => make("span", { class: "state soon" }, tag))));
}

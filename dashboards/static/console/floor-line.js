// The line: who waits, where, and for how long.

import { byId, fill, make, write } from "./dom.js";
import { clock, secondsSince } from "./times.js";

const LONG_SECONDS = 300;

export class FloorLine {
  #centres = [];
  #body = byId("line-body");

  /** `centres` are those that are looked at, with their counts. */
  show(entries, centres) {
    this.#centres = centres;
    const waiting = centres.reduce((sum, centre) => sum + centre.waiting, 0);
    write(byId("waiting"), String(waiting));
    fill(this.#body, entries.map(({ waited_seconds: _, ...entry }) => entry), rowOf);
    byId("line-table").hidden = !entries.length;
    byId("no-line").hidden = entries.length > 0;
    const more = waiting - entries.filter(({ status }) => ["waiting", "offered"].includes(status)).length;
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

function rowOf(entry) {
  const tags = [...entry.rules_zh, entry.is_slow && "慢慢说", entry.language_zh !== "普通话" && entry.language_zh].filter(Boolean);
  return make("tr", {},
    make("th", { scope: "row" }, String(entry.position)),
    make("td", { class: "centre-cell" }, entry.centre_name),
    make("td", {}, entry.caller.masked, make("small", {}, entry.caller.region)),
    make("td", {}, entry.skill_zh),
    make("td", { class: "figure" }, make("span", { "data-since": entry.joined_at })),
    make("td", {}, make("span", { class: entry.status === "offered" ? "state call" : "state off" }, entry.status_zh),
      ...tags.map((tag) => make("span", { class: "state soon" }, tag))));
}

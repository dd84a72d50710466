// The table of seats: who does what, and for how long.

import { arrange, byId, make, write } from "./dom.js";
import { SYMBOLS, TONES } from "./states.js";
import { clock, secondsSince } from "./times.js";

const ORDER = ["away", "reserved", "on_call", "hold", "wrap_up", "available", "break", "logged_out"];
const WORDS = { available: "空闲", on_call: "通话", wrap_up: "整理", break: "休息", away: "置离", logged_out: "离线" };
const NOBODY = "这里还没有坐席。在“用户”里给咨询员分配工号以后，会列在这里。";
// States that are counted together.
const COUNTED_AS = { reserved: "on_call", hold: "on_call" };
const LONG_SECONDS = { wrap_up: 180, break: 1800, hold: 180, away: 0 };

export class FloorAgents {
  #agents = [];
  #filter = "";
  #sort = "state";
  #body = byId("agents-body");

  constructor() {
    byId("counts").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      this.#filter = this.#filter === button.dataset.state ? "" : button.dataset.state;
      this.#show();
    });
    byId("agents").addEventListener("click", ({ target }) => {
      const button = target.closest("[data-sort]");
      if (!button) return;
      this.#sort = button.dataset.sort;
      this.#show();
    });
  }

  show(agents) {
    this.#agents = agents;
    this.#show();
  }

  tick() {
    for (const cell of this.#body.querySelectorAll("[data-since]")) {
      const seconds = secondsSince(cell.dataset.since);
      write(cell, clock(seconds));
      cell.classList.toggle("long", seconds > (LONG_SECONDS[cell.dataset.state] ?? Infinity));
    }
  }

  #show() {
    this.#showCounts();
    const shown = this.#agents.filter(({ state }) => !this.#filter || countedAs(state) === this.#filter);
    // Kept rows keep the focus and the place to which somebody has scrolled.
    const kept = new Map([...this.#body.rows].map((row) => [row.dataset.id, row]));
    arrange(this.#body, shown.sort(ORDERS[this.#sort]).map((agent) => fresh(kept.get(String(agent.id)), agent)));
    byId("no-agents").hidden = shown.length > 0;
    write(byId("no-agents"), this.#filter ? `现在没有人${WORDS[this.#filter]}。` : NOBODY);
    for (const button of byId("agents").querySelectorAll("[data-sort]")) {
      button.closest("th").setAttribute("aria-sort", button.dataset.sort === this.#sort ? "ascending" : "none");
    }
    this.tick();
  }

  #showCounts() {
    for (const button of byId("counts").querySelectorAll("button")) {
      const { state } = button.dataset;
      const count = this.#agents.filter((agent) => countedAs(agent.state) === state).length;
      write(button.querySelector("b"), String(count));
      button.setAttribute("aria-pressed", String(this.#filter === state));
      button.classList.toggle("alarm", state === "away" && count > 0);
    }
  }
}

const ORDERS = {
  state: (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.state === "logged_out" ? byNumber(a, b) : a.since.localeCompare(b.since)),
  number: byNumber,
  time: (a, b) => (a.state === "logged_out") - (b.state === "logged_out") || a.since.localeCompare(b.since),
};

function byNumber(a, b) {
  return a.number.localeCompare(b.number, undefined, { numeric: true });
}

function countedAs(state) {
  return COUNTED_AS[state] ?? state;
}

function fresh(row, agent) {
  const told = JSON.stringify(agent);
  if (row?.dataset.told === told) return row;
  const made = rowOf(agent);
  made.dataset.told = told;
  made.dataset.id = String(agent.id);
  if (!row) return made;
  row.replaceChildren(...made.children);
  row.dataset.told = told;
  row.className = made.className;
  return row;
}

function rowOf(agent) {
  const notes = [
    agent.reason_zh,
    agent.next_reason_zh && `之后${agent.next_reason_zh}`,
    agent.helps_zh && `在帮${agent.helps_zh}接`,
    agent.door === "telephone" && "用电话接",
    !agent.heartbeat_ok && agent.state !== "logged_out" && agent.door !== "telephone" && "页面没有响应",
  ].filter((note, n, all) => note && all.indexOf(note) === n);
  // Every seat serves general questions.
  const skills = (agent.skills_zh ?? []).filter((skill) => skill !== "综合").join("、");
  return make("tr", { class: `is-${agent.state}` },
    make("th", { scope: "row" }, agent.number),
    make("td", {}, agent.name),
    make("td", { class: "centre-cell" }, agent.centre_name ?? ""),
    make("td", {}, make("span", { class: `state ${TONES[agent.state]}` }, make("span", { "aria-hidden": "true" }, `${SYMBOLS[agent.state]} `), agent.state_zh)),
    make("td", { class: "figure" }, agent.state === "logged_out" ? "" : make("span", { "data-since": agent.since, "data-state": agent.state })),
    make("td", { class: "note-cell" }, notes.join("，")),
    make("td", { class: "figure" }, agent.misses ? make("span", { class: "misses" }, String(Number(agent.misses))) : ""),
    make("td", { class: "skills-cell", title: skills }, skills));
}

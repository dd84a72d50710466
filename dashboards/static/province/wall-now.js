// The line, the seats and the cases of this instant.

import { byId, fill, make, write } from "../console/dom.js";
import { SYMBOLS } from "../console/states.js";
import { clock } from "../console/times.js";

// Those who could take a call last, so that they stand together at the end of the bar.
const STATES = [
  ["on_call", "通话"], ["hold", "保持"], ["reserved", "振铃"], ["wrap_up", "整理"], ["available", "空闲"], ["break", "休息"], ["away", "置离"],
];
const COUNTS = ["waiting", "on_line", "callbacks_open", "cases_due_today", "cases_overdue", "cases_active"];

// Of a centre with a system of its own only calls that came to ours are known.
const ELSEWHERE = ["waiting", "on_line"];

/** `now` added up; `isElsewhere` when the centre's calls are taken by a system of its own, which tells no line. */
export function showNow(now, isElsewhere) {
  for (const name of COUNTS) {
    const box = byId(`now-${name}`);
    // What such a centre does not tell is not nought.
    write(box.querySelector("b"), isElsewhere && ELSEWHERE.includes(name) && !now[name] ? "—" : String(now[name]));
    box.classList.toggle("some", now[name] > 0);
  }
  const longest = byId("now-longest");
  write(longest.querySelector("b"), now.waiting ? clock(now.longest_wait_seconds) : "—");
  longest.classList.toggle("some", now.waiting > 0);
  byId("elsewhere").hidden = !isElsewhere;
  showAgents(now.agents, isElsewhere);
}

function showAgents(agents, isElsewhere) {
  const shown = STATES.map(([state, word]) => ({ state, word, count: agents[state] ?? 0 }));
  const total = shown.reduce((sum, { count }) => sum + count, 0);
  write(byId("agents-total"), total ? `在岗 ${total} 人` : isElsewhere ? "坐席情况这里看不到" : "没有人在岗");
  byId("agents-bar").hidden = !total;
  const told = shown.filter(({ count, state }) => count || ["on_call", "wrap_up", "available", "break"].includes(state));
  fill(byId("agents-bar"), told.filter(({ count }) => count), ({ state, count }) => {
    const part = make("span", { class: `seat ${state}` }, make("b", {}, String(count)));
    part.style.flexGrow = count;
    return part;
  });
  fill(byId("agents-words"), total ? told : [], ({ state, word, count }) => make("li", { class: count ? `seat ${state}` : "none" },
    make("i", { "aria-hidden": "true" }, SYMBOLS[state]), `${word} `, make("b", {}, String(count))));
}

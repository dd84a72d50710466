// The page of alarms: what must be cleared, what is wrong now, what was, and the hours that were proven.

import { Api } from "../console/api.js";
import { announce, Banners } from "../console/banners.js";
import { readConfig } from "../console/config.js";
import { byId, write } from "../console/dom.js";
import { Freshness, keepCentre } from "../console/freshness.js";
import { Poll } from "../console/poll.js";
import * as pulse from "../console/pulse.js";
import { ReasonDialog } from "../console/sheet.js";
import { setServerNow } from "../console/times.js";
import { AlarmTable, pastCells, presentCells, showProofs } from "./alarms-rows.js";

const PLACE = "alarms-centre";
const STALE_MS = 20000;

const config = readConfig("alarms-config");
const root = byId("alarms");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const clear = new ReasonDialog({
  name: "clear", reasons: config.clear_reasons, done,
  about: (row) => `${row.centre_name}，${row.rule_zh}：${row.words}`,
  clear: ({ id }, reason, words) => api.post(`/province/api/alarms/${id}/clear`, { reason: reason.key, words }),
});
const tables = {
  to_clear: new AlarmTable("to_clear", presentCells, (_, row) => clear.open(row)),
  open: new AlarmTable("open", presentCells),
  history: new AlarmTable("history", pastCells),
};
const poll = new Poll({ look, hear, pulse });
const freshness = new Freshness({ poll, banners, root, staleMs: STALE_MS });
let data = null;

function look() {
  const centre = byId("centre")?.value;
  return api.look(`/province/api/alarms${centre ? `?centre=${encodeURIComponent(centre)}` : ""}`);
}

function hear(found) {
  setServerNow(found.now);
  sayNew(found);
  data = found;
  root.classList.add("loaded");
  root.classList.toggle("one-centre", config.centres.length === 1);
  byId("loading").hidden = true;
  byId("parts").hidden = false;
  for (const [name, table] of Object.entries(tables)) {
    table.show(found[name]);
    write(byId(`${name}-count`), found[name].length < config.most ? String(found[name].length) : `最新的 ${found[name].length}`);
    byId(`${name}-h`).closest(".part").classList.toggle("none", !found[name].length);
  }
  showProofs(found.proofs);
  tick();
}

/** Whoever cannot see the page hears of what has come since the last look. */
function sayNew(found) {
  if (!data) return;
  const known = new Set([...data.to_clear, ...data.open].map(({ id }) => id));
  const fresh = [...found.to_clear, ...found.open].filter(({ id }) => !known.has(id));
  if (fresh.length) announce(fresh.map((one) => `${one.severity_zh}，${one.centre_name}，${one.words}`).join(""), fresh.some((one) => one.severity === "urgent"));
}

function done(said) {
  banners.tell(said, "good");
  announce(said);
  return poll.refresh();
}

/** Look at something else; what is shown until then is the old list, greyed. */
function choose() {
  root.classList.add("changing");
  data = null;
  poll.refresh().finally(() => root.classList.remove("changing"));
}

function tick() {
  freshness.tick();
  for (const table of Object.values(tables)) table.tick();
}

keepCentre(PLACE, choose);

poll.refresh();
pulse.every(1000, tick);

/** For tests and measurement only. */
window.__alarms = {
  get state() { return poll.state; },
  get last() { return data; },
};

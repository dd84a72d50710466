// The page of freezes: what nobody knows yet, what ends soon, and what was.

import { Api, SignedOut } from "./api.js";
import { announce, Banners } from "./banners.js";
import { readConfig } from "./config.js";
import { byId, write } from "./dom.js";
import { Freshness, keepCentre } from "./freshness.js";
import { expiringCells, FreezeTable, recentCells, urgentCells } from "./freezes-rows.js";
import { Poll } from "./poll.js";
import * as pulse from "./pulse.js";
import { ReasonDialog } from "./sheet.js";
import { setServerNow } from "./times.js";

const PLACE = "freezes-centre";
const STALE_MS = 15000;
// A look at the card system takes longer than one at ours.
const LOOK_MS = 15000;
const FILTERS = ["status", "action"];

const config = readConfig("freezes-config");
const root = byId("freezes");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const why = new ReasonDialog({
  name: "why", reasons: config.clear_reasons, done, ask: "请写清楚怎么处理的",
  about: (row) => [row.card, row.bank, `${row.action_zh}：${row.status_zh}`].filter(Boolean).join("，"),
  clear: ({ id }, reason, words) => api.post(`/console/freezes/${id}/clear`, { reason: reason.key, words }),
});
const tables = {
  urgent: new FreezeTable("urgent", urgentCells, act),
  expiring: new FreezeTable("expiring", expiringCells, act),
  recent: new FreezeTable("recent", recentCells),
};
const poll = new Poll({ look, hear, pulse });
const freshness = new Freshness({ poll, banners, root, staleMs: STALE_MS });
let data = null;
let most = config.page;

function look() {
  const query = new URLSearchParams({ most });
  for (const name of ["centre", ...FILTERS]) if (byId(name)?.value) query.set(name, byId(name).value);
  return api.look(`/console/freezes/data?${query}`);
}

function hear(found) {
  setServerNow(found.now);
  data = found;
  document.dispatchEvent(new CustomEvent("freezes", { detail: found.badge }));
  root.classList.add("loaded");
  root.classList.toggle("one-centre", config.centres.length === 1);
  byId("loading").hidden = true;
  byId("parts").hidden = false;
  for (const [name, table] of Object.entries(tables)) table.show(found[name]);
  const counts = { urgent: found.urgent.length, expiring: found.expiring.length, recent: found.total };
  for (const [name, count] of Object.entries(counts)) write(byId(`${name}-count`), String(count));
  byId("no-texts").hidden = found.can_text;
  const isFiltered = FILTERS.some((name) => byId(name).value);
  write(byId("no-recent"), isFiltered ? "这样的一条也没有，换个条件看看。" : "最近30天没有挂失，也没有恢复。");
  const left = found.total - found.recent.length;
  byId("more-line").hidden = left <= 0;
  byId("more").hidden = most >= config.most;
  write(byId("more-line").firstElementChild, `还有 ${left} 条没有列出来。`);
  tick();
}

/** Look at something else; what is shown until then is the old list, greyed. */
function choose() {
  root.classList.add("changing");
  poll.refresh().finally(() => root.classList.remove("changing"));
}

async function act(deed, row, button) {
  if (deed === "clear") { why.open(row); return; }
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    await done((await api.post(`/console/freezes/${row.id}/${deed}`, {}, { patienceMs: LOOK_MS })).said);
  } catch (error) {
    if (error instanceof SignedOut) poll.state = "signed-out";
    banners.tell(error.message, "bad");
    poll.refresh();
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
    // A button that could not be pressed had lost its place.
    if (document.activeElement === document.body) (button.isConnected ? button : byId("urgent-h")).focus({ preventScroll: true });
  }
}

function done(said) {
  banners.tell(said, "good");
  announce(said);
  return poll.refresh();
}

function tick() {
  freshness.tick();
  for (const table of Object.values(tables)) table.tick();
}

for (const name of FILTERS) byId(name).addEventListener("change", () => { most = config.page; choose(); });
byId("more").addEventListener("click", () => { most = Math.min(config.most, most + config.page); choose(); });
keepCentre(PLACE, () => { most = config.page; choose(); });

poll.refresh();
pulse.every(500, tick);

/** For tests and measurement only. */
window.__freezes = {
  get state() { return poll.state; },
  get last() { return data; },
};

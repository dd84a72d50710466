// The list of cases: by when they are due, narrowed, searched, chosen and handed out. The address says what is shown.

import { Api, SignedOut } from "./api.js";
import { announce, Banners } from "./banners.js";
import { BulkBar } from "./cases-bulk.js";
import { CaseRows } from "./cases-rows.js";
import { readConfig } from "./config.js";
import { DeedDialog } from "./deed-dialog.js";
import { byId, isField, write } from "./dom.js";
import { Freshness } from "./freshness.js";
import { Poll } from "./poll.js";
import * as pulse from "./pulse.js";
import { setServerNow } from "./times.js";

const PLACE = "cases-view";
const STALE_MS = 15000;
const MOST = 1000;
const SHORTEST_SEARCH = 4;
const FILTERS = ["centre", "kind", "subject", "desk"];
const NOTHING = {
  mine: "您手上没有要办的，也没有要代办的。到“没人接”里看看。",
  unowned: "没有等着接的，都有人在办。",
  today: "没有今天到期的。",
  overdue: "没有超期的。",
  all: "没有没办完的。",
  texts: "没有在等回执的短信。",
  replied: "近30天没有答复了还没办结的。",
  closed: "近90天没有办结的。更早的按编号找。",
};
const HEADS = { replied: "什么时候答复的", closed: "什么时候办结的" };

const config = readConfig("cases-config");
const root = byId("cases");
const filters = byId("filters");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const address = new URLSearchParams(location.search);
const view = { tab: config.tabs.includes(address.get("tab")) ? address.get("tab") : config.tabs[0] };
// Whoever came without saying what to see is not shown an empty list beside a full one.
let isUndecided = !address.has("tab") && config.tabs[0] === "mine";
let data = null;

const rows = new CaseRows({ isOneCentre: config.centres.length === 1, picked: () => bulk.show() });
const bulk = new BulkBar({ api, rows, config, dialog: new DeedDialog(), done, failed });
const poll = new Poll({ look: () => look({ most: Math.min(MOST, Math.max(config.page, data?.rows.length ?? 0)) }), hear, pulse });
const freshness = new Freshness({ poll, banners, root, staleMs: STALE_MS });

for (const name of FILTERS) {
  const field = filters.elements[name];
  if (field && address.has(name)) field.value = address.get(name);
  if (field && field.selectedIndex < 0) field.value = "";
}
filters.elements.search.value = (address.get("search") ?? "").replace(/\D/g, "");

const search = () => {
  const written = filters.elements.search.value;
  return written.length >= SHORTEST_SEARCH ? written : "";
};

function chosen() {
  const values = FILTERS.map((name) => [name, filters.elements[name]?.value]);
  return Object.fromEntries([["tab", view.tab], ...values, ["search", search()]].filter(([, value]) => value));
}

function look(more) {
  return api.look(`/console/cases/data?${new URLSearchParams({ ...chosen(), ...more })}`);
}

function hear(found) {
  setServerNow(found.now);
  if (isUndecided && !found.rows.length && found.counts.mine === "0" && found.counts.all !== "0") {
    isUndecided = false;
    choose({ tab: "all" });
    return;
  }
  isUndecided = false;
  data = found;
  document.dispatchEvent(new CustomEvent("cases", { detail: found.badge }));
  show();
}

function show() {
  root.classList.add("loaded");
  byId("loading").hidden = true;
  rows.show(data.rows, view.tab);
  bulk.show();
  byId("list").hidden = !data.rows.length;
  byId("nothing").hidden = data.rows.length > 0;
  const isNarrow = FILTERS.some((name) => filters.elements[name]?.value);
  const nothing = isNarrow ? "这样的一件也没有，换个条件看看。" : NOTHING[view.tab];
  write(byId("nothing"), search() ? `没有编号或尾号是 ${search()} 的办件。尾号只找没办完的和近90天的。` : nothing);
  write(byId("due-h"), search() ? "期限" : HEADS[view.tab] ?? "期限");
  byId("no-filters").hidden = !isNarrow;
  byId("more-line").hidden = !data.next;
  byId("more").hidden = data.rows.length >= MOST;
  write(byId("more-words"), data.rows.length >= MOST ? `只列前${MOST}件，请用上面的条件缩小范围。` : "");
  showTabs();
  tick();
}

function showTabs() {
  for (const button of byId("tabs").children) {
    const { tab } = button.dataset;
    button.setAttribute("aria-pressed", String(tab === view.tab && !search()));
    if (!data) continue;
    write(button.querySelector("b"), data.counts[tab] ?? "");
    button.classList.toggle("alarm", tab === "overdue" && data.counts[tab] !== "0");
  }
}

/** Look at something else; what is shown until then is the old list, greyed. */
function choose(change = {}) {
  Object.assign(view, change);
  isUndecided = false;
  if (data) data = { ...data, rows: data.rows.slice(0, config.page) };
  const query = `?${new URLSearchParams(chosen())}`;
  history.replaceState(null, "", query);
  sessionStorage.setItem(PLACE, query);
  showTabs();
  root.classList.add("changing");
  poll.refresh().finally(() => root.classList.remove("changing"));
}

async function showMore() {
  const button = byId("more");
  const before = data;
  button.disabled = true;
  try {
    const found = await look({ after: before.next });
    if (data !== before && data.next !== before.next) return;
    data = { ...found, rows: [...data.rows, ...found.rows] };
    show();
    announce(`又列出 ${found.rows.length} 件`);
  } catch (error) {
    failed(error);
  } finally {
    button.disabled = false;
  }
}

function done(said, isGood = true) {
  banners.tell(said, isGood ? "good" : "note");
  announce(said);
  return poll.refresh();
}

function failed(error) {
  if (error instanceof SignedOut) poll.state = "signed-out";
  banners.tell(error.message, "bad");
}


byId("tabs").addEventListener("click", ({ target }) => {
  const tab = target.closest("button")?.dataset.tab;
  if (!tab) return;
  filters.elements.search.value = "";
  rows.pickNone();
  choose({ tab });
});
filters.addEventListener("submit", (event) => { event.preventDefault(); choose(); });
filters.addEventListener("change", ({ target }) => { if (target.name !== "search") choose(); });
let searched = search();
filters.elements.search.addEventListener("input", ({ target }) => {
  target.value = target.value.replace(/\D/g, "");
  if (search() === searched) return;
  searched = search();
  choose();
});
byId("no-filters").addEventListener("click", () => {
  for (const name of FILTERS) if (filters.elements[name]) filters.elements[name].value = "";
  choose();
  byId("search").focus();
});
byId("more").addEventListener("click", showMore);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || document.querySelector("dialog:modal")) return;
  if (event.key === "Escape") {
    if (event.target === byId("search") && event.target.value) {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
    } else rows.pickNone();
    return;
  }
  if (event.key === "/" && !isField(event.target)) {
    event.preventDefault();
    byId("search").select();
    byId("search").focus();
  }
});

sessionStorage.setItem(PLACE, location.search);
showTabs();
poll.refresh();
pulse.every(500, () => freshness.tick());

/** For tests and measurement only. */
window.__cases = {
  get state() { return poll.state; },
  get last() { return data; },
  get picked() { return rows.picked.map(({ id }) => id); },
};

// The page of the cities' data: how fresh it is, what came, what does not agree, files, and keys.

import { Api } from "../console/api.js";
import { announce, Banners } from "../console/banners.js";
import { readConfig } from "../console/config.js";
import { byId, write } from "../console/dom.js";
import { Freshness, keepCentre } from "../console/freshness.js";
import { FreezeTable as Rows } from "../console/freezes-rows.js";
import { Poll } from "../console/poll.js";
import * as pulse from "../console/pulse.js";
import { setServerNow } from "../console/times.js";
import { BatchDialog } from "./cities-batch.js";
import { DayDialog, DayGrid } from "./cities-days.js";
import { KeyDesk, SystemDialog } from "./cities-keys.js";
import { batchCells, centreCells, differenceCells, keyCells, tickAges } from "./cities-rows.js";
import { Upload } from "./cities-upload.js";

const PLACE = "cities-centre";
const STALE_MS = 60000;
// Every half minute, six beats of the poll.
const EVERY = 6;
const ADDRESS = "/province/api/cities";

const config = readConfig("cities-config");
const root = byId("cities");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const day = new DayDialog(api, ADDRESS, done);
const grid = new DayGrid((centre, of) => day.open(centre, of));
const batch = new BatchDialog(api, ADDRESS);
const upload = new Upload(api, ADDRESS, config, done);
const keys = config.decides ? new KeyDesk(api, ADDRESS, done) : null;
const system = config.decides ? new SystemDialog(api, ADDRESS, done) : null;
const centres = new Rows("centres", (row) => centreCells(row, config.decides), (_, row) => system.open(row));
const differences = new Rows("differences", differenceCells, (_, row) => day.open(row.centre, row.day));
const batches = new Rows("batches", batchCells, (_, row) => batch.open(row.id));
const keyRows = keys && new Rows("keys", keyCells, (_, row) => keys.revoke(row));
let beat = 0;
const slowly = { every: (ms, work) => pulse.every(ms, () => { beat += 1; if (beat % EVERY === 0 || poll.state === "lost") work(); }) };
const poll = new Poll({ look, hear, pulse: slowly });
const freshness = new Freshness({ poll, banners, root, staleMs: STALE_MS });
let data = null;
// Batches older than the first page, as long as somebody reads them.
let older = [];
let next = null;

function query(values = {}) {
  const asked = new URLSearchParams(values);
  if (byId("centre")?.value) asked.set("centre", byId("centre").value);
  return asked.size ? `?${asked}` : "";
}

async function look() {
  const found = await api.look(ADDRESS + query());
  // What has a bad line is a list of its own.
  const bad = byId("only-bad").checked ? await api.look(`${ADDRESS}/batches${query({ bad: 1 })}`) : null;
  return bad ? { ...found, batches: bad } : found;
}

function hear(found) {
  setServerNow(found.now);
  data = found;
  root.classList.add("loaded");
  root.classList.toggle("one-centre", found.centres.length === 1);
  byId("loading").hidden = true;
  byId("parts").hidden = false;
  byId("demo").hidden = !found.is_demo;
  showCounts(found);
  centres.show(found.centres);
  differences.show(found.differences);
  const open = found.differences.filter((one) => !one.is_explained).length;
  write(byId("differences-count"), found.differences.length ? String(open) : "");
  write(byId("no-differences"), found.reconciled.length ? "没有对不上的。" : "没有中心从自己的系统报送数据，不用对账。");
  grid.show(found.days, found.reconciled);
  showBatches();
  const cities = found.centres.filter(({ is_city: isCity }) => isCity);
  upload.offer(cities);
  if (keys) {
    keyRows.show(found.keys ?? []);
    keys.offer(cities);
  }
  tick();
}

function showCounts({ centres: all, differences: listed, reconciled }) {
  const sum = (rows, of) => rows.reduce((total, row) => total + of(row), 0);
  const counts = {
    stale: all.filter(({ state }) => state === "stale").length,
    differs: listed.filter(({ is_explained: isExplained }) => !isExplained).length,
    without: sum(reconciled, (row) => row.without_total),
    refused: sum(all, (row) => row.today.refused),
    partial: sum(all, (row) => row.today.partial),
  };
  for (const [name, count] of Object.entries(counts)) {
    write(byId(`count-${name}`), String(count));
    byId(`count-${name}`).parentElement.classList.toggle("none", !count);
  }
}

function showBatches() {
  const known = new Set(data.batches.rows.map(({ id }) => id));
  batches.show([...data.batches.rows, ...older.filter(({ id }) => !known.has(id))]);
  byId("batches-more").hidden = !(older.length ? next : data.batches.next);
}

async function readOlder() {
  const button = byId("more-batches");
  button.disabled = true;
  try {
    const before = older.length ? next : data.batches.next;
    const found = await api.get(`${ADDRESS}/batches${query({ before, ...(byId("only-bad").checked && { bad: 1 }) })}`);
    older = [...older, ...found.rows];
    next = found.next;
    showBatches();
  } catch (error) {
    tell(error.message, "bad");
  } finally {
    button.disabled = false;
  }
}

/** Look at something else; what is shown until then is the old page, greyed. */
function choose() {
  older = [];
  root.classList.add("changing");
  poll.refresh().finally(() => root.classList.remove("changing"));
}

function tell(said, tone = "good") {
  banners.tell(said, tone);
  announce(said);
}

function done(said) {
  tell(said);
  return poll.refresh();
}

function tick() {
  freshness.tick();
  tickAges(byId("centres"));
}

keepCentre(PLACE, choose);
byId("only-bad").addEventListener("change", choose);
byId("more-batches").addEventListener("click", readOlder);
byId("key-make")?.addEventListener("click", () => keys.make());
// A link within the page moves the part that scrolls, and the focus with it.
document.querySelector(".board-counts").addEventListener("click", (event) => {
  const heading = document.getElementById(event.target.closest("a")?.getAttribute("href").replace(/^#/, "") ?? "");
  if (!heading) return;
  event.preventDefault();
  heading.scrollIntoView({ block: "start" });
  heading.focus({ preventScroll: true });
});

poll.refresh();
pulse.every(1000, tick);

/** For tests and measurement only. */
window.__cities = {
  get state() { return poll.state; },
  get last() { return data; },
};

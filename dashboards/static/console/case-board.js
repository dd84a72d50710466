// The supervisors' page of cases: what is due and overdue, who has how much, how many were answered in time.

import { Api } from "./api.js";
import { announce, Banners } from "./banners.js";
import { DeputyDialog } from "./deputy-dialog.js";
import { drawDays, listDays, rateWords, shareWords } from "./case-board-plot.js";
import { BoardTable, centreRow, personRow } from "./case-board-rows.js";
import { readConfig } from "./config.js";
import { byId, fill, write } from "./dom.js";
import { Freshness, keepCentre } from "./freshness.js";
import { Poll } from "./poll.js";
import * as pulse from "./pulse.js";
import { ReasonDialog } from "./sheet.js";
import { dayAndTime, setServerNow } from "./times.js";

const PLACE = "board-centre";
const STALE_MS = 60000;
// Cases move by hours: a look every half minute is enough, and spares the database of a whole province.
const EVERY = 6;
const LISTS = ["overdue", "to_decide", "due_today", "handed", "unowned"];
const COUNTS = ["overdue", "to_clear", "with_province", "to_decide", "due_today", "handed", "unowned", "active"];

const config = readConfig("board-config");
const root = byId("board");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const clear = new ReasonDialog({
  name: "clear", reasons: config.clear_reasons, done,
  about: (row) => `办件 ${row.id}，${[row.kind_zh, row.subject_zh, row.owner].filter(Boolean).join("，")}，期限 ${dayAndTime(row.due_at)}`,
  // What is kept is a sentence: the reason of the list, and what was written about it.
  clear: ({ id }, reason, words) => api.post(`/console/cases/${id}/do/clear`, {
    words: reason.needs_words ? words : [reason.name, words].filter(Boolean).join("："),
  }),
});
const deputy = new DeputyDialog(api, done);
const tables = Object.fromEntries(LISTS.map((name) => [name, new BoardTable(name, (_, row) => clear.open(row))]));
let beat = 0;
const slowly = { every: (ms, work) => pulse.every(ms, () => { beat += 1; if (beat % EVERY === 0 || poll.state === "lost") work(); }) };
const poll = new Poll({ look, hear, pulse: slowly });
const freshness = new Freshness({ poll, banners, root, staleMs: STALE_MS });
let data = null;

function look() {
  const centre = byId("centre")?.value;
  return api.look(`/console/cases/board/data${centre ? `?centre=${encodeURIComponent(centre)}` : ""}`);
}

function hear(found) {
  setServerNow(found.now);
  data = found;
  root.classList.add("loaded");
  root.classList.toggle("one-centre", !found.centres.length);
  byId("loading").hidden = true;
  byId("parts").hidden = false;
  for (const name of COUNTS) showCount(name, found.all[name]);
  for (const name of LISTS) showList(name, found.lists[name]);
  for (const name of ["week", "month"]) showRate(name, found.all[name]);
  drawDays(byId("plot"), found.days);
  listDays(byId("plot-table").tBodies[0], found.days);
  showCentres(found.centres);
  showPeople(found.people);
  tick();
}

function showCount(name, count) {
  const link = byId(`count-${name}`);
  write(link, String(count));
  link.parentElement.classList.toggle("none", !count);
}

function showList(name, { rows, total }) {
  tables[name].show(rows);
  write(byId(`${name}-count`), String(total));
  byId(`${name}-more`).hidden = total <= rows.length;
  write(byId(`${name}-more`), `还有 ${total - rows.length} 件没有列出来，请到“办件”里看。`);
}

function showRate(name, rate) {
  const [figure, share] = [rateWords(rate), shareWords(rate)];
  const box = byId(`rate-${name}`);
  box.classList.toggle("none", rate.rate === null);
  write(box.querySelector("b"), figure);
  write(box.querySelector("small"), share);
}

function showCentres(centres) {
  if (!byId("centres-part")) return;
  byId("centres-part").hidden = !centres.length;
  fill(byId("centres"), centres, centreRow);
}

function showPeople(people) {
  byId("people-part").hidden = data.centres.length > 0;
  byId("people-table").hidden = !people.length;
  byId("no-people").hidden = people.length > 0;
  const focused = document.activeElement?.closest?.("#people tr")?.dataset.id;
  fill(byId("people"), people, personRow);
  const button = focused && byId("people").querySelector(`tr[data-id="${focused}"] button`);
  if (button && document.activeElement === document.body) button.focus({ preventScroll: true });
}

byId("people").addEventListener("click", ({ target }) => {
  const id = target.closest("button[data-deed=deputy]")?.closest("tr").dataset.id;
  const person = id && data.people.find((one) => String(one.id) === id);
  if (person) deputy.open(person, data.people, data.now);
});

/** Look at something else; what is shown until then is the old page, greyed. */
function choose() {
  root.classList.add("changing");
  poll.refresh().finally(() => root.classList.remove("changing"));
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

keepCentre(PLACE, choose);
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
window.__board = {
  get state() { return poll.state; },
  get last() { return data; },
};

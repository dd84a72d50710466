// The page of figures: one question, kept in the address, and its answer in parts that agree with each other.

import { announce } from "../console/banners.js";
import { Api, SignedOut } from "../console/api.js";
import { readConfig } from "../console/config.js";
import { byId, make, write } from "../console/dom.js";
import { formatValue, loadCharts, shareText } from "./charts.js";
import { OF_CALLS, readQuery, searchOf } from "./explore-address.js";
import { barsTable, drawBars, SHOWN } from "./explore-bars.js";
import { Calls } from "./explore-calls.js";
import { drawCallbacks } from "./explore-callbacks.js";
import { Filters } from "./explore-filters.js";
import { Heat } from "./explore-heat.js";
import { changeChip, explanation, Part } from "./explore-part.js";
import { daysIn } from "./explore-period.js";
import { Rail } from "./explore-rail.js";
import { Tip } from "./explore-tip.js";
import { GRAINS, Trend } from "./explore-trend.js";
import { drawWaits, waited, waitsTable } from "./explore-waits.js";
import { changeOf, changeSentence } from "./explore-words.js";

const SLOW_MS = 2000;
const TICK_MS = 500;
const THIN_SHARE = 0.2;
// In so few days what is left of today still shows.
const FEW_DAYS = 7;
const NO_FIGURE = "这段时间没有可以算的。";
const SUBJECTS_OF_CALLS = "没有通话的来电没有主题，都在“没有记下主题”里。";
const LITTLE_BEFORE = "对比时段有些日子算不出来，变化只供参考";
const NOT_OVER = "今天还没过完，对比的是整天";
const NO_SUBJECT = "这个指标是咨询员的工作时间，不分主题。";

const config = readConfig("explore-config");
const figures = Object.fromEntries(config.figures.map((figure) => [figure.key, figure]));
const root = byId("explore");
const api = new Api(root.dataset.csrf, location.pathname);
const tip = new Tip();
const filters = new Filters(config, { ask, reset: () => go(readQuery("", config.defaults)) });
const rail = new Rail(config.figures, (figure) => ask({ figure }), tip);
const trend = new Trend(ask, listHour, config.today);
const heat = new Heat(tip, listHour);
const calls = new Calls(api, config.outcomes, ask);
const parts = {
  trend: new Part("trend", { draw: (box, data) => trend.draw(box, data), table: (data) => trend.table(data) }),
  ranking: new Part("ranking", { draw: drawBars, table: (data) => barsTable(data) }),
  heat: new Part("heat", { draw: (box, data) => heat.draw(box, data), table: (data) => heat.table(data) }),
  subjects: new Part("by-subject", { draw: drawBars, table: (data) => barsTable(data) }),
  channels: new Part("by-channel", { draw: drawBars, table: (data) => barsTable(data) }),
  waits: new Part("waits", { draw: drawWaits, table: waitsTable }),
  callbacks: new Part("callbacks", { draw: drawCallbacks }),
};
let query = readQuery(location.search, config.defaults, config.periods);
let answer = null;
let turn = 0;
let failure = "";
// Whether what is shown is what was asked for.
let isFresh = false;

/** Look at something else; the address says so, and the way back is kept. */
function ask(changed) {
  // An hour of a week is not asked for in another period.
  go({ ...query, ...(changed.since && { weekday: "", hour: "" }), ...changed });
}

function go(wanted) {
  if (searchOf(wanted) === searchOf(query)) return;
  history.pushState(null, "", searchOf(wanted));
  turnTo(wanted);
}

/** Which calls are listed does not change a figure. */
function turnTo(wanted) {
  const figuresOf = (one) => searchOf({ ...one, ...Object.fromEntries(OF_CALLS.map((name) => [name, ""])) });
  const isSame = isFresh && figuresOf(wanted) === figuresOf(query);
  query = wanted;
  if (!isSame) return load();
  showAddresses();
  return calls.show(query);
}

function listHour({ weekday, hour }) {
  ask({ weekday, hour, view: "calls" });
  byId("calls-h").scrollIntoView({ block: "start" });
  byId("calls-h").focus({ preventScroll: true });
}

async function load() {
  turn += 1;
  const mine = turn;
  const began = Date.now();
  if (!figures[query.figure]) query.figure = config.defaults.figure;
  filters.show(query, null);
  showAddresses();
  if (answer === null) byId("body").hidden = false;
  root.classList.add("refreshing");
  const slow = setInterval(() => { if (mine === turn) showProgress(Date.now() - began); }, TICK_MS);
  try {
    const found = await api.get(`/province/api/explore${searchOf(query)}`);
    if (mine !== turn) return;
    [answer, failure, isFresh] = [found, "", true];
    byId("signed-out").removeAttribute("open");
  } catch (error) {
    if (mine !== turn) return;
    byId("signed-out").toggleAttribute("open", error instanceof SignedOut);
    failure = error instanceof SignedOut ? "" : error.message;
    isFresh = false;
  } finally {
    clearInterval(slow);
  }
  await loadCharts();
  if (mine === turn) settle();
}

function settle() {
  showProgress(0);
  root.classList.remove("refreshing");
  root.classList.toggle("stale", !isFresh && answer !== null);
  byId("trouble").hidden = !failure;
  write(byId("trouble-words"), answer ? `${failure}下面还是${answer.period}的数。` : failure);
  // Without any answer there is nothing under the sentence.
  byId("body").hidden = !answer || answer.is_empty;
  if (isFresh) show();
}

function showProgress(passed) {
  byId("progress").hidden = passed < SLOW_MS;
  if (passed >= SLOW_MS) write(byId("progress-words"), `正在统计，已经${Math.floor(passed / 1000)}秒……`);
}

function show() {
  const figure = figures[answer.figure];
  const empty = answer.is_empty ? `${answer.period}：没有来电。` : "";
  root.classList.remove("first");
  filters.show(query, answer);
  byId("demo").hidden = !answer.is_demo;
  write(byId("nothing"), empty && `${empty}可以换一段时间，或者少选几个条件。`);
  byId("nothing").hidden = !empty;
  announce(empty || `${figure.name} ${formatValue(figure, answer.totals[figure.key].value)}，${answer.period}`);
  if (empty) return;
  rail.show(answer, figure.key);
  showHero(figure);
  showTrend(figure);
  showBreakdowns(figure);
  showRest();
  calls.show(query);
}

function showHero(figure) {
  const [now, before] = [answer.totals[figure.key], answer.compared_totals?.[figure.key]];
  const change = changeOf(figure, now, before);
  write(byId("hero-value"), formatValue(figure, now.value));
  byId("hero-change").replaceChildren(changeChip(change, changeSentence(change)) || "",
    before ? make("small", {}, `对比时段 ${formatValue(figure, before)}`) : "",
    ...notesOf(before).map((words) => make("small", { class: "thin" }, words)));
  write(byId("hero-share"), figure.unit === "count" ? "" : shareText(now, { ...figure, denominator: "" }));
  write(byId("hero-definition"), `${figure.definition}${figure.denominator ? `分母：${figure.denominator}。` : ""}`);
}

function notesOf(before) {
  if (!before) return [];
  const isToday = query.until === config.today && daysIn(query.since, query.until) <= FEW_DAYS;
  return [isToday ? NOT_OVER : "", isBeforeThin() ? LITTLE_BEFORE : ""].filter(Boolean);
}

/** Whether the compared period lacks facts where this one has them, as before the hotline began to keep them. */
function isBeforeThin() {
  if (!answer.compared_trend || answer.trend_grain === "hour") return false;
  const missing = answer.trend.filter(({ value }, n) => value !== null && answer.compared_trend[n]?.value === null);
  return missing.length > answer.trend.length * THIN_SHARE;
}

function showTrend(figure) {
  const points = answer.trend;
  parts.trend.show({ figure, grain: answer.trend_grain, points, compared: answer.compared_trend, until: query.until },
    points.some(({ value }) => value !== null) ? "" : NO_FIGURE);
  parts.trend.note(GRAINS[answer.trend_grain]);
}

function showBreakdowns(figure) {
  const mean = figure.unit === "count" ? null : answer.totals[figure.key].value;
  const isKnown = (rows) => rows.some(({ value }) => value !== null && (figure.unit !== "count" || value));
  const ranked = answer.ranking.map((row) => ({ ...row, key: row.centre }));
  const chooseCentre = (key) => ask({ centres: [key] });
  parts.ranking.show({
    figure, rows: ranked, mean, meanName: "合计", choose: config.centres.length > 1 ? chooseCentre : null, caption: `各中心的${figure.name}`, first: "中心",
  }, isKnown(ranked) ? "" : NO_FIGURE);
  parts.ranking.note(config.centres.length > 1 ? "按一个中心，只看它。" : "");
  const chooseSubject = (key) => ask({ subjects: [key] });
  parts.subjects.show({
    figure, rows: answer.by_subject, mean, meanName: "合计", choose: chooseSubject, caption: `按主题的${figure.name}`, first: "主题", most: SHOWN,
  }, figure.by_subject ? (isKnown(answer.by_subject) ? "" : NO_FIGURE) : NO_SUBJECT);
  parts.subjects.note(["calls", "line"].includes(figure.group) ? SUBJECTS_OF_CALLS : "");
  parts.channels.show({
    figure, rows: answer.by_channel, choose: (key) => ask({ channels: [key] }), caption: `按渠道的${figure.name}`, first: "渠道",
  }, isKnown(answer.by_channel) ? "" : NO_FIGURE);
  parts.heat.show({ figure, heat: answer.heat }, isKnown(answer.heat.flat()) ? "" : NO_FIGURE);
  parts.heat.note(figure.name);
}

function showRest() {
  const all = waited(answer.waits);
  parts.waits.show(answer.waits, all ? "" : "这段时间没有人排队。");
  const ofCallbacks = config.figures.filter(({ group }) => group === "callbacks");
  parts.callbacks.show({
    figures: ofCallbacks, values: answer.callbacks, before: answer.compared_totals, choose: (figure) => ask({ figure }),
  }, ofCallbacks.some(({ key }) => answer.callbacks[key]?.value) ? "" : "这段时间没有人约回电。");
}

/** Links that say the same as the page. */
function showAddresses() {
  const search = searchOf(query);
  for (const ending of ["xlsx", "csv"]) byId(`export-${ending}`).href = `/province/export.${ending}${search}`;
  byId("export-report").href = reportOf(query);
  byId("sign-in").href = `/login?next=${encodeURIComponent(`${location.pathname}${search}`)}`;
}

tip.watch(byId("callbacks"), ({ dataset }) => explanation(figures[dataset.tip], answer.callbacks[dataset.tip], answer.compared_totals?.[dataset.tip]));
/** The report of the month that is looked at, of all centres or one; for anything else the list of reports. */
function reportOf({ since, until, centres }) {
  const month = until.slice(0, 7);
  if (since.slice(0, 7) !== month || centres.length > 1) return "/province/report";
  return `/province/report/${month}.pdf${centres.length ? `?centre=${centres[0]}` : ""}`;
}

byId("again").addEventListener("click", load);
addEventListener("popstate", () => {
  turnTo(readQuery(location.search, config.defaults, config.periods));
});
void loadCharts();
if (location.search.length <= 1) history.replaceState(null, "", searchOf(query));
load();

/** For tests and measurement only. */
window.__explore = {
  get query() { return query; },
  get answer() { return answer; },
};

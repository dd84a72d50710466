// The wallboard: how every centre is doing, this second.

import { readConfig } from "../console/config.js";
import { byId, isField, make, write } from "../console/dom.js";
import * as pulse from "../console/pulse.js";
import { serverNow } from "../console/times.js";
import { formatValue, valueOf } from "./charts.js";
import { Curve } from "./wall-curve.js";
import { Lists } from "./wall-lists.js";
import { ProvinceMap } from "./wall-map.js";
import { showNow } from "./wall-now.js";
import { WallSource } from "./wall-source.js";
import { addNow, addSums, curveOf, shownCodes } from "./wall-sums.js";
import { Tiles } from "./wall-tiles.js";

const DEFAULT = "connection_rate";
// By the keys 1 to 9: the figures of the tiles, and one more.
const KEYS = ["received", DEFAULT, "human_connection_rate", "service_level", "asa_seconds", "queue_abandonment", "satisfaction", "on_time", "occupancy"];
const SHANGHAI = { timeZone: "Asia/Shanghai" };
const TIME = new Intl.DateTimeFormat("zh-CN", { ...SHANGHAI, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("zh-CN", { ...SHANGHAI, month: "long", day: "numeric", weekday: "long" });

const config = readConfig("wall-config");
const figures = new Map(config.figures.map((figure) => [figure.key, figure]));
const centres = config.centres.map(({ code, short_name: name }) => ({ key: code, name }));
const names = new Map(centres.map(({ key, name }) => [key, name]));
const root = byId("wall");
const asked = new URLSearchParams(location.search);
const isAlone = centres.length === 1;
let figure = figures.get(asked.get("figure")) ?? figures.get(DEFAULT);
let centre = isAlone ? centres[0].key : names.has(asked.get("centre")) ? asked.get("centre") : "";
let hasMap = true;

const tiles = new Tiles(figures, chooseFigure);
const map = new ProvinceMap(centres, config.can_see_all, chooseCentre);
const curve = new Curve();
const lists = new Lists(names);
const source = new WallSource(config.stream_url, show);

function show(snapshot) {
  const codes = shownCodes(snapshot, centre);
  const sums = addSums(snapshot, codes);
  const minutes = minutesOf(snapshot.at);
  const lines = curveOf(snapshot, codes, minutes);
  const isElsewhere = codes.length > 0 && codes.every((code) => snapshot.centres[code].kind === "city");
  root.classList.add("loaded");
  byId("demo").hidden = !(snapshot.is_demo ?? config.is_demo);
  tiles.show(sums, lines.expected, figure.key);
  map.show(snapshot, figure, isAlone ? "" : centre);
  showNow(addNow(snapshot, codes), isElsewhere);
  curve.show(lines, minutes, sums.received ?? 0);
  lists.show(snapshot, codes, !centre);
  tick();
}

function again() {
  write(byId("place"), centre ? names.get(centre) : "全省");
  byId("back").hidden = !centre || isAlone;
  byId("figure").value = figure.key;
  write(byId("figure-words"), figure.definition);
  const address = new URL(location);
  for (const [name, value, usual] of [["centre", isAlone ? "" : centre, ""], ["figure", figure.key, DEFAULT], ["view", isTable() && hasMap ? "table" : "", ""]]) {
    if (value === usual) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  if (address.href !== location.href) history.replaceState(null, "", address);
  if (source.newest) show(source.newest);
}

function chooseFigure(key) {
  figure = figures.get(key) ?? figure;
  again();
}

/** Narrow the board to a centre; the same one again shows the whole province. */
function chooseCentre(code) {
  if (isAlone) return;
  centre = code === centre ? "" : code;
  again();
}

const isTable = () => !byId("table-box").hidden;

function showTable(isShown) {
  byId("table-box").hidden = !isShown;
  byId("map-box").hidden = isShown;
  byId("as-table").setAttribute("aria-pressed", String(isShown));
  again();
}

function tick() {
  const { state, newest, ageMs } = source;
  const now = new Date(serverNow());
  write(byId("clock"), TIME.format(now));
  write(byId("day"), DAY.format(now));
  root.dataset.state = state;
  const at = newest ? TIME.format(new Date(newest.at)) : "";
  write(byId("fresh-words"), newest ? `数据 ${ageWords(ageMs)}前` : "正在打开……");
  showTrouble(state, at);
  byId("behind").hidden = !((newest?.figures_are_behind_seconds ?? 0) > 120);
  if (newest) write(byId("behind"), `今天的数字算到 ${Math.round(newest.figures_are_behind_seconds / 60)} 分钟前`);
}

function showTrouble(state, at) {
  const box = byId("trouble");
  const words = {
    "signed-out": at ? `登录已过期，画面停在 ${at}。` : "登录已过期。",
    stale: `画面停在 ${at}，${source.refusal || "连不上服务器"}，正在重新连接。`,
    loading: source.refusal ? `还没有打开：${source.refusal}正在重试。` : "",
  }[state] ?? "";
  box.hidden = !words;
  write(byId("trouble-words"), words);
  byId("sign-in").hidden = state !== "signed-out";
}

function ageWords(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} 秒` : seconds < 3600 ? `${Math.floor(seconds / 60)} 分钟` : `${Math.floor(seconds / 3600)} 小时`;
}

function minutesOf(iso) {
  const [hour, minute] = TIME.format(new Date(iso)).split(":").map(Number);
  return hour * 60 + minute;
}

function fillChoice() {
  const byKeys = KEYS.filter((key) => figures.has(key));
  const option = (key, label) => make("option", { value: key }, label);
  byId("figure").append(
    make("optgroup", { label: "按数字键" }, ...byKeys.map((key) => option(key, `${KEYS.indexOf(key) + 1} ${figures.get(key).name}`))),
    make("optgroup", { label: "其他" }, ...[...figures.values()].filter(({ key }) => !KEYS.includes(key)).map(({ key, name }) => option(key, name))),
  );
}

function pressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const key = KEYS[Number(event.key) - 1];
  if (event.key === "Escape" && centre && !isAlone) chooseCentre(centre);
  else if (isField(event.target)) return;
  else if (key && figures.has(key)) chooseFigure(key);
  else if (event.key.toLowerCase() === "t" && hasMap) showTable(!isTable());
  else if (event.key.toLowerCase() === "f") fullScreen();
  else return;
  event.preventDefault();
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen?.().catch(() => {});
}

fillChoice();
byId("figure").addEventListener("change", ({ target }) => chooseFigure(target.value));
byId("as-table").addEventListener("click", () => showTable(!isTable()));
byId("back").addEventListener("click", () => { chooseCentre(centre); byId("figure").focus({ preventScroll: true }); });
byId("full").addEventListener("click", fullScreen);
document.addEventListener("keydown", pressed);
window.addEventListener("resize", () => curve.resize(parseFloat(getComputedStyle(document.documentElement).fontSize)));
showTable(asked.get("view") === "table");
map.load().then((isThere) => {
  hasMap = isThere;
  byId("as-table").hidden = !isThere;
  byId("no-map").hidden = isThere;
  if (isThere) again();
  else showTable(true);
});
source.start();
pulse.every(500, tick);

/** For tests and measurement only. */
window.__wall = {
  get state() { return source.state; },
  get newest() { return source.newest; },
  get figure() { return figure.key; },
  value: (key) => formatValue(figures.get(key), valueOf(figures.get(key), addSums(source.newest, shownCodes(source.newest, centre)))),
};

// The list of callbacks: whose turn is when, what was tried, and what can be done about it.

import { Api, SignedOut } from "./api.js";
import { announce, Banners } from "./banners.js";
import { CallbackRows } from "./callbacks-rows.js";
import { TimeDialog, WhyDialog } from "./callbacks-dialogs.js";
import { readConfig } from "./config.js";
import { byId, isField, write } from "./dom.js";
import { Freshness, keepCentre } from "./freshness.js";
import { Poll } from "./poll.js";
import * as pulse from "./pulse.js";
import { setServerNow } from "./times.js";

const PLACE = "callbacks-centre";
const STALE_MS = 15000;
const NOTHING = {
  mine: "您手上没有要打的回电。您约的、您打过的，都会列在这里。",
  centre: "现在没有要打的回电。",
  todo: "没有要处理的回电。没打通的、号码不对的、过了约好时间的，会列在这里。",
  ended: "今天还没有结束的回电。",
};

const config = readConfig("callbacks-config");
const root = byId("callbacks");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const address = new URLSearchParams(location.search);
const view = {
  tab: config.tabs.includes(address.get("tab")) ? address.get("tab") : config.tabs[0],
  isEnded: address.get("ended") === "1",
  tail: "",
  most: config.page,
};
// Whoever came without saying what to see is not shown an empty list beside a full one.
let isUndecided = !address.has("tab");
let data = null;

const rows = new CallbackRows({ isOneCentre: config.centres.length === 1, act });
const poll = new Poll({ look, hear, pulse });
const freshness = new Freshness({ poll, banners, root, staleMs: STALE_MS });
const timeDialog = new TimeDialog(api, done);
const whyDialog = new WhyDialog(api, done, config);

function look() {
  const query = new URLSearchParams({ tab: view.tab, most: view.most });
  if (view.isEnded && view.tab !== "todo") query.set("ended", "1");
  if (view.tail.length === 4) query.set("tail", view.tail);
  if (byId("centre")?.value) query.set("centre", byId("centre").value);
  return api.look(`/console/callbacks/data?${query}`);
}

function hear(found) {
  setServerNow(found.now);
  if (isUndecided && view.tab === "mine" && !found.counts.mine && found.counts.centre) {
    isUndecided = false;
    choose({ tab: "centre" });
    return;
  }
  isUndecided = false;
  data = found;
  document.dispatchEvent(new CustomEvent("callbacks", { detail: found.badge }));
  show();
}

function show() {
  const isEnded = view.isEnded && view.tab !== "todo";
  const kind = view.tab === "todo" ? "todo" : isEnded ? "ended" : "open";
  root.classList.add("loaded");
  byId("loading").hidden = true;
  rows.show(data.rows, kind);
  byId("list").hidden = !data.rows.length;
  byId("nothing").hidden = data.rows.length > 0;
  const nothing = NOTHING[isEnded ? "ended" : view.tab];
  write(byId("nothing"), view.tail.length === 4 ? `这里没有尾号 ${view.tail} 的回电，换一栏看看。` : nothing);
  const left = data.total - data.rows.length;
  byId("more-line").hidden = left <= 0;
  byId("more").hidden = view.most >= config.most;
  write(byId("more-line").firstElementChild, `还有 ${left} 个没有列出来。`);
  showChoices();
  tick();
}

function showChoices() {
  const counts = data?.counts;
  for (const button of byId("tabs").children) {
    const { tab } = button.dataset;
    button.setAttribute("aria-pressed", String(tab === view.tab));
    if (counts) write(button.querySelector("b"), String(counts[tab]));
    button.classList.toggle("alarm", tab === "todo" && counts?.todo > 0);
  }
  byId("times").hidden = view.tab === "todo";
  for (const button of byId("times").children) {
    button.setAttribute("aria-pressed", String(Boolean(button.dataset.ended) === view.isEnded));
    const count = button.querySelector("b");
    if (count && counts) write(count, String(view.tab === "mine" ? counts.mine_ended : counts.ended));
  }
}

/** Look at something else; what is shown until then is the old list, greyed. */
function choose(change) {
  Object.assign(view, change, { most: change.most ?? config.page });
  isUndecided = false;
  const query = new URLSearchParams({ tab: view.tab, ...(view.isEnded && { ended: "1" }) });
  history.replaceState(null, "", `?${query}`);
  showChoices();
  root.classList.add("changing");
  poll.refresh().finally(() => root.classList.remove("changing"));
}

async function act(deed, row, button) {
  if (deed === "postpone") { timeDialog.open(row); return; }
  if (deed !== "call-now") { whyDialog.open(deed, row); return; }
  button.disabled = true;
  try {
    done((await api.post(`/console/callbacks/${row.id}/call-now`)).said);
  } catch (error) {
    if (error instanceof SignedOut) poll.state = "signed-out";
    banners.tell(error.message, "bad");
    poll.refresh();
  } finally {
    button.disabled = false;
  }
}

function done(said) {
  banners.tell(said, "good");
  announce(said);
  return poll.refresh();
}

function tick() {
  freshness.tick();
  rows.tick();
}

byId("tabs").addEventListener("click", ({ target }) => {
  const tab = target.closest("button")?.dataset.tab;
  if (tab) choose({ tab });
});
byId("times").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) choose({ isEnded: Boolean(button.dataset.ended) });
});
byId("tail").addEventListener("input", ({ target }) => {
  const tail = target.value.replace(/\D/g, "");
  target.value = tail;
  const isOther = (tail.length === 4 ? tail : "") !== (view.tail.length === 4 ? view.tail : "");
  view.tail = tail;
  if (isOther) choose({ tail });
});
byId("more").addEventListener("click", () => choose({ most: Math.min(config.most, view.most + config.page) }));
keepCentre(PLACE, () => { choose({}); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || isField(event.target) || document.querySelector("dialog:modal")) return;
  event.preventDefault();
  byId("tail").focus();
});

showChoices();
poll.refresh().then(() => {
  const id = location.hash.match(/^#callback-(\d+)$/)?.[1];
  if (id) rows.point(id);
});
pulse.every(500, tick);

/** For tests and measurement only. */
window.__callbacks = {
  get state() { return poll.state; },
  get last() { return data; },
};

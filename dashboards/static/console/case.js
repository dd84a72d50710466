// The page of one case: what was said, who has it, what was tried, what happened, and what can be done about it.

import { Api, Refused, SignedOut } from "./api.js";
import { announce, Banners } from "./banners.js";
import { CaseDeeds } from "./case-deeds.js";
import { CaseMessages } from "./case-messages.js";
import { showAbout, showAttempt, showHead, showHistory, showOthers, showReplies } from "./case-parts.js";
import { readConfig } from "./config.js";
import { DeedDialog } from "./deed-dialog.js";
import { byId, write } from "./dom.js";
import { Poll } from "./poll.js";
import * as pulse from "./pulse.js";
import { setServerNow, spoken } from "./times.js";

const PLACE = "cases-view";
const STALE_MS = 15000;
const GRACE_MS = 1500;
// While a telephone rings somewhere one wants to see it.
const TRYING_MS = 1500;
const GONE = "这一件已经不在您的范围里，可能转到别的中心去了。";
const NOT_THERE = 404;

const config = readConfig("case-config");
const root = byId("case");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const poll = new Poll({ look, hear, pulse });
const deeds = new CaseDeeds({ api, config, dialog: new DeedDialog(), done, failed });
const messages = new CaseMessages({ api, done, split: (message) => deeds.split(message) });
let data = null;
let lostAt = 0;
let isGone = false;

byId("back").href = `/cases${sessionStorage.getItem(PLACE) ?? ""}`;

async function look() {
  try {
    const found = await api.look(`/console/cases/${config.id}/data?seen=${data?.version ?? ""}`);
    isGone = false;
    return found;
  } catch (error) {
    isGone = error instanceof Refused && error.status === NOT_THERE;
    throw error;
  }
}

function hear(found) {
  setServerNow(found.now);
  data = { ...found, messages: found.messages ?? data.messages };
  byId("loading").hidden = true;
  byId("parts").hidden = false;
  showHead(data);
  deeds.show(data);
  showAttempt(data.attempt);
  messages.show(data.messages, data.may);
  showReplies(data);
  showAbout(data, { showNumber });
  showOthers(data, (other) => deeds.merge(other));
  showHistory(data.history);
  tick();
}

async function showNumber(button) {
  button.disabled = true;
  try {
    const { number } = await api.post(`/console/cases/${config.id}/number`);
    byId("number").replaceChildren(number);
    announce(`号码 ${number}`);
  } catch (error) {
    failed(error);
    button.disabled = false;
  }
}

function done(said) {
  banners.tell(said, "good");
  announce(said);
  return poll.refresh();
}

function failed(error) {
  if (error instanceof SignedOut) poll.state = "signed-out";
  banners.tell(error.message, "bad");
  poll.refresh();
}

function tick() {
  const { state, freshAt, refusal } = poll;
  const now = Date.now();
  const age = now - freshAt;
  lostAt = state === "lost" ? lostAt || now : 0;
  const isTold = lostAt && now - lostAt > GRACE_MS;
  const how = freshAt ? `页面是 ${Math.round(age / 1000)} 秒前的情况。` : "";
  const lost = isGone ? GONE : `${refusal || "连不上服务器，"}正在重试。${how}`;
  banners.set("link", isTold ? lost : "", isGone ? "note" : "bad");
  if (isTold && !freshAt) write(byId("loading"), isGone ? GONE : "还没有打开，正在重试。");
  root.classList.toggle("stale", isGone || (freshAt > 0 && age > STALE_MS));
  deeds.close(isGone);
  write(byId("fresh"), freshAt ? (age < 10000 ? "刚刚更新" : `${spoken(age / 1000)}前更新`) : "");
  byId("signed-out").toggleAttribute("open", state === "signed-out");
}

poll.refresh();
pulse.every(500, tick);
pulse.every(TRYING_MS, () => { if (data?.attempt && !document.hidden && poll.state === "live") poll.refresh(); });

/** For tests and measurement only. */
window.__case = {
  get state() { return poll.state; },
  get last() { return data; },
};

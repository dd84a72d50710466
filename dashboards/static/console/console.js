// The consultant's console: joins the server's desk, the softphone and the faces of the page.

import { buildActions } from "./actions.js";
import { Api, Refused } from "./api.js";
import { AudioPanel, showLevel } from "./audio-panel.js";
import { announce, Banners } from "./banners.js";
import { Bell } from "./bell.js";
import { Booking } from "./booking.js";
import { CallCard } from "./call-card.js";
import { readConfig, subjectGroups } from "./config.js";
import { byId, isField, make, write } from "./dom.js";
import { Guides } from "./guides.js";
import { startHeart } from "./heart.js";
import { keyTable, listenToKeys } from "./keys.js";
import { Link } from "./link.js";
import { LinkFace } from "./link-face.js";
import { LookUp } from "./look-up.js";
import { Me } from "./me.js";
import { Microphone } from "./microphone.js";
import { isCalling, lastAsked, nobodyWords, phaseOf, recordOf } from "./phase.js";
import { PhoneFace } from "./phone-face.js";
import * as pulse from "./pulse.js";
import { Record } from "./record.js";
import { SingleWindow } from "./single.js";
import { Softphone } from "./softphone.js";
import { TALKING } from "./states.js";
import { setServerNow } from "./times.js";
import { Transfer } from "./transfer.js";

const ASK_AGAIN_MS = 1000;
const NOT_REACHED = "这次回电没有打通，结果记在“回电”里，不用您再打。";
const config = readConfig();
const root = byId("console");
const api = new Api(root.dataset.csrf, location.pathname);
const banners = new Banners();
const bell = new Bell(pulse);
const card = new CallCard();
const reasons = config.break_reasons;
const me = new Me(reasons);

let stopAsking = () => {};
const page = {
  pulse, api, banners,
  desk: null,
  wanted: null, // the offer for which 接听 was pressed
  get isTelephone() { return this.desk?.agent.door === "telephone"; },
  take, show, answer,
};

page.softphone = new Softphone(() => api.post("/console/phone-token", {}, { isBackground: true }), {
  state: () => {
    if (page.softphone?.state === "replaced") page.single.giveUp();
    show();
  },
  incoming: () => {
    if (page.wanted && page.wanted === page.desk?.offer?.id) page.softphone.accept();
    if (!page.desk?.offer) lookNow();
    show();
  },
  incomingOver: () => { page.wanted = null; show(); },
  answered: () => show(),
  lost: () => show(),
  resumed: () => { banners.tell("已接回通话。", "good"); show(); },
  ended: () => { page.wanted = null; lookNow(); show(); },
  notice: (sentence) => banners.tell(sentence, "bad"),
  level: (loudness) => showLevel(byId("my-level"), loudness),
  blocked: (isBlocked) => banners.set("blocked", isBlocked && "浏览器暂停了声音，点一下页面或按任意键就能继续听。", "bad"),
}, pulse);
page.microphone = new Microphone(() => {
  page.softphone.choose(page.microphone.chosen);
  show();
});
page.panel = new AudioPanel(page.microphone, bell);
page.record = new Record({
  groups: subjectGroups(config.subjects),
  dispositions: config.dispositions,
  send: (record, options) => api.post("/console/wrap-up", record, options),
  pulse,
});
page.guides = new Guides(api, banners, () => page.desk?.offer?.id ?? page.desk?.wrap_up?.offer_id ?? null);
page.transfer = new Transfer({
  centres: config.centres, skills: config.skills, languages: config.languages,
  send: (wanted) => act("/console/transfer", { offer: page.desk.offer.id, ...wanted }),
});
page.lookUp = new LookUp(api, pulse, (sentence) => banners.tell(sentence, "bad"));
page.booking = new Booking(api, (sentence, tone) => banners.tell(sentence, tone));
page.link = new Link({
  url: config.stream_url, event: "desk", look: lookAtDesk, pulse,
  hear: {
    data: take,
    link: () => {
      if (page.link.state === "live") page.guides.retry();
      show();
    },
  },
});
page.single = new SingleWindow({
  mine: (call) => {
    page.isElsewhere = false;
    if (call) page.softphone.open(call);
    show();
  },
  elsewhere: () => { page.isElsewhere = true; page.softphone.close(); show(); },
  handOver: () => page.softphone.keep(),
});
const { act, plain } = buildActions(page);
const linkFace = new LinkFace(page.link, banners, root);
const phoneFace = new PhoneFace(page, banners, bell);
const beat = startHeart({
  isFit: () => page.single.isMine && phoneFace.isReachable,
  send: async () => take((await api.post("/console/heartbeat", {}, { isBackground: true })).desk),
  pulse,
});

async function lookAtDesk() {
  try {
    const desk = await api.look("/console/desk");
    banners.set("refused", "");
    return desk;
  } catch (error) {
    if (error instanceof Refused) banners.set("refused", error.message, "bad");
    throw error;
  }
}

async function lookNow() {
  try { take(await lookAtDesk()); } catch { /* The link goes on asking. */ }
}

/** The newest desk. One that was overtaken on its way is left, and asked for again: two servers' clocks may differ. */
function take(desk) {
  if (!desk?.agent) return;
  if (page.desk && Date.parse(desk.now) < Date.parse(page.desk.now)) {
    stopAsking();
    stopAsking = pulse.after(ASK_AGAIN_MS, lookNow);
    return;
  }
  const before = page.desk;
  page.desk = desk;
  setServerNow(desk.now);
  if (before) tellChange(before, desk);
  if (before?.agent.state === "logged_out" && desk.agent.state !== "logged_out") beat();
  show();
}

function tellChange({ offer: before, agent }, { offer, agent: agentNow }) {
  const wasWanted = page.wanted !== null;
  if (offer?.id !== before?.id) {
    page.wanted = null;
    if (before) page.guides.reset();
    if (offer) page.guides.suggest(lastAsked(offer));
  }
  if (!before || offer || before.connected_at) return;
  banners.tell(isCalling(before) ? NOT_REACHED : endOfRing(agent, agentNow, wasWanted));
}

function endOfRing(before, now, wasWanted) {
  if (wasWanted) return "没有接通，来电人已经离开或转给了下一位。";
  if ((now.misses ?? 0) > (before.misses ?? 0)) {
    return `这通没有接，已经转给下一位。连着没接 ${now.misses} 次了，满三次系统会置离。`;
  }
  // Whoever has rejected it knows.
  return now.state === "available" && !now.cool_until ? "来电人挂断了，或者已经有人接了。" : "";
}

function show() {
  const { desk, single, softphone, record } = page;
  phoneFace.show();
  byId("elsewhere").hidden = !page.isElsewhere;
  for (const part of [".side", "#booking", "#look-up", "#record", "#call"]) root.querySelector(part).inert = Boolean(page.isElsewhere);
  if (!desk) return;
  const phase = phaseOf(desk.offer, softphone.call, page.wanted === desk.offer?.id && softphone.state === "registered");
  const shown = recordOf(desk);
  me.show(desk);
  const seat = { isTelephone: page.isTelephone, tail: desk.agent.telephone_tail, canAnswer: softphone.state === "registered" };
  card.show(page.isElsewhere ? "none" : phase, desk.offer, seat, desk.now);
  card.muted(softphone.isMuted);
  record.show(page.isElsewhere ? "none" : shown.mode, shown.offer, desk.wrap_up, desk.offer?.caller.masked);
  page.booking.follow(shown.offer ?? null);
  page.lookUp.follow(shown.mode === "talk" && !page.isElsewhere ? shown.offer : null, desk.offer?.identity);
  byId("book-after").hidden = shown.mode !== "wrap_up";
  write(byId("finish-words"), desk.agent.next_reason ? "完成，去休息" : "完成，转空闲");
  const [words, more] = nobodyWords(desk, phoneFace.isReachable);
  write(byId("nobody-words"), words);
  write(byId("nobody-more"), more);
  byId("nobody").hidden = phase !== "none" || shown.mode === "wrap_up" || Boolean(page.isElsewhere);
  byId("nobody-keys").hidden = desk.agent.state !== "available";
  ring(phase === "ring" && single.isMine, desk.offer);
  root.classList.toggle("talking", TALKING.includes(desk.agent.state));
}

function ring(isRinging, offer) {
  if (!isRinging) {
    bell.stop();
    announce("", true);
    return;
  }
  if (bell.isRinging) return;
  const { masked, region } = offer.caller;
  const kind = offer.callback ? "回电" : "来电";
  bell.ring(masked, [region, offer.skill_zh].filter(Boolean).join("，"), !page.isTelephone, kind);
  announce(`${kind}，${region || ""}${masked}，${page.isTelephone ? "请接电话" : "按 F8 接听"}`, true);
}

function answer() {
  page.wanted = page.desk.offer.id;
  page.softphone.accept();
  show();
}

byId("break-choices").append(...reasons.map(({ key, name }, n) => make("button",
  { type: "button", class: "break-choice", "data-action": "break", "data-reason": key, "aria-pressed": "false" },
  name, make("kbd", { "aria-hidden": "true" }, String(n + 1)))));
byId("help-keys").append(...keyTable());
listenToKeys(plain);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented && isField(event.target)) event.target.blur();
});
// The other pages are for another window: leaving this one would cost the call.
for (const link of document.querySelectorAll(".nav a, .brand")) { link.target = "_blank"; link.rel = "noopener"; }
document.querySelector(".who")?.addEventListener("submit", (event) => {
  if (!page.desk || page.desk.agent.state === "logged_out") return;
  event.preventDefault();
  banners.tell("请先签退（Alt+L），再退出登录。");
});
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => { page.softphone.wake(); if (bell.isRinging) bell.wake(); phoneFace.show(); }, { capture: true, passive: true });
}
// Before the doors' own: whatever is to be kept is kept first.
window.addEventListener("pagehide", () => {
  page.softphone.keep();
  page.record.leave();
  page.lookUp.forget();
  page.guides.sendMark({ mayOutlive: true });
}, { capture: true });
pulse.every(500, () => {
  linkFace.tick();
  phoneFace.show();
  me.tick();
  card.tick();
  page.record.tick();
});

page.link.start();
page.single.claim();

/** For tests and measurement only. */
window.__console = {
  get state() { return page.desk?.agent.state ?? null; },
  get phase() { return card.phase; },
  get offer() { return page.desk?.offer ?? null; },
  get lastDesk() { return page.desk; },
  get softphone() { return { state: page.softphone.state, call: page.softphone.call, isMuted: page.softphone.isMuted }; },
  get link() { return page.link.state; },
  playedRms: () => page.softphone.playedRms(),
};

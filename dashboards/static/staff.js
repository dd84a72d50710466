// Small comforts; every page works without them.
"use strict";

// Counts the characters of a text while it is typed.
for (const area of document.querySelectorAll("textarea[data-most]")) {
  const counter = document.querySelector(`[data-counter-for="${area.id}"]`);
  const show = () => {
    const length = [...area.value.trim()].length;
    counter.hidden = length === 0;
    counter.textContent = `${length}／${area.dataset.most} 个字`;
    counter.classList.toggle("over", length > Number(area.dataset.most));
  };
  area.addEventListener("input", show);
  show();
}

// The answer to a form is where one looks: the first field that is wrong, or the preview.
const answer = document.querySelector("[aria-invalid]") || document.querySelector("[data-look]");
if (answer) {
  (answer.querySelector("input") || answer).focus({ preventScroll: true });
  answer.scrollIntoView({ block: "center" });
}

// A second click must not send a form twice; what ends something is asked for again.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent || (form.dataset.confirm && !window.confirm(form.dataset.confirm))) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Pages that show the present look again, unless somebody is reading with the keyboard or has opened something.
const main = document.querySelector("main[data-refresh]");
if (main) {
  const everyMs = 1000 * Number(main.dataset.refresh);
  let freshAt = Date.now();
  let trouble = "";
  const note = () => { for (const span of main.querySelectorAll("[data-refresh-note]")) span.hidden = false; };
  const isBusy = () => document.hidden || main.contains(document.activeElement) && document.activeElement !== main
    || main.querySelector("details[open]") || String(window.getSelection());
  const look = async () => {
    if (isBusy()) return;
    try {
      const response = await fetch(location.href, { headers: { "X-Background": "1" }, signal: AbortSignal.timeout(everyMs) });
      if (response.redirected) { location.reload(); return; }
      if (!response.ok) { trouble = response.status === 503 ? "现在连不上数据库" : "服务器没有给出新的情况"; return; }
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
      trouble = "";
      if (!fresh || isBusy()) return;
      freshAt = Date.now();
      const scrolled = [...main.querySelectorAll(".scroll")].map((element) => element.scrollLeft);
      main.replaceChildren(...fresh.childNodes);
      main.querySelectorAll(".scroll").forEach((element, n) => { element.scrollLeft = scrolled[n] || 0; });
      note();
    } catch { trouble = "连不上服务器"; }
  };
  // Pages with a place for it say that they are old, and why; on the others the time says so.
  const tellAge = () => {
    const seconds = Math.round((Date.now() - freshAt) / 1000);
    const isOld = !trouble && 1000 * seconds > 2.5 * everyMs;
    main.classList.toggle("stale", Boolean(trouble) || isOld);
    for (const banner of main.querySelectorAll("[data-refresh-lost]")) {
      const words = trouble ? `${trouble}，正在重试。页面是${seconds}秒前的情况。` : "您在看或在选，先不更新，页面上是旧的情况。";
      banner.hidden = !trouble && !isOld;
      banner.classList.toggle("bad", Boolean(trouble));
      banner.classList.toggle("note", !trouble);
      const place = banner.querySelector("[data-refresh-words]");
      // Told again every few seconds, it would be read out again every few seconds.
      if (!banner.hidden && (place.dataset.of !== trouble || !place.textContent)) place.textContent = words;
      place.dataset.of = trouble;
    }
  };
  const lookAndTell = () => look().then(tellAge);
  note();
  setInterval(lookAndTell, everyMs);
  setInterval(tellAge, 1000);
  document.addEventListener("visibilitychange", lookAndTell);
}

// How many callbacks there are, in the navigation of every page. A page that knows sooner says so with an event.
const badges = [...document.querySelectorAll("[data-callbacks]")];
if (badges.length) {
  const show = (counts) => {
    for (const badge of badges) {
      const count = counts[badge.dataset.callbacks] ?? 0;
      badge.hidden = count === 0;
      badge.textContent = badge.dataset.callbacks === "todo" ? `要处理 ${count}` : String(count);
    }
    const late = counts.overdue ? `，其中${counts.overdue}个过了约好的时间` : "";
    badges[0].closest("a").title = counts.open ? `还有${counts.open}个回电要打${late}` : "没有要打的回电";
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch("/console/callbacks/badge", { headers: { "X-Background": "1", Accept: "application/json" } });
      if (response.ok) show(await response.json());
    } catch { /* The network is away; the next look shows it. */ }
  };
  document.addEventListener("callbacks", ({ detail }) => show(detail));
  document.addEventListener("visibilitychange", look);
  look();
  setInterval(look, 30000);
}

// How many freezes of cards nobody knows the end of, or whose caller is not told yet.
const urgentFreezes = document.querySelector("[data-freezes]");
if (urgentFreezes) {
  const show = ({ urgent, overdue }) => {
    urgentFreezes.hidden = urgent === 0;
    urgentFreezes.textContent = `待核实 ${urgent}`;
    const late = overdue ? `，其中${overdue}个过了要告诉来电人的时间` : "";
    urgentFreezes.closest("a").title = urgent ? `有${urgent}个挂失要核实${late}` : "没有要核实的挂失";
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch("/console/freezes/badge", { headers: { "X-Background": "1", Accept: "application/json" } });
      if (response.ok) show(await response.json());
    } catch { /* The network is away; the next look shows it. */ }
  };
  document.addEventListener("freezes", ({ detail }) => show(detail));
  document.addEventListener("visibilitychange", look);
  look();
  setInterval(look, 30000);
}

// How many of the reader's own cases are due today, or late.
const dueCases = document.querySelector("[data-cases]");
if (dueCases) {
  const show = ({ overdue, today }) => {
    dueCases.hidden = overdue + today === 0;
    dueCases.textContent = overdue ? `超期 ${overdue}` : `今天 ${today}`;
    const late = overdue ? `您手上有${overdue}件超期` : "";
    dueCases.closest("a").title = [late, today ? `${late ? "" : "您手上有"}${today}件今天到期` : ""].filter(Boolean).join("，") || "您手上没有今天到期的办件";
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch("/console/cases/badge", { headers: { "X-Background": "1", Accept: "application/json" } });
      if (response.ok) show(await response.json());
    } catch { /* The network is away; the next look shows it. */ }
  };
  document.addEventListener("cases", ({ detail }) => show(detail));
  document.addEventListener("visibilitychange", look);
  look();
  setInterval(look, 30000);
}

// Who I am to the hotline: my state and its time, today's own figures, and the line.

import { announce } from "./banners.js";
import { byId, write } from "./dom.js";
import { isCalling } from "./phase.js";
import { ENGAGED } from "./states.js";
import { clock, secondsSince, spoken } from "./times.js";

const HINTS = {
  logged_out: "上线后开始派电话",
  available: "等下一个来电",
  reserved: "来电了",
  break: "休息中不派电话",
};

export class Me {
  #desk = null;
  #reasons;

  /** `reasons` are those of a break, [{key, name}]. */
  constructor(reasons) {
    this.#reasons = reasons;
  }

  show(desk) {
    const { agent, today, line } = desk;
    this.#desk = desk;
    byId("console").dataset.state = agent.state;
    this.#showState(agent, isCalling(desk.offer));
    this.#showButtons(agent);
    this.#showToday(today);
    write(byId("line-waiting"), String(line?.waiting ?? "—"));
    write(byId("line-available"), String(line?.available ?? "—"));
    write(byId("line-on-call"), String(line?.on_call ?? "—"));
    write(byId("line-callbacks"), String(line?.callbacks ?? "—"));
    byId("line").classList.toggle("busy", (line?.waiting ?? 0) > 0);
    this.tick();
  }

  tick() {
    if (!this.#desk) return;
    const { agent, line, today, now } = this.#desk;
    write(byId("my-time"), agent.state === "logged_out" ? "" : clock(secondsSince(agent.since)));
    const passed = secondsSince(now);
    const waiting = line?.oldest_at ? secondsSince(line.oldest_at) : line?.longest_wait_seconds;
    write(byId("line-longest"), line?.waiting ? clock(waiting) : "—");
    write(byId("today-break"), spoken(today.break_seconds + (agent.state === "break" ? passed : 0)));
    write(byId("today-signed-in"), spoken(today.signed_in_seconds + (agent.state === "logged_out" ? 0 : passed)));
  }

  #showState(agent, isDialling) {
    const words = agent.reason_zh ? `${agent.state_zh}，${agent.reason_zh}` : agent.state_zh;
    if (byId("my-state").textContent && byId("my-state").textContent !== agent.state_zh) announce(`您的状态：${words}`);
    write(byId("my-state"), agent.state_zh);
    write(byId("my-reason"), isDialling ? "对方接起来，按了1，这里才响铃" : this.#hint(agent));
    write(byId("my-number"), `工号 ${agent.number}`);
    write(byId("my-place"), [agent.centre_name, (agent.skills_zh ?? []).join("、")].filter(Boolean).join(" · "));
  }

  #hint(agent) {
    if (agent.next_reason) return `这通完了就${this.#nameOf(agent.next_reason)}`;
    if (agent.state === "away") return `${agent.reason_zh ?? "没有响应"}，回来请按“空闲”`;
    return agent.reason_zh ?? HINTS[agent.state] ?? "";
  }

  #nameOf(key) {
    return this.#reasons.find((reason) => reason.key === key)?.name ?? "休息";
  }

  #showButtons(agent) {
    const isOut = agent.state === "logged_out";
    const isEngaged = ENGAGED.includes(agent.state);
    byId("sign-in").hidden = !isOut;
    byId("ready").hidden = isOut;
    byId("ready").disabled = agent.state === "available" || (isEngaged && !agent.next_reason);
    write(byId("ready-words"), isEngaged && agent.next_reason ? "不休息了" : "空闲");
    byId("break-menu").hidden = isOut;
    write(byId("break-words"), agent.state === "break" ? "换一种休息" : isEngaged ? "这通后休息" : "休息");
    byId("sign-out").hidden = isOut;
    byId("sign-out").disabled = ["reserved", "on_call", "hold"].includes(agent.state);
    for (const button of document.querySelectorAll("[data-reason]")) {
      button.setAttribute("aria-pressed", String(button.dataset.reason === (agent.next_reason ?? (agent.state === "break" && agent.reason))));
    }
  }

  #showToday(today) {
    write(byId("today-answered"), String(today.answered));
    write(byId("today-talk"), clock(today.talk_seconds_mean));
    write(byId("today-wrap-up"), clock(today.wrap_up_seconds_mean));
    write(byId("today-missed"), String(today.missed));
    write(byId("today-rejected"), String(today.rejected));
    const rating = today.rating_mean === null || today.rating_mean === undefined ? "—" : today.rating_mean.toFixed(1);
    write(byId("today-rating"), today.ratings ? `${rating} / ${today.ratings}人` : "—");
  }
}

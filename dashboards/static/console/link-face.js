// Tells how fresh the page is, and what to do when the session is over.

import { byId } from "./dom.js";

const GRACE_MS = 1500;
const POLLED_MS = 6000; // younger data comes from asking
const STALE_MS = 10000;

export class LinkFace {
  #link;
  #banners;
  #root;
  #lostAt = 0;

  /** `root` is marked while what it shows is old. */
  constructor(link, banners, root) {
    this.#link = link;
    this.#banners = banners;
    this.#root = root;
  }

  tick() {
    const { state, freshAt } = this.#link;
    const now = Date.now();
    this.#lostAt = state === "lost" ? this.#lostAt || now : 0;
    const age = now - freshAt;
    const isTold = this.#lostAt && now - this.#lostAt > GRACE_MS;
    this.#banners.set("link", isTold ? words(age, freshAt, this.#root.classList.contains("talking")) : "", "bad");
    this.#root.classList.toggle("stale", state !== "live" && age > STALE_MS);
    byId("signed-out").toggleAttribute("open", state === "signed-out");
  }
}

function words(age, freshAt, isTalking) {
  if (!freshAt) return "连不上服务器，正在重连。";
  if (age < POLLED_MS) return "连接断开，正在重连。暂时每3秒更新一次。";
  return `连接断开，正在重连。页面是 ${Math.round(age / 1000)} 秒前的情况${isTalking ? "，通话不受影响" : ""}。`;
}

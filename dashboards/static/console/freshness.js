// How old is what is shown, said in the same way by every page that looks again by itself.

import { byId, write } from "./dom.js";
import { spoken } from "./times.js";

// A look that fails once is repeated before anybody is told.
const GRACE_MS = 1500;
const JUST_NOW_MS = 10000;

export class Freshness {
  #poll;
  #banners;
  #root;
  #staleMs;
  #lostAt = 0;

  /** What `root` shows is greyed when it is older than `staleMs`. */
  constructor({ poll, banners, root, staleMs }) {
    this.#poll = poll;
    this.#banners = banners;
    this.#root = root;
    this.#staleMs = staleMs;
  }

  tick() {
    const { state, freshAt, refusal } = this.#poll;
    const now = Date.now();
    const age = now - freshAt;
    this.#lostAt = state === "lost" ? this.#lostAt || now : 0;
    const isTold = this.#lostAt && now - this.#lostAt > GRACE_MS;
    const how = freshAt ? `页面是 ${spoken(age / 1000)}前的情况。` : "";
    this.#banners.set("link", isTold ? `${refusal || "连不上服务器，"}正在重试。${how}` : "", "bad");
    if (isTold && !freshAt) write(byId("loading"), "还没有打开，正在重试。");
    this.#root.classList.toggle("stale", freshAt > 0 && age > this.#staleMs);
    write(byId("fresh"), freshAt ? (age < JUST_NOW_MS ? "刚刚更新" : `${spoken(age / 1000)}前更新`) : "");
    byId("signed-out").toggleAttribute("open", state === "signed-out");
  }
}

/** The choice of a centre, where there is one, kept under `place` as long as the window is open. */
export function keepCentre(place, choose) {
  const centre = byId("centre");
  if (!centre) return;
  centre.value = sessionStorage.getItem(place) ?? "";
  if (centre.selectedIndex < 0) centre.value = "";
  centre.addEventListener("change", () => {
    sessionStorage.setItem(place, centre.value);
    choose();
  });
}

// A file of a city: checked first, shown line by line, and taken as it was checked. The file stays in the page
// between the two, and goes to the server both times; nothing is kept there until it is taken.

import { byId, make, write } from "../console/dom.js";
import { problemRow, tabbed } from "./cities-batch.js";
import { fillCentres } from "./cities-keys.js";
import { stateOf } from "./cities-rows.js";
import { copy } from "./copy.js";

const PATIENCE_MS = 60000;

export class Upload {
  #api;
  #address;
  #config;
  #done;
  // What was checked: {centre, kind, file, upload, digest}.
  #checked = null;
  #nth = 0;
  #cities = [];
  #problems = [];

  constructor(api, address, config, done) {
    this.#api = api;
    this.#address = address;
    this.#config = config;
    this.#done = done;
    byId("upload-form").addEventListener("submit", (event) => { event.preventDefault(); this.#check(); });
    // Another file, centre or kind is another question.
    byId("upload-form").addEventListener("change", () => { this.#forget(); say(""); });
    byId("preview").addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-deed]");
      if (button?.dataset.deed === "back") this.#again();
      else if (button?.dataset.deed === "copy") copy(button, tabbed(this.#problems), byId("preview").querySelector(".preview-table table"));
      else if (button) this.#take(button);
    });
  }

  /** The centres that a file may be of: those with systems of their own. */
  offer(cities) {
    this.#cities = cities;
    byId("upload-form").hidden = !cities.length;
    byId("no-upload").hidden = cities.length > 0;
    if (byId("upload-centre")) fillCentres(byId("upload-centre"), cities);
  }

  #forget() {
    this.#nth += 1;
    this.#checked = null;
    byId("preview").hidden = true;
    byId("preview").replaceChildren();
  }

  #again() {
    this.#forget();
    byId("upload-file").value = "";
    byId("upload-file").focus();
  }

  #wanted() {
    const centre = byId("upload-centre")?.value ?? this.#cities[0]?.id ?? "";
    const kind = document.querySelector("#kinds input:checked")?.value ?? "";
    const file = byId("upload-file").files[0];
    if (!centre) return this.#missing("upload-centre", "请选是哪个中心的数据。");
    if (!file) return this.#missing("upload-file", "请选一个 CSV 文件。");
    if (!file.size) return this.#missing("upload-file", "文件是空的。");
    if (file.size > this.#config.largest_bytes) return this.#missing("upload-file", `文件有 ${megabytes(file.size)} MB，一次最多 ${megabytes(this.#config.largest_bytes)} MB。请按天或按月分成几个文件。`);
    return { centre, kind, file };
  }

  #missing(id, words) {
    say(words);
    byId(id)?.focus();
    return null;
  }

  async #check() {
    const wanted = this.#wanted();
    if (!wanted) return;
    this.#forget();
    const nth = this.#nth;
    await this.#busy(byId("upload-check"), "正在检查……", async () => {
      // Read now: what is taken later is what was checked, whatever becomes of the file on the disk.
      const bytes = await wanted.file.arrayBuffer().catch(() => { throw new Error("文件读不出来，请关掉正在用它的程序，重新选一次。"); });
      const found = await this.#send("/uploads/preview", wanted, bytes);
      if (nth !== this.#nth) return;
      this.#checked = { ...wanted, bytes, upload: found.upload, digest: found.digest };
      this.#show(found, previewParts(found));
    });
  }

  async #take(button) {
    const { centre, kind, bytes, upload, digest } = this.#checked;
    const part = button.dataset.deed === "part" ? { part: "1" } : {};
    await this.#busy(button, "正在收……", async () => {
      const found = await this.#send("/uploads", { centre, kind, upload, digest, ...part }, bytes);
      this.#checked = null;
      byId("upload-file").value = "";
      this.#show(found, takenParts(found));
      await this.#done(found.said);
    });
  }

  #send(path, { centre, kind, upload, digest, part }, bytes) {
    const values = Object.entries({ centre, kind, upload, digest, part }).filter(([, value]) => value);
    return this.#api.send(`${this.#address}${path}?${new URLSearchParams(values)}`, new Blob([bytes], { type: "text/csv" }), { patienceMs: PATIENCE_MS });
  }

  async #busy(button, words, work) {
    if (button.disabled) return;
    const before = button.textContent;
    button.disabled = true;
    write(button, words);
    say("");
    try {
      await work();
    } catch (error) {
      say(error.message);
      byId("upload-wrong").scrollIntoView({ block: "nearest" });
    } finally {
      button.disabled = false;
      write(button, before);
    }
  }

  #show(found, parts) {
    this.#problems = found.problems;
    const box = byId("preview");
    box.replaceChildren(...parts);
    box.hidden = false;
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  }
}

function previewParts(found) {
  const { rows, accepted, unchanged, refused } = found;
  const tone = !refused ? { tone: "on", symbol: "✓", state_zh: accepted ? "可以收" : "没有新的内容" }
    : accepted + unchanged ? { tone: "soon", symbol: "！", state_zh: "有错的行" } : { tone: "stop", symbol: "✕", state_zh: "收不了" };
  return [
    make("h3", {}, "检查的结果，还没有保存 ", stateOf(tone)),
    counts({ rows, accepted, unchanged, refused }, "有错"),
    ...problemParts(found),
    ...firstParts(found.first),
    make("p", { class: "actions" }, ...deeds(found), copyButton(found)),
  ];
}

function deeds({ accepted, unchanged, refused }) {
  const back = make("button", { type: "button", class: "button quiet-button", "data-deed": "back" }, "换一个文件");
  if (!refused && (accepted || unchanged)) return [make("button", { type: "button", class: "button", "data-deed": "whole" }, `全部收下（${accepted + unchanged} 行）`), back];
  if (refused && accepted) return [make("button", { type: "button", class: "button", "data-deed": "part" }, `只收正确的 ${accepted + unchanged} 行`), back];
  return [back];
}

function takenParts(found) {
  const state = { tone: found.tone, symbol: found.symbol, state_zh: found.state_zh };
  return [
    make("h3", {}, `${found.said} `, stateOf(state)),
    counts(found),
    make("p", { class: "quiet" }, `批次编号 ${found.batch_id}，在“批次”里随时能看。`),
    ...problemParts(found),
    make("p", { class: "actions" }, make("button", { type: "button", class: "button quiet-button", "data-deed": "back" }, "再传一个文件"), copyButton(found)),
  ];
}

function copyButton({ problems }) {
  return problems.length ? make("button", { type: "button", class: "button quiet-button", "data-deed": "copy" }, "复制有错的行") : null;
}

function counts({ rows, accepted, unchanged, refused }, bad = "没收") {
  const one = (label, count, tone) => make("span", { class: count ? tone : "none" }, label, make("b", {}, String(count)));
  return make("p", { class: "upload-counts" }, one("共几行", rows, ""), one("新的和更正的", accepted, "good"), one("没有变化", unchanged, ""), one(bad, refused, "alarm"));
}

function problemParts({ problems, is_cut: isCut }) {
  if (!problems.length) return [];
  const head = make("thead", {}, make("tr", {}, ...[["行号", "figure"], ["哪一项", ""], ["错在哪里", ""]].map(([name, kind]) => make("th", { scope: "col", class: kind }, name))));
  const table = make("table", {}, make("caption", {}, "有错的行"), head, make("tbody", {}, ...problems.map(problemRow)));
  return [
    make("div", { class: "wide preview-table", tabindex: "0", role: "region", "aria-label": "有错的行" }, table),
    isCut ? make("p", { class: "quiet" }, `错处很多，只列出前 ${problems.length} 处；改好以后再检查一次。`) : null,
  ].filter(Boolean);
}

function firstParts(first) {
  if (!first?.rows.length) return [];
  const head = make("thead", {}, make("tr", {}, make("th", { scope: "col", class: "figure" }, "行号"), ...first.titles.map((title) => make("th", { scope: "col" }, title))));
  const body = make("tbody", {}, ...first.rows.map(({ line, values }) => make("tr", {}, make("td", { class: "figure" }, String(line)), ...values.map((value) => make("td", {}, value)))));
  return [make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "前几行" }, make("table", { class: "first-rows" }, make("caption", {}, "正确的前几行，请看看列有没有对错"), head, body))];
}

function megabytes(bytes) {
  return String(Math.round(bytes / 1048576 * 10) / 10);
}

function say(words) {
  write(byId("upload-wrong"), words);
  byId("upload-wrong").hidden = !words;
}

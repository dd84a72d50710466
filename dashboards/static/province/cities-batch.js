// One batch with its bad lines, which can be copied for whoever sent it.

import { byId, make, write } from "../console/dom.js";
import { dayAndTime } from "../console/times.js";
import { Sheet } from "../console/sheet.js";
import { copy } from "./copy.js";

export class BatchDialog extends Sheet {
  #api;
  #address;
  #batch = null;

  constructor(api, address) {
    super("batch");
    this.#api = api;
    this.#address = address;
    byId("problems-copy").addEventListener("click", ({ target }) => copy(target, tabbed(this.#batch.problems), byId("problems-table")));
  }

  async open(id) {
    this.#show({ problems: [] });
    write(byId("batch-h"), "批次");
    write(byId("batch-about"), "正在打开……");
    byId("problems-none").hidden = true;
    this.say("");
    this.dialog.showModal();
    try {
      const found = await this.#api.get(`${this.#address}/batches/${id}`);
      if (!this.dialog.open) return;
      write(byId("batch-h"), `${found.centre_name}，${found.kind_zh}，${found.state_zh}`);
      write(byId("batch-about"), `${dayAndTime(found.received_at)}，${found.via_zh}，${found.who}，批次编号 ${found.batch_id}。共 ${found.rows} 行：收下 ${found.accepted}，没有变化 ${found.unchanged}，没收 ${found.refused}。`);
      this.#show(found);
    } catch (error) {
      write(byId("batch-about"), "");
      this.say(error.message);
    }
  }

  #show(found) {
    this.#batch = found;
    byId("problems").replaceChildren(...found.problems.map(problemRow));
    byId("problems-table").hidden = byId("problems-copy").hidden = !found.problems.length;
    byId("problems-none").hidden = found.problems.length > 0;
    const lines = new Set(found.problems.map(({ line }) => line)).size;
    const whole = found.status === "refused" && lines < found.refused ? "有错的行在里面，所以整批没有收。" : "";
    const cut = found.is_cut ? `只记下前 ${found.problems.length} 处，改好以后再送一次，就能看到其余的。` : "";
    byId("problems-rest").hidden = !(whole || cut);
    write(byId("problems-rest"), `${whole}${cut}`);
  }
}

/** One bad line: its number, the field, what is wrong. Line 0 is the file as a whole. */
export function problemRow({ line, field_zh: field, problem }) {
  return make("tr", {}, make("td", { class: "figure" }, line ? String(line) : "—"), make("td", {}, field || "整行"), make("td", { class: "lines" }, problem));
}

/** For a spreadsheet, or for a message to whoever sent it. */
export function tabbed(problems) {
  return ["行号\t哪一项\t错在哪里", ...problems.map(({ line, field_zh: field, problem }) => `${line}\t${field || "整行"}\t${problem}`)].join("\n");
}

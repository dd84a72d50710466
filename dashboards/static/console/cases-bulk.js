// The bar over the list: what can be done with all chosen cases at once.

import { byId, fill, make, write } from "./dom.js";
import { transferFields } from "./case-fields.js";

const DEEDS = [["take", "接办"], ["assign", "指派给…"], ["transfer", "转办…"], ["release", "放回"]];
const PATIENCE_MS = 30000;

export class BulkBar {
  #bar = byId("bulk");
  #api;
  #rows;
  #config;
  #dialog;
  #done;
  #failed;

  /** `done(said, isGood)` and `failed(error)` are told what came of it. */
  constructor({ api, rows, config, dialog, done, failed }) {
    this.#api = api;
    this.#rows = rows;
    this.#config = config;
    this.#dialog = dialog;
    this.#done = done;
    this.#failed = failed;
    byId("bulk-none").addEventListener("click", () => rows.pickNone());
    byId("bulk-deeds").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button && !button.disabled) this.#start(button.dataset.deed, button);
    });
  }

  /** Only what may be done with every chosen case can be pressed. */
  show() {
    const picked = this.#rows.picked;
    const deeds = DEEDS.filter(([deed]) => picked.some(({ may }) => may.includes(deed)))
      .map(([deed, words]) => ({ deed, words, not: picked.filter(({ may }) => !may.includes(deed)).length }));
    this.#bar.hidden = picked.length === 0;
    write(byId("bulk-count"), `选了 ${picked.length} 件`);
    fill(byId("bulk-deeds"), deeds, ({ deed, words, not }) => make("button", {
      type: "button", class: "deed", "data-deed": deed, disabled: not > 0, title: not ? `其中 ${not} 件不能这样办` : "",
    }, words));
  }

  async #start(deed, button) {
    const picked = this.#rows.picked;
    if (deed === "assign") { await this.#assign(picked); return; }
    if (deed === "transfer") { this.#transfer(picked); return; }
    button.disabled = true;
    try {
      await this.#send(deed, picked, {});
    } catch (error) {
      this.#failed(error);
    } finally {
      button.disabled = false;
    }
  }

  async #assign(picked) {
    const centres = [...new Set(picked.map(({ centre }) => centre))];
    if (centres.length > 1) { this.#failed(new Error("一次只能指派同一个中心的办件。")); return; }
    try {
      const { agents } = await this.#api.get(`/console/cases/agents?centre=${centres[0]}`);
      const options = agents.map(({ id, number, name }) => ({ key: String(id), name: `${name}（${number}）` }));
      this.#dialog.open({
        title: `把 ${picked.length} 件指派给`, go: "指派", fields: [{ name: "agent", kind: "choice", options, needed: "请选一个人。", isNumber: true }],
        send: (body) => this.#send("assign", picked, body),
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  #transfer(picked) {
    const centres = new Set(picked.map(({ centre }) => centre));
    const here = centres.size === 1 ? [...centres][0] : "";
    this.#dialog.open({
      title: `转办 ${picked.length} 件`, go: "转办", about: "答复来电人的日子不变，接办的一方另有一个工作日的期限。",
      fields: transferFields(this.#config.all_centres, this.#config.desks, here), send: (body) => this.#send("transfer", picked, body),
    });
  }

  async #send(deed, picked, body) {
    const ids = picked.map(({ id }) => id);
    const { said, failed } = await this.#api.post("/console/cases/bulk", { deed, ids, ...body }, { patienceMs: PATIENCE_MS });
    if (!failed.length) this.#rows.pickNone();
    this.#done(said, failed.length === 0);
  }
}

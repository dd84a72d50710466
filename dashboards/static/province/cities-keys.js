// Which cities have systems of their own, and their keys: made and shown once, revoked after a question.

import { byId, fill, make, write } from "../console/dom.js";
import { Sheet } from "../console/sheet.js";
import { copy } from "./copy.js";

export class KeyDesk {
  #make;
  #revoke;

  constructor(api, address, done) {
    this.#make = new MakeDialog(api, address, done);
    this.#revoke = new RevokeDialog(api, address, done);
  }

  /** Those that a key may be made for. */
  offer(cities) {
    fillCentres(byId("key-centre"), cities);
    byId("key-make").disabled = !cities.length;
    byId("key-make").title = cities.length ? "" : "先在“数据新鲜度”里登记有自己的系统的中心";
  }

  make() {
    this.#make.open();
  }

  revoke(row) {
    this.#revoke.open(row);
  }
}

class MakeDialog extends Sheet {
  #api;
  #address;
  #done;

  constructor(api, address, done) {
    super("key");
    this.#api = api;
    this.#address = address;
    this.#done = done;
    byId("key-copy").addEventListener("click", ({ target }) => copy(target, byId("key-words").textContent, byId("key-words")));
    // What was shown once is nowhere afterwards.
    this.dialog.addEventListener("close", () => write(byId("key-words"), ""));
    // Not by a slip of the Escape key, while the secret stands there.
    this.dialog.addEventListener("cancel", (event) => { if (!byId("key-shown").hidden) event.preventDefault(); });
  }

  open() {
    byId("key-centre").value = byId("centre")?.value ?? "";
    if (byId("key-centre").selectedIndex < 0) byId("key-centre").selectedIndex = 0;
    this.#turn(false);
    this.say("");
    this.dialog.showModal();
    byId("key-centre").focus();
  }

  #turn(isShown) {
    write(byId("key-h"), isShown ? "密钥做好了" : "做一把密钥");
    byId("key-ask").hidden = byId("key-go").hidden = isShown;
    byId("key-shown").hidden = byId("key-copy").hidden = !isShown;
    write(byId("key-close"), isShown ? "我已经保存好了，关上" : "返回");
  }

  send() {
    const centre = byId("key-centre").value;
    if (byId("key-go").hidden) return;
    if (!centre) { this.say("请选给哪个中心。"); byId("key-centre").focus(); return; }
    this.attempt(byId("key-go"), async () => {
      const { words, said } = await this.#api.post(`${this.#address}/keys`, { centre });
      write(byId("key-words"), words);
      this.#turn(true);
      byId("key-copy").focus();
      await this.#done(said);
    });
  }
}

class RevokeDialog extends Sheet {
  #api;
  #address;
  #done;
  #row = null;

  constructor(api, address, done) {
    super("revoke");
    this.#api = api;
    this.#address = address;
    this.#done = done;
  }

  open(row) {
    this.#row = row;
    write(byId("revoke-about"), `${row.centre_name}的密钥 ${row.id}，${row.used_at ? "市里的系统用过它" : "还没有用过"}。`);
    this.say("");
    this.dialog.showModal();
    this.dialog.querySelector("[data-close]").focus();
  }

  send() {
    this.attempt(byId("revoke-form").querySelector("[type=submit]"), async () => {
      const { said } = await this.#api.post(`${this.#address}/keys/${encodeURIComponent(this.#row.id)}/revoke`);
      this.dialog.close();
      await this.#done(said);
    });
  }
}

export class SystemDialog extends Sheet {
  #api;
  #address;
  #done;
  #row = null;

  constructor(api, address, done) {
    super("system");
    this.#api = api;
    this.#address = address;
    this.#done = done;
  }

  open(row) {
    this.#row = row;
    write(byId("system-h"), row.is_city ? `${row.name}，改时限` : `${row.name}，登记自己的系统`);
    write(byId("system-about"), row.is_city ? "断了会告警，太短会在没有来电的时候误报。"
      : "登记以后，这个中心的来电由它自己的系统推送或上传，也要每天报送日总数；很久没有数据会告警。打到本平台的来电照样计入。");
    write(byId("system-go"), row.is_city ? "改好" : "登记");
    byId("system-minutes").value = row.limit_minutes ?? 30;
    this.say("");
    this.dialog.showModal();
    byId("system-minutes").select();
  }

  send() {
    const minutes = byId("system-minutes").valueAsNumber;
    this.attempt(byId("system-go"), async () => {
      const { said } = await this.#api.post(`${this.#address}/systems`, { centre: this.#row.id, minutes: Number.isInteger(minutes) ? minutes : null });
      this.dialog.close();
      await this.#done(said);
    });
  }
}

/** Write the centres into a choice, and keep what was chosen. */
export function fillCentres(select, cities) {
  const chosen = select.value;
  fill(select, [{ id: "", name: "请选" }, ...cities.map(({ id, name }) => ({ id, name })).sort((one, other) => one.id.localeCompare(other.id))], ({ id, name }) => {
    const option = make("option", {}, name);
    option.value = id;
    return option;
  });
  select.value = chosen;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

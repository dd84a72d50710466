// What the buttons do.

import { SignedOut, Unreachable } from "./api.js";
import { byId, write } from "./dom.js";
import { recordOf } from "./phase.js";
import { serverNow } from "./times.js";

const LINE_MS = 7000;
const NO_LINE = "电话线路连不上，请过一会儿再按一次。一直连不上，请告诉管理员。";
const BY_TELEPHONE = "服务器没有回答，已经从电话上挂断。";

/** The actions by name. `page` is what console.js is made of. */
export function buildActions(page) {
  const { softphone, banners, record, guides, panel, microphone, transfer, link, api } = page;

  async function act(path, body) {
    try {
      page.take((await api.post(path, body)).desk);
      return true;
    } catch (error) {
      if (error instanceof SignedOut) link.signedOut();
      banners.tell(error.message, "bad");
      return false;
    }
  }

  // The telephone itself can do it when the server cannot be asked.
  async function actOrElse(path, byTelephone) {
    try {
      page.take((await api.post(path, { offer: page.desk.offer.id })).desk);
    } catch (error) {
      const isCutOff = error instanceof SignedOut || error instanceof Unreachable;
      if (error instanceof SignedOut) link.signedOut();
      if (isCutOff && !page.isTelephone) byTelephone();
      banners.tell(isCutOff && !page.isTelephone ? BY_TELEPHONE : error.message, "bad");
    }
  }

  async function becomeFree(path) {
    if (!page.isTelephone) {
      if (await microphone.check()) { panel.open(); return; }
      softphone.open();
      if (!(await isRegistered())) { banners.tell(NO_LINE, "bad"); return; }
    }
    await act(path);
  }

  function isRegistered() {
    return new Promise((resolve) => {
      const deadline = serverNow() + LINE_MS;
      const stop = page.pulse.every(50, () => {
        const isThere = softphone.state === "registered";
        if (!isThere && serverNow() < deadline) return;
        stop();
        resolve(isThere);
      });
    });
  }

  async function finish() {
    if (record.missing) { banners.tell(record.missing); return; }
    if (!(await record.save())) { banners.tell("记录还没有存上，存好了再完成。", "bad"); return; }
    await act("/console/finish");
  }

  function toggleBreaks(isOpen = byId("break-choices").hidden) {
    byId("break-choices").hidden = !isOpen;
    byId("break-menu").setAttribute("aria-expanded", String(isOpen));
  }

  function toggleKeypad(isOpen = byId("keypad").hidden) {
    byId("keypad").hidden = !isOpen;
    byId("keypad-open").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) write(byId("pressed"), "");
  }

  const actions = {
    "sign-in": () => becomeFree("/console/sign-in"),
    ready: () => (page.desk.agent.next_reason ? act("/console/ready") : becomeFree("/console/ready")),
    "break-menu": () => toggleBreaks(),
    break: (button) => { toggleBreaks(false); act("/console/break", { reason: button.dataset.reason }); },
    "sign-out": () => { byId("sure").returnValue = ""; byId("sure").showModal(); },
    answer: () => page.answer(),
    reject: () => actOrElse("/console/reject", () => softphone.reject()),
    mute: () => { softphone.mute(!softphone.isMuted); page.show(); },
    hold: () => act("/console/hold", { offer: page.desk.offer.id, on: page.desk.offer.held_since === null }),
    "hang-up": () => actOrElse("/console/hang-up", () => softphone.hangUp()),
    keypad: () => toggleKeypad(),
    transfer: () => transfer.toggle(page.desk.offer),
    "look-up": () => page.lookUp.toggle(page.desk.offer?.id),
    book: () => page.booking.toggle(recordOf(page.desk).offer),
    subjects: () => record.openSubjects(),
    note: () => record.writeNote(),
    "record-back": () => record.back(),
    "close-late": () => record.closeLate(),
    finish,
    search: () => guides.focus(),
    "mark-wrong": () => guides.mark("wrong"),
    "mark-missing": () => guides.mark("missing"),
    audio: () => panel.open(),
    help: () => byId("help").showModal(),
    "take-over": () => page.single.takeOver(),
  };

  byId("sure").addEventListener("close", () => { if (byId("sure").returnValue === "yes") act("/console/sign-out"); });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-action]");
    if (button && !button.disabled) actions[button.dataset.action](button);
  });
  for (const button of document.querySelectorAll("[data-digit]")) button.addEventListener("click", () => press(button.dataset.digit));

  function press(digit) {
    softphone.press(digit);
    write(byId("pressed"), `${byId("pressed").textContent}${digit}`);
  }

  /** A key that belongs to no button; says whether it meant anything. */
  function plain(key) {
    if (key === "Escape") return closeSomething();
    if (!byId("break-choices").hidden && /^[1-9]$/.test(key)) {
      const choice = byId("break-choices").children[key - 1];
      choice?.click();
      return Boolean(choice);
    }
    if (!byId("keypad").hidden && /^[0-9*#]$/.test(key)) { press(key); return true; }
    return /^[1-9]$/.test(key) && record.digit(Number(key));
  }

  function closeSomething() {
    if (!byId("break-choices").hidden) toggleBreaks(false);
    else if (transfer.isOpen) transfer.close();
    else if (page.booking.isOpen) page.booking.close();
    else if (page.lookUp.isOpen) page.lookUp.close();
    else if (!byId("keypad").hidden) toggleKeypad(false);
    else if (!byId("guide").hidden) byId("guide-back").click();
    else return false;
    return true;
  }

  return { act, plain };
}

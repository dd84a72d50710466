// Tells whether a call could reach this seat, and sees to it that one can.

import { byId, write } from "./dom.js";
import { TALKING } from "./states.js";

const WORDS = {
  off: "上线后连接电话线路",
  connecting: "正在连接电话线路",
  registered: "电话线路已连好",
  lost: "电话线路断了，正在重连",
  replaced: "另一个窗口在接电话",
};
const SILENT_MS = 4000;
const LOST_MS = 1500;

export class PhoneFace {
  #page;
  #banners;
  #bell;
  #silentSince = 0;
  #lostSince = 0;

  constructor(page, banners, bell) {
    this.#page = page;
    this.#banners = banners;
    this.#bell = bell;
  }

  /** Whether this page could take a call, or is in one. */
  get isReachable() {
    const { desk, softphone, microphone, isTelephone } = this.#page;
    if (!desk || desk.agent.state === "logged_out") return false;
    return isTelephone || softphone.call?.stage === "live" || (softphone.state === "registered" && !microphone.sentence);
  }

  show() {
    const { desk, softphone, microphone, isTelephone, single } = this.#page;
    const isOut = !desk || desk.agent.state === "logged_out";
    if (desk && single.isMine && !isTelephone) this.#connect(isOut);
    const state = isTelephone ? "telephone" : softphone.state;
    byId("phone-state").dataset.state = isOut && state === "off" ? "off" : state;
    write(byId("phone-words"), this.#words(state));
    byId("audio-open").hidden = isTelephone;
    const isAtWork = !isOut && !isTelephone && single.isMine;
    this.#banners.set("microphone", isAtWork && microphone.sentence, "bad");
    this.#lostSince = isAtWork && softphone.state === "lost" ? this.#lostSince || Date.now() : 0;
    const isLost = this.#lostSince && Date.now() - this.#lostSince > LOST_MS;
    this.#banners.set("phone", isLost && "电话线路断了，正在重连。连上之前接不到新的来电。", "bad");
    this.#showSilence(isAtWork);
  }

  #connect(isOut) {
    const { softphone, microphone } = this.#page;
    if (!isOut && softphone.state === "off") {
      microphone.prepare();
      softphone.open();
    } else if (isOut && softphone.state !== "off" && !softphone.call && this.#wasIn) {
      softphone.close();
    }
    this.#wasIn = !isOut;
  }

  #wasIn = false;

  #words(state) {
    if (state === "telephone") return "用登记的电话接听";
    if (state === "registered" && !this.#bell.isAudible) return "已连好，点一下页面铃声才能响";
    return WORDS[state];
  }

  // A talk whose sound is not here: it was taken in another browser, or came back too late.
  #showSilence(isAtWork) {
    const { desk, softphone } = this.#page;
    const isSilent = isAtWork && TALKING.includes(desk.agent.state) && softphone.state === "registered" && !softphone.call;
    this.#silentSince = isSilent ? this.#silentSince || Date.now() : 0;
    const isTold = this.#silentSince && Date.now() - this.#silentSince > SILENT_MS;
    this.#banners.set("silence", isTold ? "这通电话的声音不在这个窗口。可以挂机，也可以转接给别人。" : "", "bad");
  }
}

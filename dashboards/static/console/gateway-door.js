// A softphone on the voice gateway: one WebSocket that stays registered from call to call.

import { PhoneAudio } from "../phone/audio.js";
import { Connection } from "../phone/connection.js";

const WAITS_MS = [300, 1000, 2000, 4000];
const GIVE_UP_MS = 30000;
const GONE = "电话没有接回来，通话已结束。";
const MICROPHONE_LOST = "麦克风断开了，对方听不到您。";

export class GatewayDoor {
  /** off, connecting, registered, lost or replaced. */
  state = "off";
  /** {call, key, from, parameters, stage: incoming, answering, live or lost}; null without one. */
  call = null;
  #fetchTicket;
  #hear;
  #pulse;
  #audio;
  #connection = null;
  #epoch = 0;
  #wake = () => {};
  #stopWaiting = () => {};
  #microphone = "";

  /**
   * `hear` is told: state(), incoming(), incomingOver(reason), answered(), lost(), resumed(), ended(reason),
   * notice(sentence), level(0 to 1), blocked(isBlocked).
   */
  constructor(fetchTicket, hear, pulse) {
    this.#fetchTicket = fetchTicket;
    this.#hear = hear;
    this.#pulse = pulse;
    this.#audio = new PhoneAudio({
      blocked: (isBlocked) => hear.blocked(isBlocked && Boolean(this.call)),
      microphoneLost: () => this.#replaceMicrophone(),
      frame: (buffer, level) => { this.#connection?.send(buffer); hear.level(level); },
      flushed: () => {},
    });
    window.addEventListener("online", () => this.#wake());
  }

  /** Register, and stay registered; `kept` is a call to go on with. */
  open(kept = null) {
    if (this.state !== "off" && this.state !== "replaced") return;
    if (kept) this.#goOnWith(kept);
    this.#keepConnected((this.#epoch += 1));
  }

  /** Leave without ending a call: another window may go on with it. */
  close() {
    this.#leave("off");
  }

  accept() {
    if (this.call?.stage !== "incoming") return;
    this.call.stage = "answering";
    this.#connection?.say({ type: "accept", call: this.call.call });
    this.#listen();
  }

  reject() {
    if (this.call?.stage !== "incoming") return;
    this.#connection?.say({ type: "reject", call: this.call.call });
    this.#drop();
  }

  hangUp() {
    this.#connection?.say({ type: "hangup" });
  }

  press(digit) {
    this.#connection?.say({ type: "digit", digit });
    this.#audio.pressKey(digit);
  }

  mute(isMuted) {
    this.#audio.mute(isMuted);
  }

  /** Which microphone and earphone to use, by their ids; "" is the default. */
  async choose({ microphone, earphone }) {
    this.#audio.useSpeaker(earphone);
    const isOther = microphone !== this.#microphone;
    this.#microphone = microphone;
    if (isOther && this.call?.stage === "live") this.#tell(await this.#audio.startMicrophone(microphone));
  }

  /** What is needed to go on with the call on another page. */
  get kept() {
    return this.call && this.call.stage !== "incoming" ? { call: this.call.call, key: this.call.key } : null;
  }

  wake() {
    return this.#audio.wake();
  }

  playedRms() {
    return this.#audio.playedRms;
  }

  async #keepConnected(epoch) {
    for (let n = 0; epoch === this.#epoch; n += 1) {
      this.#set(n ? "lost" : "connecting");
      try {
        await this.#connect(epoch);
        return;
      } catch (error) {
        if (epoch === this.#epoch && error.isFinal) this.#hear.notice(error.message);
        await this.#pause(WAITS_MS[Math.min(n, WAITS_MS.length - 1)]);
      }
    }
  }

  async #connect(epoch) {
    const ticket = await this.#fetchTicket();
    if (epoch !== this.#epoch) return;
    const connection = new Connection(ticket, { type: "register" }, {
      audio: (buffer) => this.#audio.play(buffer),
      message: (message) => { if (connection === this.#connection) this.#heard[message.type]?.(message); },
      broken: () => this.#lose(),
    }, this.#pulse.every);
    this.#connection = connection;
    await connection.answered;
  }

  #heard = {
    registered: ({ call, key }) => {
      this.#set("registered");
      // In a talk that was begun on another page.
      if (call && !this.call) this.#goOnWith({ call, key });
      if (this.call?.stage === "lost") this.#connection.say({ type: "resume", call: this.call.call, key: this.call.key });
    },
    replaced: () => this.#leave("replaced"),
    incoming: ({ call, key, from, parameters = {} }) => {
      const isKnown = this.call?.call === call;
      this.call = { ...(isKnown && this.call), call, key, from, parameters, stage: "incoming" };
      if (!isKnown) this.#hear.incoming();
    },
    incoming_over: ({ call, reason }) => { if (this.call?.call === call) this.#drop(() => this.#hear.incomingOver(reason)); },
    answered: () => this.#goLive(() => this.#hear.answered()),
    resumed: () => this.#goLive(() => this.#hear.resumed()),
    silenced: () => this.#audio.flush(),
    ended: ({ reason }) => { if (this.call) this.#drop(() => this.#hear.ended(reason)); },
    error: ({ sentence }) => {
      if (this.call?.stage === "lost") this.#drop(() => this.#hear.ended("gone"));
      this.#tell(sentence);
    },
  };

  #goOnWith({ call, key }) {
    this.call = { call, key, stage: "lost" };
    this.#giveUpLater();
    this.#listen();
  }

  #goLive(tell) {
    if (!this.call) return;
    this.#stopWaiting();
    this.call.stage = "live";
    this.#audio.startSending();
    tell();
  }

  #lose() {
    if (this.call?.stage === "incoming") this.#drop(() => this.#hear.incomingOver("lost"));
    if (this.call) {
      this.call.stage = "lost";
      this.#audio.flush();
      this.#giveUpLater();
      this.#hear.lost();
    }
    this.#keepConnected((this.#epoch += 1));
  }

  #giveUpLater() {
    this.#stopWaiting();
    this.#stopWaiting = this.#pulse.after(GIVE_UP_MS, () => {
      this.#drop(() => this.#hear.ended("lost"));
      this.#tell(GONE);
    });
  }

  async #listen() {
    const { call } = this.call;
    await this.#audio.open();
    const sentence = await this.#audio.startMicrophone(this.#microphone);
    if (this.call?.call === call) this.#tell(sentence);
    else if (!this.call) this.#audio.hangUp();
  }

  async #replaceMicrophone() {
    this.#tell((await this.#audio.startMicrophone()) && MICROPHONE_LOST);
  }

  #drop(tell = () => {}) {
    this.#stopWaiting();
    this.call = null;
    this.#audio.hangUp();
    this.#hear.level(0);
    tell();
  }

  #leave(state) {
    this.#epoch += 1;
    this.#wake();
    this.#connection?.close();
    this.#connection = null;
    if (this.call) this.#drop();
    this.#set(state);
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const stop = this.#pulse.after(ms, resolve);
      this.#wake = () => { stop(); resolve(); };
    });
  }

  #set(state) {
    this.state = state;
    this.#hear.state();
  }

  #tell(sentence) {
    if (sentence) this.#hear.notice(sentence);
  }
}

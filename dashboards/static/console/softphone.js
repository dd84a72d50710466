// The telephone in the page, whichever door it uses: the voice gateway's or Twilio's.

import { GatewayDoor } from "./gateway-door.js";
import { keepCall, keptCall } from "./kept-call.js";
import { TwilioDoor } from "./twilio-door.js";

const AGAIN_MS = 3000;
const KEEP_MS = 5000;

export class Softphone {
  isMuted = false;
  #door = null;
  #fetchTicket;
  #hear;
  #pulse;
  #devices = { microphone: "", earphone: "" };
  #isWanted = false;

  /** `fetchTicket()` gives {token, url} or {twilio_token}. `hear` is that of the doors. */
  constructor(fetchTicket, hear, pulse) {
    this.#fetchTicket = fetchTicket;
    this.#pulse = pulse;
    this.#hear = {
      ...hear,
      incoming: () => { this.mute(false); hear.incoming(); },
      answered: () => { this.keep(); hear.answered(); },
      ended: (reason) => { keepCall(null); hear.ended(reason); },
    };
    pulse.every(KEEP_MS, () => this.keep());
  }

  /** off, connecting, registered, lost or replaced. */
  get state() {
    return this.#door?.state ?? (this.#isWanted ? "connecting" : "off");
  }

  /** {call, stage: incoming, answering, live or lost}; null without one. */
  get call() {
    return this.#door?.call ?? null;
  }

  /** Be reachable, going on with the call that another window or this page before a reload was in. */
  async open(handed = null) {
    const isOpen = this.#isWanted && this.state !== "replaced";
    this.#isWanted = true;
    if (isOpen) return;
    this.#door ??= await this.#chooseDoor();
    if (!this.#isWanted || !this.#door) return;
    this.#door.choose(this.#devices);
    this.#door.open(handed ?? keptCall());
  }

  /** Be unreachable. A call goes on for a while, so that another window can take it. */
  close() {
    this.#isWanted = false;
    keepCall(null);
    this.#door?.close();
  }

  accept() { this.#door?.accept(); }

  reject() { this.#door?.reject(); }

  hangUp() { this.#door?.hangUp(); }

  press(digit) { this.#door?.press(digit); }

  mute(isMuted) {
    this.isMuted = isMuted;
    this.#door?.mute(isMuted);
  }

  choose(devices) {
    this.#devices = devices;
    return this.#door?.choose(devices);
  }

  /** After a press: browsers keep a page silent before one. */
  wake() { this.#door?.wake(); }

  /** Note where we are, for a page that comes after this one. */
  keep() {
    if (this.#door?.kept) keepCall(this.#door.kept);
    return this.#door?.kept ?? null;
  }

  playedRms() { return this.#door?.playedRms() ?? 0; }

  async #chooseDoor() {
    while (this.#isWanted) {
      try {
        let ticket = await this.#fetchTicket();
        const Door = ticket.twilio_token ? TwilioDoor : GatewayDoor;
        const next = () => {
          const first = ticket;
          ticket = null;
          return first ?? this.#fetchTicket();
        };
        return new Door(next, this.#hear, this.#pulse);
      } catch (error) {
        this.#hear.notice(error.message);
        await new Promise((resolve) => { this.#pulse.after(AGAIN_MS, resolve); });
      }
    }
    return null;
  }
}

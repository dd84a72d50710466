// A ring that is noticed without being in the way: two tones, the title, the icon, a note on the desktop.

import { beep } from "../phone/tones.js";

const NOTES = [784, 659, 784, 659];
const NOTE_SECONDS = 0.28;
const ROUND_MS = 3000;
const BLINK_MS = 1000;
const LOUDNESS = 0.3;
const REST_MS = 1500;
const ICON = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='7' fill='#9c3022'/>"
  + "<path d='M9 7c-2 1-3 3-2 6 2 6 6 10 12 12 3 1 5 0 6-2l-4-5-3 2c-3-1-5-3-6-6l2-3z' fill='#fff'/></svg>";

export class Bell {
  isRinging = false;
  #pulse;
  #context = null;
  #out = null;
  #volume = 0.7;
  #title = document.title;
  #icon = document.querySelector("link[rel=icon]");
  #quietIcon;
  #stops = [];
  #note = null;

  constructor(pulse) {
    this.#pulse = pulse;
    this.#quietIcon = this.#icon?.href;
  }

  /** Browsers let a page sound only after a press. */
  wake() {
    this.#build();
    this.#context.resume().catch(() => {});
  }

  /** Whether a ring could be heard: not before the first press on a freshly loaded page. */
  get isAudible() {
    return navigator.userActivation?.hasBeenActive ?? true;
  }

  /** 0 to 1. */
  setVolume(volume) {
    this.#volume = volume;
    if (this.#out) this.#out.gain.value = LOUDNESS * volume;
  }

  /** Ring until `stop()`. `kind` (来电, 回电) and `words` stand in the title and in the note. */
  ring(words, more, isLoud, kind = "来电") {
    if (this.isRinging) return;
    this.isRinging = true;
    const blinks = [`【${kind}】${words}`, this.#title];
    let n = 0;
    const blink = () => { document.title = blinks[n % 2]; n += 1; };
    blink();
    this.#stops = [this.#pulse.every(BLINK_MS, blink)];
    if (this.#icon) this.#icon.href = `data:image/svg+xml,${encodeURIComponent(ICON)}`;
    if (isLoud) {
      this.sound();
      this.#stops.push(this.#pulse.every(ROUND_MS, () => this.sound()));
    }
    this.#showNote(`${kind}：${words}`, more);
  }

  stop() {
    if (!this.isRinging) return;
    this.isRinging = false;
    for (const stop of this.#stops) stop();
    this.#stops = [];
    document.title = this.#title;
    if (this.#icon) this.#icon.href = this.#quietIcon;
    if (this.#out) this.#out.gain.value = 0;
    this.#note?.close();
    this.#note = null;
    // An idle bell shall not use the processor.
    this.#pulse.after(REST_MS, () => { if (!this.isRinging) this.#context?.suspend(); });
  }

  /** One round. */
  sound() {
    this.wake();
    this.setVolume(this.#volume);
    NOTES.forEach((hertz, n) => beep(this.#context, this.#out, hertz, this.#context.currentTime + n * NOTE_SECONDS, NOTE_SECONDS, 1));
  }

  #build() {
    if (this.#context) return;
    this.#context = new AudioContext();
    this.#out = this.#context.createGain();
    this.#out.connect(this.#context.destination);
    this.setVolume(this.#volume);
  }

  #showNote(title, more) {
    if (document.hasFocus() || window.Notification?.permission !== "granted") return;
    this.#note = new Notification(title, { body: more, tag: "ring", requireInteraction: true });
    this.#note.onclick = () => { window.focus(); this.#note?.close(); };
  }
}

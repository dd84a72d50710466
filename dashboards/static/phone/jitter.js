// Evens out frames that arrive early or late, and knows what was really played.

import { Resampler } from "./resample.js";

export const LINE_RATE = 8000;
const START = 0.08 * LINE_RATE; // begin to play with this much in hand
const CAP = 0.4 * LINE_RATE; // beyond this the oldest is dropped
const EASY = 0.2 * LINE_RATE; // beyond this silence is left out, to come back to the present
const SILENCE = 100; // of 32768
const SLOT_SECONDS = 0.05;
const SLOTS = 10; // half a second

export class JitterBuffer {
  #rate;
  #resampler;
  #ring = new Float32Array(CAP);
  #head = 0;
  #count = 0;
  #isWaiting = true;
  #waited = 0;
  #sums = new Float64Array(SLOTS);
  #slot = 0;
  #inSlot = 0;
  #next = () => this.#take();

  /** `rate` is the device's. */
  constructor(rate) {
    this.#rate = rate;
    this.#resampler = new Resampler(LINE_RATE, rate);
  }

  /** Add a frame of 16-bit samples. */
  push(frame) {
    if (this.#count > EASY && frame.every((sample) => Math.abs(sample) < SILENCE)) return;
    for (const sample of frame) {
      if (this.#count === CAP) this.#take();
      this.#ring[(this.#head + this.#count) % CAP] = sample / 32768;
      this.#count += 1;
    }
  }

  /** Forget what has not been played. */
  flush() {
    this.#count = 0;
    this.#isWaiting = true;
    this.#waited = 0;
  }

  /** Fill a block of the device's samples. */
  fill(block) {
    if (this.#isWaiting && this.#count > 0) {
      // The end of a prompt may be shorter than what one waits for.
      this.#isWaiting = this.#count < START && this.#waited < START / LINE_RATE;
      this.#waited += block.length / this.#rate;
    }
    for (let n = 0; n < block.length; n += 1) {
      block[n] = this.#resampler.pull(this.#next);
      this.#sums[this.#slot] += block[n] * block[n];
    }
    this.#inSlot += block.length;
    if (this.#inSlot >= SLOT_SECONDS * this.#rate) {
      this.#slot = (this.#slot + 1) % SLOTS;
      this.#sums[this.#slot] = 0;
      this.#inSlot = 0;
    }
  }

  /** Milliseconds in hand. */
  get bufferedMs() {
    return (1000 * this.#count) / LINE_RATE;
  }

  /** Root mean square of the last half second played, 1 being full scale. */
  get rms() {
    const samples = (SLOTS - 1) * SLOT_SECONDS * this.#rate + this.#inSlot;
    return Math.sqrt(this.#sums.reduce((total, sum) => total + sum, 0) / samples);
  }

  #take() {
    if (this.#count === 0 && !this.#isWaiting) this.flush();
    if (this.#isWaiting && this.#count < CAP) return 0;
    const sample = this.#ring[this.#head];
    this.#head = (this.#head + 1) % CAP;
    this.#count -= 1;
    return sample;
  }
}

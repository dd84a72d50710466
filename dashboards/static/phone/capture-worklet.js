// Makes the line's frames (20 ms, 8 kHz, mono, 16 bit) from the microphone, in the audio thread.
// Without a microphone the frames are silent: a line is never without sound.

import { LINE_RATE } from "./jitter.js";
import { Resampler } from "./resample.js";

const FRAME = 160;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, LINE_RATE);
  #frame = new Int16Array(FRAME);
  #filled = 0;

  process([channels], [[output]]) {
    for (let n = 0; n < output.length; n += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[n];
      this.#resampler.feed(sum / (channels.length || 1), this.#emit);
    }
    return true;
  }

  #emit = (value) => {
    this.#frame[this.#filled] = Math.max(-1, Math.min(1, value)) * 32767;
    this.#filled += 1;
    if (this.#filled < FRAME) return;
    this.port.postMessage(this.#frame.buffer, [this.#frame.buffer]);
    this.#frame = new Int16Array(FRAME);
    this.#filled = 0;
  };
}

registerProcessor("line-capture", Capture);

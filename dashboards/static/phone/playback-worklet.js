// Plays the line's frames on the device, in the audio thread.

import { JitterBuffer } from "./jitter.js";

const REPORT_SECONDS = 0.05;

class Playback extends AudioWorkletProcessor {
  #buffer = new JitterBuffer(sampleRate);
  #unreported = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data === "flush") {
        this.#buffer.flush();
        this.#report(true);
      } else {
        this.#buffer.push(new Int16Array(data));
      }
    };
  }

  process(inputs, [[first, ...others]]) {
    this.#buffer.fill(first);
    for (const channel of others) channel.set(first);
    this.#unreported += first.length / sampleRate;
    if (this.#unreported >= REPORT_SECONDS) this.#report(false);
    return true;
  }

  #report(isFlushed) {
    this.#unreported = 0;
    this.port.postMessage({ rms: this.#buffer.rms, bufferedMs: this.#buffer.bufferedMs, isFlushed });
  }
}

registerProcessor("line-playback", Playback);

// Changes the rate of a stream of samples with a windowed sinc, so that nothing above the lower rate's
// band folds back. One instance per stream: it remembers the last samples.

const PHASES = 128;
const REACH = 12; // samples of the lower rate to each side
const BAND = 0.92; // share of the lower rate's band that is kept

export class Resampler {
  #step;
  #taps;
  #table;
  #past;
  #at = 0;
  #position = 0;

  constructor(from, to) {
    this.#step = from / to;
    const stretch = Math.max(1, this.#step);
    this.#taps = 2 * Math.ceil(REACH * stretch);
    this.#table = kernels(this.#taps, BAND / stretch);
    // Every sample is kept twice, so that the window is always one piece.
    this.#past = new Float32Array(2 * this.#taps);
  }

  /** Take one input sample; `emit` gets the output samples it completes. */
  feed(sample, emit) {
    this.#push(sample);
    for (; this.#position < 1; this.#position += this.#step) emit(this.#value());
    this.#position -= 1;
  }

  /** One output sample; `next` gives as many input samples as it needs. */
  pull(next) {
    for (; this.#position >= 1; this.#position -= 1) this.#push(next());
    const value = this.#value();
    this.#position += this.#step;
    return value;
  }

  #push(sample) {
    this.#past[this.#at] = this.#past[this.#at + this.#taps] = sample;
    this.#at = (this.#at + 1) % this.#taps;
  }

  #value() {
    const kernel = Math.floor(this.#position * PHASES) * this.#taps;
    let sum = 0;
    for (let tap = 0; tap < this.#taps; tap += 1) sum += this.#past[this.#at + tap] * this.#table[kernel + tap];
    return sum;
  }
}

function kernels(taps, band) {
  const table = new Float32Array(PHASES * taps);
  for (let phase = 0; phase < PHASES; phase += 1) {
    const row = table.subarray(phase * taps, (phase + 1) * taps);
    for (let tap = 0; tap < taps; tap += 1) {
      const x = tap - taps / 2 + 1 - phase / PHASES;
      const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * x) / taps);
      row[tap] = window * (x === 0 ? 1 : Math.sin(Math.PI * band * x) / (Math.PI * band * x));
    }
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, tap) => { row[tap] = value / sum; });
  }
  return table;
}

// What a telephone sounds like: the keys' double tones (ITU-T Q.23), and the Chinese network's 450 Hz.

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = ["123", "456", "789", "*0#"];
const KEY_SECONDS = 0.12;
const NETWORK_HZ = 450;
const RING = { on: 1, off: 4 };
const BUSY = { on: 0.35, off: 0.35, times: 3 };
const EDGE = 0.005;

/** Two sine waves for a moment. */
export function keyTone(context, out, key) {
  const row = KEYS.findIndex((keys) => keys.includes(key));
  const now = context.currentTime;
  for (const hertz of [ROWS[row], COLUMNS[KEYS[row].indexOf(key)]]) beep(context, out, hertz, now, KEY_SECONDS, 0.12);
}

/** One second in five, until the function it returns is called. */
export function ringBack(context, out) {
  let stop = () => {};
  const ring = () => { stop = beep(context, out, NETWORK_HZ, context.currentTime, RING.on, 0.08); };
  ring();
  const timer = setInterval(ring, 1000 * (RING.on + RING.off));
  return () => { clearInterval(timer); stop(); };
}

/** The other side is gone. */
export function busyTone(context, out) {
  for (let n = 0; n < BUSY.times; n += 1) {
    beep(context, out, NETWORK_HZ, context.currentTime + n * (BUSY.on + BUSY.off), BUSY.on, 0.08);
  }
}

/** A sine wave from `start`, on the context's clock; returns a function that ends it. */
export function beep(context, out, hertz, start, seconds, loudness) {
  const wave = new OscillatorNode(context, { frequency: hertz });
  const edge = new GainNode(context, { gain: 0 });
  edge.gain.setValueAtTime(0, start);
  edge.gain.linearRampToValueAtTime(loudness, start + EDGE);
  edge.gain.setValueAtTime(loudness, start + seconds - EDGE);
  edge.gain.linearRampToValueAtTime(0, start + seconds);
  wave.connect(edge).connect(out);
  wave.onended = () => edge.disconnect();
  wave.start(start);
  wave.stop(start + seconds);
  return () => wave.stop();
}

// An answering machine, as the line hears it: somebody mumbles for three seconds, then a beep, then nobody speaks.

const RATE = 8000;
const FRAME = 160;
const GREETING_SECONDS = 3;
const BEEP_SECONDS = 0.5;
const BEEP_HZ = 1000;
const VOICE_HZ = 140;
const OVERTONES = 11;
const SYLLABLES_PER_SECOND = 4;
const VOICE_LOUDNESS = 0.1;
const BEEP_LOUDNESS = 0.25;

/** What the machine would be saying, for the display. */
export const GREETING = "您好，现在不方便接电话，请在“嘀”一声后留言。";

/** The greeting and the beep in frames of 20 ms, the last of them silent. */
export function greetingFrames() {
  const length = RATE * (GREETING_SECONDS + BEEP_SECONDS);
  const frames = [];
  for (let at = 0; at <= length; at += FRAME) {
    frames.push(Int16Array.from({ length: FRAME }, (_, n) => (at < length ? 32767 * sample((at + n) / RATE) : 0)));
  }
  return frames;
}

function sample(seconds) {
  if (seconds >= GREETING_SECONDS) return BEEP_LOUDNESS * wave(BEEP_HZ, seconds);
  let voice = 0;
  for (let n = 1; n <= OVERTONES; n += 1) voice += wave(n * VOICE_HZ, seconds) / n;
  return VOICE_LOUDNESS * voice * (0.6 + 0.4 * wave(SYLLABLES_PER_SECOND, seconds));
}

function wave(hertz, seconds) {
  return Math.sin(2 * Math.PI * hertz * seconds);
}

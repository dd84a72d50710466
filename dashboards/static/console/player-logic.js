// What a player reckons, without a page: where in the words the sound is, and how loud it is where.

export const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
export const STEP_SECONDS = 5;
const LOUDEST = 255;
const DOUBTFUL = 0.6;
const LATIN = /[A-Za-z0-9]$/;

/** Which of [[word, start, end, confidence], ...] is spoken at this second; the last begun one in a pause, -1 before the first. */
export function wordAt(words, seconds) {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle][1] <= seconds) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Whether the recogniser was not sure of a word. */
export const isDoubtful = ([, , , confidence]) => typeof confidence === "number" && confidence < DOUBTFUL;

/** What stands before a word: nothing between Chinese ones, a space between Latin ones. */
export function gapBefore(words, n) {
  return n > 0 && LATIN.test(words[n - 1][0]) && /^[A-Za-z0-9]/.test(words[n][0]) ? " " : "";
}

/** The loudest of each of `count` stretches, 0 to 1; `peaks` are 0 to 255, more or fewer of them. */
export function stretched(peaks, count) {
  if (!peaks.length || count < 1) return [];
  return Array.from({ length: count }, (_, n) => {
    const from = Math.floor((n * peaks.length) / count);
    const until = Math.max(from + 1, Math.floor(((n + 1) * peaks.length) / count));
    let most = 0;
    for (let at = from; at < until; at += 1) most = Math.max(most, peaks[at]);
    return most / LOUDEST;
  });
}

/** Peaks as numbers: a list of them, or bytes in base64; none for anything else. */
export function peaksOf(given) {
  if (Array.isArray(given)) return given;
  if (typeof given !== "string" || !given) return [];
  try {
    return Array.from(atob(given), (byte) => byte.charCodeAt(0));
  } catch {
    return [];
  }
}

/** The next speed, faster or slower, as far as it goes. */
export function otherSpeed(speed, step) {
  const at = SPEEDS.indexOf(speed);
  return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 1 : at) + step))];
}

/** A second within the sound. */
export function within(seconds, length) {
  return Math.min(Math.max(0, seconds), length || 0);
}

/** `2分05秒`, for whoever listens to the page. */
export function saidTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return whole < 60 ? `${whole}秒` : `${Math.floor(whole / 60)}分${String(whole % 60).padStart(2, "0")}秒`;
}

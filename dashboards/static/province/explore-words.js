// Figures in words: what they are made of, and how they have changed.

import { formatValue } from "./charts.js";

// More than that is no growth: hardly anything was there before.
const MOST_SHARE = 9900;
const TONES = { better: "好转", worse: "变差" };
const count = new Intl.NumberFormat("zh-CN");

export const GROUPS = { calls: "来电", line: "排队和接通", talks: "通话和人手", satisfaction: "评价", cases: "办件", callbacks: "回电" };

export const plain = (number) => (number === null || number === undefined ? "—" : count.format(number));

/**
 * How a figure has changed: {symbol, size, word, tone}, or null when there is nothing to compare with.
 * Rates in percentage points, durations in seconds, counts in per cent. `word` says whether that is good.
 */
export function changeOf(figure, now, before) {
  if ([now?.value, before?.value].some((value) => value === null || value === undefined)) return null;
  if (figure.unit === "count" && !now.value && !before.value) return null;
  const difference = now.value - before.value;
  const size = sizeOf(figure, difference, before.value);
  if (size === "") return { symbol: "＝", size: "持平", word: "", tone: "flat" };
  const isUp = difference > 0;
  const isGood = figure.better ? isUp === (figure.better === "high") : null;
  return {
    symbol: isUp ? "▲" : "▼",
    size,
    word: isGood === null ? "" : isGood ? TONES.better : TONES.worse,
    tone: isGood === null ? "even" : isGood ? "good" : "bad",
  };
}

/** The same as a sentence for whoever does not see the symbol. */
export function changeSentence(change, name = "对比时段") {
  if (!change) return "";
  if (change.tone === "flat") return `和${name}持平`;
  return `比${name}${change.symbol === "▲" ? "高" : "低"} ${change.size}${change.word ? `，${change.word}` : ""}`;
}

function sizeOf(figure, difference, before) {
  const size = Math.abs(difference);
  if (figure.unit === "rate") return size < 0.0005 ? "" : `${(size * 100).toFixed(1)}点`;
  if (figure.unit === "seconds") return size < 0.5 ? "" : formatValue(figure, size);
  if (!size) return "";
  if (!before) return plain(size);
  const share = (size / before) * 100;
  if (share >= MOST_SHARE) return "百倍以上";
  return share >= 1000 ? `${(share / 100 + 1).toFixed(0)}倍` : `${share.toFixed(share < 10 ? 1 : 0)}%`;
}

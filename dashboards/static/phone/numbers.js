// Numbers as people write them.

/** What the gateway takes: E.164 for mobiles and landlines with their area, a short number as it is; null when neither. */
export function dialable(written) {
  const digits = written.replace(/[\s().－-]/g, "");
  if (/^\+\d{6,15}$/.test(digits)) return digits;
  if (/^1[3-9]\d{9}$/.test(digits)) return `+86${digits}`;
  if (/^0[1-9]\d{7,11}$/.test(digits)) return `+86${digits.slice(1)}`;
  return /^(1\d{2,4}|9[56]\d{3,6})$/.test(digits) ? digits : null;
}

/** A caller's own number; "" withholds it. */
export function callerNumber(written) {
  const number = written.trim() === "" ? "" : dialable(written);
  return number === "" || number?.startsWith("+") ? number : null;
}

/** mm:ss */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return [Math.floor(whole / 60), whole % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

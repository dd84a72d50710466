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

/** As people write it: 138 5511 2345, 0553 12333; a short number stays as it is, and a withheld one is said to be one. */
export function written(number) {
  const mobile = /^\+86(1[3-9]\d)(\d{4})(\d{4})$/.exec(number);
  if (mobile) return mobile.slice(1).join(" ");
  const landline = /^\+86(10|2\d|[3-9]\d\d)(\d{5,8})$/.exec(number);
  if (landline) return `0${landline[1]} ${landline[2]}`;
  return /\d/.test(number) ? number : "未显示号码";
}

/** mm:ss */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return [Math.floor(whole / 60), whole % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

// Times as the server's clock says them, written for people. Seats' own clocks are often wrong.

const DAY_MS = 86400000;
let ahead = 0;

/** The server's time in a message that has just come. */
export function setServerNow(iso) {
  ahead = Date.parse(iso) - Date.now();
}

/** Milliseconds since 1970 on the server's clock. */
export const serverNow = () => Date.now() + ahead;

/** Seconds from then to now, not below 0. */
export const secondsSince = (iso) => Math.max(0, (serverNow() - Date.parse(iso)) / 1000);

/** Seconds from now until then, not below 0. */
export const secondsUntil = (iso) => Math.max(0, (Date.parse(iso) - serverNow()) / 1000);

/** `02:05`, or `1:02:05` from an hour on; a dash for null. */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "—";
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part) => String(part).padStart(2, "0");
  const tail = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? tail : `${Math.floor(whole / 3600)}:${tail}`;
}

/** `3小时20分`, `12分`, `40秒`; a dash for null. */
export function spoken(seconds) {
  if (seconds === null || seconds === undefined) return "—";
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}秒`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return `${hours ? `${hours}小时` : ""}${minutes || !hours ? `${minutes}分` : ""}`;
}

const PARTS = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

/** `今天 14:30`, `明天 09:00`, or `8月3日 14:30`, on the Shanghai clock. */
export function dayAndTime(iso) {
  const at = parts(Date.parse(iso));
  return `${dayOf(at)} ${at.hour}:${at.minute}`;
}

/** `今天 15:00到15:30`: a half hour that was promised. */
export function spanOf(from, until) {
  const end = parts(Date.parse(until));
  return `${dayAndTime(from)}到${end.hour}:${end.minute}`;
}

/** `10:02` for today, else with its day. */
export function timeOf(iso) {
  return dayAndTime(iso).replace(/^今天 /, "");
}

function dayOf(at) {
  const isDay = (days) => {
    const day = parts(serverNow() + days * DAY_MS);
    return at.month === day.month && at.day === day.day;
  };
  return isDay(0) ? "今天" : isDay(1) ? "明天" : `${at.month}月${at.day}日`;
}

function parts(at) {
  return Object.fromEntries(PARTS.formatToParts(at).map(({ type, value }) => [type, value]));
}

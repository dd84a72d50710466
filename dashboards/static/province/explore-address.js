// What is looked at stands in the address: it can be sent to somebody, and the back button works.

import { isDay } from "./explore-period.js";

const LISTS = ["centres", "subjects", "channels"];
// Which of the single calls; "view" is "calls" when they are listed.
export const OF_CALLS = ["outcome", "weekday", "hour", "view"];
const COMPARES = ["previous", "year", "none"];
const FIRST_COMPARE = "previous";

/**
 * What an address asks for; what it does not say, or says wrongly, is as in `defaults`. `periods` are those with names.
 * An address that says nothing compares with the period before; one that says something compares only when it says so.
 */
export function readQuery(search, defaults, periods = []) {
  const asked = new URLSearchParams(search);
  const named = periods.find(({ key }) => key === asked.get("period"));
  const [since, until] = [asked.get("since"), asked.get("until")];
  const period = isDay(since) && isDay(until) && since <= until ? { since, until } : named ?? defaults;
  const compare = asked.get("compare") ?? (search.length > 1 ? defaults.compare : FIRST_COMPARE);
  return {
    since: period.since,
    until: period.until,
    ...Object.fromEntries(LISTS.map((name) => [name, listOf(asked.get(name))])),
    figure: asked.get("figure") || defaults.figure,
    compare: COMPARES.includes(compare) ? compare : defaults.compare,
    ...Object.fromEntries(OF_CALLS.map((name) => [name, asked.get(name) ?? ""])),
  };
}

/** The same as the end of an address. Lists of nothing mean all, and are left out. */
export function searchOf({ since, until, figure, compare, ...lists }) {
  const said = new URLSearchParams({ since, until });
  for (const name of LISTS) if (lists[name].length) said.set(name, lists[name].join(","));
  said.set("figure", figure);
  said.set("compare", compare);
  for (const name of OF_CALLS) if (lists[name]) said.set(name, lists[name]);
  return `?${said.toString().replaceAll("%2C", ",")}`;
}

const listOf = (text) => (text ?? "").split(",").filter(Boolean);

// Every key of the page. A key does what its button does, and only while that button can be pressed.

import { isField, make } from "./dom.js";

/** Keys with Alt and F8 work while somebody is typing, too; while a sheet is open only the telephone's do. */
export const KEYS = [
  ["电话", [
    [["F8", "Alt+A"], "接听", ["answer"]],
    [["Alt+R"], "拒接", ["reject"]],
    [["Alt+M"], "静音，再按恢复", ["mute"]],
    [["Alt+H"], "保持，再按恢复", ["hold"]],
    [["Alt+K"], "键盘：打开后按数字", ["keypad"]],
    [["Alt+T"], "转接", ["transfer"]],
    [["Alt+Y"], "业务查询：养老保险、医保、社保卡", ["look-up"]],
    [["Alt+G"], "挂机", ["hang-up"]],
  ]],
  ["我的状态", [
    [["Alt+O"], "上线、空闲", ["sign-in", "ready"]],
    [["Alt+B"], "休息：打开后按 1 到 4", ["break-menu"]],
    [["Alt+L"], "签退", ["sign-out"]],
    [["Alt+P"], "麦克风和耳机", ["audio"]],
  ]],
  ["通话记录", [
    [["1", "2", "3"], "选推荐的事项，选好后选结果", []],
    [["0"], "其他事项：打汉字或拼音首字母来找", ["subjects"]],
    [["Backspace"], "重选", ["record-back"]],
    [["Enter", "Ctrl+Enter"], "完成整理", ["finish", "close-late", "take-over"]],
    [["Alt+N"], "写备注", ["note"]],
    [["Alt+C"], "给这位来电人约回电", ["book"]],
  ]],
  ["办事指南", [
    [["/", "Alt+S"], "查指南，↑ ↓ 选，Enter 打开", ["search"]],
    [["Alt+W"], "标记这份指南有误", ["mark-wrong"]],
    [["Alt+Q"], "标记缺内容", ["mark-missing"]],
  ]],
  ["这一页", [
    [["?"], "这张按键表", ["help"]],
    [["Esc"], "离开输入框、关掉打开的面板", []],
  ]],
];

const ACTIONS = new Map(KEYS.flatMap(([, rows]) => rows.flatMap(([keys, , actions]) => keys.map((key) => [key, actions]))));
const OF_THE_TELEPHONE = new Set(KEYS[0][1].flatMap(([keys]) => keys));
const FULL_WIDTH = { "？": "?", "／": "/", "、": "/" };

/** Listen to the keys; `plain(key)` gets those that belong to no button, and says whether it used one. */
export function listenToKeys(plain) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat || event.defaultPrevented) return;
    const key = nameOf(event);
    if (!key || (!isEverywhere(key) && isField(event.target)) || (isModal() && !OF_THE_TELEPHONE.has(key))) return;
    if (key === "Enter" && event.target.closest("button, a, summary")) return;
    const button = (ACTIONS.get(key) ?? []).map(buttonFor).find(Boolean);
    if (!button && !plain(key)) return;
    event.preventDefault();
    button?.click();
  });
}

/** The button of an action that can be pressed now. */
export function buttonFor(action) {
  return [...document.querySelectorAll(`[data-action="${action}"]`)]
    .find((button) => !button.disabled && !button.closest("[inert]") && button.checkVisibility());
}

/** The table of all keys, for the help. */
export function keyTable() {
  return KEYS.map(([title, rows]) => make("section", {}, make("h3", {}, title), make("dl", { class: "key-list" }, ...rows.flatMap(
    ([keys, words]) => [make("dt", {}, ...keys.flatMap((key) => [make("kbd", {}, key), " "])), make("dd", {}, words)],
  ))));
}

function nameOf(event) {
  if (event.metaKey) return "";
  if (event.ctrlKey) return event.key === "Enter" && !event.altKey ? "Ctrl+Enter" : "";
  // The place of the key: Alt changes the letter on some systems.
  if (event.altKey) return /^Key[A-Z]$/.test(event.code) && !event.shiftKey ? `Alt+${event.code.at(-1)}` : "";
  return FULL_WIDTH[event.key] ?? event.key;
}

function isEverywhere(key) {
  return key === "F8" || key.startsWith("Alt+") || key === "Ctrl+Enter";
}

function isModal() {
  return Boolean(document.querySelector("dialog:modal"));
}

// The phone page: joins the line, the sound and the face of the phone.

import { Bell } from "../console/bell.js";
import * as pulse from "../console/pulse.js";
import { PhoneAudio } from "./audio.js";
import { Captions } from "./captions.js";
import { Dialled } from "./dialled.js";
import { Line } from "./line.js";
import { GREETING, greetingFrames } from "./machine.js";
import { recall, recallWaiting, remember, rememberWaiting } from "./memory.js";
import { Ringing } from "./ringing.js";
import { Texts } from "./texts.js";
import { fetchTicket } from "./ticket.js";
import { View } from "./view.js";
import { Waiting } from "./waiting.js";

const ENDINGS = {
  completed: "通话已结束。",
  busy: "对方正忙。",
  failed: "电话没有打通，可以再拨一次。",
  "no-answer": "没有人接听。",
  canceled: "电话已取消。",
};
const MICROPHONE_LOST = "麦克风断开了，对方听不到您。您可以继续听，也可以按键。";
// In place of each key of a number that is being entered: it may be an ID number or a PIN, and somebody may look on.
const HIDDEN = "•";
const byId = (id) => document.getElementById(id);

const { tokenAddress, csrf } = byId("phone").dataset;
const view = new View();
const captions = new Captions(byId("captions"));
const texts = new Texts(byId("texts"));
const dialled = new Dialled((shown) => view.number(shown));
const latencies = { keyToSilence: null };
const bell = new Bell(pulse);
let isMuted = false;
let wasRecording = false;
let isEnteringNumber = false;
let keyPressedAt = null;
let silencedKeyAt = null;
let calls = 0;
let route = { to: "", from: "" };

const audio = new PhoneAudio({
  blocked: (isBlocked) => view.blocked(isBlocked),
  microphoneLost: () => view.notice(MICROPHONE_LOST),
  frame: (buffer, level) => { line.send(buffer); view.level(level); },
  flushed: () => {
    if (silencedKeyAt !== null) latencies.keyToSilence = performance.now() - silencedKeyAt;
    silencedKeyAt = null;
  },
  scriptSaid: () => view.hint("嘀声响过了，对方可以留言了。"),
});

const line = new Line((number) => fetchTicket(tokenAddress, csrf, number), {
  audio: (buffer) => audio.play(buffer),
  message: (message) => HEARD[message.type]?.(message),
  lost: () => {
    wasRecording = view.state === "recording";
    audio.stopRinging();
    audio.flush();
    captions.silence();
    view.hint("");
    view.show("lost");
  },
  gone: (sentence) => finish(sentence),
  standing: () => waiting.show(),
  refused: (sentence) => waiting.lose(sentence),
}, pulse.every);

const waiting = new Waiting({ line, bell, view, dialled });
const ringing = new Ringing({ line, bell, view, dialled, captions });

const HEARD = {
  ringing: () => audio.startRinging(),
  incoming: (message) => ringing.begin(message),
  text: (message) => texts.add(message),
  incoming_over: ({ reason }) => { if (ringing.over(reason)) audio.hangUp(); },
  replaced: () => {
    ringing.over("replaced");
    waiting.lose("这个号码改在另一个页面上响了。");
  },
  answered: () => {
    audio.stopRinging();
    if (view.isMachine) greet();
    audio.startSending();
    view.answeredAt = Date.now();
    view.show("live");
  },
  resumed: () => {
    captions.resume();
    audio.startSending();
    view.answeredAt ??= Date.now();
    view.show(wasRecording ? "recording" : "live");
    view.hint("已接回通话。");
  },
  caption: ({ text, seconds }) => captions.say(text, seconds),
  silenced: () => {
    silencedKeyAt = keyPressedAt;
    keyPressedAt = null;
    audio.flush();
    captions.silence();
  },
  gather: ({ digits, finish: last, speech }) => {
    isEnteringNumber = digits !== 1;
    if (!view.isMachine) view.hint(gatherHint(digits, last, speech));
  },
  recording: ({ max }) => { view.hint(""); view.startRecording(max); },
  recorded: ({ seconds }) => {
    view.show("live");
    captions.note(`录音结束，共 ${Math.round(seconds)} 秒`);
  },
  ended: ({ reason, sentence }) => finish(sentence || ENDINGS[reason] || ENDINGS.completed),
  // A line that can be rung is open already when a call on it is refused.
  error: ({ sentence }) => { if (view.state === "dialling") finish(sentence); else view.notice(sentence); },
};

function gatherHint(digits, last, speech) {
  if (digits === 1) return speech ? "请按一个键，或者直接说" : "请按一个键";
  const count = digits ? `请输入 ${digits} 位` : "请按键输入";
  return last ? `${count}，按 ${last} 结束` : count;
}

async function dial() {
  const number = dialled.read();
  if (number.sentence) {
    view.notice(number.sentence);
    number.field.focus();
    return;
  }
  route = number;
  view.isMachine = false;
  const mine = (calls += 1);
  const isOver = () => mine !== calls;
  captions.clear();
  view.notice("");
  view.show("dialling");
  view.hint("请在浏览器的提示里允许麦克风");
  await audio.open();
  const sentence = await audio.startMicrophone();
  if (isOver()) return;
  view.hint("");
  view.notice(sentence);
  await line.dial(number.to, number.from);
}

async function answer(asMachine) {
  if (view.state !== "ringing") return;
  const mine = (calls += 1);
  view.isMachine = asMachine;
  route = { to: "", from: line.number, caller: ringing.caller };
  ringing.stop();
  view.show("answering");
  line.accept(asMachine);
  await audio.open();
  // Nobody speaks into a machine from here.
  const sentence = asMachine ? "" : await audio.startMicrophone();
  if (mine === calls) view.notice(sentence);
  else if (view.isAtRest) audio.hangUp();
}

function greet() {
  audio.say(greetingFrames());
  captions.note(`留言机：${GREETING}`);
  view.hint("正在放问候语……");
}

function hangUp() {
  if (view.state === "ringing") {
    ringing.decline();
    return;
  }
  line.hangUp();
  finish("您已挂断。", false);
}

function finish(sentence, isBusy = true) {
  calls += 1;
  isEnteringNumber = false;
  line.close();
  audio.hangUp();
  if (isBusy) audio.busy();
  captions.silence();
  captions.forgetNumbers();
  captions.note(sentence);
  view.show("ended");
  view.level(0);
  view.hint(sentence);
  dialled.showAgain();
}

async function comeBack(call, number) {
  const mine = (calls += 1);
  wasRecording = view.isMachine = false;
  route = call;
  if (route.to) dialled.restore(call);
  else view.number(route.caller);
  captions.restore(call.captions);
  view.show("lost");
  view.answeredAt = call.answeredAt;
  line.resume({ call: call.call, key: call.key }, number);
  await audio.open();
  const sentence = await audio.startMicrophone();
  if (mine !== calls) { audio.hangUp(); return; }
  view.notice(sentence);
}

async function press(key) {
  if (view.state === "ringing") return;
  view.flash(key);
  if (view.isAtRest) {
    dialled.add(key);
  } else {
    keyPressedAt = performance.now();
    line.press(key);
    captions.note(isEnteringNumber ? HIDDEN : key, true);
    view.hint("");
  }
  await audio.open();
  audio.pressKey(key);
}

function mute() {
  isMuted = !isMuted;
  audio.mute(isMuted);
  view.muted(isMuted);
}

for (const button of document.querySelectorAll("[data-key]")) {
  let isPointer = false;
  // At once, as on a telephone; and the focus stays where it was, so that Enter still dials.
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    isPointer = true;
    press(button.dataset.key);
  });
  button.addEventListener("mousedown", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    if (!isPointer) press(button.dataset.key);
    isPointer = false;
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && !view.isAtRest) { hangUp(); return; }
  if (event.target.matches("input[type=tel]") && event.key === "Enter") { dial(); return; }
  if (event.target.matches("input, select")) return;
  if (/^[0-9*#]$/.test(event.key) && !event.repeat) {
    event.preventDefault();
    press(event.key);
  } else if (event.key === "Backspace" && view.isAtRest) {
    event.preventDefault();
    dialled.deleteLast();
  } else if (event.key === "Enter" && !event.repeat && !event.target.closest("button, a")) {
    if (view.isAtRest) dial();
    else answer(false);
  } else if (event.key.toLowerCase() === "m" && !event.repeat) {
    answer(true);
  }
});

byId("dial").addEventListener("click", dial);
byId("answer").addEventListener("click", () => answer(false));
byId("answer-machine").addEventListener("click", () => answer(true));
for (const id of ["hang-up", "decline"]) byId(id).addEventListener("click", hangUp);
byId("delete").addEventListener("click", () => dialled.deleteLast());
byId("mute").addEventListener("click", mute);
byId("listen").addEventListener("click", () => audio.wake());
byId("volume").addEventListener("input", ({ target }) => setVolume(Number(target.value) / 100));
window.addEventListener("pagehide", () => {
  rememberWaiting(line.number);
  if (!line.call || view.isAtRest || view.state === "ringing") return;
  remember({ ...line.call, ...route, answeredAt: view.answeredAt, captions: captions.keep() });
});

function setVolume(volume) {
  audio.setVolume(volume);
  bell.setVolume(volume);
}

setVolume(Number(byId("volume").value) / 100);
view.show("idle");
const [left, number] = [recall(), recallWaiting()];
if (number) dialled.restoreOwn(number);
if (left) comeBack(left, number);
else if (number) waiting.goOn(number);

/**
 * For tests and measurement only: `state` (idle, ringing, answering, dialling, live, recording, lost, ended), whether
 * calls ring here and one does, the captions heard in this call, the loudness of the last 500 ms really played (0 to 1),
 * the sound in hand, and how long the last prompt that a key stopped could still be heard after the key, in milliseconds.
 */
window.__phone = {
  get state() { return view.state; },
  get captions() { return captions.texts; },
  get isRegistered() { return line.isRegistered; },
  get isRinging() { return bell.isRinging; },
  playedRms: () => audio.playedRms,
  bufferedMs: () => audio.bufferedMs,
  latencies,
};

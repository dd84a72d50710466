// A message's player: the voice as a picture, its words in step with it, and a correction of them.
// Listening leaves a trace, so nothing is fetched before somebody presses play.

import { make, write } from "./dom.js";
import { PlayerKeys } from "./player-keys.js";
import { otherSpeed, peaksOf, SPEEDS, STEP_SECONDS, within } from "./player-logic.js";
import { PlayerWave } from "./player-wave.js";
import { PlayerWords } from "./player-words.js";
import { clock } from "./times.js";

const NO_SOUND = "现在听不了，请过一会儿再试。";
const SIGNED_OUT = "登录已过期，请重新登录。";
const UNREACHABLE = "连不上服务器，请检查网络。";

/**
 * Put a player into an element. `src`: the sound's address, "" when `sentence` says why there is none; `peaks`: 0 to
 * 255, a list or base64; `seconds`: its length; `words`: [[word, start, end, confidence], ...]; `text`: the words without times;
 * `corrected`: {text, by, at} or null; `note`: why there is no transcript. `onCorrect(text)` saves a correction, gives the
 * new `corrected`, and rejects with a sentence.
 */
export function makePlayer(element, options) {
  return new Player(element, options);
}

class Player {
  #root;
  #audio;
  #wave;
  #words;
  #keys;
  #parts;
  #src;
  #seconds;
  #frame = 0;
  #wantsToPlay = false;

  constructor(root, { src = "", peaks = [], seconds = 0, sentence = "", ...words }) {
    this.#root = root;
    this.#src = src;
    this.#seconds = seconds || 0;
    this.#audio = make("audio", { preload: "none" });
    this.#wave = new PlayerWave(peaksOf(peaks), this.#seconds, (at) => this.seek(at));
    this.#words = new PlayerWords(words, (at) => this.#jump(at));
    this.#parts = this.#build();
    root.classList.add("player");
    root.replaceChildren(this.#audio, this.#parts.bar, this.#parts.said, this.#parts.hint, this.#words.element);
    this.#listen();
    this.#keys = new PlayerKeys(root, {
      toggle: () => this.toggle(),
      skip: (seconds) => this.seek(this.at + seconds),
      speed: (step) => this.setSpeed(otherSpeed(this.#audio.playbackRate, step)),
    });
    this.#set("idle");
    if (src) this.#say(""); else this.#close(sentence || NO_SOUND);
  }

  /** Seconds from the beginning. */
  get at() { return this.#audio.currentTime; }

  get isPlaying() { return !this.#audio.paused && !this.#audio.ended; }

  /** idle, loading, playing, paused, failed or closed. */
  get state() { return this.#root.dataset.state; }

  async play() {
    if (!this.#src) return;
    this.#wantsToPlay = true;
    if (!this.#audio.src) this.#audio.src = this.#src;
    this.#say("");
    this.#set("loading");
    try {
      await this.#audio.play();
    } catch (error) {
      // Whoever pressed pause before it had begun did not fail.
      if (error.name !== "AbortError" && this.state !== "failed") this.#set("paused");
    }
  }

  pause() {
    this.#wantsToPlay = false;
    this.#audio.pause();
  }

  toggle() {
    if (this.isPlaying || this.state === "loading") this.pause(); else this.play();
  }

  /** Go to a second; before the first play it is where playing begins. */
  seek(seconds) {
    this.#audio.currentTime = within(seconds, this.#length);
    this.#show();
  }

  setSpeed(speed) {
    this.#audio.defaultPlaybackRate = speed;
    this.#audio.playbackRate = speed;
    this.#showSpeed(speed);
  }

  /** Show what somebody else has corrected, or a transcript that has come meanwhile. */
  setWords(words) { this.#words.set(words); }

  /** Take it off the page. */
  close() {
    this.pause();
    cancelAnimationFrame(this.#frame);
    this.#keys.close();
    this.#wave.close();
    this.#audio.removeAttribute("src");
    this.#root.replaceChildren();
  }

  get #length() {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : this.#seconds;
  }

  #jump(seconds) {
    this.seek(seconds);
    this.play();
  }

  #build() {
    const play = make("button", { type: "button", class: "player-play", "aria-label": "播放", onclick: () => this.toggle() },
      make("span", { "aria-hidden": "true" }, "▶"));
    const time = make("span", { class: "player-time" });
    const speeds = make("span", { class: "player-speeds", role: "group", "aria-label": "播放速度" }, ...SPEEDS.map((speed) => make("button", {
      type: "button", "data-speed": String(speed), "aria-pressed": String(speed === 1), "aria-label": `${speed} 倍速`,
      onclick: () => this.setSpeed(speed),
    }, `${speed}×`)));
    const bar = make("div", { class: "player-bar", role: "group", "aria-label": "听留言" }, play, this.#wave.element, time, speeds);
    const words = make("span", {});
    const again = make("button", { type: "button", class: "plain-button", onclick: () => this.#tryAgain() }, "再试一次");
    const said = make("p", { class: "player-said wrong", role: "alert" }, words, again);
    const hint = make("p", { class: "player-hint quiet" }, ...hintOf());
    return { play, time, speeds, bar, words, again, said, hint };
  }

  #listen() {
    const on = (names, work) => names.split(" ").forEach((name) => this.#audio.addEventListener(name, work));
    on("playing", () => { this.#set("playing"); this.#follow(); });
    on("waiting stalled", () => { if (this.#wantsToPlay && this.#audio.readyState < 3) this.#set("loading"); });
    on("pause ended", () => { if (!["failed", "closed"].includes(this.state)) this.#set("paused"); });
    on("timeupdate seeked durationchange", () => this.#show());
    on("error", () => { if (this.#audio.getAttribute("src")) this.#fail(); });
    // A pause before the sound has come fires nothing.
    on("abort emptied", () => { if (!this.#wantsToPlay && this.state === "loading") this.#set("paused"); });
  }

  #follow() {
    cancelAnimationFrame(this.#frame);
    const step = () => {
      this.#show();
      if (this.isPlaying) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #show() {
    const length = this.#length;
    write(this.#parts.time, `${clock(this.at)} / ${length ? clock(Math.ceil(length)) : "—"}`);
    this.#wave.show(this.at, length);
    this.#words.follow(this.at, this.isPlaying);
  }

  #showSpeed(speed) {
    for (const button of this.#parts.speeds.children) button.setAttribute("aria-pressed", String(button.dataset.speed === String(speed)));
  }

  #set(state) {
    this.#root.dataset.state = state;
    const isOn = state === "playing" || state === "loading";
    this.#parts.play.setAttribute("aria-label", isOn ? "暂停" : "播放");
    write(this.#parts.play.firstElementChild, isOn ? "❚❚" : "▶");
    this.#parts.bar.toggleAttribute("aria-busy", state === "loading");
    this.#show();
  }

  // The element says only that it failed; the server says why.
  async #fail() {
    this.#wantsToPlay = false;
    this.#set("failed");
    this.#say(await reasonOf(this.#src));
  }

  #tryAgain() {
    const at = this.at;
    this.#audio.src = this.#src;
    this.#audio.currentTime = at;
    this.#parts.play.focus();
    this.play();
  }

  #say(words) {
    write(this.#parts.words, words);
    this.#parts.said.hidden = !words;
  }

  // There is nothing to hear: the words stay.
  #close(words) {
    this.#set("closed");
    this.#say(words);
    this.#parts.said.className = "player-said quiet";
    this.#parts.said.removeAttribute("role");
    this.#parts.again.hidden = this.#parts.hint.hidden = true;
    this.#parts.play.disabled = true;
    for (const button of this.#parts.speeds.children) button.disabled = true;
    this.#wave.disable();
  }
}

function hintOf() {
  const key = (name) => make("kbd", {}, name);
  return [key("空格"), "播放、暂停　", key("←"), key("→"), `退、进 ${STEP_SECONDS} 秒　`, key(","), key("."), "慢、快　点一个词，从那里听"];
}

async function reasonOf(src) {
  try {
    const response = await fetch(src, { headers: { Accept: "application/json", Range: "bytes=0-0" } });
    if (response.status === 401 || response.redirected) return SIGNED_OUT;
    if (response.ok) return NO_SOUND;
    return (await response.json().catch(() => null))?.error ?? NO_SOUND;
  } catch {
    return UNREACHABLE;
  }
}

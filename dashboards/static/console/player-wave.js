// The voice as a picture, which is also where one chooses the place: with the mouse, a finger, or the keyboard.

import { make } from "./dom.js";
import { saidTime, STEP_SECONDS, stretched, within } from "./player-logic.js";

const BAR = 3;
const GAP = 1;
const LEAST = 0.04;

export class PlayerWave {
  element;
  #canvas = make("canvas", { "aria-hidden": "true" });
  #peaks;
  #seconds;
  #at = 0;
  #seek;
  #isDragged = false;
  #sizes;

  /** `peaks` are 0 to 255; `seek(seconds)` hears where somebody wants to be. */
  constructor(peaks, seconds, seek) {
    this.#peaks = peaks;
    this.#seconds = seconds;
    this.#seek = seek;
    this.element = make("div", { class: "player-wave", role: "slider", tabindex: "0", "aria-label": "播放位置", "aria-valuemin": "0" }, this.#canvas);
    this.#listen();
    this.#sizes = new ResizeObserver(() => this.#draw());
    this.#sizes.observe(this.element);
  }

  /** The place, and how long the sound is. */
  show(at, seconds) {
    this.#seconds = seconds;
    this.#at = at;
    this.element.setAttribute("aria-valuemax", String(Math.round(seconds)));
    this.element.setAttribute("aria-valuenow", String(Math.round(at)));
    this.element.setAttribute("aria-valuetext", `${saidTime(at)}，共${saidTime(seconds)}`);
    this.#draw();
  }

  disable() {
    this.element.setAttribute("aria-disabled", "true");
    this.element.tabIndex = -1;
  }

  close() { this.#sizes.disconnect(); }

  get #isOff() { return this.element.getAttribute("aria-disabled") === "true"; }

  #listen() {
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      if (event.button || this.#isOff) return;
      this.#isDragged = true;
      element.setPointerCapture(event.pointerId);
      this.#to(event);
    });
    element.addEventListener("pointermove", (event) => { if (this.#isDragged) this.#to(event); });
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => { this.#isDragged = false; });
    element.addEventListener("keydown", (event) => {
      const to = { Home: 0, End: this.#seconds, PageUp: this.#at + 2 * STEP_SECONDS, PageDown: this.#at - 2 * STEP_SECONDS }[event.key];
      if (to === undefined || this.#isOff) return;
      event.preventDefault();
      this.#seek(within(to, this.#seconds));
    });
  }

  #to({ clientX }) {
    const { left, width } = this.element.getBoundingClientRect();
    if (width) this.#seek(within(((clientX - left) / width) * this.#seconds, this.#seconds));
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const dots = window.devicePixelRatio || 1;
    if (!width || !height) return;
    if (this.#canvas.width !== Math.round(width * dots) || this.#canvas.height !== Math.round(height * dots)) {
      this.#canvas.width = Math.round(width * dots);
      this.#canvas.height = Math.round(height * dots);
    }
    const pen = this.#canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.element);
    const colour = (name) => style.getPropertyValue(name).trim();
    const there = this.#seconds ? (this.#at / this.#seconds) * width : 0;
    const bars = this.#bars(Math.max(1, Math.floor(width / (BAR + GAP))));
    bars.forEach((loud, n) => {
      const x = n * (BAR + GAP);
      const tall = Math.max(LEAST, loud) * (height - 4);
      pen.fillStyle = colour(x < there ? "--accent" : "--line-strong");
      pen.globalAlpha = x < there ? 1 : 0.6;
      pen.fillRect(x, (height - tall) / 2, BAR, tall);
    });
    pen.globalAlpha = 1;
    pen.fillStyle = colour("--focus");
    pen.fillRect(Math.min(width - 2, Math.max(0, there - 1)), 0, 2, height);
  }

  // Without a picture of it there is still a line along which to go.
  #bars(count) {
    return this.#peaks.length ? stretched(this.#peaks, count) : new Array(count).fill(0);
  }
}

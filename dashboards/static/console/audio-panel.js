// The panel in which a consultant chooses microphone and earphone, sees and hears that they work, and sets the ring.

import { byId, make, write } from "./dom.js";
import { beep } from "../phone/tones.js";

const ECHO_MS = 3000;
const TEST_HZ = [523, 659];
const VOLUME_PLACE = "console-ring-volume";
const NOTES = { granted: "已允许", denied: "浏览器禁止了，可在网站设置里打开", default: "还没有允许" };

export class AudioPanel {
  #microphone;
  #bell;
  #dialog = byId("audio-panel");
  #stream = null;
  #context = null;
  #frame = 0;

  constructor(microphone, bell) {
    this.#microphone = microphone;
    this.#bell = bell;
    byId("ring-volume").value = localStorage.getItem(VOLUME_PLACE) ?? "70";
    bell.setVolume(byId("ring-volume").value / 100);
    byId("microphone-choice").addEventListener("change", ({ target }) => this.#choose({ microphone: target.value }));
    byId("earphone-choice").addEventListener("change", ({ target }) => this.#choose({ earphone: target.value }));
    byId("ring-volume").addEventListener("change", ({ target }) => this.#setVolume(target.value));
    byId("test-tone").addEventListener("click", () => this.#playTone());
    byId("test-echo").addEventListener("click", () => this.#echo());
    byId("allow-notes").addEventListener("click", () => this.#allowNotes());
    this.#dialog.addEventListener("close", () => this.#stop());
  }

  async open() {
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#showNotes();
    await this.#listen();
  }

  async #listen() {
    this.#stop();
    const { stream = null, sentence = "" } = await this.#microphone.open();
    byId("audio-sentence").hidden = !sentence;
    write(byId("audio-sentence-text"), sentence);
    byId("test-echo").disabled = !stream;
    // Closed while the browser was asking.
    if (!this.#dialog.open) { stream?.getTracks().forEach((track) => track.stop()); return; }
    this.#stream = stream;
    await Promise.all([this.#list("audioinput", "microphone"), this.#list("audiooutput", "earphone")]);
    if (stream) this.#meter();
  }

  async #list(kind, name) {
    const select = byId(`${name}-choice`);
    const devices = (await this.#microphone.list(kind)).filter(({ deviceId }) => deviceId && deviceId !== "default");
    const option = (value, words) => make("option", { value }, words);
    select.replaceChildren(option("", "跟电脑的设置一样"), ...devices.map((device, n) => option(device.deviceId, device.label || `设备 ${n + 1}`)));
    // An option without a value is its text.
    select.options[0].value = "";
    select.value = this.#microphone.chosen[name];
    if (select.selectedIndex < 0) select.value = "";
  }

  #meter() {
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    this.#context.createMediaStreamSource(this.#stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const draw = () => {
      analyser.getFloatTimeDomainData(samples);
      showLevel(byId("panel-level"), Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
      this.#frame = requestAnimationFrame(draw);
    };
    draw();
  }

  #stop() {
    cancelAnimationFrame(this.#frame);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
    this.#stream = this.#context = null;
    showLevel(byId("panel-level"), 0);
  }

  async #choose(devices) {
    this.#microphone.choose(devices);
    if ("microphone" in devices) await this.#listen();
  }

  async #playTone() {
    const context = new AudioContext();
    await context.setSinkId?.(this.#microphone.chosen.earphone).catch(() => {});
    TEST_HZ.forEach((hertz, n) => beep(context, context.destination, hertz, context.currentTime + 0.4 * n, 0.35, 0.2));
    setTimeout(() => context.close(), 1500);
  }

  #echo() {
    const button = byId("test-echo");
    const recorder = new MediaRecorder(this.#stream);
    button.disabled = true;
    write(button, "正在录，请说话……");
    recorder.ondataavailable = async ({ data }) => {
      write(button, "正在放给您听");
      const audio = new Audio(URL.createObjectURL(data));
      await audio.setSinkId?.(this.#microphone.chosen.earphone).catch(() => {});
      audio.onended = audio.onerror = () => {
        URL.revokeObjectURL(audio.src);
        button.disabled = false;
        write(button, "再说一句听听");
      };
      audio.play().catch(audio.onerror);
    };
    recorder.start();
    setTimeout(() => { if (recorder.state === "recording") recorder.stop(); }, ECHO_MS);
  }

  #setVolume(value) {
    localStorage.setItem(VOLUME_PLACE, value);
    this.#bell.setVolume(value / 100);
    this.#bell.sound();
  }

  async #allowNotes() {
    await window.Notification?.requestPermission();
    this.#showNotes();
  }

  #showNotes() {
    const permission = window.Notification?.permission ?? "denied";
    byId("allow-notes").hidden = permission !== "default";
    write(byId("notes-state"), NOTES[permission]);
  }
}

/** Show a loudness from 0 to 1 on a meter, on a scale on which speech fills it. */
export function showLevel(meter, loudness) {
  const value = loudness > 0 ? Math.max(0, Math.min(1, 1 + Math.log10(loudness) / 3)) : 0;
  meter.setAttribute("aria-valuenow", String(Math.round(100 * value)));
  meter.firstElementChild.style.transform = `scaleX(${value})`;
}

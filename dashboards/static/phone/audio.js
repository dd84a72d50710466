// The earpiece and the mouthpiece: 8 kHz frames on one side, the device on the other.

import { JitterBuffer } from "./jitter.js";
import { askMicrophone, stopStream } from "./microphone.js";
import { busyTone, keyTone, ringBack } from "./tones.js";

const BLOCK = 512; // of the old way of playing, about 11 ms
const WAKE_MS = 300;
const REST_MS = 4000; // the busy tone is over
const module = (name) => new URL(name, import.meta.url).href;

export class PhoneAudio {
  /** What was last played. */
  playedRms = 0;
  bufferedMs = 0;
  #hear;
  #context = null;
  #volume = 1;
  #speaker = "";
  #earpiece = null;
  #playback = null;
  #capture = null;
  #stream = null;
  #source = null;
  #isSending = false;
  #isMuted = false;
  // Frames that are said instead of what the microphone hears.
  #script = [];
  #opening = null;
  #stopRinging = () => {};
  #resting = 0;

  /** `hear` is told: frame(buffer, level), flushed(), blocked(isBlocked), microphoneLost(), and scriptSaid() if it likes. */
  constructor(hear) {
    this.#hear = hear;
  }

  /** Make it ready; called from a press of the user, since browsers stay silent before one. */
  open() {
    this.#opening ??= this.#build();
    return this.#opening.then(() => this.wake());
  }

  /** Go on after the browser has paused the sound; says whether it may. */
  async wake() {
    const context = this.#context;
    if (!context) return;
    // resume() does not settle while the browser waits for a press.
    clearTimeout(this.#resting);
    await Promise.race([context.resume(), new Promise((resolve) => { setTimeout(resolve, WAKE_MS); })]);
    this.#tellBlocked();
  }

  /** Switch on the mouthpiece, or change it. Returns a sentence when there is no microphone, else "". */
  async startMicrophone(deviceId = "") {
    const { stream, sentence = "" } = await askMicrophone(deviceId);
    this.#dropMicrophone();
    this.#stream = stream ?? null;
    this.#connect();
    return sentence;
  }

  /** Begin to send frames: the microphone's as soon as there is one, until then silence. */
  startSending() {
    this.#isSending = true;
    this.#connect();
  }

  /** Say these frames of 160 samples instead of what the microphone hears. */
  say(frames) {
    this.#script = [...frames];
  }

  /** The call is over. */
  hangUp() {
    this.#script = [];
    this.stopRinging();
    this.flush();
    this.#capture?.port.close();
    this.#capture?.disconnect();
    this.#isSending = false;
    this.#capture = null;
    this.#dropMicrophone();
    // An idle phone shall not use the processor.
    this.#resting = setTimeout(() => this.#context?.suspend(), REST_MS);
  }

  /** Play a frame. */
  play(buffer) {
    this.#playback?.push(buffer);
  }

  /** Be silent at once. */
  flush() {
    this.#playback?.flush();
  }

  /** Send silence instead of the microphone. */
  mute(isMuted) {
    this.#isMuted = isMuted;
  }

  /** 0 to 1. */
  setVolume(volume) {
    this.#volume = volume;
    // The ear hears the square as even steps.
    if (this.#earpiece) this.#earpiece.gain.value = volume * volume;
  }

  /** Which device to play on, "" being the browser's choice; not every browser can. */
  useSpeaker(deviceId) {
    this.#speaker = deviceId;
    this.#context?.setSinkId?.(deviceId).catch(() => {});
  }

  /** The tone of a key, as on a telephone. */
  pressKey(key) {
    if (this.#earpiece) keyTone(this.#context, this.#earpiece, key);
  }

  startRinging() {
    this.stopRinging();
    if (this.#earpiece) this.#stopRinging = ringBack(this.#context, this.#earpiece);
  }

  stopRinging() {
    this.#stopRinging();
    this.#stopRinging = () => {};
  }

  busy() {
    if (this.#earpiece) busyTone(this.#context, this.#earpiece);
  }

  async #build() {
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    this.#earpiece = context.createGain();
    this.#earpiece.connect(context.destination);
    this.setVolume(this.#volume);
    if (this.#speaker) this.useSpeaker(this.#speaker);
    context.onstatechange = () => this.#tellBlocked();
    const told = ({ rms, bufferedMs, isFlushed }) => {
      this.playedRms = rms;
      this.bufferedMs = bufferedMs;
      if (isFlushed) this.#hear.flushed();
    };
    const build = context.audioWorklet ? workletPlayback : scriptPlayback;
    this.#playback = await build(context, this.#earpiece, told);
    this.#connect();
  }

  #dropMicrophone() {
    this.#source?.disconnect();
    if (this.#stream) stopStream(this.#stream);
    this.#source = this.#stream = null;
  }

  #connect() {
    const context = this.#context;
    if (!this.#isSending || !this.#playback || !context.audioWorklet) return;
    if (!this.#capture) {
      this.#capture = new AudioWorkletNode(context, "line-capture");
      this.#capture.port.onmessage = ({ data }) => this.#send(data);
      this.#capture.connect(context.destination);
    }
    if (!this.#stream || this.#source) return;
    this.#source = context.createMediaStreamSource(this.#stream);
    this.#source.connect(this.#capture);
    for (const track of this.#stream.getTracks()) track.onended = () => this.#hear.microphoneLost();
  }

  #send(buffer) {
    const samples = new Int16Array(buffer);
    if (this.#script.length) this.#sayNext(samples);
    else if (this.#isMuted) samples.fill(0);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    this.#hear.frame(buffer, Math.sqrt(power) / 32768);
  }

  #sayNext(samples) {
    samples.set(this.#script.shift());
    if (!this.#script.length) this.#hear.scriptSaid?.();
  }

  #tellBlocked() {
    this.#hear.blocked(this.#context.state !== "running");
  }
}

async function workletPlayback(context, earpiece, told) {
  await Promise.all(["playback-worklet.js", "capture-worklet.js"].map((name) => context.audioWorklet.addModule(module(name))));
  const node = new AudioWorkletNode(context, "line-playback", { numberOfInputs: 0 });
  node.port.onmessage = ({ data }) => told(data);
  node.connect(earpiece);
  return {
    push: (buffer) => node.port.postMessage(buffer, [buffer]),
    flush: () => node.port.postMessage("flush"),
  };
}

// Browsers keep worklets, like the microphone, from pages without https; listening works all the same.
function scriptPlayback(context, earpiece, told) {
  const buffer = new JitterBuffer(context.sampleRate);
  const node = context.createScriptProcessor(BLOCK, 0, 1);
  const tell = (isFlushed) => told({ rms: buffer.rms, bufferedMs: buffer.bufferedMs, isFlushed });
  node.onaudioprocess = ({ outputBuffer }) => {
    buffer.fill(outputBuffer.getChannelData(0));
    tell(false);
  };
  node.connect(earpiece);
  return {
    push: (frame) => buffer.push(new Int16Array(frame)),
    flush: () => { buffer.flush(); tell(true); },
  };
}

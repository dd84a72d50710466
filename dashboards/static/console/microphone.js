// Whether this seat can be heard: asked before a call, in words about a call that is still to come.

const PLACE = "console-devices";
const REASONS = {
  NotAllowedError: "麦克风没有被允许，接不了电话。请点网址左边的图标，允许麦克风，再试一次。",
  NotFoundError: "没有找到麦克风，接不了电话。请插好耳机，再试一次。",
  NotReadableError: "麦克风正被别的程序占用，接不了电话。请关掉那个程序，再试一次。",
};
const INSECURE = "这个网址不是安全连接（https），浏览器不让使用麦克风，接不了电话。请用 https 的网址打开。";
const OTHER = "麦克风打不开，接不了电话。请换一个麦克风，再试一次。";

export class Microphone {
  /** Why there is none; "" when there is one, or when nobody has asked yet. */
  sentence = "";
  /** {microphone, earphone}: ids of devices, "" being the browser's choice. */
  chosen = { microphone: "", earphone: "" };
  #tell;
  #permission = null;

  /** `tell()` is called when something has changed. */
  constructor(tell) {
    this.#tell = tell;
    Object.assign(this.chosen, JSON.parse(localStorage.getItem(PLACE) ?? "{}"));
    navigator.mediaDevices?.addEventListener("devicechange", () => this.look());
    this.#watchPermission();
  }

  choose(devices) {
    Object.assign(this.chosen, devices);
    localStorage.setItem(PLACE, JSON.stringify(this.chosen));
    this.#tell();
  }

  /** Open it; {stream}, or {sentence} when it cannot be opened. */
  async open() {
    if (!window.isSecureContext || !navigator.mediaDevices) return this.#note({ sentence: INSECURE });
    const { microphone } = this.chosen;
    try {
      const audio = { echoCancellation: true, channelCount: 1, ...(microphone && { deviceId: microphone }) };
      return this.#note({ stream: await navigator.mediaDevices.getUserMedia({ audio }) });
    } catch (error) {
      return this.#note({ sentence: REASONS[error.name] ?? OTHER });
    }
  }

  /** Open it for a moment; the sentence, "" when all is well. */
  async check() {
    const { stream, sentence = "" } = await this.open();
    stream?.getTracks().forEach((track) => track.stop());
    return sentence;
  }

  /** Before the first call: look, and ask for the permission where nobody has asked yet. */
  async prepare() {
    if (this.#permission?.state === "prompt") await this.check();
    await this.look();
  }

  /** Look without opening it. */
  async look() {
    const inputs = await this.list("audioinput");
    if (!inputs.length) this.#note({ sentence: window.isSecureContext ? REASONS.NotFoundError : INSECURE });
    else if (this.sentence === REASONS.NotFoundError) this.#note({ sentence: "" });
    else this.#tell();
  }

  /** The devices of a kind, [{deviceId, label}]. */
  async list(kind) {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    return devices.filter((device) => device.kind === kind);
  }

  #note(found) {
    this.sentence = found.sentence ?? "";
    this.#tell();
    return found;
  }

  async #watchPermission() {
    // Not every browser knows this permission by name.
    const permission = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
    if (!permission) return;
    this.#permission = permission;
    const look = () => {
      if (permission.state === "denied") this.#note({ sentence: REASONS.NotAllowedError });
      else if (this.sentence === REASONS.NotAllowedError) this.#note({ sentence: "" });
    };
    permission.onchange = look;
    look();
  }
}

// Twilio's Device and Call as their documentation describes them, with the other end in the hands of a test.
(() => {
  class Emitter {
    #listeners = {};
    on(name, work) { (this.#listeners[name] ??= []).push(work); return this; }
    emit(name, ...told) { for (const work of this.#listeners[name] ?? []) work(...told); }
  }

  class Call extends Emitter {
    done = [];
    customParameters = new Map([["offer", "o1"]]);
    #status = "pending";
    constructor(sid) {
      super();
      this.parameters = { CallSid: sid, From: "client:anonymous" };
      this.connectToken = `connect-token-of-${sid}`;
    }
    status() { return this.#status; }
    accept(options) { this.done.push(["accept", options]); this.#status = "open"; queueMicrotask(() => this.emit("accept", this)); }
    reject() { this.done.push(["reject"]); this.#status = "closed"; this.emit("reject"); }
    disconnect() { this.done.push(["disconnect"]); this.#status = "closed"; this.emit("disconnect", this); }
    mute(isMuted) { this.done.push(["mute", isMuted]); this.emit("mute", isMuted, this); }
    sendDigits(digits) { this.done.push(["sendDigits", digits]); }
    ended() { this.#status = "closed"; this.emit("disconnect", this); }
  }

  class Device extends Emitter {
    static all = [];
    static refuses = false;
    state = "unregistered";
    audio = {
      off: [],
      incoming(isOn) { if (!isOn) this.off.push("incoming"); },
      outgoing(isOn) { if (!isOn) this.off.push("outgoing"); },
      disconnect(isOn) { if (!isOn) this.off.push("disconnect"); },
      isOutputSelectionSupported: true,
      speakerDevices: { set: async () => {} },
      setInputDevice: async () => {},
      unsetInputDevice: async () => {},
    };
    calls = [];
    tokens = [];
    constructor(token, options) {
      super();
      this.tokens.push(token);
      this.options = options;
      Device.all.push(this);
    }
    async register() {
      if (Device.refuses) throw new Error("refused");
      this.state = "registered";
      this.emit("registered");
    }
    updateToken(token) { this.tokens.push(token); }
    async connect({ connectToken }) {
      const sid = connectToken.replace("connect-token-of-", "");
      if (Device.over?.includes(sid)) throw new Error("over");
      const call = new Call(sid);
      this.calls.push(call);
      setTimeout(() => call.emit("accept", call)); // when the media is connected
      return call;
    }
    destroy() { for (const call of this.calls) call.disconnect(); this.state = "destroyed"; this.emit("destroyed"); }
    // What happens at the other end.
    ring(sid) { const call = new Call(sid); this.calls.push(call); this.emit("incoming", call); }
    lose() { this.state = "unregistered"; this.emit("unregistered"); this.calls.at(-1)?.emit("reconnecting", new Error("lost")); }
    find() { this.calls.at(-1)?.emit("reconnected"); }
  }
  window.ScriptedDevice = Device;
})();

// The messages of a case: each with its player and its words.

import { byId, make, write } from "./dom.js";

const QUIET_PLAYER = "播放器没有加载上来，先用浏览器自带的。";
let player;

/** The player's module; null when it cannot be had. */
function playerModule() {
  player ??= import("./player.js").catch(() => null);
  return player;
}

export class CaseMessages {
  #box = byId("messages");
  #api;
  #done;
  #split;
  #shown = new Map();

  /** `done(said)` is told of a correction, `split(message)` asked to make a case of its own. */
  constructor({ api, done, split }) {
    this.#api = api;
    this.#done = done;
    this.#split = split;
  }

  show(messages, may) {
    byId("no-messages").hidden = messages.length > 0;
    const wanted = new Set(messages.map(({ id }) => id));
    for (const [id, one] of this.#shown) if (!wanted.has(id)) { one.player?.close?.(); one.element.remove(); this.#shown.delete(id); }
    for (const message of messages) this.#showOne(message, may);
  }

  // A player that sings is not made anew because its words have come: only its sound makes it another one.
  #showOne(message, may) {
    const canSplit = may.split !== undefined && message.kind_zh === "补充";
    const sound = JSON.stringify([message.src, message.seconds, message.sound_zh, "correct" in may]);
    const told = JSON.stringify([message, canSplit, may.split]);
    const old = this.#shown.get(message.id);
    if (old?.told === told) return;
    if (old?.sound === sound && old.player?.setWords) {
      old.told = told;
      old.player.setWords(wordsOf(message, this.#options(message, may)));
      old.head.replaceWith(old.head = this.#headOf(message, canSplit, may.split));
      return;
    }
    const head = this.#headOf(message, canSplit, may.split);
    const place = make("div", { class: "player-place" });
    const element = make("article", { class: "message", "data-id": message.id, "aria-label": `${message.at_zh}的${message.kind_zh}` }, head, place);
    if (old) { old.player?.close?.(); old.element.replaceWith(element); } else this.#box.append(element);
    const one = { element, head, told, sound, player: null };
    this.#shown.set(message.id, one);
    this.#fill(place, one, message, may);
  }

  async #fill(place, one, message, may) {
    const module = await playerModule();
    if (this.#shown.get(message.id) !== one) return;
    if (module) one.player = module.makePlayer(place, this.#options(message, may));
    else place.replaceChildren(...plain(message));
  }

  #options(message, may) {
    const { recording, src, peaks, seconds, words, text, state_zh: note, sound_zh: sentence, corrected } = message;
    const onCorrect = async (written) => {
      const { said, corrected: fresh } = await this.#api.post(`/console/messages/${recording}/correct`, { text: written });
      this.#done(said);
      return fresh;
    };
    return { src, peaks, seconds, words, text, note, sentence, corrected, canCorrect: "correct" in may && Boolean(recording), onCorrect };
  }

  #headOf({ id, kind_zh: kind, at_zh: at }, canSplit, whyNot) {
    const button = canSplit ? make("button", {
      type: "button", class: "plain-button", disabled: Boolean(whyNot), title: whyNot, onclick: () => this.#split({ id, at }),
    }, "拆成另一件") : null;
    return make("header", {}, make("h3", {}, kind), make("span", { class: "quiet" }, at), button);
  }
}

function wordsOf(message, { words, text, note, corrected, canCorrect, onCorrect }) {
  return { words, text, note, corrected, canCorrect, onCorrect };
}

// Without the player: the browser's own, and the words.
function plain({ src, text, state_zh: note, corrected }) {
  const said = make("p", { class: "plain-words" });
  write(said, corrected?.text || text || note);
  return [src ? make("audio", { controls: true, preload: "none", src }) : null, said, make("small", {}, QUIET_PLAYER)].filter(Boolean);
}

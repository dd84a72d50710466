// Talking to our server: JSON both ways, and errors that say whose turn it is.

const PATIENCE_MS = 8000;
const UNREACHABLE = "连不上服务器，请检查网络。";
const NOT_DONE = "这一步没有完成，可以再试一次。";

/** The session is over; whoever is there signs in again. */
export class SignedOut extends Error {}

/** The server said no; `message` is its sentence. */
export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** No answer at all. */
export class Unreachable extends Error {
  constructor() {
    super(UNREACHABLE);
  }
}

export class Api {
  #csrf;
  #page;

  /** `page` is the address of a page of ours that carries the form token in `[data-csrf]`. */
  constructor(csrf, page) {
    this.#csrf = csrf;
    this.#page = page;
  }

  /** What is read by itself does not keep a session alive. */
  look(path) {
    return this.#ask(path, { headers: { "X-Background": "1" } });
  }

  get(path) {
    return this.#ask(path, {});
  }

  /** `isBackground` when nobody pressed anything; `mayOutlive` when the page is going away. */
  post(path, body = {}, options = {}) {
    return this.#change(path, JSON.stringify(body), "application/json", options);
  }

  /** A file as it is, of the type that it says. */
  send(path, file, options = {}) {
    return this.#change(path, file, file.type, options);
  }

  async #change(path, body, type, { isBackground = false, mayOutlive = false, patienceMs = PATIENCE_MS }) {
    const send = () => this.#ask(path, {
      method: "POST",
      body,
      keepalive: mayOutlive,
      patienceMs,
      headers: {
        "Content-Type": type,
        "X-CSRF-Token": this.#csrf,
        ...(isBackground && { "X-Background": "1" }),
      },
    });
    try {
      return await send();
    } catch (error) {
      // Whoever has signed in again in another tab has a new token there.
      const isOldToken = error instanceof Refused && [400, 403].includes(error.status);
      if (!isOldToken || !(await this.#renewToken())) throw error;
      return send();
    }
  }

  async #renewToken() {
    try {
      const response = await fetch(this.#page, { headers: { "X-Background": "1" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector("[data-csrf]")?.dataset.csrf ?? this.#csrf;
      const isNew = fresh !== this.#csrf;
      this.#csrf = fresh;
      return isNew;
    } catch {
      return false;
    }
  }

  async #ask(path, { headers, patienceMs = PATIENCE_MS, ...options }) {
    let response;
    try {
      response = await fetch(path, {
        ...options,
        headers: { Accept: "application/json", ...headers },
        signal: AbortSignal.timeout(patienceMs),
      });
    } catch {
      throw new Unreachable();
    }
    if (response.status === 401 || response.redirected) throw new SignedOut("登录已过期，请重新登录。");
    const answer = await response.json().catch(() => null);
    if (!response.ok) throw new Refused(answer?.error ?? NOT_DONE, response.status);
    if (answer === null) throw new Unreachable();
    return answer;
  }
}

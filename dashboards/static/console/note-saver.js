// Saves a record as it is typed: a moment after the last key, again when it failed, and over a reload.

const PLACE = "console-record";
const PAUSE_MS = 600;
const AGAIN_MS = 3000;

export class NoteSaver {
  #send;
  #tell;
  #pulse;
  #record = null;
  #isDirty = false;
  #isSending = false;
  #stop = () => {};

  /** `send(record)` saves; `tell(state, error)` hears unsaved, saving, saved or failed. */
  constructor(send, tell, pulse) {
    this.#send = send;
    this.#tell = tell;
    this.#pulse = pulse;
  }

  get isDirty() {
    return this.#isDirty || this.#isSending;
  }

  /** The record has changed: {offer, subject, disposition, note}. */
  change(record) {
    this.#record = record;
    this.#isDirty = true;
    sessionStorage.setItem(PLACE, JSON.stringify(record));
    this.#tell("unsaved");
    this.#later(PAUSE_MS);
  }

  /** Save now; says whether everything is saved. */
  async flush() {
    this.#stop();
    if (this.#isSending) await this.#running;
    if (this.#isDirty) await (this.#running = this.#save());
    return !this.#isDirty;
  }

  /** The page is going away. */
  leave() {
    if (this.#isDirty) this.#send(this.#record, { mayOutlive: true }).catch(() => {});
  }

  /** What was typed for this offer and not saved before the page was loaded; null without it. */
  draftOf(offer) {
    const draft = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    return draft?.offer === offer ? draft : null;
  }

  #running = Promise.resolve();

  #later(ms) {
    this.#stop();
    this.#stop = this.#pulse.after(ms, () => this.flush());
  }

  async #save() {
    const record = this.#record;
    this.#isSending = true;
    this.#isDirty = false;
    this.#tell("saving");
    try {
      await this.#send(record);
      if (!this.#isDirty) this.#forget();
    } catch (error) {
      this.#isDirty = true;
      this.#tell("failed", error);
      // What the server refuses it will refuse again, until it is written differently.
      if (!error.status) this.#later(AGAIN_MS);
    } finally {
      this.#isSending = false;
    }
  }

  #forget() {
    sessionStorage.removeItem(PLACE);
    this.#tell("saved");
  }
}

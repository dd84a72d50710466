// Says to the server that this page lives and could take a call.

const BEAT_MS = 5000;

/** Beat while `isFit()`; `send()` posts one. A frozen page sends nothing, see pulse.js. */
export function startHeart({ isFit, send, pulse }) {
  let isSending = false;
  const beat = async () => {
    if (isSending || !isFit()) return;
    isSending = true;
    try {
      await send();
    } catch { /* The link tells what is wrong. */ } finally {
      isSending = false;
    }
  };
  pulse.every(BEAT_MS, beat);
  return beat;
}

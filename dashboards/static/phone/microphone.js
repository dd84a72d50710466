// Asks for the microphone, and says in a sentence why there is none.

const STILL = "对方听不到您，您可以听，也可以按键。";
const REASONS = {
  NotAllowedError: `麦克风没有被允许，${STILL}要说话，请在浏览器的网站设置里允许麦克风，再拨一次。`,
  NotFoundError: `这台设备上没有找到麦克风，${STILL}`,
  NotReadableError: `麦克风正被别的程序占用，${STILL}请关掉那个程序，再拨一次。`,
};
const INSECURE = `这个网址不是安全连接（https），浏览器不让使用麦克风，${STILL}`;
const UNANSWERED = `还没有允许使用麦克风，${STILL}`;
const PATIENCE_MS = 20000;

/**
 * Either a stream or the sentence. A question left unanswered does not keep the call waiting. A device that is
 * no longer there is replaced by the browser's own choice.
 */
export async function askMicrophone(deviceId = "") {
  if (!window.isSecureContext || !navigator.mediaDevices) return { sentence: INSECURE };
  const asked = navigator.mediaDevices
    .getUserMedia({ audio: { echoCancellation: true, channelCount: 1, ...(deviceId && { deviceId }) } })
    .then((stream) => ({ stream }), (error) => ({ sentence: REASONS[error.name] ?? `麦克风打不开，${STILL}` }));
  let timer;
  const patience = new Promise((resolve) => { timer = setTimeout(resolve, PATIENCE_MS, { sentence: UNANSWERED }); });
  const answer = await Promise.race([asked, patience]);
  clearTimeout(timer);
  if (!answer.stream) {
    // Allowed too late for this call: the light of the microphone must not stay on.
    asked.then(({ stream }) => { if (stream) stopStream(stream); });
  }
  return answer;
}

/** Switch the microphone off. */
export function stopStream(stream) {
  for (const track of stream.getTracks()) track.stop();
}

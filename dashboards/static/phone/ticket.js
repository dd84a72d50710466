// A fresh token for each connection.

/** Why there is no token; `isFinal` when asking again cannot help. */
export class NoTicket extends Error {
  constructor(sentence, isFinal) {
    super(sentence);
    this.isFinal = isFinal;
  }
}

const UNREACHABLE = "连不上服务器，请检查网络后再拨。";
const SENTENCES = { 400: "页面放得太久了，请刷新后再拨。", 404: "这部电话现在没有启用。", 422: "这个号码不能用来等电话，请换一个手机号或座机号。", 429: "操作太频繁，请一分钟后再拨。" };
const PATIENCE_MS = 5000;

/** {token, url}, with a number for a connection that can be rung at it; throws NoTicket. */
export async function fetchTicket(address, csrfToken, number = "") {
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: csrfToken, ...(number && { number }) }),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new NoTicket(UNREACHABLE, false);
  }
  if (response.redirected) throw new NoTicket("登录已超时，请重新登录后再拨。", true);
  if (!response.ok) throw new NoTicket(SENTENCES[response.status] ?? UNREACHABLE, response.status in SENTENCES && response.status !== 429);
  return response.json();
}

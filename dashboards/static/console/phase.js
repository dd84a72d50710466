// What the page shows, from what the server and the softphone say.

const RINGING = ["reserved", "ringing"];
const ANSWERED = ["answering", "live"];

/**
 * none, calling, ring, joining, talk, hold or lost: what the call card shows. `isWanted` when 接听 has been pressed.
 * While the caller of a callback is still to be reached, nothing rings here.
 */
export function phaseOf(offer, call, isWanted) {
  if (!offer) return "none";
  if (isCalling(offer)) return "calling";
  if (RINGING.includes(offer.status)) return isWanted || ANSWERED.includes(call?.stage) ? "joining" : "ring";
  if (offer.status === "accepted") return "joining";
  if (offer.status !== "connected") return "none";
  if (call?.stage === "lost") return "lost";
  return offer.held_since ? "hold" : "talk";
}

/** Whether the carrier is still dialling the caller of this offer. */
export function isCalling(offer) {
  return Boolean(offer?.callback) && offer.callback.stage !== "confirmed" && RINGING.includes(offer.status);
}

/** What the record shows: none, talk or wrap_up, and of which offer. */
export function recordOf({ agent, offer, wrap_up: wrapUp }) {
  if (agent.state === "wrap_up" && wrapUp) return { mode: "wrap_up", offer: wrapUp.offer_id };
  if (offer?.status === "connected") return { mode: "talk", offer: offer.id };
  return { mode: "none", offer: null };
}

/** What the caller asked about last, in the words to search the guides with; "" when nothing. */
export function lastAsked({ asked_zh: asked = [] }) {
  const last = asked.filter((words) => !words.endsWith("转人工")).at(-1) ?? "";
  const heard = last.match(/（([^（）]*)）$/);
  return (heard ? heard[1].split("、").at(-1) : last.split("：").at(-1)) ?? "";
}

/** What stands in the middle while nobody calls: [words, more]. */
export function nobodyWords({ agent, line }, isReachable) {
  const waiting = line?.waiting ? `队伍里有 ${line.waiting} 人在等。` : "";
  switch (agent.state) {
    case "logged_out": return ["还没有上线", `${waiting}按 Alt+O 上线，开始接电话。`];
    case "break": return [`正在${agent.reason_zh ?? "休息"}`, `${waiting}回来按 Alt+O 转空闲。`];
    case "away": return ["系统把您设成了置离", `${agent.reason_zh ?? "没有响应"}。${waiting}回来按 Alt+O 转空闲。`];
    case "wrap_up": return ["通话结束了", ""];
    case "available":
      return isReachable ? ["等待来电", "电话来了会响铃，显示在这里。"] : ["暂时接不到电话", "看上面的提示，线路好了会自己恢复。"];
    default: return ["正在接通", ""];
  }
}

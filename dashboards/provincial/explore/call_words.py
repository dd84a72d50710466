"""How one reads what happened in a call: steps of the menu, the line, talks, callbacks, cases. Pure."""

from __future__ import annotations

from datetime import datetime

from ivr.call_status import FINAL_RANK, RANKS
from queueing.offer import DROPPED, FINISHED, TRANSFERRED

# What the caller did, or what happened, before the place of the menu that followed.
STEPS_ZH = {
    "call_started": "电话打进来",
    "called_back": "我们打出去，对方接了",
    "keys": "按键",
    "silence": "没有按键",
    "spoke": "出了声",
    "recorded": "录了音",
    "dial_ended": "值班电话结束",
    "connected": "咨询员接了",
    "talk_ended": "咨询员离开通话",
    "command_answered": "系统查好了",
    "recovered": "出了错，从原来的地方接着",
    "call_ended": "挂断",
}
STATUSES_ZH = {
    "queued": "排进运营商",
    "initiated": "开始呼叫",
    "ringing": "振铃",
    "in-progress": "接通",
    "completed": "结束",
    "busy": "占线",
    "failed": "呼叫失败",
    "no-answer": "没有人接",
    "canceled": "取消",
}
# Why a place in the line ended.
LINE_ENDS_ZH = {
    "served": "谈完离开队列",
    "hung_up": "挂断，离开队列",
    "left": "按键离开队列",
    "closed": "下班，队列结束",
    "limit": "等满上限，离开队列",
    "nobody": "没有咨询员，离开队列",
    "callback": "改为回电，离开队列",
    "missed": "回电没有接通，离开队列",
    "parked": "回电改时间，离开队列",
    "cancelled": "回电取消，离开队列",
}
OFFER_ENDS_ZH = {
    "agent": "咨询员结束",
    "caller": "来电人挂断",
    "leg": "咨询员那一边断了",
    "timeout": "没有接",
    "carrier": "线路故障",
    "no_number": "没有号码可以打",
}
END_REASONS_ZH = {"sweep": "一直没有挂断的消息，系统收的", "outage": "系统故障时打来，事后补记", "carrier": ""}
# Kinds of events, for the eye: the symbol is beside words, never instead of them.
SYMBOLS = {
    "call": "●",
    "menu": "▷",
    "carrier": "·",
    "line": "◷",
    "talk": "◆",
    "rating": "★",
    "callback": "↺",
    "case": "■",
}


def step_words(kind: str, keys: str | None, place: str) -> str:
    """`按键1，到“主菜单”`; `keys` as they are kept: of a number only how many digits it had."""
    what = STEPS_ZH.get(kind, kind) + (keys if kind == "keys" and keys else "")
    return f"{what}，到“{place}”" if place else what


def status_words(status: str, applied: bool) -> str:
    """`运营商：结束`; one that came late or again changed nothing, and says so."""
    words = STATUSES_ZH.get(status, "不认识的说法")
    is_known = status in RANKS
    return f"运营商：{words}" + ("" if applied else "（来晚了或重复，没有改变什么）" if is_known else "（只记下）")


def is_end(status: str) -> bool:
    """Whether the carrier says with it that the call is over."""
    return RANKS.get(status) == FINAL_RANK


def talk_words(status: str, end_reason: str | None, words: str) -> str:
    """How an offer ended: `通话结束，来电人挂断`."""
    why = OFFER_ENDS_ZH.get(end_reason or "", "")
    talked = status in (FINISHED, DROPPED, TRANSFERRED)
    return f"{words}，{why}" if why and talked else words


def span_words(seconds: float) -> str:
    """`1分05秒`, `42秒`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}分{rest:02}秒" if minutes else f"{rest}秒"


def between(since: datetime | None, until: datetime | None) -> str:
    """How long it took, empty while one of the two is not known."""
    return span_words((until - since).total_seconds()) if since and until else ""

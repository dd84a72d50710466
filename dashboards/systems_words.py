"""The words of the page of the business systems: states, results, kinds. Pure."""

from __future__ import annotations

from dashboards.console.look_up_words import KINDS
from integrations.social_insurance.systems_file import PIN

KIND_NAMES = {**{kind.value: name for kind, name in KINDS.items()}, PIN: "查询密码"}
# What the trail has besides: changes to a card are in it like questions.
TRAIL_KINDS = {**KIND_NAMES, "card_freeze": "电话挂失", "card_release": "解除电话挂失"}
# Word, tone, symbol: a colour never says it alone.
STATES = {
    "up": ("正常", "on", "●"),
    "down": ("连不上", "stop", "■"),
    "resting": ("歇一会儿", "soon", "◐"),
    "half": ("接了一半", "soon", "▲"),
    "unknown": ("没探测", "off", "○"),
}
# Those in which something was found first, in the order in which they are listed.
RESULTS = {
    "found": "查到",
    "done": "办成",
    "already": "早已办过",
    "not_found": "查无此人",
    "right": "密码对",
    "wrong": "密码错",
    "initial": "初始密码",
    "not_set": "没设密码",
    "locked": "已锁",
    "unavailable": "没有回答",
    "rejected": "系统拒绝",
    "unknown": "看不明白",
    "open": "没有下文",
}
RESULT_TONES = {
    "found": "on",
    "right": "on",
    "done": "on",
    "already": "on",
    "unavailable": "stop",
    "unknown": "stop",
    "open": "stop",
    "locked": "soon",
}
REASONS = {"slow": "太慢", "down": "连不上", "busy": "太忙", "closed": "没接通", "refused": "不让进"}
DEFINITIONS = {
    "asked": "今天（北京时间零点起）问这个系统的次数，来电人自己按键的和咨询员查的都算，按问的中心计。",
    "p50": "今天有结果的查询里，一半不超过这么久（实测，毫秒）。",
    "p95": "今天有结果的查询里，100次有95次不超过这么久（实测，毫秒）。",
    "locked": "查询密码错得太多、现在不能再试的，按人和按来电号码各算各的，全省合计。",
}


def result_words(result: str | None, reason: str | None) -> str:
    """`没有回答（太慢）`."""
    words = RESULTS.get(result or "open", result or "")
    return f"{words}（{REASONS.get(reason, reason)}）" if reason else words


def milliseconds_words(milliseconds: int | None) -> str:
    """`1,240 毫秒`; a dash when nothing was measured."""
    return "—" if milliseconds is None else f"{milliseconds:,} 毫秒"

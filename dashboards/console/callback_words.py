"""How staff read a callback: its state, how far an attempt has come, what became of its text message. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from integrations.work_calendar import in_shanghai
from queueing.callback import (
    ANSWERED,
    CLAIMED,
    END_REASONS_ZH,
    ENDED,
    INITIATED,
    LIVE,
    NAMES_ZH,
    RINGING,
    SCHEDULED,
    TO_BE_CLEARED,
)

# What the card of the ring shows; only when confirmed does the consultant's own telephone ring.
DIALLING_STAGE, RINGING_STAGE, ANSWERED_STAGE, CONFIRMED_STAGE = "dialling", "ringing", "answered", "confirmed"
_STAGES = {
    CLAIMED: DIALLING_STAGE,
    INITIATED: DIALLING_STAGE,
    RINGING: RINGING_STAGE,
    ANSWERED: ANSWERED_STAGE,
}
# A text that was not sent is never said to have been.
TEXTS_ZH = {
    "waiting": "短信还没有发",
    "no_channel": "短信没有通道，没有发",
    "sent": "已发短信",
    "failed": "短信没有发出去",
}
CANCEL_REASONS = {
    "not_needed": "来电人说不用了",
    "done": "已经办好了",
    "twice": "约重了",
    "number": "号码不对",
    "other": "其他",
}
CLEAR_REASONS = {
    "reached": "已用别的办法联系上",
    "checked": "核对过，联系不上",
    "passed_on": "已转给别的部门",
    "other": "其他",
}
NEEDS_WORDS = "other"


def stage_of(attempt_status: str | None) -> str:
    """How far the attempt of an open offer has come; without one, or with one that is over, the caller is there."""
    return _STAGES.get(attempt_status or "", CONFIRMED_STAGE)


def state_words(status: str, entry_status: str | None, attempts: int, has_slot: bool, end_reason: str | None) -> str:
    """A callback's state as one reads it in the list; `entry_status` is that of its place in the line."""
    if status == ENDED:
        return END_REASONS_ZH.get(end_reason or "", NAMES_ZH[ENDED])
    if status == SCHEDULED:
        return "等着再打" if attempts else "约好时间" if has_slot else "等到能打的时间"
    if status == LIVE and entry_status == "connected":
        return "正在通话"
    return NAMES_ZH[status]


def is_overdue(promised_until: datetime | None, was_tried: bool, at: datetime) -> bool:
    """Whether an open callback was not even tried within the time that its caller was promised."""
    return promised_until is not None and promised_until < at and not was_tried


def to_clear_words(breached_at: datetime | None, cleared_at: datetime | None, end_reason: str | None) -> list[str]:
    """Why a supervisor has to look at a callback; empty when nobody has to."""
    if cleared_at is not None:
        return []
    late = ["没按约好的时间打"] if breached_at is not None else []
    return [*late, *([END_REASONS_ZH[end_reason]] if end_reason in TO_BE_CLEARED else [])]


def written_reason(choice: str, words: str, reasons: dict[str, str]) -> str:
    """A chosen reason with what was written about it; empty when it is not of the list, or says nothing."""
    if choice not in reasons or (choice == NEEDS_WORDS and not words):
        return ""
    if choice == NEEDS_WORDS:
        return words
    return f"{reasons[choice]}：{words}" if words else reasons[choice]


def span_words(since: datetime, until: datetime, now: datetime) -> str:
    """`今天15:00到15:30`, `明天09:00到09:30`, `11月24日09:00到09:30`, on the Shanghai clock."""
    first, last, today = in_shanghai(since), in_shanghai(until), in_shanghai(now).date()
    days = {today: "今天", today + timedelta(days=1): "明天"}
    day = days.get(first.date(), f"{first.month}月{first.day}日")
    return f"{day}{first:%H:%M}到{last:%H:%M}"


def names_of(reasons: Collection[str]) -> str:
    """The names of a list of reasons in one sentence."""
    return "、".join(reasons)

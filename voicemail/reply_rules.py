"""What follows tries to give a caller the answer: three calls on different half-days, then a text, then the supervisor.

Pure. Several tries within one half-day count once. Trouble of the carrier's or of ours is never held against a caller,
and whoever picked up a wrong number gets no text about somebody else's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from integrations.work_calendar import SHANGHAI, in_shanghai
from queueing import callback

AGAIN, TEXT, SUPERVISOR = "again", "text", "supervisor"
# A shorter talk is a telephone picked up and put down: nothing can have been answered.
DELIVERED_SECONDS = 10
FAILED_HALF_DAYS = 3
NOON = time(12)

DELIVERED, TOO_SHORT = "delivered", "too_short"
UNDELIVERED, NO_CHANNEL, FAILED = "undelivered", "no_channel", "failed"
RESULTS_ZH = {
    **callback.RESULTS_ZH,
    callback.LEFT: "接通前来电人离开",
    callback.STAFF_CANCELLED: "咨询员取消",
    DELIVERED: "已答复",
    TOO_SHORT: f"接通不到{DELIVERED_SECONDS}秒，不算答复",
    UNDELIVERED: "短信没有送达",
    NO_CHANNEL: "没有短信通道",
    FAILED: "没有发出去",
}
CALL_FAILURES = (callback.NO_ANSWER, callback.BUSY, callback.MACHINE, callback.SILENT, callback.HUNG_UP, TOO_SHORT)
TEXT_FAILURES = (UNDELIVERED, NO_CHANNEL, FAILED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that has ended; `at`: when it was made."""

    at: datetime
    result: str


@dataclass(frozen=True, slots=True)
class Next:
    """`again`: a call, one that counts from `not_before` on (None: at once); `text`; or `supervisor`, who decides."""

    step: str
    not_before: datetime | None = None


def half_day(at: datetime) -> str:
    """`2026-03-10 上午`, on the Shanghai clock; noon belongs to the afternoon."""
    local = in_shanghai(at)
    return f"{local:%Y-%m-%d} {'上午' if local.time() < NOON else '下午'}"


def next_half_day(at: datetime) -> datetime:
    """When the half-day after this one begins, be anybody there or not."""
    local = in_shanghai(at)
    if local.time() < NOON:
        return datetime.combine(local.date(), NOON, SHANGHAI)
    return datetime.combine(local.date() + timedelta(days=1), time(0), SHANGHAI)


def what_next(attempts: Sequence[Attempt], half_days: int = FAILED_HALF_DAYS) -> Next:
    """What follows the tries so far, in any order; `half_days`: on how many a call must have failed before a text.

    Tries before the last delivered answer belong to an earlier one and are not looked at.
    """
    tried = _since_delivered(attempts)
    results = {attempt.result for attempt in tried}
    if callback.WRONG_NUMBER in results:
        return Next(SUPERVISOR)
    failed = [attempt for attempt in tried if attempt.result in CALL_FAILURES]
    if callback.BAD_NUMBER in results or len(failed_half_days(tried)) >= half_days:
        return Next(SUPERVISOR if results & {*TEXT_FAILURES} else TEXT)
    return Next(AGAIN, next_half_day(failed[-1].at) if failed else None)


def failed_half_days(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    """The half-days on which calls failed since the last delivered answer, in order, each once."""
    failed = (attempt for attempt in _since_delivered(attempts) if attempt.result in CALL_FAILURES)
    return tuple(dict.fromkeys(half_day(attempt.at) for attempt in failed))


def _since_delivered(attempts: Sequence[Attempt]) -> list[Attempt]:
    ordered = sorted(attempts, key=lambda attempt: attempt.at)
    last = max((n for n, attempt in enumerate(ordered) if attempt.result == DELIVERED), default=-1)
    return ordered[last + 1 :]

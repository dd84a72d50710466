"""A callback: somebody is to be rung, from asking to the one ending; and an attempt at it.

Pure. The table says what each event makes of a request; anything else raises IllegalMove. An attempt counts once the
carrier has begun to ring; after the most attempts the request ends with a reason, and a supervisor hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from queueing.agent import IllegalMove
from queueing.callback_rules import CallbackRules

SCHEDULED, WAITING, DIALLING, LIVE, ENDED = "scheduled", "waiting", "dialling", "live", "ended"
NAMES_ZH = {SCHEDULED: "约好时间", WAITING: "排队等回电", DIALLING: "正在拨打", LIVE: "已接通来电人", ENDED: "已结束"}
STATUSES = tuple(NAMES_ZH)
OPEN = (SCHEDULED, WAITING, DIALLING, LIVE)

SOURCES_ZH = {
    "line": "排队时按键约的",
    "menu": "按7约的",
    "limit": "没排上约的",
    "abandoned": "排队中挂断",
    "dropped": "通话断线",
    "desk": "咨询员约的",
    "case": "答复办件",
}
# Booked by a consultant; and a call that answers a case, which is nobody's request: one attempt, and what follows is
# the case's own affair.
DESK, CASE = "desk", "case"

MOVES = {
    (SCHEDULED, "wake"): WAITING,
    (SCHEDULED, "call_now"): WAITING,
    (SCHEDULED, "postpone"): SCHEDULED,
    (SCHEDULED, "end"): ENDED,
    (WAITING, "park"): SCHEDULED,
    (WAITING, "postpone"): SCHEDULED,
    (WAITING, "dial"): DIALLING,
    (WAITING, "end"): ENDED,
    (DIALLING, "confirm"): LIVE,
    (DIALLING, "again"): SCHEDULED,
    (DIALLING, "postpone"): SCHEDULED,
    (DIALLING, "end"): ENDED,
    (LIVE, "again"): SCHEDULED,
    (LIVE, "end"): ENDED,
}
EVENTS = tuple(dict.fromkeys(event for _, event in MOVES))

# How an attempt ended.
BUSY, NO_ANSWER, MACHINE, SILENT, HUNG_UP = "busy", "no_answer", "machine", "silent", "hung_up"
WRONG_NUMBER, BAD_NUMBER, LATER, CARRIER = "wrong_number", "bad_number", "later", "carrier"
CANCELLED, JOINED, TALKED, UNSERVED = "cancelled", "joined", "talked", "unserved"
RESULTS_ZH = {
    BUSY: "占线",
    NO_ANSWER: "没人接",
    MACHINE: "留言机接的",
    SILENT: "接了没出声",
    HUNG_UP: "接了又挂断",
    WRONG_NUMBER: "号码不对",
    BAD_NUMBER: "号码打不通",
    LATER: "对方要换时间",
    CARRIER: "线路故障，不算次数",
    CANCELLED: "已取消",
    JOINED: "对方自己打来了",
    TALKED: "已通话",
    UNSERVED: "接了，没等到咨询员，不算次数",
}

# Why a request ended.
SERVED, UNREACHED, LEFT, TRIED = "served", "unreached", "left", "tried"
CALLER_CANCELLED, STAFF_CANCELLED = "caller_cancelled", "staff_cancelled"
END_REASONS_ZH = {
    SERVED: "已回电通话",
    UNREACHED: "打满次数没接通",
    WRONG_NUMBER: "号码不对",
    BAD_NUMBER: "号码打不通",
    CALLER_CANCELLED: "来电人取消",
    STAFF_CANCELLED: "咨询员取消",
    JOINED: "来电人自己打来了",
    LEFT: "来电人离开",
    TRIED: "打了一次没有通话",
}
# These did not reach the caller: somebody of the centre has to look at them.
TO_BE_CLEARED = (UNREACHED, WRONG_NUMBER, BAD_NUMBER)
# Trouble of the carrier's or of ours is none of the caller's: never the reason to give up.
OURS = (CARRIER, UNSERVED)
CARRIER_RETRY = timedelta(minutes=1)

CLAIMED, INITIATED, RINGING, ANSWERED, CONFIRMED = "claimed", "initiated", "ringing", "answered", "confirmed"
# The carrier's words overtake each other: a status never goes back.
ATTEMPT_RANK = {CLAIMED: 0, INITIATED: 1, RINGING: 2, ANSWERED: 3, CONFIRMED: 4, ENDED: 5}
# The carrier's word for a leg, and how far the attempt has come by it.
REACHED = {"queued": CLAIMED, "initiated": INITIATED, "ringing": RINGING, "in-progress": ANSWERED, "answered": ANSWERED}


@dataclass(frozen=True, slots=True)
class NextStep:
    """What follows an attempt: again at `at`, or the end for `end_reason`."""

    at: datetime | None = None
    end_reason: str | None = None


def next_status(status: str, event: str) -> str:
    """The status that follows. Raises IllegalMove for what is not in the table."""
    try:
        return MOVES[status, event]
    except KeyError:
        raise IllegalMove(status, event) from None


def result_of(last_word: str, reached: str) -> str:
    """How an attempt ended, by the carrier's last word for the leg and by how far it had come.

    A number that fails at once cannot be reached; a line that breaks off after it has rung is the carrier's trouble.
    An unknown or empty word, which some engines send for engaged, is a failure that counts.
    """
    if last_word == "busy":
        return BUSY
    if last_word == "failed" and reached in (RINGING, ANSWERED):
        return CARRIER
    if reached in (ANSWERED, CONFIRMED) or last_word == "completed":
        return HUNG_UP
    if last_word == "canceled" and reached == CLAIMED:
        return CARRIER
    return NO_ANSWER


def next_step(
    result: str,
    attempts: int,
    rules: CallbackRules,
    at: datetime,
    next_decent: Callable[[datetime], datetime | None],
    chosen: datetime | None = None,
) -> NextStep:
    """What follows an attempt that ended with `result`; `attempts` are those that counted, this one included.

    `next_decent` gives the first moment from then on at which the caller may be rung, None when no such day is in
    sight: then it is tried again all the same, so that nobody is forgotten. `chosen`: the time the caller asked for.
    """
    if result in (WRONG_NUMBER, BAD_NUMBER, JOINED):
        return NextStep(end_reason=result)
    if result == TALKED:
        return NextStep(end_reason=SERVED)
    if result == LATER and chosen is not None:
        return NextStep(chosen)
    if result not in OURS and attempts >= rules.most_attempts:
        return NextStep(end_reason=UNREACHED)
    wanted = at + _delay(result, rules)
    return NextStep(next_decent(wanted) or wanted)


def _delay(result: str, rules: CallbackRules) -> timedelta:
    minutes = {
        BUSY: rules.busy_retry_minutes,
        MACHINE: rules.machine_retry_minutes,
        SILENT: rules.machine_retry_minutes,
    }
    if result == CARRIER:
        return CARRIER_RETRY
    return timedelta(minutes=minutes.get(result, rules.no_answer_retry_minutes))

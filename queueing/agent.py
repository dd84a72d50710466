"""A consultant's seat: its states, what may follow what, and the intervals that add up to a shift.

Pure. A move that is not in MOVES raises IllegalMove; known duplicates (a key pressed twice, a word of the carrier that
comes late) map to themselves. A break belongs to the consultant: nothing else begins, replaces or ends one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from integrations.errors import HotlineError
from queueing.line_rules import LineRules

LOGGED_OUT = "logged_out"
AVAILABLE = "available"
RESERVED = "reserved"
ON_CALL = "on_call"
HOLD = "hold"
WRAP_UP = "wrap_up"
BREAK = "break"
AWAY = "away"

NAMES_ZH = {
    LOGGED_OUT: "离线",
    AVAILABLE: "空闲",
    RESERVED: "振铃",
    ON_CALL: "通话",
    HOLD: "保持",
    WRAP_UP: "话后整理",
    BREAK: "休息",
    AWAY: "系统置离",
}
STATES = tuple(NAMES_ZH)
SIGNED_IN = STATES[1:]
# Somebody is with the seat, or was a moment ago: a break can only be wished for.
ENGAGED = (RESERVED, ON_CALL, HOLD, WRAP_UP)
# Serves the line: what an estimate of the wait may count on.
SERVING = (AVAILABLE, *ENGAGED)

MEAL, TRAINING, MEETING, SHORT = "meal", "training", "meeting", "short"
NO_ANSWER, NO_HEARTBEAT = "no_answer", "no_heartbeat"
BREAK_REASONS = {MEAL: "用餐", TRAINING: "培训", MEETING: "会议", SHORT: "小休"}
AWAY_REASONS = {NO_ANSWER: "三次未接", NO_HEARTBEAT: "页面没有响应"}
REASONS_ZH = BREAK_REASONS | AWAY_REASONS
_REASONS_OF = {"rest": BREAK_REASONS, "wish": BREAK_REASONS, "set_away": AWAY_REASONS}

MOVES = {
    (LOGGED_OUT, "sign_in"): AVAILABLE,
    (AVAILABLE, "sign_out"): LOGGED_OUT,
    (BREAK, "sign_out"): LOGGED_OUT,
    (AWAY, "sign_out"): LOGGED_OUT,
    (WRAP_UP, "sign_out"): LOGGED_OUT,
    (AVAILABLE, "offer"): RESERVED,
    (RESERVED, "release"): AVAILABLE,
    (RESERVED, "answer"): ON_CALL,
    (ON_CALL, "hold"): HOLD,
    (HOLD, "unhold"): ON_CALL,
    (ON_CALL, "end_talk"): WRAP_UP,
    (HOLD, "end_talk"): WRAP_UP,
    (WRAP_UP, "finish"): AVAILABLE,
    (AVAILABLE, "rest"): BREAK,
    (WRAP_UP, "rest"): BREAK,
    (AWAY, "rest"): BREAK,
    (BREAK, "rest"): BREAK,
    (BREAK, "ready"): AVAILABLE,
    (AWAY, "ready"): AVAILABLE,
    (AVAILABLE, "set_away"): AWAY,
    (RESERVED, "set_away"): AWAY,
}
_DUPLICATES = {
    "sign_in": SIGNED_IN,
    "sign_out": (LOGGED_OUT,),
    # The end of a ring may be heard of after the seat has left it.
    "release": (AVAILABLE, BREAK, AWAY, LOGGED_OUT),
    "answer": (ON_CALL, HOLD),
    "hold": (HOLD,),
    "unhold": (ON_CALL,),
    "end_talk": (WRAP_UP,),
    # Pressed twice, and the next caller was quicker than the second time.
    "finish": (AVAILABLE, BREAK, RESERVED),
    # While engaged it takes a wish for a break back.
    "ready": (AVAILABLE, *ENGAGED),
    "wish": ENGAGED,
    "set_away": (AWAY,),
}
MOVES |= {(state, event): state for event, states in _DUPLICATES.items() for state in states}
EVENTS = tuple(dict.fromkeys(event for _, event in MOVES))
# A consultant who does any of these is there: misses in a row are counted from here.
FORGETS_MISSES = frozenset({"sign_in", "ready", "answer"})


class IllegalMove(HotlineError):
    """Something was asked that the present state does not allow; nothing was changed."""

    default_sentence = "这一步现在做不了，请看页面上最新的状态。"
    http_status = 409

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"{state} -{event}-> ?")
        self.state = state
        self.event = event


@dataclass(frozen=True, slots=True)
class Standing:
    """What a seat is doing: `reason` of a break or of being away, `next_reason` of a break wished for meanwhile."""

    state: str = LOGGED_OUT
    reason: str | None = None
    next_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch in one state, aware times; `until` is None while it lasts."""

    state: str
    reason: str | None
    since: datetime
    until: datetime | None = None


def next_state(state: str, event: str) -> str:
    """The state that follows by the table alone. Raises IllegalMove."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise IllegalMove(state, event) from None


def break_event(state: str) -> str:
    """Which event asking for a break is: `rest` now, or a `wish` that is kept until the caller is done with."""
    return "wish" if state in ENGAGED else "rest"


def advance(standing: Standing, event: str, reason: str | None = None) -> Standing:
    """What follows, with reasons and wishes. Raises IllegalMove; ValueError for a reason that is none of the event's.

    A wish for a break is kept through ring, talk and wrap-up, and comes true when the seat would become free or be
    set away: at `finish`, `release` or `set_away`. Only the consultant's own later word (another wish, a break at
    once, `ready`, signing out) replaces it.
    """
    allowed = _REASONS_OF.get(event, {})
    if (reason is not None or allowed) and reason not in allowed:
        raise ValueError(f"{reason!r} is no reason for {event}")
    state = next_state(standing.state, event)
    if event == "wish":
        return replace(standing, next_reason=reason)
    if event == "ready" and state in ENGAGED:
        return replace(standing, next_reason=None)
    if event == "rest":
        return Standing(BREAK, reason)
    if state == standing.state:
        return standing
    if standing.next_reason and state in (AVAILABLE, AWAY):
        return Standing(BREAK, standing.next_reason)
    return Standing(state, reason, standing.next_reason if state in ENGAGED else None)


def after_miss(misses: int, rules: LineRules) -> tuple[int, bool]:
    """One more offer not answered: misses in a row now, and whether the system sets the seat away for it."""
    return misses + 1, misses + 1 >= rules.misses_until_away


def turn_over(intervals: Sequence[Interval], standing: Standing, at: datetime) -> tuple[Interval, ...]:
    """A shift's intervals, in order, after the seat came to `standing`: one closed, one opened, no gap.

    Signing out opens none. An instant before the last interval began counts as its beginning, since the clocks of
    two machines differ a little.
    """
    earlier, last = tuple(intervals[:-1]), intervals[-1] if intervals else None
    if last is None or last.until is not None:
        closed = tuple(intervals)
    elif (last.state, last.reason) == (standing.state, standing.reason):
        return tuple(intervals)
    else:
        at = max(at, last.since)
        closed = (*earlier, replace(last, until=at))
    return closed if standing.state == LOGGED_OUT else (*closed, Interval(standing.state, standing.reason, at))


def totals(intervals: Sequence[Interval], until: datetime) -> dict[str, int]:
    """Whole seconds in each signed-in state up to `until`; together exactly the seconds of the shift.

    Every stretch counts from its own beginning. One that still lasts, or ends later, counts up to `until`. Whole
    seconds are cut at the instants and not at the durations, so that no rounding is lost between two states.
    """
    seconds = dict.fromkeys(SIGNED_IN, 0)
    for interval in intervals:
        end = until if interval.until is None else min(interval.until, until)
        seconds[interval.state] += max(0, seconds_between(interval.since, end))
    return seconds


def seconds_between(since: datetime, until: datetime) -> int:
    """Whole seconds between two aware instants, each cut to its second: adjoining stretches add up."""
    return _second(until) - _second(since)


def _second(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)

"""The consultants of a simulated day: their states by the real table, and who is off when.

Pure. Times are seconds of virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import floor

from queueing import agent
from queueing.agent import AVAILABLE, BREAK, LOGGED_OUT, SERVING, Standing
from queueing.replay.virtual_time import Timeline
from queueing.routing import Seat

# Breaks go round in turns of about so long, and are wished for so much earlier that a talk is over in time.
TURN, WISHED_EARLIER = 1800.0, 300.0


@dataclass(frozen=True, slots=True)
class Break:
    """One consultant off for `seconds`, wished for at `since`."""

    consultant: int
    since: float
    seconds: float


def plan_breaks(consultants: int, effective: float, spans: list[tuple[float, float]], turn: int = 0) -> list[Break]:
    """Breaks that leave `effective` consultants at work on average over the opening hours `spans`.

    In turns of half an hour, the number off as even as whole people can be; `turn` is who and what is first.
    """
    off, breaks, person = consultants - effective, [], turn
    turns = [piece for since, until in spans for piece in _turns(since, until)]
    for n, (since, seconds, is_first) in enumerate(turns, start=turn):
        # Whole people in every turn, and the rest of it made up by the next.
        count = floor((n + 1) * off + 1e-9) - floor(n * off + 1e-9)
        for _ in range(count):
            breaks.append(Break(person % consultants, since if is_first else since - WISHED_EARLIER, seconds))
            person += 1
    owed = off * sum(seconds for _, seconds, _ in turns) - sum(each.seconds for each in breaks)
    return _settled(breaks, owed, person % consultants, turns)


def _turns(since: float, until: float) -> Iterator[tuple[float, float, bool]]:
    count = max(1, round((until - since) / TURN))
    seconds = (until - since) / count
    for n in range(count):
        yield since + n * seconds, seconds, n == 0


def _settled(breaks: list[Break], owed: float, person: int, turns: list[tuple[float, float, bool]]) -> list[Break]:
    """Whole breaks never add up exactly: one more that is short, or the last one a little shorter."""
    if owed > 1:
        since, seconds, is_first = turns[len(turns) // 2]
        return [*breaks, Break(person, since if is_first else since - WISHED_EARLIER, min(owed, seconds))]
    if owed < -1 and breaks and breaks[-1].seconds > -owed:
        last = breaks[-1]
        return [*breaks[:-1], Break(last.consultant, last.since, last.seconds + owed)]
    return breaks


@dataclass
class Consultant:
    """A seat with what it is doing; `serving_since` while it counts for the line."""

    number: int
    standing: Standing = field(default_factory=Standing)
    seat: Seat | None = None
    break_seconds: float = 0.0
    break_until: float = 0.0
    serving_since: float | None = None
    served_seconds: float = 0.0


class Staff:
    """Everybody on the roster. `when_free` is called each time somebody has become available."""

    def __init__(
        self,
        count: int,
        centre: str,
        timeline: Timeline,
        moment: Callable[[float], datetime],
        when_free: Callable[[], None],
    ) -> None:
        self.consultants = [Consultant(number) for number in range(count)]
        self._centre, self._timeline, self._moment, self._when_free = centre, timeline, moment, when_free
        self._free: dict[int, Seat] = {}

    def free_seats(self) -> list[Seat]:
        """Those who may be offered somebody now."""
        return list(self._free.values())

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def serving(self) -> int:
        """How many an estimate may count on."""
        return sum(each.standing.state in SERVING for each in self.consultants)

    def sign_in(self, breaks: list[Break]) -> None:
        """The day, or the afternoon, begins."""
        for each in self.consultants:
            self.move(each, "sign_in")
        for each_break in breaks:
            self._timeline.plan(each_break.since, partial(self._ask_for_break, each_break))

    def sign_out(self) -> None:
        """Who is with nobody goes home."""
        for each in self.consultants:
            if each.standing.state in (AVAILABLE, BREAK):
                self.move(each, "sign_out")

    def move(self, consultant: Consultant, event: str, reason: str | None = None) -> None:
        """By the table of states. Raises IllegalMove."""
        now, before = self._timeline.now, consultant.standing.state
        consultant.standing = agent.advance(consultant.standing, event, reason)
        state = consultant.standing.state
        if state == before:
            return
        self._count(consultant, state, now)
        if state == AVAILABLE:
            skills: frozenset[str] = frozenset()
            self._free[consultant.number] = Seat(consultant.number, self._centre, skills, skills, self._moment(now))
            self._when_free()
        else:
            self._free.pop(consultant.number, None)
        if state == BREAK:
            consultant.break_until, consultant.break_seconds = now + consultant.break_seconds, 0.0
            self._timeline.plan(consultant.break_until, lambda: self._return(consultant))

    def served_seconds(self) -> float:
        """Of all of them together until now, signed in and not on a break."""
        now = self._timeline.now
        running = (now - each.serving_since for each in self.consultants if each.serving_since is not None)
        return sum(running) + sum(each.served_seconds for each in self.consultants)

    def _count(self, consultant: Consultant, state: str, now: float) -> None:
        if consultant.serving_since is not None:
            consultant.served_seconds += now - consultant.serving_since
        consultant.serving_since = now if state in SERVING else None

    def _ask_for_break(self, wanted: Break) -> None:
        consultant = self.consultants[wanted.consultant]
        state = consultant.standing.state
        if state == BREAK:
            consultant.break_until += wanted.seconds
        elif state != LOGGED_OUT:
            consultant.break_seconds += wanted.seconds
            self.move(consultant, agent.break_event(state), agent.SHORT)

    def _return(self, consultant: Consultant) -> None:
        if consultant.standing.state != BREAK:
            return
        if self._timeline.now < consultant.break_until:
            self._timeline.plan(consultant.break_until, lambda: self._return(consultant))
        else:
            self.move(consultant, "ready")

"""What happened, fact by fact. The simulation only writes it; whatever is told of a day is reckoned from it alone.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

# How a call ended. `value` of answered and hung_up: seconds waited.
ANSWERED, HUNG_UP, BOOKED, KEPT = "answered", "hung_up", "booked", "kept"
LIMIT, FULL, CLOSED, AUTOMATIC = "limit", "full", "closed", "automatic"
CALL_ENDINGS = (ANSWERED, HUNG_UP, BOOKED, KEPT, LIMIT, FULL, CLOSED, AUTOMATIC)
CALLED = "called"
# A callback: asked for, tried (`word` the result when it failed), talked, ended (`word` the reason).
ASKED, TRIED, TALKED, ENDED = "asked", "tried", "talked", "ended"


class Fact(NamedTuple):
    """`number` is the call's or the callback's; `word` a result, reason or source; `value` seconds waited."""

    at: float
    kind: str
    person: int
    number: int
    word: str = ""
    value: float = 0.0


class Sample(NamedTuple):
    """The line at an instant: callers on the telephone, and callbacks whose turn it is."""

    at: float
    callers: int
    callbacks: int


@dataclass
class Journal:
    """One simulation's facts in order of time. Seconds.

    `people` want a human on the first day, `listeners` call it for something else; `spans` are its opening hours, and
    `served_seconds` what all consultants together were at work in them.
    """

    people: frozenset[int]
    listeners: frozenset[int]
    spans: tuple[tuple[float, float], ...]
    facts: list[Fact] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    # Open callbacks at the end of each day.
    owed: list[int] = field(default_factory=list)
    served_seconds: float = 0.0

    def note(self, at: float, kind: str, person: int, number: int, word: str = "", value: float = 0.0) -> None:
        self.facts.append(Fact(at, kind, person, number, word, value))

"""A day by the quarter of an hour, for the picture: who called, who was answered, how long the line was.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean

from queueing.replay import journal as facts
from queueing.replay.journal import Journal

QUARTER = 900.0
_ROW_OF = {
    facts.ANSWERED: "answered",
    facts.HUNG_UP: "abandoned",
    facts.LIMIT: "abandoned",
    facts.FULL: "abandoned",
    facts.BOOKED: "promised",
    facts.KEPT: "promised",
    facts.TALKED: "rung",
}


@dataclass(frozen=True, slots=True)
class Quarters:
    """Counts for each quarter of an hour from `opens` on, seconds from midnight; `spans` are the opening hours.

    `called`: wanted a human, in calls, and of those `answered` on the line, `promised` a callback, whether they asked
    for it or hung up, `abandoned` without one. `rung`: talks of callbacks. `callers` and `callbacks` are the mean
    length of the line.
    """

    opens: float
    spans: tuple[tuple[float, float], ...]
    called: tuple[float, ...]
    answered: tuple[float, ...]
    abandoned: tuple[float, ...]
    promised: tuple[float, ...]
    rung: tuple[float, ...]
    callers: tuple[float, ...]
    callbacks: tuple[float, ...]


ROWS = ("called", "answered", "abandoned", "promised", "rung", "callers", "callbacks")


def quarters_of(journal: Journal) -> Quarters:
    """The first day of a journal, its noon included."""
    opens = journal.spans[0][0] // QUARTER * QUARTER
    count = ceil((journal.spans[-1][1] - opens) / QUARTER)
    rows = {row: [0.0] * count for row in ROWS}
    # Whoever hangs up and is rung for it asks at the same instant.
    asked = {(fact.at, fact.person) for fact in journal.facts if fact.kind == facts.ASKED}
    begun = {fact.number: fact.at for fact in journal.facts if fact.kind == facts.CALLED}
    for fact in journal.facts:
        where = int((fact.at - opens) // QUARTER)
        row = _ROW_OF.get(fact.kind)
        row = "promised" if row == "abandoned" and (fact.at, fact.person) in asked else row
        if row and 0 <= where < count:
            rows[row][where] += 1
        # When they called, and not when it ended.
        called = int((begun[fact.number] - opens) // QUARTER) if row and fact.kind != facts.TALKED else -1
        if 0 <= called < count:
            rows["called"][called] += 1
    _add_samples(rows, journal, opens, count)
    return Quarters(opens, journal.spans, **{row: tuple(values) for row, values in rows.items()})


def mean_quarters(days: Sequence[Quarters]) -> Quarters:
    """The mean of days that are alike."""
    means = {row: tuple(map(fmean, zip(*(getattr(day, row) for day in days), strict=True))) for row in ROWS}
    return Quarters(days[0].opens, days[0].spans, **means)


def _add_samples(rows: dict[str, list[float]], journal: Journal, opens: float, count: int) -> None:
    seen: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for at, callers, callbacks in journal.samples:
        where = int((at - opens) // QUARTER)
        if 0 <= where < count:
            seen[where].append((callers, callbacks))
    for where, samples in enumerate(seen):
        if samples:
            rows["callers"][where] = fmean(callers for callers, _ in samples)
            rows["callbacks"][where] = fmean(callbacks for _, callbacks in samples)

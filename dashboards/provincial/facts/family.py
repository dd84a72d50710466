"""A family of measures as a SELECT, and the SQL that families share. Parameters: see `fact_families`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.provincial.measures import LEFT_WAITS, MEASURES, SERVED_WAITS, WAIT_BOUNDS
from ivr.outcome import ANSWERED, PRECEDENCE, SHORT_ABANDON

_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Family:
    """Measures that come from the same rows. `rows`: FROM and WHERE, with columns at, centre, channel, subject."""

    source: str
    rows: str
    measures: Mapping[str, str]

    def select(self) -> str:
        """The family's sums beside zeros for the measures of the others."""
        own = ", ".join(f"{bounded(sql)} AS {name}" for name, sql in self.measures.items())
        every = ", ".join(name if name in self.measures else "0" for name in MEASURES)
        return (
            f"SELECT at, centre, channel, subject, '{self.source}', {every} FROM ("
            f"SELECT at, centre, channel, subject, {own} {self.rows} GROUP BY 1, 2, 3, 4) AS family"
        )


def bounded(sql: str) -> str:
    """A sum as a fact holds it. Numbers beyond all reason, told by one city, must not stop the figures of all."""
    return f"least(coalesce({sql}, 0), {_MOST})::int"


def hour_of(moment: str) -> str:
    """The hour that a moment belongs to."""
    return f"date_trunc('hour', {moment}, %(zone)s)"


def within(moment: str) -> str:
    """Whether a moment lies in the period."""
    return f"{moment} >= %(since)s AND {moment} < %(until)s"


def count_if(condition: str) -> str:
    """How many rows fulfil a condition."""
    return f"count(*) FILTER (WHERE {condition})"


def seconds_between(since: str, until: str) -> str:
    """Between two moments, each cut to whole seconds, so that adjoining stretches add up to the whole."""
    return f"floor(extract(epoch FROM {until})) - floor(extract(epoch FROM {since}))"


def _waits(names: tuple[str, ...], wait: str, condition: str) -> dict[str, str]:
    """A measure for each bucket of waits; a bound belongs to the shorter wait."""
    lows, highs = (None, *WAIT_BOUNDS), (*WAIT_BOUNDS, None)
    found = {}
    for name, low, high in zip(names, lows, highs, strict=True):
        limits = [f"{wait} > {low}"] * (low is not None) + [f"{wait} <= {high}"] * (high is not None)
        found[name] = count_if(" AND ".join([condition, *limits]))
    return found


def of_calls(entered: str, wait: str, asked: str) -> dict[str, str]:
    """Measures of calls, each by its one outcome; what became of a call in the line is counted when it has ended.

    `entered`: it stood in the line. `wait`: its seconds there, until the first talk or the end. `asked`: for a person.
    """
    served = f"outcome = '{ANSWERED}' AND {wait} IS NOT NULL"
    left = f"outcome <> '{ANSWERED}' AND ({entered})"
    return {
        "received": "count(*)",
        "in_progress": count_if("outcome IS NULL"),
        **{name: count_if(f"outcome = '{name}'") for name in PRECEDENCE},
        "asked_human": count_if(f"outcome IS NOT NULL AND ({asked})"),
        "offered": count_if(f"outcome <> '{SHORT_ABANDON}' AND ({entered})"),
        "answered_15": count_if(f"{served} AND {wait} <= 15"),
        "answer_wait_seconds": f"coalesce(sum(round({wait})) FILTER (WHERE {served}), 0)",
        **_waits(SERVED_WAITS, wait, served),
        **_waits(LEFT_WAITS, wait, left),
    }

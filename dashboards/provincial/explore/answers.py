"""The answers of the page of figures: one look at the facts of a period, in parts that agree with each other.

{"query": "since=…", "asked": {…}, "period": "2026年10月", "compared_period": "2026年9月"|null, "figure": key,
 "sources": ["own", "demo"], "is_demo": true, "is_empty": false,
 totals:     "totals": {figure: {value, numerator, denominator}}, "compared_totals": {…}|null
 ranking:    "ranking": [{centre, name, value, numerator, denominator, sample, is_small_sample, rank, compared}]
 trend:      "trend": [{at, day, value, numerator, denominator, is_unfinished}], "trend_grain",
             "compared_trend": […]|null
 heat:       "heat": 7 weekdays from Monday x 24 hours of {value, numerator, denominator, sample, is_small_sample}
 waits:      "waits": [{from, to, name, served, left}]
 by_subject: "by_subject": [{key, name, group, value, numerator, denominator, sample, is_small_sample}]
 by_channel: "by_channel": [{key, name, …}]
 callbacks:  "callbacks": {figure: {value, numerator, denominator}}}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from dashboards.metrics import FIGURES, Figure
from dashboards.provincial.explore.parts import (
    BY_HOUR,
    BY_MONTH,
    Json,
    Sums,
    add_up,
    all_values,
    breakdown,
    grain_of,
    heat,
    midnight,
    ranking,
    trend,
    waits,
)
from dashboards.provincial.explore.query import NOT_NOTED, Query, subject_keys
from dashboards.provincial.facts import rows as fact_rows
from dashboards.provincial.facts.rows import Slice
from dashboards.provincial.measures import CHANNELS_ZH, DEMO, NO_SUBJECT
from dashboards.provincial.periods import Period, period_words
from integrations.work_calendar import in_shanghai
from ivr.library import Library
from ivr.service import Line
from voicemail.subjects import SubjectTree

TOTALS, RANKING, TREND, HEAT, WAITS = "totals", "ranking", "trend", "heat", "waits"
BY_SUBJECT, BY_CHANNEL, CALLBACKS = "by_subject", "by_channel", "callbacks"
PARTS = (TOTALS, RANKING, TREND, HEAT, WAITS, BY_SUBJECT, BY_CHANNEL, CALLBACKS)
# Made of the sums by centre, which are read once.
_OF_CENTRES = (TOTALS, RANKING, WAITS, CALLBACKS)
NOT_NOTED_ZH = "没有记下主题"
_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Compiling these statements takes longer than running them.
_NO_JIT = "SET LOCAL jit = off"


@dataclass(frozen=True)
class Look:
    """One question with what is needed to answer it: the open transaction, the centres, the instant."""

    connection: Connection[Any]
    query: Query
    slice: Slice
    before: Slice | None
    names: Mapping[str, str]
    now: datetime

    @property
    def figure(self) -> Figure:
        """The one that is charted."""
        return FIGURES[self.query.figure]

    @property
    def measures(self) -> tuple[str, ...]:
        """What the charted figure is made of."""
        return self.figure.measures


class Explore:
    """Reads and puts together. Shared by all threads of a process."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree

    def look(self, query: Query, centres: Sequence[str], parts: Collection[str] = PARTS) -> Json:
        """The parts of a question about these centres, all of one instant. `centres` is the scope, already cut."""
        services, library = self._line.services, self._line.keeper.library()
        with services.database.pool.connection() as connection, connection.transaction():
            connection.execute(_READ_ONLY)
            connection.execute(_NO_JIT)
            look = self._begin(connection, query, centres, library)
            answer = self._head(look)
            if any(part in _OF_CENTRES for part in parts):
                answer |= _of_centres(look, parts)
            for part, read in self._readers().items():
                if part in parts:
                    answer |= read(look)
        return answer

    def slice_of(self, query: Query, centres: Sequence[str], period: Period | None = None) -> Slice:
        """The facts that a question is about."""
        period = period or query.period
        subjects, today = subject_keys(query.subjects, self._tree), in_shanghai(self._line.services.now()).date()
        return Slice(period.first, period.after, tuple(centres), subjects, query.channels, live=today)

    def subject_names(self) -> dict[str, str]:
        """Every subject's key in the facts, with its name; that which nobody noted last."""
        return {**{key: one.name for key, one in self._tree.by_key.items()}, NO_SUBJECT: NOT_NOTED_ZH}

    def group_names(self) -> dict[str, str]:
        """Every group's key with its name."""
        return {group.key: group.name for group in self._tree.groups}

    def group_name(self, subject: str) -> str:
        """The name of the group that a subject belongs to."""
        return self._tree.group_of[subject].name if subject in self._tree.group_of else ""

    def _begin(self, connection: Connection[Any], query: Query, centres: Sequence[str], library: Library) -> Look:
        before = query.compared
        return Look(
            connection,
            query,
            self.slice_of(query, centres),
            self.slice_of(query, centres, before) if before else None,
            {code: library.centre(code).short_name for code in centres},
            self._line.services.now(),
        )

    def _head(self, look: Look) -> Json:
        sources, compared = fact_rows.sources(look.connection, look.slice), look.query.compared
        return {
            "query": look.query.address(),
            "asked": look.query.fields(),
            "period": period_words(look.query.period),
            "compared_period": period_words(compared) if compared else None,
            "figure": look.query.figure,
            "sources": sorted(sources),
            "is_demo": DEMO in sources,
            "is_empty": not sources,
        }

    def _readers(self) -> dict[str, Any]:
        return {TREND: _trend, HEAT: _heat, BY_SUBJECT: self._by_subject, BY_CHANNEL: _by_channel}

    def _by_subject(self, look: Look) -> Json:
        if not look.figure.by_subject:
            return {"by_subject": []}
        rows = fact_rows.by_subject(look.connection, look.slice, measures=look.measures)
        names = self.subject_names()
        # Facts of a subject that has left the tree stay, under its key.
        found = breakdown(look.figure, rows, {**names, **{key: key for key in rows if key not in names}})
        return {
            "by_subject": [
                {**row, "key": row["key"] or NOT_NOTED, "group": self.group_name(row["key"])} for row in found
            ]
        }


def _of_centres(look: Look, parts: Collection[str]) -> Json:
    rows = fact_rows.by_centre(look.connection, look.slice)
    before = fact_rows.by_centre(look.connection, look.before) if look.before else None
    sums = add_up(rows.values())
    answer: Json = {}
    if TOTALS in parts:
        answer |= {"totals": all_values(sums), "compared_totals": None}
        if before is not None:
            answer["compared_totals"] = all_values(add_up(before.values()))
    if RANKING in parts:
        answer["ranking"] = ranking(look.figure, rows, look.names, before)
    if WAITS in parts:
        answer["waits"] = waits(sums)
    if CALLBACKS in parts:
        answer["callbacks"] = {key: value for key, value in all_values(sums).items() if FIGURES[key].group == CALLBACKS}
    return answer


def _trend(look: Look) -> Json:
    # Both in the same steps, or they could not be put over each other.
    grain = grain_of(look.query.period)
    before = look.query.before()
    return {
        "trend_grain": grain,
        "trend": _trend_of(look, look.slice, look.query.period, grain),
        "compared_trend": _trend_of(look, look.before, before.period, grain) if look.before and before else None,
    }


def _trend_of(look: Look, wanted: Slice, period: Period, grain: str) -> list[Json]:
    found = _by_time(look, wanted, grain)
    return trend(look.figure, found, period, grain, look.now)


def _by_time(look: Look, wanted: Slice, grain: str) -> dict[datetime, Sums]:
    if grain == BY_HOUR:
        return dict(fact_rows.by_hour(look.connection, wanted, measures=look.measures))
    read = fact_rows.by_month if grain == BY_MONTH else fact_rows.by_day
    days: Mapping[date, Sums] = read(look.connection, wanted, measures=look.measures)
    return {midnight(max(day, wanted.since)): sums for day, sums in days.items()}


def _heat(look: Look) -> Json:
    return {"heat": heat(look.figure, fact_rows.by_cell(look.connection, look.slice, measures=look.measures))}


def _by_channel(look: Look) -> Json:
    rows = fact_rows.by_channel(look.connection, look.slice, measures=look.measures)
    return {"by_channel": breakdown(look.figure, rows, CHANNELS_ZH)}

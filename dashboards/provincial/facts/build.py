"""Facts: the sums of every centre, hour, subject and channel, made anew from the raw rows as often as need be.

Nothing is ever added to a fact: what came late or was corrected is right when its hour is made the next time, and a
fact that nothing stands behind any more is gone. Facts of a generated history (`demo`) are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, cast

from psycopg import Connection

from dashboards.provincial.facts.spans import (
    day_bounds,
    day_of,
    days_between,
    first_weekdays,
    midnight,
    month_of,
    same_weekdays,
    whole_hours,
)
from dashboards.provincial.facts.statements import CELLS, DAYS, HOURS, MONTHS, YEARS
from integrations.database import Database
from integrations.work_calendar import SHANGHAI

# First-contact resolution: nobody who was helped calls on the same subject within so long.
REPEAT_AFTER = timedelta(days=7)
# Numbers for our locks among all of PostgreSQL's, always taken in this order: of a day, its cells, month and year.
_DAY_LOCKS, _CELL_LOCKS, _MONTH_LOCKS, _YEAR_LOCKS = 12333, 12334, 12335, 12336
_LOCK = "SELECT pg_advisory_xact_lock(%s, %s)"
# Set back to due by whoever corrects something while it is being built: then it is built once more.
_BEGUN = """
INSERT INTO fact_day (day, built_at) VALUES (%s, %s)
ON CONFLICT (day) DO UPDATE SET built_at = excluded.built_at, is_due = false
"""
_DUE = """
INSERT INTO fact_day (day, built_at, is_due) SELECT unnest(%s::date[]), to_timestamp(0), true
ON CONFLICT (day) DO UPDATE SET is_due = true WHERE NOT fact_day.is_due
"""


def build_hours(
    connection: Connection[Any], since: datetime, until: datetime, now: datetime, zone: tzinfo = SHANGHAI
) -> None:
    """Make the hours that lie in [since, until) anew, for all centres, by subject and for all subjects together.

    One transaction of the caller's. Whoever builds hours of the same day waits for its end.
    """
    since, until = whole_hours(since, until)
    with connection.transaction():
        for day in days_between(since, until, zone):
            lock_day(connection, day)
        values = {"since": since, "until": until, "now": now, "zone": str(zone), "week": REPEAT_AFTER}
        connection.execute(HOURS, values)


def build_day(database: Database, day: date, now: datetime) -> None:
    """Make a Shanghai day anew: its hours, the day, the cells of its month that it belongs to, and the month.

    So are the cells of its year once that is over: until then nobody reads them, and today is made often.

    May run twice, and at once in two processes; what was corrected meanwhile is still due afterwards.
    """
    with long_connection(database) as connection, connection.transaction():
        lock_day(connection, day)
        connection.execute(_BEGUN, (day, now))
        since, until = day_bounds(day)
        build_hours(connection, since, until, now)
        _sum_up(connection, day)
        if day.year < day_of(now).year:
            _sum_up_year(connection, day)


def _sum_up(connection: Connection[Any], day: date) -> None:
    """Hours to the day and its cells, days to the month; who builds another day of the same ones waits."""
    since, until = day_bounds(day)
    connection.execute(DAYS, {"sinces": [since], "untils": [until]})
    weekdays = same_weekdays(day)
    connection.execute(_LOCK, (_CELL_LOCKS, weekdays[0].toordinal()))
    connection.execute(CELLS, _bounds_of(weekdays))
    first, following = month_of(day)
    connection.execute(_LOCK, (_MONTH_LOCKS, first.toordinal()))
    connection.execute(MONTHS, {"sinces": [midnight(first)], "untils": [midnight(following)]})


def _sum_up_year(connection: Connection[Any], day: date) -> None:
    """The months' cells of the day's weekday to those of the year."""
    weekdays = first_weekdays(day)
    connection.execute(_LOCK, (_YEAR_LOCKS, weekdays[0].toordinal()))
    connection.execute(YEARS, _bounds_of(weekdays))


def _bounds_of(days: Iterable[date]) -> dict[str, list[datetime]]:
    sinces, untils = zip(*(day_bounds(day) for day in days), strict=True)
    return {"sinces": list(sinces), "untils": list(untils)}


def mark_due(connection: Connection[Any], days: Iterable[date]) -> None:
    """Something of these days came late or was corrected: they are made anew within the minute."""
    wanted = sorted(set(days))
    if wanted:
        connection.execute(_DUE, (wanted,))


def lock_day(connection: Connection[Any], day: date) -> None:
    """Nobody else makes this day's facts until the transaction ends."""
    connection.execute(_LOCK, (_DAY_LOCKS, day.toordinal()))


@contextmanager
def long_connection(database: Database) -> Iterator[Connection[Any]]:
    """A connection for statements that may take longer than a webhook's."""
    raw = database.engine.raw_connection()
    try:
        yield cast("Connection[Any]", raw.driver_connection)
    finally:
        raw.close()

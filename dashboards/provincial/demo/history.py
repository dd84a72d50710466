"""The made-up history, written as facts of the source 'demo', a month of all centres at a time."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
from psycopg import Connection, sql

from dashboards.provincial.demo.model import Array, Arrays, Hours, draw, subject_keys
from dashboards.provincial.demo.shape import SCALES, calls_of_day, share_of_hour
from dashboards.provincial.demo.staffing import midnight, staffed_share
from dashboards.provincial.facts.build import long_connection
from dashboards.provincial.measures import ALL_SUBJECTS, CELL, DEMO, HOUR, MEASURES, PHONE, YEAR
from integrations.database import Database
from integrations.work_calendar import WorkCalendar, in_shanghai
from queueing.centre import Centre

# Hours of a day are quiet enough at night to have no calls at all: those have no row.
COLUMNS = ("grain", "subject", "at", "centre", "channel", "source", *MEASURES)
_DAYS_THERE = """
SELECT DISTINCT (at AT TIME ZONE 'Asia/Shanghai')::date FROM fact
WHERE grain = 'day' AND subject = '*' AND source = 'demo'
"""
_SUMS = sql.SQL(", ").join(sql.SQL("sum({})::int").format(sql.Identifier(name)) for name in MEASURES)
_NAMES = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
_DAYS = sql.SQL("""
INSERT INTO fact ({names})
SELECT 'day', subject, date_trunc('day', at, 'Asia/Shanghai'), centre, channel, source, {sums} FROM fact
WHERE grain = 'hour' AND source = 'demo' AND at >= %(since)s AND at < %(until)s GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT DO NOTHING
""").format(names=_NAMES, sums=_SUMS)


def _cells(made: str, of: str, unit: str) -> sql.Composed:
    """The facts of one grain by the hours of the week; each stands at the first such hour of the month or year."""
    return sql.SQL("""
INSERT INTO fact ({names})
SELECT {made}, subject, first_at, centre, channel, source, {sums} FROM (
    SELECT *, (first + make_interval(days => (weekday - extract(dow FROM first)::int + 7) %% 7, hours => hour))
           AT TIME ZONE 'Asia/Shanghai' AS first_at
    FROM (SELECT *, date_trunc({unit}, at AT TIME ZONE 'Asia/Shanghai') AS first,
                 extract(dow FROM at AT TIME ZONE 'Asia/Shanghai')::int AS weekday,
                 extract(hour FROM at AT TIME ZONE 'Asia/Shanghai')::int AS hour
          FROM fact WHERE grain = {of} AND source = 'demo' AND at >= %(since)s AND at < %(until)s) AS finer
) AS placed GROUP BY subject, first_at, centre, channel, source
""").format(names=_NAMES, sums=_SUMS, made=made, of=of, unit=unit)


_CELLS, _YEARS = _cells(CELL, HOUR, "month"), _cells(YEAR, CELL, "year")
_NO_HOURS = "DELETE FROM fact WHERE grain = 'hour' AND source = 'demo' AND at >= %(since)s AND at < %(until)s"
_MONTHS = sql.SQL("""
INSERT INTO fact ({names})
SELECT 'month', subject, %(since)s, centre, channel, source, {sums} FROM fact
WHERE grain = 'day' AND source = 'demo' AND at >= %(since)s AND at < %(until)s GROUP BY 1, 2, 3, 4, 5, 6
""").format(names=_NAMES, sums=_SUMS)
_NO_MONTHS = "DELETE FROM fact WHERE grain = 'month' AND source = 'demo' AND at = %(since)s"
_NO_CELLS = "DELETE FROM fact WHERE grain = 'cell' AND source = 'demo' AND at >= %(since)s AND at < %(until)s"
_NO_YEARS = "DELETE FROM fact WHERE grain = 'year' AND source = 'demo' AND at >= %(since)s AND at < %(until)s"
_COPY = sql.SQL("COPY fact ({}) FROM STDIN").format(_NAMES)
_HOURS_THERE = """
SELECT DISTINCT at FROM fact
WHERE grain = 'hour' AND subject = '*' AND source = 'demo' AND at >= %(since)s AND at < %(until)s
"""
AT = COLUMNS.index("at")
# Any number that nothing else in this database locks.
TODAY_LOCK = 1233390001
_LOCK = "SELECT pg_advisory_xact_lock(%s)"
Progress = Callable[[int, int], None]


def days_to_fill(connection: Connection[Any], today: date, most: int) -> list[date]:
    """Of the last `most` days those that have no made-up facts yet, the newest first; never today."""
    known = {row[0] for row in connection.execute(_DAYS_THERE).fetchall()}
    wanted = (today - timedelta(days=back) for back in range(1, most + 1))
    return [day for day in wanted if day not in known]


def months_of(days: Iterable[date]) -> list[list[date]]:
    """The days by month, in their order."""
    months: dict[tuple[int, int], list[date]] = {}
    for day in days:
        months.setdefault((day.year, day.month), []).append(day)
    return list(months.values())


def fill_in(
    database: Database,
    centres: Mapping[str, Centre],
    calendar: WorkCalendar,
    today: date,
    most: int,
    tell_themselves: Mapping[str, date],
    progress: Progress,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Write what is missing of the last `most` days; returns how many. A month is one transaction, the newest first.

    `tell_themselves`: centres with the day since which nothing is to be made up for them. Stops between two months when
    `is_over`. Two hotlines on one database write each month once.
    """
    written = 0
    with database.pool.connection() as connection:
        months = months_of(days_to_fill(connection, today, most))
    for done, month in enumerate(months):
        if is_over():
            return written
        progress(done, len(months))
        with long_connection(database) as connection, connection.transaction():
            connection.execute(_LOCK, (TODAY_LOCK,))
            missing = set(days_to_fill(connection, today, most))
            if days := [day for day in month if day in missing]:
                write_days(connection, centres, calendar, days, tell_themselves)
                if days[0].year < today.year:
                    write_year(connection, days[0].year)
            written += len(days)
    progress(len(months), len(months))
    return written


def fill_today(
    database: Database, centres: Mapping[str, Centre], calendar: WorkCalendar, now: datetime, leave_out: Sequence[str]
) -> int:
    """Write today's hours that are over and not there yet; returns how many rows. `leave_out` tell of themselves."""
    today, this_hour = in_shanghai(now).date(), in_shanghai(now).replace(minute=0, second=0, microsecond=0)
    with long_connection(database) as connection, connection.transaction():
        connection.execute(_LOCK, (TODAY_LOCK,))
        values = {"since": midnight(today), "until": this_hour}
        known = {row[0] for row in connection.execute(_HOURS_THERE, values).fetchall()}
        codes = [code for code in SCALES if code in centres and code not in leave_out]
        rows = [
            row
            for code in codes
            for row in hour_rows(centres[code], calendar, [today])
            if row[AT] < this_hour and row[AT] not in known
        ]
        _copy(connection, rows)
    return len(rows)


def write_days(
    connection: Connection[Any],
    centres: Mapping[str, Centre],
    calendar: WorkCalendar,
    days: list[date],
    tell_themselves: Mapping[str, date] = MappingProxyType({}),
) -> None:
    """The facts of these days of one month, by hour and by day, and those of the whole month."""
    period = {"since": midnight(min(days)), "until": midnight(max(days) + timedelta(days=1))}
    # Of a day that was today's until now.
    connection.execute(_NO_HOURS, period)
    for code in sorted(SCALES.keys() & centres.keys()):
        own = [day for day in days if code not in tell_themselves or day < tell_themselves[code]]
        if own:
            _copy(connection, hour_rows(centres[code], calendar, own))
    connection.execute(_DAYS, period)
    first = min(days).replace(day=1)
    month = {"since": midnight(first), "until": midnight((first + timedelta(days=32)).replace(day=1))}
    for statement in (_NO_CELLS, _CELLS, _NO_MONTHS, _MONTHS):
        connection.execute(statement, month)


def write_year(connection: Connection[Any], year: int) -> None:
    """The hours of the week of a year that is over, from those of its months."""
    period = {"since": midnight(date(year, 1, 1)), "until": midnight(date(year + 1, 1, 1))}
    for statement in (_NO_YEARS, _YEARS):
        connection.execute(statement, period)


def _copy(connection: Connection[Any], rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY) as into:
        for row in rows:
            into.write_row(row)


def hour_rows(centre: Centre, calendar: WorkCalendar, days: list[date]) -> Iterator[tuple[Any, ...]]:
    """The rows of one centre's hours, by subject and of all together."""
    hours = range(24)
    moments = [midnight(day) + timedelta(hours=hour) for day in days for hour in hours]
    expected = np.array(
        [calls_of_day(centre.code, day, calendar) * share_of_hour(hour) for day in days for hour in hours]
    )
    staffed = np.array([staffed_share(centre, calendar, day, hour) for day in days for hour in hours])
    # The same history for everybody, whichever days are made first.
    seed = zlib.crc32(f"{centre.code} {days[0]} {len(days)}".encode())
    by_subject, shifts = draw(Hours(expected, staffed, SCALES[centre.code].seats), np.random.default_rng(seed))
    yield from _subject_rows(centre.code, moments, by_subject)
    totals = {name: values.sum(axis=1) for name, values in by_subject.items()} | shifts
    counts = np.stack([totals[name] for name in MEASURES], axis=1)
    busy = (totals["received"] > 0) | (totals["signed_in_seconds"] > 0)
    for place in np.flatnonzero(busy):
        yield (HOUR, ALL_SUBJECTS, moments[place], centre.code, PHONE, DEMO, *counts[place].tolist())


def _subject_rows(code: str, moments: list[datetime], by_subject: Arrays) -> Iterator[tuple[Any, ...]]:
    none = np.zeros_like(by_subject["received"])
    counts: Array = np.stack([by_subject.get(name, none) for name in MEASURES], axis=2)
    keys = subject_keys()
    for place, number in zip(*np.nonzero(by_subject["received"] + by_subject["legs"]), strict=True):
        values = counts[place, number].tolist()
        yield (HOUR, keys[number], moments[place], code, PHONE, DEMO, *values)

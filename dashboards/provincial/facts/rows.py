"""Reading facts: the sums of a slice, whole or by centre, day, month, hour, subject or hour of the week.

Sums only: figures are made of them by `dashboards.metrics`. Days are Shanghai days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from psycopg import Connection

from dashboards.provincial.facts.spans import day_of, midnight, month_of, months_within, years_within
from dashboards.provincial.measures import ALL_SUBJECTS, CELL, CITY, DEMO, HOUR, MEASURES, MONTH, YEAR
from dashboards.provincial.measures import DAY as DAY_GRAIN
from dashboards.provincial.played import played_cities
from integrations.work_calendar import in_shanghai

Sums = dict[str, int]
Key = TypeVar("Key")
MOST_HOURLY_DAYS = 40
# One hour of the week: weekday 0 (Monday) to 6, hour 0 to 23.
Cell = tuple[int, int]
_WEEKDAY = "extract(isodow FROM at AT TIME ZONE 'Asia/Shanghai')::int - 1"
_HOUR_OF_DAY = "extract(hour FROM at AT TIME ZONE 'Asia/Shanghai')::int"
_RECEIVED = f"""
SELECT sum(received) FROM fact WHERE grain = '{{grain}}' AND subject = '{ALL_SUBJECTS}' AND at >= year.since
AND at < year.until AND centre = ANY(%(centres)s)
"""
_YEARS_MADE = f"""
SELECT since FROM unnest(%(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS year (since, until)
WHERE ({_RECEIVED.format(grain=YEAR)}) = ({_RECEIVED.format(grain=MONTH)})
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """What is asked for: Shanghai days [since, until) of these centres.

    `subjects`: keys of the second level, "" for calls whose subject nobody noted; () for all, together. `channels`: ()
    for all. No centre means no facts. `live`: a day that still goes on, read from its hours.
    """

    since: date
    until: date
    centres: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    live: date | None = None


def sums(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> Sums:
    """Everything added up."""
    found = _keyed(_read_long(connection, piece, "''", measures), str)
    return found[""] if found else dict.fromkeys(measures, 0)


def by_centre(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[str, Sums]:
    """For each centre that has facts."""
    return _keyed(_read_long(connection, piece, "centre", measures), str)


def by_day(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[date, Sums]:
    """For each day that has facts, in order."""
    rows = [row for grain, part in _around_live(piece) for row in _read(connection, grain, part, "at", measures)]
    return _keyed(rows, day_of)


def by_month(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[date, Sums]:
    """For each month that has facts, by its first day, in order."""
    found = _keyed(_read_long(connection, piece, "at", measures), lambda at: month_of(day_of(at))[0])
    return dict(sorted(found.items()))


def by_hour(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[datetime, Sums]:
    """For each hour that has facts, by its beginning on the Shanghai clock. Raises ValueError for more than 40 days."""
    if piece.until - piece.since > timedelta(days=MOST_HOURLY_DAYS):
        raise ValueError(f"最多看{MOST_HOURLY_DAYS}天的每个小时")
    return _keyed(_read(connection, HOUR, piece, "at", measures), in_shanghai)


def by_subject(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[str, Sums]:
    """For each subject that has facts, "" being calls whose subject nobody noted; without `subjects`, for every one."""
    return _keyed(_read_long(connection, piece, "subject", measures, each_subject=True), str)


def by_channel(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[str, Sums]:
    """For each channel that has facts."""
    return _keyed(_read_long(connection, piece, "channel", measures), str)


def by_cell(connection: Connection[Any], piece: Slice, measures: Sequence[str] = MEASURES) -> dict[Cell, Sums]:
    """For each hour of the week that has facts: whole years and months from their cells, days beside them by hours."""
    parts = [part for grain, stretch in _around_live(piece) for part in _cell_parts(connection, grain, stretch)]
    found: dict[Cell, Sums] = {}
    for grain, part in parts:
        for cell, more in _read_cells(connection, grain, part, measures):
            _add(found.setdefault(cell, {}), more)
    return found


def _read_cells(
    connection: Connection[Any], grain: str, piece: Slice, measures: Sequence[str]
) -> list[tuple[Cell, Sums]]:
    """Added up by their moments first: which hour of the week a moment is, is asked once for each of those."""
    _check(measures)
    where, values = _where(grain, piece, each_subject=False)
    inner, outer = (
        "".join(f", {how.format(name)} AS {name}" for name in measures) for how in ("sum({})", "sum({})::bigint")
    )
    moments = f"SELECT at{inner} FROM fact WHERE {where} GROUP BY at"
    sql = f"SELECT {_WEEKDAY}, {_HOUR_OF_DAY}{outer} FROM ({moments}) AS moments GROUP BY 1, 2"
    rows = _rows(connection, sql, values)
    return [((row[0], row[1]), dict(zip(measures, row[2:], strict=True))) for row in rows]


def _cell_parts(connection: Connection[Any], grain: str, piece: Slice) -> list[tuple[str, Slice]]:
    months = months_within(piece.since, piece.until) if grain == DAY_GRAIN else []
    if not months:
        return [(HOUR, piece)]
    first, last = months[0][0], months[-1][1]
    whole = _cut(piece, first, last)
    years = _years_made(connection, whole)
    parts = ((HOUR, _gaps(piece, [(first, last)])), (CELL, _gaps(whole, years)), (YEAR, _joined(years)))
    return [(grain, _cut(piece, *stretch)) for grain, stretches in parts for stretch in stretches]


def _years_made(connection: Connection[Any], piece: Slice) -> list[tuple[date, date]]:
    """The whole years whose cells hold all that their months do: one that has just ended is not summed up yet."""
    years = years_within(piece.since, piece.until)
    if not years:
        return []
    sinces, untils = ([midnight(day) for day in days] for days in zip(*years, strict=True))
    values = {"sinces": sinces, "untils": untils, "centres": list(piece.centres)}
    made = {row[0] for row in _rows(connection, _YEARS_MADE, values)}
    return [year for year in years if midnight(year[0]) in made]


def sources(connection: Connection[Any], piece: Slice) -> set[str]:
    """Where the slice's facts come from: own, city, demo; a city that a demo plays is of both."""
    found: set[str] = set()
    for grain, part in _parts(connection, piece):
        where, values = _where(grain, part, each_subject=False)
        found |= {row[0] for row in _rows(connection, f"SELECT DISTINCT source FROM fact WHERE {where}", values)}
    return found | {DEMO} if CITY in found and played_cities(connection, piece.centres) else found


def _read_long(
    connection: Connection[Any], piece: Slice, key: str, measures: Sequence[str], each_subject: bool = False
) -> list[tuple[Any, Sums]]:
    """Of whatever length: whole months from their own rows, the days beside them from theirs. Keys may come again."""
    return [
        row
        for grain, part in _parts(connection, piece)
        for row in _read(connection, grain, part, key, measures, each_subject)
    ]


def _parts(connection: Connection[Any], piece: Slice) -> list[tuple[str, Slice]]:
    """The slice in stretches, each with the grain that it is read from; nothing is in two of them."""
    found: list[tuple[str, Slice]] = []
    for grain, part in _around_live(piece):
        found += _with_months(connection, part) if grain == DAY_GRAIN else [(grain, part)]
    return found


def _around_live(piece: Slice) -> list[tuple[str, Slice]]:
    """The day that still goes on by its hours, all others by the day."""
    if piece.live is None or not piece.since <= piece.live < piece.until:
        return [(DAY_GRAIN, piece)]
    after = piece.live + timedelta(days=1)
    stretches = ((DAY_GRAIN, piece.since, piece.live), (HOUR, piece.live, after), (DAY_GRAIN, after, piece.until))
    return [(grain, _cut(piece, since, until)) for grain, since, until in stretches if since < until]


def _with_months(connection: Connection[Any], piece: Slice) -> list[tuple[str, Slice]]:
    known = _months_made(connection, piece) if piece.until - piece.since > timedelta(days=27) else set()
    months = [month for month in months_within(piece.since, piece.until) if midnight(month[0]) in known]
    if not months:
        return [(DAY_GRAIN, piece)]
    parts = ((DAY_GRAIN, _gaps(piece, months)), (MONTH, _joined(months)))
    return [(grain, _cut(piece, *stretch)) for grain, stretches in parts for stretch in stretches]


def _months_made(connection: Connection[Any], piece: Slice) -> set[datetime]:
    """Of which months there are rows at all: what was filled in by the day alone is read by the day."""
    where, values = _where(MONTH, Slice(piece.since, piece.until, piece.centres), each_subject=False)
    return {row[0] for row in _rows(connection, f"SELECT DISTINCT at FROM fact WHERE {where}", values)}


def _gaps(piece: Slice, stretches: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """What of the slice lies in none of these."""
    edges = [piece.since, *(day for stretch in stretches for day in stretch), piece.until]
    return [(since, until) for since, until in zip(edges[::2], edges[1::2], strict=True) if since < until]


def _joined(stretches: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """Those that follow one another as one."""
    found: list[tuple[date, date]] = []
    for since, until in stretches:
        if found and found[-1][1] == since:
            since = found.pop()[0]
        found.append((since, until))
    return found


def _read(
    connection: Connection[Any],
    grain: str,
    piece: Slice,
    key: str,
    measures: Sequence[str],
    each_subject: bool = False,
) -> list[tuple[Any, Sums]]:
    _check(measures)
    added = "".join(f", sum({name})::bigint" for name in measures)
    where, values = _where(grain, piece, each_subject)
    rows = _rows(connection, f"SELECT {key}{added} FROM fact WHERE {where} GROUP BY 1 ORDER BY 1", values)
    return [(row[0], dict(zip(measures, row[1:], strict=True))) for row in rows]


def _check(measures: Sequence[str]) -> None:
    unknown = set(measures) - set(MEASURES)
    if unknown:
        raise ValueError(f"not measures: {sorted(unknown)}")


def _where(grain: str, piece: Slice, each_subject: bool) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {
        "grain": grain,
        "since": midnight(piece.since),
        "until": midnight(piece.until),
        "centres": list(piece.centres),
        "channels": list(piece.channels),
        "subjects": list(piece.subjects) or [ALL_SUBJECTS],
        "all": ALL_SUBJECTS,
    }
    where = "grain = %(grain)s AND at >= %(since)s AND at < %(until)s AND centre = ANY(%(centres)s)"
    is_every = each_subject and not piece.subjects
    where += " AND subject <> %(all)s" if is_every else " AND subject = ANY(%(subjects)s)"
    return where + (" AND channel = ANY(%(channels)s)" if piece.channels else ""), values


def _rows(connection: Connection[Any], sql: str, values: dict[str, Any]) -> list[Any]:
    return connection.execute(sql, values).fetchall()


def _cut(piece: Slice, since: date, until: date) -> Slice:
    return Slice(since, until, piece.centres, piece.subjects, piece.channels)


def _keyed(rows: Iterable[tuple[datetime, Sums]], key: Callable[[datetime], Key]) -> dict[Key, Sums]:
    found: dict[Key, Sums] = {}
    for at, more in rows:
        _add(found.setdefault(key(at), {}), more)
    return found


def _add(have: Sums, more: Sums) -> None:
    for name, number in more.items():
        have[name] = have.get(name, 0) + number

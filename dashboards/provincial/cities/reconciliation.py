"""What a city says that its days came to, beside what arrived: listed until both agree or somebody explains it.

An explanation holds for the numbers that it was given for: it counts while it is not older than `found_at`, the
moment at which the present numbers were found. The words stay in the row, so that the next one reads what was said.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import class_row, dict_row

from dashboards.console.errors import Refused
from dashboards.provincial.cities.reconciliation_rules import Day, Difference
from dashboards.provincial.measures import ALL_SUBJECTS, CITY, MEASURES
from dashboards.provincial.measures import DAY as DAY_GRAIN
from integrations.work_calendar import in_shanghai

log = structlog.get_logger(__name__)

DAYS = 31
CHANGED = "这几个数刚刚变了，或者已经对上了，请看页面上最新的数再写。"
# Of a row of city_difference.
IS_EXPLAINED = "(explained_at IS NOT NULL AND explained_at >= found_at)"
IS_LISTED = f"(agreed_at IS NULL AND NOT {IS_EXPLAINED})"

_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in MEASURES)
# The total, what arrived and whether that is counted are read in one statement, so they are of the same moment.
# Every day of the cities that have systems of their own, every day with a total, and older ones still listed.
_DAYS = f"""
WITH wanted AS (
    SELECT s.centre, d.day::date AS day
    FROM city_system s CROSS JOIN generate_series(%(since)s::date, %(until)s::date - 1, interval '1 day') AS d(day)
    WHERE d.day::date >= (s.since AT TIME ZONE 'Asia/Shanghai')::date
    UNION SELECT centre, day FROM city_total WHERE is_current AND day >= %(since)s AND day < %(until)s
    UNION SELECT centre, day FROM city_difference WHERE agreed_at IS NULL AND day < %(until)s
)
SELECT w.centre, w.day, t.measures AS claimed, coalesce(k.is_due, false) AS is_due, f.*
FROM wanted w
LEFT JOIN city_total t ON t.centre = w.centre AND t.day = w.day AND t.is_current
LEFT JOIN fact_day k ON k.day = w.day
CROSS JOIN LATERAL (
    SELECT {_SUMS} FROM fact WHERE grain = '{DAY_GRAIN}' AND subject = '{ALL_SUBJECTS}' AND source = '{CITY}'
        AND fact.centre = w.centre AND at = w.day::timestamp AT TIME ZONE 'Asia/Shanghai'
) f
WHERE %(centres)s::text[] IS NULL OR w.centre = ANY(%(centres)s)
ORDER BY w.centre, w.day
"""
# An explanation may have been written while this was being counted: it was for the numbers before.
_NOTE = """
INSERT INTO city_difference (centre, day, measure, claimed, arrived, found_at)
VALUES (%(centre)s, %(day)s, %(measure)s, %(claimed)s, %(arrived)s, %(now)s)
ON CONFLICT (centre, day, measure) WHERE agreed_at IS NULL DO UPDATE SET claimed = excluded.claimed,
    arrived = excluded.arrived,
    found_at = greatest(excluded.found_at, city_difference.explained_at + interval '1 microsecond')
WHERE (city_difference.claimed, city_difference.arrived) <> (excluded.claimed, excluded.arrived)
"""
_OPEN = "SELECT id, centre, day, measure FROM city_difference WHERE agreed_at IS NULL"
_AGREE = "UPDATE city_difference SET agreed_at = %s WHERE id = ANY(%s) AND agreed_at IS NULL"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('city_difference'))"
_LISTED = f"""
SELECT d.id, d.centre, d.day, d.measure, d.claimed, d.arrived, d.found_at, {IS_EXPLAINED} AS is_explained,
       d.explained_at, d.explanation, coalesce(u.name, d.explained_by) AS explained_by
FROM city_difference d LEFT JOIN staff_user u ON u.username = d.explained_by
WHERE d.agreed_at IS NULL AND d.centre = ANY(%s) ORDER BY d.day DESC, d.centre, d.id
"""
_EXPLAIN = """
UPDATE city_difference SET explained_at = greatest(%(now)s, found_at), explained_by = %(by)s, explanation = %(words)s
WHERE id = %(id)s AND centre = %(centre)s AND day = %(day)s AND agreed_at IS NULL
    AND claimed = %(claimed)s AND arrived = %(arrived)s
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A difference on the list. Words of an explanation that no longer holds are there with `is_explained` False."""

    id: int
    centre: str
    day: date
    measure: str
    claimed: int
    arrived: int
    found_at: datetime
    is_explained: bool
    explained_at: datetime | None
    explanation: str | None
    explained_by: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A difference as somebody saw it who explains it."""

    id: int
    claimed: int
    arrived: int


def read_days(
    connection: Connection[Any], now: datetime, days: int = DAYS, centres: Collection[str] | None = None
) -> list[Day]:
    """Every day of the last `days` that is over, of these centres or of all, and older ones that still differ."""
    today = in_shanghai(now).date()
    values = {"since": today - timedelta(days=days), "until": today, "centres": list(centres) if centres else None}
    if centres is not None and not centres:
        return []
    rows = connection.cursor(row_factory=dict_row).execute(_DAYS, values).fetchall()
    return [_day(row) for row in rows]


def reconcile(connection: Connection[Any], now: datetime, days: int = DAYS) -> int:
    """Bring the list of differences up to date; how many are on it that nobody has explained.

    A day of which something came that is not counted yet is left as it is; today is not over, and is not looked at.
    In a transaction of the caller's; may run twice or at once.
    """
    connection.execute(_ONE_AT_A_TIME)
    looked = [day for day in read_days(connection, now, days) if not day.is_due]
    found = {(day.centre, day.day, one.measure): one for day in looked for one in day.differences}
    with connection.cursor() as cursor:
        cursor.executemany(_NOTE, [_note(key, found[key], now) for key in sorted(found)])
    whole = {(day.centre, day.day) for day in looked}
    over = [
        id
        for id, centre, day, measure in connection.execute(_OPEN).fetchall()
        if (centre, day) in whole and (centre, day, measure) not in found
    ]
    connection.execute(_AGREE, (now, over))
    listed = connection.execute(f"SELECT count(*) FROM city_difference WHERE {IS_LISTED}").fetchone()
    count = int(listed[0]) if listed else 0
    log.info("cities_reconciled", days=len(looked), differ=len(found), agreed=len(over), listed=count)
    return count


def read_listed(connection: Connection[Any], centres: Sequence[str]) -> list[Listed]:
    """What does not agree in these centres, explained or not, the newest day first."""
    return connection.cursor(row_factory=class_row(Listed)).execute(_LISTED, (list(centres),)).fetchall()


def explain(
    connection: Connection[Any], centre: str, day: date, seen: Sequence[Seen], words: str, by: str, now: datetime
) -> None:
    """Note why a day differs, for exactly the numbers seen. Raises Refused (409) when one of them is not so any more.

    In a transaction of the caller's, so that all are explained or none.
    """
    for one in seen:
        values = {"id": one.id, "claimed": one.claimed, "arrived": one.arrived, "centre": centre, "day": day}
        if connection.execute(_EXPLAIN, {**values, "words": words, "by": by, "now": now}).rowcount != 1:
            raise Refused(409, CHANGED, f"difference {one.id}")


def _note(key: tuple[str, date, str], found: Difference, now: datetime) -> dict[str, Any]:
    centre, day, measure = key
    numbers = {"claimed": found.claimed, "arrived": found.arrived}
    return {"centre": centre, "day": day, "measure": measure, "now": now, **numbers}


def _day(row: Mapping[str, Any]) -> Day:
    arrived = {name: row[name] for name in MEASURES}
    return Day(row["centre"], row["day"], row["claimed"], arrived, row["is_due"])

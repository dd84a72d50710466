"""The rows behind the wallboard: today's sums, the line, seats and cases of this instant, and cities' own systems.

One look costs the same whoever watches: every question is asked once, for all centres together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.console.callback_floor import ASKED_FOR
from dashboards.console.case_figures import ACTIVE
from dashboards.console.desk_rows import ON_THE_TELEPHONE, WAITING_SINCE
from dashboards.provincial.measures import ALL_SUBJECTS, HOUR, MEASURES
from ivr.ledger import INBOUND

# A generated history may know the rest of the day already: hours that have not begun are nobody's figures.
_HOURS_OF_TODAY = f"grain = '{HOUR}' AND subject = '{ALL_SUBJECTS}' AND at >= %(since)s AND at <= %(now)s"

_SUMS = f"""
SELECT centre, {", ".join(f"sum({name})::int AS {name}" for name in MEASURES)}
FROM fact WHERE {_HOURS_OF_TODAY} GROUP BY centre
"""
_CURVE = f"""
SELECT centre, extract(hour FROM at AT TIME ZONE 'Asia/Shanghai')::int AS hour, sum(received)::int AS received
FROM fact WHERE {_HOURS_OF_TODAY} GROUP BY 1, 2
"""
# Whatever day they began on, by the centre where they are now; a city's own calls by the city, which may have lost
# the end of one that goes on for hours.
_ON_LINE = f"""
SELECT centre, sum(calls)::int AS on_line FROM (
    SELECT centre, count(*) AS calls FROM call WHERE ended_at IS NULL AND {INBOUND} GROUP BY centre
    UNION ALL
    SELECT centre, count(*) FROM city_call
    WHERE is_current AND NOT is_withdrawn AND ended_at IS NULL AND started_at >= %(now)s - interval '4 hours'
    GROUP BY centre
) AS live GROUP BY centre
"""
_LINE = f"""
SELECT centre, count(*) AS waiting, min({WAITING_SINCE}) AS oldest FROM queue_entry e
WHERE ended_at IS NULL AND status IN ('waiting', 'offered') AND {ON_THE_TELEPHONE} GROUP BY centre
"""
_CALLBACKS = f"SELECT centre, count(*) AS open FROM callback k WHERE ended_at IS NULL AND {ASKED_FOR} GROUP BY centre"
_SEATS = """
SELECT centre, state, count(*) AS seats FROM agent WHERE is_active AND state <> 'logged_out' GROUP BY centre, state
"""
_CASES = f"""
SELECT centre, count(*) AS cases_active,
       count(*) FILTER (WHERE due_at > %(now)s AND due_at < %(until)s) AS cases_due_today,
       count(*) FILTER (WHERE due_at <= %(now)s) AS cases_overdue
FROM work_order WHERE {ACTIVE} GROUP BY centre
"""
_CITIES = "SELECT centre, newest_at, heard_at, since, stale_minutes FROM city_system"
# A day that nobody has made yet was never made, not in 1970.
_BUILT_AT = """
SELECT max(built_at) FILTER (WHERE day = %(day)s) AS built_at, max(built_at) AS any_built_at FROM fact_day
WHERE built_at > to_timestamp(0)
"""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WallRows:
    """One look at everything, all of one instant, by centre; a centre of which there is nothing is not in it."""

    sums: Mapping[str, Mapping[str, int]]
    # (centre, hour of the Shanghai clock, calls received).
    curve: Sequence[tuple[str, int, int]]
    on_line: Mapping[str, int]
    line: Mapping[str, Row]
    callbacks: Mapping[str, int]
    # (centre, state) -> seats.
    seats: Mapping[tuple[str, str], int]
    cases: Mapping[str, Row]
    cities: Mapping[str, Row]
    # When a builder of facts last went over the whole of today, and when over any day.
    built_at: datetime | None
    any_built_at: datetime | None


def read_wall(connection: Connection[Any], since: datetime, until: datetime, now: datetime) -> WallRows:
    """Read today, [since, until), and the present in one round trip."""
    values = {"since": since, "until": until, "now": now, "day": since.date()}
    with connection.transaction(), connection.pipeline():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        asked = [
            connection.cursor(row_factory=dict_row).execute(sql, values)
            for sql in (_SUMS, _CURVE, _ON_LINE, _LINE, _CALLBACKS, _SEATS, _CASES, _CITIES, _BUILT_AT)
        ]
        sums, curve, on_line, line, callbacks, seats, cases, cities, built = (cursor.fetchall() for cursor in asked)
    return WallRows(
        {row.pop("centre"): {name: value for name, value in row.items() if value} for row in sums},
        [(row["centre"], row["hour"], row["received"]) for row in curve],
        {row["centre"]: row["on_line"] for row in on_line},
        {row["centre"]: row for row in line},
        {row["centre"]: row["open"] for row in callbacks},
        {(row["centre"], row["state"]): row["seats"] for row in seats},
        {row["centre"]: row for row in cases},
        {row["centre"]: row for row in cities},
        built[0]["built_at"],
        built[0]["any_built_at"],
    )

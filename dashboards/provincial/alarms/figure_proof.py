"""The figures that are shown, hour by hour, against the ledger that they were made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import Connection

from dashboards.provincial.alarms.carrier_match import Difference
from dashboards.provincial.measures import CALLS
from integrations.work_calendar import in_shanghai
from ivr.ledger import INBOUND

FIGURES = "figures"
HOUR = timedelta(hours=1)
_COUNTS = ", ".join(f"count(*) FILTER (WHERE coalesce(outcome, 'in_progress') = '{name}')" for name in CALLS[1:])
_LEDGER = f"""
SELECT date_trunc('hour', started_at, 'UTC'), first_centre, count(*), {_COUNTS}
FROM call WHERE started_at >= %(since)s AND started_at < %(until)s AND {INBOUND} GROUP BY 1, 2
"""
_FACTS = f"""
SELECT at, centre, {", ".join(f"sum({name})" for name in CALLS)} FROM fact
WHERE grain = 'hour' AND subject = '*' AND source = 'own' AND at >= %(since)s AND at < %(until)s GROUP BY 1, 2
"""
_LAST_ENDS = f"""
SELECT date_trunc('hour', started_at, 'UTC'), max(ended_at) FROM call
WHERE started_at >= %(since)s AND started_at < %(until)s AND {INBOUND} GROUP BY 1
"""
# Days to be made once more are compared, too: where cities push every few seconds today is always one of them.
_MADE = "SELECT day, built_at FROM fact_day WHERE day BETWEEN %(first)s AND %(last)s"
Sums = Mapping[tuple[datetime, str], tuple[int, ...]]


def wrong_figures(connection: Connection[Any], since: datetime, until: datetime) -> dict[datetime, list[Difference]]:
    """Centres whose sums are not the ledger's, by hour; an hour whose facts are still to be made is in none.

    Facts are compared once they were made after the hour's end and after the last end of its calls.
    """
    period: dict[str, Any] = {"since": since, "until": until}
    period |= {"first": in_shanghai(since).date(), "last": in_shanghai(until).date()}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        ledger, facts = (_sums(connection, sql, period) for sql in (_LEDGER, _FACTS))
        ends: dict[datetime, datetime | None] = dict(connection.execute(_LAST_ENDS, period).fetchall())
        made: dict[date, datetime] = dict(connection.execute(_MADE, period).fetchall())
    found: dict[datetime, list[Difference]] = {}
    for hour, one in _differences(ledger, facts):
        built_at = made.get(in_shanghai(hour).date())
        if built_at is not None and built_at > max(hour + HOUR, ends.get(hour) or hour):
            found.setdefault(hour, []).append(one)
    return found


def _sums(connection: Connection[Any], sql: str, period: Mapping[str, Any]) -> Sums:
    return {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(sql, period).fetchall()}


def _differences(ledger: Sums, facts: Sums) -> Iterator[tuple[datetime, Difference]]:
    nothing = (0,) * len(CALLS)
    for hour, centre in sorted(ledger.keys() | facts.keys()):
        real, shown = ledger.get((hour, centre), nothing), facts.get((hour, centre), nothing)
        if real != shown:
            words = f"统计里来电{shown[0]}个，账上{real[0]}个"
            yield hour, Difference("", centre, FIGURES, words if shown[0] != real[0] else f"{words}，各种结果不一样")

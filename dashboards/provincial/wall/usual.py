"""What a day like today usually brings, hour by hour: the line under today's curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from psycopg import Connection

from dashboards.provincial.measures import ALL_SUBJECTS, DEMO, HOUR
from integrations.work_calendar import SHANGHAI, WorkCalendar, in_shanghai

# The last four weeks.
DAYS = 28
HOURS = 24

_RECEIVED = f"""
SELECT centre, (at AT TIME ZONE 'Asia/Shanghai')::date AS day,
       extract(hour FROM at AT TIME ZONE 'Asia/Shanghai')::int AS hour, sum(received)::int AS received
FROM fact WHERE grain = '{HOUR}' AND subject = '{ALL_SUBJECTS}' AND at >= %s AND at < %s GROUP BY 1, 2, 3
"""
_HAS_DEMO = f"""
SELECT EXISTS (SELECT FROM fact WHERE grain = '{HOUR}' AND subject = '{ALL_SUBJECTS}' AND at >= %s AND at < %s
               AND source = '{DEMO}')
"""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual hours of each centre, and whether a generated history is among what is shown."""

    # 24 means, by centre; a centre without a day to compare with has none.
    hours: Mapping[str, Sequence[float]] = field(default_factory=dict)
    has_demo: bool = False


def read_usual(connection: Connection[Any], today: date, calendar: WorkCalendar) -> Usual:
    """Mean of the calls received in each hour of the last 28 days of today's kind: working days, or the others.

    A centre's days are counted from the first one of which anything is known, so that a young installation is not
    compared with days before it began; a day on which nobody rang counts as it is.
    """
    since, midnight = _midnight(today - timedelta(days=DAYS)), _midnight(today)
    rows = connection.execute(_RECEIVED, (since, midnight)).fetchall()
    found = connection.execute(_HAS_DEMO, (since, midnight + timedelta(days=1))).fetchone()
    return Usual(usual_hours(rows, today, calendar), bool(found and found[0]))


def usual_hours(
    rows: Sequence[tuple[str, date, int, int]], today: date, calendar: WorkCalendar
) -> dict[str, Sequence[float]]:
    """The means of rows (centre, day, hour, received) of the days before today."""
    days = [today - timedelta(days=back) for back in range(1, DAYS + 1)]
    alike = {day for day in days if calendar.is_workday(day) == calendar.is_workday(today)}
    first: dict[str, date] = {}
    sums: dict[str, list[int]] = {}
    for centre, day, hour, received in rows:
        first[centre] = min(day, first.get(centre, day))
        if day in alike:
            sums.setdefault(centre, [0] * HOURS)[hour] += received
    counted = {centre: sum(day >= first[centre] for day in alike) for centre in first}
    return {centre: [round(n / counted[centre], 1) for n in hours] for centre, hours in sums.items()}


def hour_of(now: datetime) -> tuple[date, int]:
    """The day and hour in Shanghai, for as long as which a usual day stays the same."""
    local = in_shanghai(now)
    return local.date(), local.hour


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)

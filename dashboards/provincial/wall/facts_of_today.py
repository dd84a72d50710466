"""Today's facts brought up to date for the wallboard, a moment after a call has begun or ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from dashboards.call_counts import shanghai_day
from dashboards.provincial.facts.build import build_hours
from ivr.service import Line

HOUR = timedelta(hours=1)
# What was written before the last look may have been committed after it.
OVERLAP = timedelta(seconds=5)
# Talks and shifts go on although no call begins or ends.
QUIET = timedelta(seconds=3)

# Hours of calls that began or ended since then; an hour begins in Shanghai when it begins in UTC.
_CHANGED = """
SELECT DISTINCT date_trunc('hour', at) FROM (
    SELECT started_at AS at FROM call WHERE started_at >= greatest(%(seen)s, %(since)s)
    UNION ALL SELECT started_at FROM call WHERE ended_at >= %(seen)s AND started_at >= %(since)s
) AS changed WHERE at <= %(now)s
"""
_NEWEST_BATCH = "SELECT coalesce(max(id), 0) FROM city_batch"
_OF_CITIES = """
SELECT DISTINCT date_trunc('hour', at) FROM (
    SELECT started_at AS at FROM city_call WHERE started_at >= %(since)s AND batch > %(batch)s
    UNION ALL SELECT at FROM city_hour WHERE at >= %(since)s AND is_current AND batch > %(batch)s
) AS changed WHERE at <= %(now)s
"""


class FactsOfToday:
    """Looks what has changed since it last looked. For one thread.

    What else changes a figure of an earlier hour (a rating, a case that falls due) is for the builder that goes over
    the whole day every half minute.
    """

    def __init__(self, line: Line) -> None:
        self._database = line.services.database
        self._seen: datetime | None = None
        self._built_at: datetime | None = None
        self._batch = 0

    def bring_up_to_date(self, now: datetime) -> datetime:
        """Make the hours anew in which something changed, the present one every three seconds in any case.

        The answer is when today's facts were as of. The first time, after midnight, and when the clock was set back, it
        is all of today. Raises
        psycopg.Error and PoolTimeout; what was missed is then looked at the next time.
        """
        since, _ = shanghai_day(now)
        with self._database.pool.connection() as connection, connection.transaction():
            batch = _one(connection, _NEWEST_BATCH)
            hours = self._changed(connection, since, now, batch)
            if hours or self._built_at is None or now - self._built_at >= QUIET:
                hours.add(beginning_of(now))
            for begin, end in spans(hours):
                build_hours(connection, begin, end, now)
        self._seen, self._batch = now, batch
        self._built_at = now if hours else self._built_at
        # That nothing has changed is as good as having counted again.
        return now

    def _changed(self, connection: Connection[Any], since: datetime, now: datetime, batch: int) -> set[datetime]:
        if self._seen is None or not since <= self._seen <= now:
            return {since + n * HOUR for n in range(int((now - since) / HOUR) + 1)}
        values = {"since": since, "seen": self._seen - OVERLAP, "now": now, "batch": self._batch}
        hours = {row[0] for row in connection.execute(_CHANGED, values).fetchall()}
        if batch != self._batch:
            hours |= {row[0] for row in connection.execute(_OF_CITIES, values).fetchall()}
        return hours


def beginning_of(now: datetime) -> datetime:
    """The hour that an instant belongs to."""
    return now.replace(minute=0, second=0, microsecond=0)


def spans(hours: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """Hours that follow each other as one span, [begin, end)."""
    found: list[tuple[datetime, datetime]] = []
    for hour in sorted(hours):
        if found and found[-1][1] == hour:
            found[-1] = (found[-1][0], hour + HOUR)
        else:
            found.append((hour, hour + HOUR))
    return found


def _one(connection: Connection[Any], sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0

"""Keeping facts right: today again and again, the last days anew, and every day of which something changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from dashboards.provincial.facts.build import REPEAT_AFTER, build_day, long_connection
from dashboards.provincial.facts.spans import DAY, day_of
from integrations.services import Services
from integrations.work_calendar import in_shanghai

log = structlog.get_logger(__name__)

# A repeat is known after a week: the days around it are made once more then.
LAST_DAYS = REPEAT_AFTER.days + 2
# What changed since is looked for every time; once a night for a week and more, should nobody have looked for hours.
LATELY, NIGHT_HOUR = timedelta(hours=3), 3
# Calls that end now may have begun on another day.
ENDED_LATELY = timedelta(minutes=5)
# A job may last two minutes; what is left over is done by the next.
DUE_SECONDS, LAST_SECONDS = 20, 90
MOST_UNBUILT = 31
# The database is there and did not finish this day; to psycopg these are troubles of the connection.
OF_ONE_DAY = (psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected)
# Promises of answers are of some working days; with holidays three weeks.
_LONGEST_PROMISE = "interval '21 days'"

_DUE = "SELECT day FROM fact_day WHERE is_due ORDER BY day DESC LIMIT 400"
_ENDED = "SELECT DISTINCT (started_at AT TIME ZONE 'Asia/Shanghai')::date FROM call WHERE ended_at >= %s"
# A case counts on the day it was opened and the day it is due; one that is taken up again was due on another before.
_TOUCHED = f"""
WITH touched AS (
    SELECT w.opened_at, w.due_at, v.at, v.event, v.detail FROM case_event AS v
    JOIN work_order AS w ON w.id = v.case_id WHERE v.at >= %(since)s
), moments AS (
    SELECT opened_at AS at FROM touched UNION SELECT due_at FROM touched
    UNION SELECT (detail->>'from')::timestamptz FROM touched WHERE event = 'due_moved'
    UNION SELECT generate_series(opened_at, least(opened_at + {_LONGEST_PROMISE}, at), '1 day') FROM touched
    WHERE event = 'reopened'
    UNION SELECT asked_at FROM callback WHERE ended_at >= %(since)s
    UNION SELECT started_at FROM call WHERE ended_at >= %(since)s
)
SELECT DISTINCT (at AT TIME ZONE 'Asia/Shanghai')::date FROM moments WHERE at <= %(now)s
"""
_UNBUILT = """
SELECT day::date FROM generate_series(((SELECT min(started_at) FROM call) AT TIME ZONE 'Asia/Shanghai')::date,
                                      %(today)s::date, '1 day') AS day
WHERE NOT EXISTS (SELECT FROM fact_day WHERE fact_day.day = day::date) ORDER BY day DESC LIMIT %(most)s
"""


class FactKeeper:
    """Finds the days whose facts are to be made anew, and makes them, each for itself."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def rebuild_due(self, now: datetime) -> list[date]:
        """Today, days on which calls began that ended just now, and days that were corrected; those that were made."""
        with long_connection(self._services.database) as connection, connection.transaction():
            ended = [row[0] for row in connection.execute(_ENDED, (now - ENDED_LATELY,)).fetchall()]
            due = [row[0] for row in connection.execute(_DUE).fetchall()]
        return self._build([day_of(now), *ended, *due], now, DUE_SECONDS)

    def rebuild_last(self, now: datetime, days: int = LAST_DAYS) -> list[date]:
        """The last days, older ones of which something changed lately, and those never made; those that were made."""
        today = day_of(now)
        look_back = timedelta(days=days) if in_shanghai(now).hour == NIGHT_HOUR else LATELY
        values = {"since": now - look_back, "now": now, "today": today, "most": MOST_UNBUILT}
        with long_connection(self._services.database) as connection, connection.transaction():
            touched = [row[0] for row in connection.execute(_TOUCHED, values).fetchall()]
            unbuilt = [row[0] for row in connection.execute(_UNBUILT, values).fetchall()]
        last = [today - n * DAY for n in range(days)]
        return self._build([*last, *touched, *unbuilt], now, LAST_SECONDS)

    def _build(self, days: Iterable[date], now: datetime, seconds: float) -> list[date]:
        """Each day once; one that fails keeps none of the others waiting."""
        built: list[date] = []
        until = time.monotonic() + seconds
        for tried, day in enumerate(dict.fromkeys(days)):
            if tried and time.monotonic() >= until:
                log.info("facts_go_on_later", built=len(built), next_day=day.isoformat())
                break
            try:
                build_day(self._services.database, day, now)
                built.append(day)
            except OF_ONE_DAY:
                log.exception("facts_not_built", day=day.isoformat())
            except (psycopg.OperationalError, PoolTimeout):
                raise
            except psycopg.Error:
                log.exception("facts_not_built", day=day.isoformat())
        return built

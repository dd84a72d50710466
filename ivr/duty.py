"""What people set while the system runs: urgent notices, exceptional closings, opened and closed keys, the calendar.

Every process keeps a snapshot and looks again every few seconds, so a setting counts everywhere within a minute and a
database that is away takes nothing off the air.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from integrations.database import Database
from integrations.work_calendar import WorkCalendar
from queueing.opening_hours import Closing
from queueing.timetable import calendar_of, closings_by_centre, read_calendar, read_closings

LOOK_EVERY = timedelta(seconds=10)
log = structlog.get_logger(__name__)

_NOTICES = """
SELECT centre, text, since, until, signed_by FROM urgent_notice
WHERE withdrawn_at IS NULL AND until > %s ORDER BY id DESC
"""
_FEATURES = """
SELECT DISTINCT ON (centre, feature) centre, feature, is_open, reason
FROM feature_override ORDER BY centre, feature, id DESC
"""
_SEATS = """
SELECT centre, bool_or(state <> 'logged_out' AND NOT (state = 'break' AND state_since < %(now)s - interval '2 hours')
                       AND NOT (state = 'away' AND state_since < %(now)s - interval '15 minutes'))
FROM agent WHERE is_active GROUP BY centre ORDER BY centre
"""


@dataclass(frozen=True, slots=True)
class Notice:
    centre: str | None
    text: str
    since: datetime
    until: datetime
    signed_by: str


@dataclass(frozen=True)
class DutyBoard:
    """One consistent look at what is set; a new one is made only when something changed."""

    closings: Mapping[str, tuple[Closing, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    features: Mapping[tuple[str, str], tuple[bool, str]] = field(default_factory=dict)
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    # Centres that have consultants at all, and whether any of them is signed in.
    seats: Mapping[str, bool] = field(default_factory=dict)

    def notice_for(self, centre: str, at: datetime) -> Notice | None:
        """The newest notice in force for a centre; a centre's own and the province's count alike."""
        return next((n for n in self.notices if n.centre in (None, centre) and n.since <= at < n.until), None)


class DutyDesk:
    """Keeps the board fresh. Thread-safe; never raises for a database that does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._board = DutyBoard()
        self._looked_at: datetime | None = None
        self._rows: Any = None

    def board(self, now: datetime) -> DutyBoard:
        """What is set, at most LOOK_EVERY old; older while the database is away."""
        is_due = self._looked_at is None or now - self._looked_at >= LOOK_EVERY
        # One thread looks, the others go on with what they have.
        if is_due and self._lock.acquire(blocking=self._looked_at is None):
            try:
                self._look(now)
            finally:
                self._lock.release()
        return self._board

    def forget(self) -> None:
        """Look again at the next question: something was just set in this process."""
        self._looked_at = None

    def _look(self, now: datetime) -> None:
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        try:
            rows = _read(self._database, now)
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("duty_board_not_refreshed", error=type(error).__name__)
            return
        if rows != self._rows:
            self._rows, self._board = rows, build_board(*rows)
            log.info("duty_board_changed", notices=len(rows[1]), closings=len(rows[0]))
            for centre, feature, is_open, reason in rows[2]:
                log.info("key_set_by_hand", centre=centre, feature=feature, is_open=is_open, reason=reason)


def _read(database: Database, now: datetime) -> tuple[list[Any], ...]:
    with database.pool.connection() as connection:
        return (
            read_closings(connection, now),
            connection.execute(_NOTICES, (now,)).fetchall(),
            connection.execute(_FEATURES).fetchall(),
            read_calendar(connection),
            connection.execute(_SEATS, {"now": now}).fetchall(),
        )


def build_board(
    closings: list[Any], notices: list[Any], features: list[Any], calendar: list[Any], seats: Sequence[Any] = ()
) -> DutyBoard:
    """A board from plain rows. A calendar notice that cannot be right is left out and logged."""
    return DutyBoard(
        closings=closings_by_centre(closings),
        notices=tuple(Notice(*row) for row in notices),
        features={(centre, feature): (is_open, reason) for centre, feature, is_open, reason in features},
        calendar=calendar_of(calendar),
        seats=dict(seats),
    )

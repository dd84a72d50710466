"""When a centre's callers may be rung, by its file and by what people have set: closings, the year's holiday notice.

Every process keeps a snapshot and looks again every few seconds. A database that is away leaves the last snapshot in
force, and before there is any the plain calendar: nobody is rung at night because something did not answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import PoolTimeout

from integrations.services import Services
from integrations.work_calendar import WorkCalendar, YearNotice
from queueing.callback_slots import decent_spans, next_decent_moment
from queueing.centre import Centre
from queueing.opening_hours import Closing, Span

LOOK_EVERY = timedelta(seconds=10)
log = structlog.get_logger(__name__)

_CLOSINGS = """
SELECT centre, since, until, reason FROM exceptional_closing
WHERE withdrawn_at IS NULL AND until > %s ORDER BY since, id
"""
_CALENDAR = "SELECT year, days FROM calendar_notice ORDER BY year"
ClosingRow = tuple[str, datetime, datetime, str]
CalendarRow = tuple[int, dict[str, Any]]


def read_closings(connection: Connection[Any], now: datetime) -> list[ClosingRow]:
    """Exceptional closings that hold or are to come: centre, since, until, reason. Raises psycopg.Error."""
    return connection.execute(_CLOSINGS, (now,)).fetchall()


def read_calendar(connection: Connection[Any]) -> list[CalendarRow]:
    """The holiday notices that were entered: year, and days by "off" and "work". Raises psycopg.Error."""
    return connection.execute(_CALENDAR).fetchall()


def closings_by_centre(rows: Sequence[ClosingRow]) -> dict[str, tuple[Closing, ...]]:
    """The closings of each centre, in the rows' order."""
    found: dict[str, list[Closing]] = {}
    for centre, since, until, reason in rows:
        found.setdefault(centre, []).append(Closing(since, until, reason))
    return {centre: tuple(closings) for centre, closings in found.items()}


def calendar_of(rows: Sequence[CalendarRow]) -> WorkCalendar:
    """The calendar with the notices that were entered. One that cannot be right is left out and logged."""
    return WorkCalendar([notice for year, days in rows if (notice := _year_notice(year, days))])


def _year_notice(year: int, days: Mapping[str, Any]) -> YearNotice | None:
    try:
        names = {date.fromisoformat(day): name for day, name in days["off"].items()}
        return YearNotice(year, frozenset(names), frozenset(map(date.fromisoformat, days["work"])), names)
    except (KeyError, ValueError) as error:
        log.error("calendar_notice_unusable", year=year, error=str(error))
        return None


@dataclass(frozen=True)
class _Set:
    """One consistent look at what is set."""

    closings: Mapping[str, tuple[Closing, ...]] = field(default_factory=dict)
    calendar: WorkCalendar = field(default_factory=WorkCalendar)


class Timetable:
    """Decent hours of every centre. Thread-safe; never raises for a database that does not answer.

    `centres` is asked each time, so the file may change underneath. A centre that is no longer in it has no decent
    hour. Times are aware, else ValueError; a closing that is over by now is not looked at.
    """

    def __init__(self, services: Services, centres: Callable[[], Mapping[str, Centre]]) -> None:
        self._services = services
        self._centres = centres
        self._lock = threading.Lock()
        self._set = _Set()
        self._rows: Any = None
        self._looked_at: datetime | None = None

    def spans(self, centre: str, at: datetime) -> Iterator[Span]:
        """When the centre's callers may be rung, from `at` on: in order, on the Shanghai clock, each within a day."""
        found = self._centres().get(centre)
        if found is None:
            return iter(())
        present = self._present()
        return decent_spans(found.hours, present.calendar, found.callbacks, at, present.closings.get(centre, ()))

    @property
    def calendar(self) -> WorkCalendar:
        """Working days as they are known now, with the notices that were entered."""
        return self._present().calendar

    def is_decent(self, centre: str, at: datetime) -> bool:
        """Whether the centre's callers may be rung at this moment."""
        return self.next_decent(centre, at) == at

    def next_decent(self, centre: str, at: datetime) -> datetime | None:
        """The first moment from `at` on at which callers may be rung; None when not within 60 days."""
        return next_decent_moment(self.spans(centre, at), at)

    def _present(self) -> _Set:
        now = self._services.now()
        is_due = self._looked_at is None or now - self._looked_at >= LOOK_EVERY
        # One thread looks, the others go on with what they have; only before the first look they wait for it.
        if is_due and self._lock.acquire(blocking=self._looked_at is None):
            try:
                self._look(now)
            finally:
                self._lock.release()
        return self._set

    def _look(self, now: datetime) -> None:
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return
        try:
            with self._services.database.pool.connection() as connection:
                rows = read_closings(connection, now), read_calendar(connection)
            if rows != self._rows:
                self._rows, self._set = rows, _Set(closings_by_centre(rows[0]), calendar_of(rows[1]))
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("timetable_not_refreshed", error=type(error).__name__)
        finally:
            # Also after a failure: a database that is away is not asked at every turn.
            self._looked_at = now

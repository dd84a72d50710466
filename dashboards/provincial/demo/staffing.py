"""When somebody answers, for the made-up figures."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from integrations.work_calendar import SHANGHAI, WorkCalendar
from queueing.centre import Centre
from queueing.opening_hours import periods_on


def staffed_share(centre: Centre, calendar: WorkCalendar, day: date, hour: int) -> float:
    """The part of an hour, 0 to 1, in which the centre answers."""
    begin = midnight(day) + timedelta(hours=hour)
    end = begin + timedelta(hours=1)
    spans = (period.on(day) for period in periods_on(centre.hours, calendar, day))
    seconds = sum(max(0.0, (min(until, end) - max(since, begin)).total_seconds()) for since, until in spans)
    return min(1.0, seconds / 3600)


def midnight(day: date) -> datetime:
    """The beginning of a day in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)

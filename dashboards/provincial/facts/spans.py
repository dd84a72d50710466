"""Which hours make a day, a month and a cell of the week, in Shanghai or any other zone. Pure.

A day is from midnight to midnight on the zone's clock: where clocks are changed it has 23 or 25 hours. All times that
come out are UTC, so that they may be compared and subtracted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from integrations.work_calendar import SHANGHAI

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def midnight(day: date, zone: tzinfo = SHANGHAI) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_bounds(day: date, zone: tzinfo = SHANGHAI) -> tuple[datetime, datetime]:
    """[from, until) of a day."""
    return midnight(day, zone), midnight(day + DAY, zone)


def day_of(at: datetime, zone: tzinfo = SHANGHAI) -> date:
    """The day an instant belongs to. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"时间 {at.isoformat()} 没有时区")
    return at.astimezone(zone).date()


def days_between(since: datetime, until: datetime, zone: tzinfo = SHANGHAI) -> list[date]:
    """The days that [since, until) touches."""
    if since >= until:
        return []
    first, last = day_of(since, zone), day_of(until - timedelta(microseconds=1), zone)
    return [first + n * DAY for n in range((last - first).days + 1)]


def whole_hours(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The same stretch made wider to whole hours, in UTC."""
    first, last = (at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for at in (since, until))
    return first, last if last == until else last + HOUR


def month_of(day: date) -> tuple[date, date]:
    """[first, next first) of the day's month."""
    first = day.replace(day=1)
    return first, (first + 31 * DAY).replace(day=1)


def months_within(since: date, until: date) -> list[tuple[date, date]]:
    """The whole months that lie in [since, until)."""
    first, following = month_of(since)
    if first < since:
        first, following = month_of(following)
    found = []
    while following <= until:
        found.append((first, following))
        first, following = month_of(following)
    return found


def years_within(since: date, until: date) -> list[tuple[date, date]]:
    """The whole years that lie in [since, until)."""
    years = [(date(year, 1, 1), date(year + 1, 1, 1)) for year in range(since.year, until.year)]
    return [(first, following) for first, following in years if since <= first]


def same_weekdays(day: date) -> list[date]:
    """The days of its month that fall on the same weekday: four or five."""
    start, following = _first_on(day.weekday(), day.replace(day=1)), month_of(day)[1]
    return [start + 7 * n * DAY for n in range(5) if start + 7 * n * DAY < following]


def first_weekdays(day: date) -> list[date]:
    """The first day of each month of its year that falls on the same weekday."""
    return [_first_on(day.weekday(), date(day.year, month, 1)) for month in range(1, 13)]


def _first_on(weekday: int, since: date) -> date:
    return since + ((weekday - since.weekday()) % 7) * DAY

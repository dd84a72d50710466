"""Opening hours, instants and closings of all kinds, and a reckoning of its own to hold answers against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from integrations.work_calendar import SHANGHAI, DayKind, WorkCalendar
from queueing.opening_hours import Closing, ExceptionalDay, OpeningHours, Period, Season

CALENDAR = WorkCalendar()


def period(text: str) -> Period:
    start, end = text.split("-")
    return Period(time.fromisoformat(start), time.fromisoformat(end))


def periods(*texts: str) -> tuple[Period, ...]:
    return tuple(map(period, texts))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def naive_open(hours: OpeningHours, now: datetime, closings: Sequence[Closing]) -> bool:
    """Is ordinary service there in this minute?"""
    if any(closing.since <= now < closing.until for closing in closings):
        return False
    today = naive_periods(hours, now.date())
    clock = now.time()
    inside = any(p.start <= clock and (clock < p.end or p.end == time(0)) for p in today)
    noon = any(p.end <= clock for p in today) and any(p.start > clock for p in today)
    return inside or (noon and hours.noon_duty)


def naive_periods(hours: OpeningHours, day: date) -> tuple[Period, ...]:
    if day in hours.exceptional:
        return hours.exceptional[day].periods
    if CALENDAR.kind(day) is DayKind.HOLIDAY:
        return ()
    if CALENDAR.kind(day) is DayKind.WEEKEND:
        return hours.weekend_periods
    since = {season.since: season for season in hours.seasons}
    probe = day
    while (probe.month, probe.day) not in since:
        probe -= timedelta(days=1)
    return since[(probe.month, probe.day)].periods


@st.composite
def some_periods(draw: st.DrawFn, least: int) -> tuple[Period, ...]:
    count = draw(st.integers(least, 3))
    marks = sorted(draw(st.lists(st.integers(0, 95), min_size=2 * count, max_size=2 * count, unique=True)))
    clock = [time(mark // 4, mark % 4 * 15) for mark in marks]
    return tuple(Period(*pair) for pair in zip(clock[::2], clock[1::2], strict=True))


first_day = date(2026, 1, 20)
some_days = st.dates(first_day, date(2026, 3, 20))
some_instants = st.builds(lambda d, m: at(f"{d} 00:00") + timedelta(minutes=m), some_days, st.integers(0, 1439))
some_closings = st.lists(
    st.builds(
        lambda since, m: Closing(since, since + timedelta(minutes=m), "停电"),
        some_instants,
        st.integers(1, 4000),
    ),
    max_size=3,
)
some_hours = st.builds(
    OpeningHours,
    st.lists(
        st.builds(Season, st.sampled_from([(1, 1), (2, 1), (2, 14), (3, 1), (10, 1)]), some_periods(1)),
        min_size=1,
        max_size=3,
        unique_by=lambda season: season.since,
    ).map(tuple),
    st.booleans(),
    st.none(),
    some_periods(0),
    st.none(),
    st.dictionaries(some_days, st.builds(ExceptionalDay, some_periods(0), st.just("搬家")), max_size=4),
)

"""Which hours make a day, a month and a cell of the week."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.provincial.facts.spans import (
    HOUR,
    day_bounds,
    day_of,
    days_between,
    first_weekdays,
    month_of,
    months_within,
    same_weekdays,
    whole_hours,
    years_within,
)
from integrations.work_calendar import SHANGHAI

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))


def test_a_day_begins_at_midnight_in_shanghai() -> None:
    since, until = day_bounds(date(2026, 11, 20))
    assert (since, until) == (datetime(2026, 11, 19, 16, tzinfo=UTC), datetime(2026, 11, 20, 16, tzinfo=UTC))
    assert day_of(since) == date(2026, 11, 20)
    assert day_of(since - timedelta(microseconds=1)) == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 20), 24)],
)
def test_where_clocks_are_changed_a_day_has_23_or_25_hours(day: date, hours: int) -> None:
    since, until = day_bounds(day, BERLIN)
    assert until - since == hours * HOUR
    assert {day_of(since + n * HOUR, BERLIN) for n in range(hours)} == {day}
    shanghai = day_bounds(day)
    assert shanghai[1] - shanghai[0] == 24 * HOUR


@given(DAYS, st.sampled_from([SHANGHAI, BERLIN]))
def test_days_follow_one_another_without_a_gap(day: date, zone: ZoneInfo) -> None:
    since, until = day_bounds(day, zone)
    assert until == day_bounds(day + timedelta(days=1), zone)[0]
    assert days_between(since, until, zone) == [day]


def test_a_stretch_touches_the_days_it_has_an_instant_of() -> None:
    since, until = day_bounds(date(2026, 11, 20))
    assert days_between(since, until + timedelta(seconds=1)) == [date(2026, 11, 20), date(2026, 11, 21)]
    assert days_between(since, since) == []


def test_a_stretch_is_made_wider_to_whole_hours() -> None:
    at = datetime(2026, 11, 20, 9, 59, 59, tzinfo=SHANGHAI)
    ten = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    assert whole_hours(at, ten) == (ten - HOUR, ten)
    assert whole_hours(ten, ten + timedelta(seconds=1)) == (ten, ten + HOUR)


@given(DAYS)
def test_the_days_of_one_weekday_are_all_those_of_the_month(day: date) -> None:
    first, following = month_of(day)
    every = [first + timedelta(days=n) for n in range((following - first).days)]
    assert same_weekdays(day) == [one for one in every if one.weekday() == day.weekday()]


@given(DAYS)
def test_the_first_of_each_month_on_a_weekday_is_in_its_first_week(day: date) -> None:
    found = first_weekdays(day)
    assert [one.month for one in found] == list(range(1, 13)) and {one.year for one in found} == {day.year}
    assert {one.weekday() for one in found} == {day.weekday()} and all(one.day <= 7 for one in found)


def test_only_whole_years_are_whole() -> None:
    this, following = (date(2026, 1, 1), date(2027, 1, 1)), (date(2027, 1, 1), date(2028, 1, 1))
    assert years_within(date(2026, 1, 1), date(2028, 1, 1)) == [this, following]
    assert years_within(date(2026, 1, 2), date(2028, 12, 31)) == [following]
    assert years_within(date(2026, 1, 1), date(2026, 12, 31)) == []


def test_only_whole_months_are_whole() -> None:
    november, december = (date(2026, 11, 1), date(2026, 12, 1)), (date(2026, 12, 1), date(2027, 1, 1))
    assert months_within(date(2026, 11, 1), date(2027, 1, 1)) == [november, december]
    assert months_within(date(2026, 11, 2), date(2027, 1, 31)) == [december]
    assert months_within(date(2026, 11, 2), date(2026, 12, 31)) == []


def test_a_time_without_a_zone_belongs_to_no_day() -> None:
    with pytest.raises(ValueError, match="没有时区"):
        day_of(datetime(2026, 11, 20))

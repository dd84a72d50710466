"""Deadlines: the worked examples of the 12333 rule, and a plain day-by-day reckoning of every year that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.work_calendar import LIBRARY_YEARS, SHANGHAI, WorkCalendar, YearNotice, fixed_holidays
from queueing.message_rules import DEFAULT_MESSAGE_RULES, MessageRules
from queueing.opening_hours import ExceptionalDay, OpeningHours, Period, Season
from voicemail.deadline import (
    POLICIES,
    Due,
    close_of_business,
    due_of,
    opening_of_business,
    reckoned_anew,
    workdays_of,
)

CALENDAR = WorkCalendar()
DAY = (Period(time(9), time(12)), Period(time(14, 30), time(17, 30)))
SUMMER = (Period(time(8), time(12)), Period(time(15), time(18)))
HOURS = OpeningHours((Season((7, 1), SUMMER), Season((10, 1), DAY)))
FIRST, LAST = date(LIBRARY_YEARS[0], 1, 1), date(LIBRARY_YEARS[-1], 12, 31)
# The longest break of the known years with the longest promise: no deadline runs further ahead.
FURTHEST = timedelta(days=25)
received = st.datetimes(
    datetime.combine(FIRST, time(0)), datetime.combine(LAST - FURTHEST, time(0)), timezones=st.just(SHANGHAI)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def closes(_: date) -> time:
    return time(17, 30)


def due(text: str, workdays: int = 3, calendar: WorkCalendar = CALENDAR) -> Due:
    return due_of(at(text), workdays, calendar, closes)


def works(day: date) -> bool:
    """The library's tables read by themselves, without a line of ours."""
    return day in chinese_calendar.workdays or (day.weekday() < 5 and day not in chinese_calendar.holidays)


def reckoned(received_on: date, workdays: int) -> date:
    day, counted = received_on, 0
    while counted < workdays:
        day += timedelta(days=1)
        if works(day):
            counted += 1
    return day


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ("2026-02-13 16:00", "2026-02-25 17:30"),  # the day before a make-up Saturday and the Spring Festival
        ("2026-02-15 10:00", "2026-02-26 17:30"),  # in the Spring Festival
        ("2026-09-30 17:00", "2026-10-10 17:30"),  # the third day is a make-up Saturday
        ("2026-03-10 22:30", "2026-03-13 17:30"),  # late at night is still that day
        ("2026-03-06 09:00", "2026-03-11 17:30"),  # a Friday
        ("2026-03-07 09:00", "2026-03-11 17:30"),  # a Saturday
        ("2026-01-04 09:00", "2026-01-07 17:30"),  # a make-up Sunday is a day of receipt like another
        ("2026-12-28 09:00", "2026-12-31 17:30"),
    ],
)
def test_a_message_is_due_on_the_third_working_day_after_it(left: str, expected: str) -> None:
    assert due(left) == Due(at(expected), is_provisional=False)


def test_the_day_is_the_one_in_shanghai() -> None:
    before, after = at("2026-03-10 23:59:59.999999"), at("2026-03-11 00:00")
    assert due_of(before.astimezone(UTC), 3, CALENDAR, closes).at == at("2026-03-13 17:30")
    assert due_of(after.astimezone(UTC), 3, CALENDAR, closes).at == at("2026-03-16 17:30")


def test_a_complaint_has_five_days_and_a_case_that_is_handed_on_one() -> None:
    assert due("2026-03-10 09:00", POLICIES["accept"].workdays).at == at("2026-03-17 17:30")
    assert due("2026-03-10 09:00", POLICIES["transfer"].workdays).at == at("2026-03-11 17:30")
    assert [(p.workdays, p.title_zh) for p in POLICIES.values()] == [(3, "答复"), (5, "受理"), (1, "接办")]


def test_the_policies_are_what_the_rules_take_for_granted_and_a_centre_may_promise_less_time() -> None:
    assert {name: workdays_of(name, DEFAULT_MESSAGE_RULES) for name in POLICIES} == {
        name: policy.workdays for name, policy in POLICIES.items()
    }
    assert workdays_of("reply", MessageRules(reply_workdays=2)) == 2
    with pytest.raises(KeyError):
        workdays_of("whenever", DEFAULT_MESSAGE_RULES)


@settings(max_examples=200)
@given(received, st.integers(1, 5))
def test_every_deadline_of_the_known_years_is_that_of_a_plain_reckoning(left: datetime, workdays: int) -> None:
    found = due_of(left.astimezone(UTC), workdays, CALENDAR, closes)
    assert found == Due(datetime.combine(reckoned(left.date(), workdays), time(17, 30), SHANGHAI), False)


def test_every_single_day_of_the_known_years_agrees_with_the_plain_reckoning() -> None:
    wrong = []
    for n in range((LAST - FURTHEST - FIRST).days):
        day = FIRST + timedelta(days=n)
        found = due_of(datetime.combine(day, time(22, 30), SHANGHAI), 3, CALENDAR, closes)
        if found.at.date() != reckoned(day, 3) or found.is_provisional:
            wrong.append(day)
    assert wrong == []


@settings(max_examples=100)
@given(received, st.integers(1, 5), st.timedeltas(timedelta(0), timedelta(days=10)))
def test_who_leaves_word_later_is_never_due_earlier(left: datetime, workdays: int, later: timedelta) -> None:
    first = due_of(left, workdays, CALENDAR, closes).at
    assert left < first <= due_of(left + later, workdays, WorkCalendar(), closes).at


def test_a_time_without_a_zone_and_a_promise_of_no_days_are_refused() -> None:
    with pytest.raises(ValueError, match="没有时区"):
        due_of(datetime(2026, 3, 10), 3, CALENDAR, closes)
    with pytest.raises(ValueError, match="至少一个工作日"):
        due_of(at("2026-03-10 09:00"), 0, CALENDAR, closes)


# A year without a notice


def notice_of_2027() -> YearNotice:
    """A notice that also gives 4 January off, worked on Saturday the 9th."""
    names = fixed_holidays(2027) | {date(2027, 2, n): "春节" for n in range(5, 12)} | {date(2027, 1, 4): "元旦"}
    return YearNotice(2027, frozenset(names), frozenset({date(2027, 1, 9)}), names)


def test_a_message_of_30_december_is_provisional_until_next_years_notice_is_entered() -> None:
    found = due("2026-12-30 10:00")
    # 31 December, 4 and 5 January: the 1st is statutory, the 2nd and 3rd are a weekend.
    assert found == Due(at("2027-01-05 17:30"), is_provisional=True)
    anew = reckoned_anew(at("2026-12-30 10:00"), found.at, 3, WorkCalendar([notice_of_2027()]), closes)
    assert anew.due == Due(at("2027-01-06 17:30"), is_provisional=False)
    assert (anew.before, anew.later, anew.has_moved) == (found.at, timedelta(days=1), True)


def test_a_make_up_saturday_of_the_notice_brings_the_deadline_forward() -> None:
    found = due("2027-01-06 10:00")
    assert found == Due(at("2027-01-11 17:30"), is_provisional=True)
    anew = reckoned_anew(at("2027-01-06 10:00"), found.at, 3, WorkCalendar([notice_of_2027()]), closes)
    assert (anew.due.at, anew.later) == (at("2027-01-09 17:30"), timedelta(days=-2))


def test_a_deadline_that_the_notice_does_not_touch_stays_and_is_provisional_no_more() -> None:
    found = due("2027-06-15 10:00")
    anew = reckoned_anew(at("2027-06-15 10:00"), found.at.astimezone(UTC), 3, WorkCalendar([notice_of_2027()]), closes)
    assert (found.is_provisional, anew.due.is_provisional, anew.has_moved) == (True, False, False)


def test_a_deadline_that_ends_within_the_known_year_is_no_guess() -> None:
    assert not due("2026-12-28 23:59").is_provisional and due("2026-12-29 00:00").is_provisional


def test_a_notice_may_speak_of_the_last_days_of_the_year_before() -> None:
    notice = notice_of_2027()
    names = {**notice.names, date(2026, 12, 31): "元旦"}
    early = replace(notice, off=frozenset(names), names=names)
    anew = reckoned_anew(at("2026-12-28 10:00"), at("2026-12-31 17:30"), 3, WorkCalendar([early]), closes)
    assert anew.due == Due(at("2027-01-05 17:30"), is_provisional=False)


# Close of business


@pytest.mark.parametrize(
    ("day", "opens", "closing"),
    [
        ("2026-03-10", "09:00", "17:30"),
        ("2026-07-06", "08:00", "18:00"),  # summer hours
        ("2026-02-14", "09:00", "17:30"),  # a make-up Saturday has the hours of a working day
        ("2026-03-14", "09:00", "17:30"),  # a plain Saturday has none, and the usual ones stand in
        ("2026-03-12", "09:00", "11:00"),
        ("2026-03-13", "09:00", "17:30"),  # closed exceptionally, and a working day all the same
        ("2026-03-16", "08:30", "23:59"),  # until midnight, which belongs to that day
    ],
)
def test_business_opens_and_closes_by_the_hours_of_the_day(day: str, opens: str, closing: str) -> None:
    exceptional = {
        date(2026, 3, 12): ExceptionalDay((Period(time(9), time(11)),), "盘点"),
        date(2026, 3, 13): ExceptionalDay((), "搬家"),
        date(2026, 3, 16): ExceptionalDay((Period(time(8, 30), time(12)), Period(time(14), time(0))), "加班"),
    }
    hours = replace(HOURS, exceptional=exceptional)
    on = date.fromisoformat(day)
    assert opening_of_business(hours, CALENDAR)(on) == time.fromisoformat(opens)
    assert close_of_business(hours, CALENDAR)(on) == time.fromisoformat(closing)


def test_a_centre_that_closes_at_noon_on_the_day_has_until_noon() -> None:
    hours = replace(HOURS, exceptional={date(2026, 3, 13): ExceptionalDay((Period(time(9), time(12)),), "停电")})
    found = due_of(at("2026-03-10 22:30"), 3, CALENDAR, close_of_business(hours, CALENDAR))
    assert found.at == at("2026-03-13 12:00")


def test_a_day_without_hours_takes_the_default_that_is_given() -> None:
    saturday = date(2026, 3, 14)
    assert close_of_business(HOURS, CALENDAR, time(16))(saturday) == time(16)
    assert opening_of_business(HOURS, CALENDAR, time(10))(saturday) == time(10)

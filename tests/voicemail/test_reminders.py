"""Reminders: in time, in order, and never at night or on a day off."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.work_calendar import SHANGHAI, WorkCalendar
from queueing.opening_hours import OpeningHours, Period, Season
from voicemail.deadline import close_of_business, due_of, opening_of_business
from voicemail.reminders import LEVELS, Look, level_at, look_plan, next_look

CALENDAR = WorkCalendar()
HOURS = OpeningHours((Season((1, 1), (Period(time(9), time(12)), Period(time(14, 30), time(17, 30)))),))
CLOSES, OPENS = close_of_business(HOURS, CALENDAR), opening_of_business(HOURS, CALENDAR)
received = st.datetimes(datetime(2004, 1, 1), datetime(2026, 11, 30), timezones=st.just(SHANGHAI))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def plan_of(left: datetime, workdays: int = 3) -> tuple[Look, ...]:
    due = due_of(left, workdays, CALENDAR, CLOSES)
    return look_plan(left.astimezone(UTC), due.at.astimezone(UTC), CALENDAR, CLOSES, OPENS)


def words(plan: tuple[Look, ...]) -> list[tuple[int, str]]:
    return [(level, f"{at:%m-%d %H:%M}") for level, at in plan]


def test_a_message_of_tuesday_night_is_reminded_of_thursday_and_friday() -> None:
    assert words(plan_of(at("2026-03-10 22:30"))) == [
        (1, "03-12 13:15"),
        (2, "03-12 16:30"),
        (3, "03-13 09:00"),
        (4, "03-13 17:30"),
        (5, "03-16 17:30"),
    ]


def test_nobody_is_reminded_in_the_spring_festival() -> None:
    assert words(plan_of(at("2026-02-13 16:00"))) == [
        (1, "02-24 12:30"),
        (2, "02-24 16:30"),
        (3, "02-25 09:00"),
        (4, "02-25 17:30"),
        (5, "02-26 17:30"),
    ]


def test_a_make_up_saturday_is_a_day_like_others() -> None:
    assert words(plan_of(at("2026-09-30 17:00")))[2:] == [(3, "10-10 09:00"), (4, "10-10 17:30"), (5, "10-12 17:30")]


def test_a_promise_of_one_day_leaves_out_what_would_come_too_late() -> None:
    assert words(plan_of(at("2026-03-10 10:00"), 1)) == [
        (2, "03-10 16:30"),
        (3, "03-11 09:00"),
        (4, "03-11 17:30"),
        (5, "03-12 17:30"),
    ]
    assert [level for level, _ in plan_of(at("2026-03-10 22:30"), 1)] == [3, 4, 5]


@settings(max_examples=150)
@given(received, st.integers(1, 5))
def test_every_step_is_on_a_working_day_while_the_centre_is_there(left: datetime, workdays: int) -> None:
    plan = plan_of(left, workdays)
    assert [level for level, _ in plan] == sorted({level for level, _ in plan}) and {3, 4, 5} <= dict(plan).keys()
    assert list(plan) == sorted(plan, key=lambda look: look[1])
    for _, moment in plan:
        assert left < moment and CALENDAR.is_workday(moment.date())
        assert OPENS(moment.date()) <= moment.time() <= CLOSES(moment.date())
    assert all(moment.time() < CLOSES(moment.date()) for level, moment in plan if level < 4)


@settings(max_examples=60)
@given(received, st.integers(3, 5))
def test_three_days_or_more_have_every_step(left: datetime, workdays: int) -> None:
    due = due_of(left, workdays, CALENDAR, CLOSES).at
    plan = dict(plan_of(left, workdays))
    assert list(plan) == [1, 2, 3, 4, 5] and plan[4] == due
    assert CALENDAR.next_workday(plan[2].date()) == plan[3].date() == due.date()
    assert CALENDAR.next_workday(due.date()) == plan[5].date()


def test_half_the_working_time_has_passed_at_the_first_reminder() -> None:
    # Monday 10:00: 7.5 hours of that day and three days of 8.5 make 33; 16.5 have passed on Wednesday at 9:30.
    assert dict(plan_of(at("2026-03-09 10:00")))[1] == at("2026-03-11 09:30")


def test_a_centre_with_an_odd_day_is_reminded_within_it() -> None:
    def closes(day: date) -> time:
        return time(9, 30) if day == date(2026, 3, 12) else time(17, 30)

    left = at("2026-03-10 22:30")
    plan = look_plan(left, due_of(left, 3, CALENDAR, closes).at, CALENDAR, closes, OPENS)
    assert dict(plan)[2] == at("2026-03-12 09:00")


def test_a_deadline_that_is_no_longer_on_a_working_day_keeps_its_own_instant() -> None:
    saturday = at("2026-03-14 17:30")
    assert words(look_plan(at("2026-03-10 10:00"), saturday, CALENDAR, CLOSES, OPENS))[-2:] == [
        (4, "03-14 17:30"),
        (5, "03-16 17:30"),
    ]


def test_after_each_level_comes_the_next_one() -> None:
    plan = plan_of(at("2026-03-10 22:30"))
    assert [next_look(plan, level) for level in LEVELS] == [*(moment for _, moment in plan), None]
    assert next_look(plan_of(at("2026-03-10 22:30"), 1), 0) == at("2026-03-11 09:00")


def test_after_an_outage_the_highest_level_counts() -> None:
    plan = plan_of(at("2026-03-10 22:30"))
    assert level_at(plan, at("2026-03-10 23:00")) == 0
    assert level_at(plan, at("2026-03-13 12:00")) == 3
    assert level_at(plan, at("2026-03-13 17:30").astimezone(UTC)) == 4
    assert level_at(plan, at("2026-03-13 17:30") + timedelta(days=9)) == 5


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="没有时区"):
        look_plan(datetime(2026, 3, 10), at("2026-03-13 17:30"), CALENDAR, CLOSES, OPENS)

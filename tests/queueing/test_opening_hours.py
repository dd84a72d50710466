"""Opening hours at awkward moments, and against a reckoning minute by minute."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings

from integrations.work_calendar import DayKind
from queueing.opening_hours import (
    HORIZON_DAYS,
    Closing,
    ExceptionalDay,
    HoursAt,
    HoursState,
    OpeningHours,
    Season,
    hours_at,
    periods_on,
    validate_hours,
)
from tests.queueing.hours_reckoning import (
    CALENDAR,
    at,
    naive_open,
    period,
    periods,
    some_closings,
    some_hours,
    some_instants,
)

WINTER = Season((10, 1), periods("09:00-12:00", "14:30-17:30"))
SUMMER = Season((7, 1), periods("09:00-12:00", "15:00-18:00"))
PLAIN = OpeningHours((SUMMER, WINTER))
NOON = OpeningHours((SUMMER, WINTER), noon_duty=True)
EVENING = OpeningHours((WINTER,), night_duty=period("17:30-21:00"))
OVERNIGHT = OpeningHours((WINTER,), night_duty=period("20:00-06:00"))
SATURDAY = OpeningHours((WINTER,), weekend_periods=periods("09:00-11:30"), sunday_periods=())
ALL_HOURS = OpeningHours((Season((1, 1), periods("00:00-00:00")),), weekend_periods=periods("00:00-00:00"))


def ask(hours: OpeningHours, text: str, *closings: Closing) -> HoursAt:
    return hours_at(hours, CALENDAR, at(text), closings)


# Tuesday 10 March 2026 is an ordinary working day of the winter season.
@pytest.mark.parametrize(
    ("moment", "state", "next_opening"),
    [
        ("2026-03-10 00:00", HoursState.NIGHT, "2026-03-10 09:00"),
        ("2026-03-10 08:59:59", HoursState.NIGHT, "2026-03-10 09:00"),
        ("2026-03-10 09:00", HoursState.OPEN, "2026-03-10 14:30"),
        ("2026-03-10 11:59:59", HoursState.OPEN, "2026-03-10 14:30"),
        ("2026-03-10 12:00", HoursState.NOON_CLOSED, "2026-03-10 14:30"),
        ("2026-03-10 14:29:59", HoursState.NOON_CLOSED, "2026-03-10 14:30"),
        ("2026-03-10 14:30", HoursState.OPEN, "2026-03-11 09:00"),
        ("2026-03-10 17:19:59", HoursState.OPEN, "2026-03-11 09:00"),
        ("2026-03-10 17:20", HoursState.CLOSING_SOON, "2026-03-11 09:00"),
        ("2026-03-10 17:29:59", HoursState.CLOSING_SOON, "2026-03-11 09:00"),
        ("2026-03-10 17:30", HoursState.NIGHT, "2026-03-11 09:00"),
        ("2026-03-10 23:59:59", HoursState.NIGHT, "2026-03-11 09:00"),
        ("2026-03-13 18:00", HoursState.NIGHT, "2026-03-16 09:00"),
        ("2026-03-14 10:00", HoursState.WEEKEND, "2026-03-16 09:00"),
        ("2026-02-13 17:40", HoursState.NIGHT, "2026-02-14 09:00"),  # a make-up Saturday follows
        ("2026-02-14 10:00", HoursState.MAKEUP_DAY, "2026-02-14 14:30"),
        ("2026-02-14 13:00", HoursState.NOON_CLOSED, "2026-02-14 14:30"),
        ("2026-02-14 17:25", HoursState.CLOSING_SOON, "2026-02-24 09:00"),  # closing soon beats make-up
        ("2026-02-14 17:30", HoursState.NIGHT, "2026-02-24 09:00"),
        ("2026-02-15 00:00", HoursState.HOLIDAY, "2026-02-24 09:00"),
        ("2026-02-21 10:00", HoursState.HOLIDAY, "2026-02-24 09:00"),  # holiday beats weekend
        ("2026-06-30 17:25", HoursState.CLOSING_SOON, "2026-07-01 09:00"),
        ("2026-07-01 14:30", HoursState.NOON_CLOSED, "2026-07-01 15:00"),  # the summer season
        ("2026-09-30 17:55", HoursState.CLOSING_SOON, "2026-10-08 09:00"),
        ("2026-10-08 17:35", HoursState.NIGHT, "2026-10-09 09:00"),  # winter again
        ("2026-01-05 14:30", HoursState.OPEN, "2026-01-06 09:00"),  # winter runs over the year's end
    ],
)
def test_state_and_next_opening_of_a_plain_centre(moment: str, state: HoursState, next_opening: str) -> None:
    found = ask(PLAIN, moment)
    assert (found.state, found.next_opening) == (state, at(next_opening))
    assert found.is_staffed is (state in {HoursState.OPEN, HoursState.MAKEUP_DAY, HoursState.CLOSING_SOON})
    assert not found.urgent_only


def test_spring_festival_is_named() -> None:
    assert ask(PLAIN, "2026-02-17 10:00").holiday == "春节"
    assert ask(PLAIN, "2026-02-14 10:00").holiday is None


@pytest.mark.parametrize(
    ("moment", "minutes"),
    [
        ("2026-03-10 09:00", 180),
        ("2026-03-10 11:59:59", 1),
        ("2026-03-10 12:00", None),
        ("2026-03-10 17:20", 10),
        ("2026-03-10 17:20:01", 10),
        ("2026-03-10 17:29:59", 1),
    ],
)
def test_minutes_to_closing_are_rounded_up(moment: str, minutes: int | None) -> None:
    assert ask(PLAIN, moment).closes_in_minutes == minutes


def test_the_noon_break_is_not_announced_as_closing_for_the_day() -> None:
    assert ask(PLAIN, "2026-03-10 11:55").state is HoursState.OPEN


def test_on_noon_duty_service_runs_through() -> None:
    noon = ask(NOON, "2026-03-10 12:30")
    assert (noon.state, noon.is_staffed, noon.urgent_only) == (HoursState.NOON_DUTY, True, False)
    assert noon.closes_in_minutes == 300
    assert ask(NOON, "2026-03-10 11:55").next_opening == at("2026-03-11 09:00")


def test_night_duty_takes_urgent_matters_only_and_names_the_ordinary_opening() -> None:
    duty = ask(EVENING, "2026-03-10 17:30")
    assert (duty.state, duty.is_staffed, duty.urgent_only) == (HoursState.NIGHT_DUTY, True, True)
    assert (duty.next_opening, duty.closes_in_minutes) == (at("2026-03-11 09:00"), None)
    assert ask(EVENING, "2026-03-10 17:25").state is HoursState.CLOSING_SOON
    assert ask(EVENING, "2026-03-10 21:00").state is HoursState.NIGHT
    assert ask(EVENING, "2026-03-10 08:00").state is HoursState.NIGHT


def test_there_is_no_night_duty_on_weekends_and_holidays() -> None:
    assert ask(EVENING, "2026-03-14 18:00").state is HoursState.WEEKEND
    assert ask(EVENING, "2026-02-17 18:00").state is HoursState.HOLIDAY
    assert ask(EVENING, "2026-02-14 18:00").state is HoursState.NIGHT_DUTY  # a make-up day


def test_a_duty_over_midnight_runs_to_its_end() -> None:
    assert ask(OVERNIGHT, "2026-03-13 23:59").state is HoursState.NIGHT_DUTY
    assert ask(OVERNIGHT, "2026-03-14 05:59").state is HoursState.NIGHT_DUTY  # Saturday
    assert ask(OVERNIGHT, "2026-03-14 06:00").state is HoursState.WEEKEND
    assert ask(OVERNIGHT, "2026-03-16 03:00").state is HoursState.NIGHT  # nobody came on Sunday evening
    assert ask(OVERNIGHT, "2026-02-15 03:00").state is HoursState.NIGHT_DUTY  # into Spring Festival


def test_a_saturday_morning_is_open_and_sunday_is_not() -> None:
    assert ask(SATURDAY, "2026-03-14 09:00").state is HoursState.OPEN
    assert ask(SATURDAY, "2026-03-14 11:25").state is HoursState.CLOSING_SOON
    assert ask(SATURDAY, "2026-03-14 11:30").state is HoursState.WEEKEND
    assert ask(SATURDAY, "2026-03-15 09:30").state is HoursState.WEEKEND
    assert ask(SATURDAY, "2026-03-13 18:00").next_opening == at("2026-03-14 09:00")
    assert ask(SATURDAY, "2026-02-21 09:30").state is HoursState.HOLIDAY
    both = OpeningHours((WINTER,), weekend_periods=periods("09:00-11:30"))
    assert ask(both, "2026-03-15 09:30").state is HoursState.OPEN


def test_a_line_that_never_closes_has_no_closing_and_no_next_opening() -> None:
    found = ask(ALL_HOURS, "2026-07-08 23:59")  # no holiday for 60 days
    assert (found.state, found.next_opening, found.closes_in_minutes) == (HoursState.OPEN, None, None)
    assert ask(ALL_HOURS, "2026-02-14 23:55").state is HoursState.CLOSING_SOON  # Spring Festival follows


def exceptional(text: str, reason: str, *spans: str) -> OpeningHours:
    days = {date.fromisoformat(text): ExceptionalDay(periods(*spans), reason)}
    return OpeningHours((SUMMER, WINTER), exceptional=days)


def test_an_exceptional_day_without_periods_is_closed_with_its_reason() -> None:
    hours = exceptional("2026-03-10", "搬家")
    found = ask(hours, "2026-03-10 10:00")
    assert (found.state, found.reason, found.is_staffed) == (HoursState.CLOSED_EXCEPTIONALLY, "搬家", False)
    assert ask(hours, "2026-03-09 18:00").next_opening == at("2026-03-11 09:00")


def test_an_exceptional_day_beats_the_season_and_the_holiday() -> None:
    short = exceptional("2026-12-31", "年终结账", "09:00-11:00")
    assert ask(short, "2026-12-31 10:00").reason == "年终结账"
    assert ask(short, "2026-12-31 11:00").state is HoursState.NIGHT
    festival = exceptional("2026-02-17", "春节值班", "09:00-11:00")
    assert ask(festival, "2026-02-17 10:00").state is HoursState.OPEN
    assert ask(festival, "2026-02-17 11:00").state is HoursState.HOLIDAY
    assert ask(festival, "2026-02-16 11:00").next_opening == at("2026-02-17 09:00")


POWER_CUT = Closing(at("2026-03-10 10:00"), at("2026-03-10 16:00"), "停电")


def test_a_closing_begins_and_ends_by_itself() -> None:
    assert ask(PLAIN, "2026-03-10 09:59:59", POWER_CUT).state is HoursState.OPEN
    closed = ask(PLAIN, "2026-03-10 10:00", POWER_CUT)
    assert (closed.state, closed.reason, closed.is_staffed) == (
        HoursState.CLOSED_EXCEPTIONALLY,
        "停电",
        False,
    )
    assert closed.next_opening == at("2026-03-10 16:00")
    again = ask(PLAIN, "2026-03-10 16:00", POWER_CUT)
    assert (again.state, again.reason) == (HoursState.OPEN, None)


def test_a_closing_for_the_rest_of_the_day_is_closing_soon_before_it() -> None:
    early = Closing(at("2026-03-10 15:00"), at("2026-03-10 18:00"), "停电")
    found = ask(PLAIN, "2026-03-10 14:52", early)
    assert (found.state, found.closes_in_minutes) == (HoursState.CLOSING_SOON, 8)
    assert ask(PLAIN, "2026-03-10 09:55", POWER_CUT).state is HoursState.OPEN  # they come back at 16:00


def test_a_closing_ends_night_duty_too_and_may_be_given_in_another_zone() -> None:
    closing = Closing(
        datetime.fromisoformat("2026-03-10T10:00+00:00"),
        datetime.fromisoformat("2026-03-11T02:00+00:00"),
        "停电",
    )
    assert ask(EVENING, "2026-03-10 18:30", closing).state is HoursState.CLOSED_EXCEPTIONALLY
    assert ask(EVENING, "2026-03-10 18:30", closing).next_opening == at("2026-03-11 10:00")


def test_overlapping_closings_are_counted_together() -> None:
    later = Closing(at("2026-03-10 15:30"), at("2026-03-11 09:30"), "检修")
    assert ask(PLAIN, "2026-03-10 11:00", POWER_CUT, later).next_opening == at("2026-03-11 09:30")


def test_a_closing_must_end_after_it_begins_and_know_its_zone() -> None:
    with pytest.raises(ValueError, match="晚于开始"):
        Closing(at("2026-03-10 10:00"), at("2026-03-10 10:00"), "停电")
    with pytest.raises(ValueError, match="没有时区"):
        Closing(datetime(2026, 3, 10), at("2026-03-10 10:00"), "停电")


def test_nothing_within_sixty_days_is_said_to_be_unknown() -> None:
    forever = Closing(at("2026-03-10 10:00"), at("2027-03-10 10:00"), "搬家")
    assert ask(PLAIN, "2026-03-10 10:00", forever).next_opening is None
    until_day_60 = Closing(at("2026-03-10 10:00"), at("2026-05-09 10:00"), "搬家")
    assert ask(PLAIN, "2026-03-10 10:00", until_day_60).next_opening == at("2026-05-09 10:00")


def test_an_unannounced_year_is_provisional_and_so_is_an_opening_that_lies_in_it() -> None:
    assert ask(PLAIN, "2031-03-04 10:00").provisional
    assert ask(PLAIN, "2031-01-23 10:00").holiday == "春节"
    assert ask(PLAIN, "2026-12-31 18:00").provisional
    assert not ask(PLAIN, "2026-12-30 18:00").provisional


def test_a_time_in_another_zone_is_the_same_instant() -> None:
    utc = datetime.fromisoformat("2026-03-10T04:00+00:00")
    assert hours_at(PLAIN, CALENDAR, utc) == ask(PLAIN, "2026-03-10 12:00")
    with pytest.raises(ValueError, match="没有时区"):
        hours_at(PLAIN, CALENDAR, datetime(2026, 3, 10))


def test_closing_soon_can_be_set() -> None:
    assert hours_at(PLAIN, CALENDAR, at("2026-03-10 17:10"), closing_soon_minutes=30).state == "closing_soon"
    assert hours_at(PLAIN, CALENDAR, at("2026-03-10 17:29"), closing_soon_minutes=0).state == "open"


def test_good_hours_have_no_problems() -> None:
    for hours in (PLAIN, NOON, EVENING, OVERNIGHT, SATURDAY, ALL_HOURS):
        assert validate_hours(hours) == []


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (OpeningHours(()), "没有写任何季节的上班时间"),
        (OpeningHours((WINTER, WINTER)), "有两个季节都从10月1日开始"),
        (OpeningHours((Season((2, 30), WINTER.periods),)), "2月30日起的季节: 没有这一天"),
        (OpeningHours((Season((13, 1), WINTER.periods),)), "13月1日起的季节: 没有这一天"),
        (OpeningHours((Season((1, 1), ()),)), "没有写上班时段"),
        (OpeningHours((Season((1, 1), periods("12:00-09:00")),)), "12:00-09:00 的结束不晚于开始"),
        (OpeningHours((Season((1, 1), periods("09:00-12:00", "11:00-17:00")),)), "重叠"),
        (
            OpeningHours((WINTER,), night_duty=period("17:00-21:00")),
            "夜间值班 17:00-21:00 和上班时段 14:30-17:30",
        ),
        (
            OpeningHours((WINTER,), night_duty=period("20:00-09:30")),
            "夜间值班 20:00-09:30 和上班时段 09:00-12:00",
        ),
        (OpeningHours((WINTER,), night_duty=period("20:00-20:00")), "同一时刻"),
        (OpeningHours((WINTER,), weekend_periods=periods("11:00-09:00")), "周末: 11:00-09:00"),
        (OpeningHours((WINTER,), sunday_periods=periods("11:00-09:00")), "星期日: 11:00-09:00"),
        (exceptional("2026-12-31", "结账", "11:00-09:00"), "2026-12-31: 11:00-09:00"),
        (exceptional("2026-12-31", " "), "2026-12-31: 没有写原因"),
    ],
)
def test_bad_hours_are_told_in_a_sentence(hours: OpeningHours, sentence: str) -> None:
    assert any(sentence in problem for problem in validate_hours(hours)), validate_hours(hours)


@settings(max_examples=150, deadline=None)
@given(some_hours, some_instants, some_closings)
def test_the_answer_is_that_of_a_minute_by_minute_reckoning(
    hours: OpeningHours, now: datetime, closings: list[Closing]
) -> None:
    found = hours_at(hours, CALENDAR, now, closings)
    assert found.is_staffed == naive_open(hours, now, closings)
    closes, minute = 0, now
    while naive_open(hours, minute, closings):
        closes, minute = closes + 1, minute + timedelta(minutes=1)
    assert found.closes_in_minutes == (closes or None)
    # Everything generated opens again well within the horizon.
    while not naive_open(hours, minute, closings):
        minute += timedelta(minutes=1)
    assert found.next_opening == minute
    assert minute.date() - now.date() <= timedelta(days=HORIZON_DAYS)


@settings(max_examples=150, deadline=None)
@given(some_hours, some_instants, some_closings)
def test_the_next_opening_is_staffed_and_the_instant_before_it_is_not(
    hours: OpeningHours, now: datetime, closings: list[Closing]
) -> None:
    opening = hours_at(hours, CALENDAR, now, closings).next_opening
    assert opening is not None and opening > now
    assert hours_at(hours, CALENDAR, opening, closings).is_staffed
    assert not hours_at(hours, CALENDAR, opening - timedelta(seconds=1), closings).is_staffed


@given(some_hours, some_instants)
def test_the_state_says_what_the_day_is(hours: OpeningHours, now: datetime) -> None:
    state = hours_at(hours, CALENDAR, now).state
    kind = CALENDAR.kind(now.date())
    allowed = {
        HoursState.HOLIDAY: kind is DayKind.HOLIDAY,
        HoursState.WEEKEND: kind is DayKind.WEEKEND,
        HoursState.MAKEUP_DAY: kind is DayKind.MAKEUP,
        HoursState.NIGHT: kind in (DayKind.WORKDAY, DayKind.MAKEUP),
    }
    assert allowed.get(state, True)
    assert (state is HoursState.CLOSED_EXCEPTIONALLY) <= (periods_on(hours, CALENDAR, now.date()) == ())

"""When callers may be rung and what is promised them: awkward days, and against a reckoning minute by minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.work_calendar import SHANGHAI
from queueing.callback_rules import DEFAULT_CALLBACK_RULES, CallbackRules, validate_callback_rules
from queueing.callback_slots import SLOT_MINUTES, Slot, decent_spans, next_decent_moment, open_slots
from queueing.opening_hours import Closing, ExceptionalDay, OpeningHours, Season, Span
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
PLAIN = OpeningHours((WINTER,))
NOON = OpeningHours((WINTER,), noon_duty=True)
SATURDAY = OpeningHours((WINTER,), weekend_periods=periods("09:00-11:30"), sunday_periods=())
QUARTER_PAST = OpeningHours((Season((1, 1), periods("08:15-12:00", "14:15-17:45")),))
LATE = OpeningHours((Season((1, 1), periods("07:00-23:00")),), night_duty=period("23:00-06:00"))
ALL_HOURS = OpeningHours((Season((1, 1), periods("00:00-00:00")),), weekend_periods=periods("00:00-00:00"))
DAY_AND_NIGHT = replace(DEFAULT_CALLBACK_RULES, first_time=time(0), last_time=time(0))
# Decent at 08:15: the rules begin half an hour before the desks do.
EARLY = replace(DEFAULT_CALLBACK_RULES, first_time=time(8))


def spans(hours: OpeningHours, text: str, *closings: Closing, rules: CallbackRules = EARLY) -> Iterator[Span]:
    return decent_spans(hours, CALENDAR, rules, at(text), closings)


def moment(hours: OpeningHours, text: str, *closings: Closing, rules: CallbackRules = EARLY) -> str | None:
    found = next_decent_moment(spans(hours, text, *closings, rules=rules), at(text))
    return f"{found:%Y-%m-%d %H:%M}" if found else None


def slots(hours: OpeningHours, text: str, *closings: Closing, rules: CallbackRules = EARLY, most: int = 3) -> list[str]:
    found = open_slots(spans(hours, text, *closings, rules=rules), at(text), {}, capacity=4, most=most)
    assert all(slot.until - slot.since == timedelta(minutes=30) for slot in found)
    return [f"{slot.since:%m-%d %H:%M}" for slot in found]


def closing(since: str, until: str) -> Closing:
    return Closing(at(since), at(until), "停电")


# Tuesday 10 March 2026 is an ordinary working day.
@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (PLAIN, "2026-03-10 08:59", "2026-03-10 09:00"),
        (PLAIN, "2026-03-10 09:00", "2026-03-10 09:00"),
        (PLAIN, "2026-03-10 10:17", "2026-03-10 10:17"),
        (PLAIN, "2026-03-10 12:00", "2026-03-10 14:30"),
        (NOON, "2026-03-10 12:00", "2026-03-10 12:00"),
        (PLAIN, "2026-03-10 17:30", "2026-03-11 09:00"),
        (PLAIN, "2026-03-13 18:00", "2026-03-16 09:00"),
        (SATURDAY, "2026-03-13 18:00", "2026-03-14 09:00"),
        (SATURDAY, "2026-03-14 11:30", "2026-03-16 09:00"),
        (PLAIN, "2026-02-13 18:00", "2026-02-14 09:00"),  # a make-up Saturday
        (PLAIN, "2026-02-14 17:30", "2026-02-24 09:00"),  # Spring Festival
        (PLAIN, "2026-09-30 17:30", "2026-10-08 09:00"),  # National Day
        (LATE, "2026-03-10 06:00", "2026-03-10 08:00"),  # open, but nobody is rung that early
        (LATE, "2026-03-10 20:00", "2026-03-11 08:00"),  # nor so late
        (LATE, "2026-03-10 23:30", "2026-03-11 08:00"),  # the night duty is for urgent matters
    ],
)
def test_the_next_decent_moment(hours: OpeningHours, now: str, expected: str) -> None:
    assert moment(hours, now) == expected


def test_the_end_of_a_span_is_not_decent_any_more() -> None:
    day = list(spans(PLAIN, "2026-03-10 08:00"))[:2]
    assert next_decent_moment(day, at("2026-03-10 12:00")) == at("2026-03-10 14:30")
    assert next_decent_moment(day, at("2026-03-10 17:29")) == at("2026-03-10 17:29")
    assert next_decent_moment(day, at("2026-03-10 17:30")) is None


def test_a_centre_that_never_opens_has_no_decent_moment() -> None:
    shut = {date(2026, 3, 10) + timedelta(days=n): ExceptionalDay((), "搬家") for n in range(62)}
    assert moment(replace(PLAIN, exceptional=shut), "2026-03-10 10:00") is None
    assert slots(replace(PLAIN, exceptional=shut), "2026-03-10 10:00") == []


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        (PLAIN, "2026-03-10 09:00", ["03-10 09:30", "03-10 10:00", "03-10 10:30"]),
        (PLAIN, "2026-03-10 09:20", ["03-10 09:30", "03-10 10:00", "03-10 10:30"]),
        (PLAIN, "2026-03-10 09:21", ["03-10 10:00", "03-10 10:30", "03-10 11:00"]),
        (PLAIN, "2026-03-10 11:15", ["03-10 11:30", "03-10 14:30", "03-10 15:00"]),  # over the noon break
        (NOON, "2026-03-10 11:45", ["03-10 12:00", "03-10 12:30", "03-10 13:00"]),
        (PLAIN, "2026-03-10 16:45", ["03-10 17:00", "03-11 09:00", "03-11 09:30"]),
        (PLAIN, "2026-03-13 17:00", ["03-16 09:00", "03-16 09:30", "03-16 10:00"]),  # over the weekend
        (SATURDAY, "2026-03-14 10:45", ["03-14 11:00", "03-16 09:00", "03-16 09:30"]),
        (PLAIN, "2026-02-14 16:30", ["02-14 17:00", "02-24 09:00", "02-24 09:30"]),  # over Spring Festival
        (PLAIN, "2026-09-30 16:30", ["09-30 17:00", "10-08 09:00", "10-08 09:30"]),  # over National Day
        (QUARTER_PAST, "2026-03-10 07:00", ["03-10 08:30", "03-10 09:00", "03-10 09:30"]),
        (QUARTER_PAST, "2026-03-10 16:50", ["03-10 17:00", "03-11 08:30", "03-11 09:00"]),  # not 17:30 to 18:00
        (LATE, "2026-03-10 19:15", ["03-10 19:30", "03-11 08:00", "03-11 08:30"]),
    ],
)
def test_the_half_hours_that_are_offered(hours: OpeningHours, now: str, expected: list[str]) -> None:
    assert slots(hours, now) == expected


def test_on_an_exceptional_day_its_own_hours_count() -> None:
    day = {date(2026, 3, 10): ExceptionalDay(periods("09:00-10:00"), "盘点")}
    assert slots(replace(PLAIN, exceptional=day), "2026-03-10 08:00") == ["03-10 09:00", "03-10 09:30", "03-11 09:00"]


def test_nothing_is_promised_in_a_closing_and_no_half_hour_is_cut_by_one() -> None:
    power = closing("2026-03-10 10:10", "2026-03-10 11:20")
    assert slots(PLAIN, "2026-03-10 09:00", power) == ["03-10 09:30", "03-10 11:30", "03-10 14:30"]
    assert moment(PLAIN, "2026-03-10 10:10", power) == "2026-03-10 11:20"
    assert moment(PLAIN, "2026-03-10 10:09", power) == "2026-03-10 10:09"


def test_a_closing_over_several_days_is_waited_out() -> None:
    assert slots(PLAIN, "2026-03-10 09:00", closing("2026-03-10 08:00", "2026-03-12 16:40")) == [
        "03-12 17:00",
        "03-13 09:00",
        "03-13 09:30",
    ]


def test_day_and_night_means_every_half_hour_over_midnight() -> None:
    found = slots(ALL_HOURS, "2026-03-13 22:50", rules=DAY_AND_NIGHT, most=4)
    assert found == ["03-13 23:00", "03-13 23:30", "03-14 00:00", "03-14 00:30"]


def test_a_full_half_hour_is_passed_over() -> None:
    now = at("2026-03-10 09:00")
    # As the database tells it: in UTC.
    taken = {at("2026-03-10 09:30").astimezone(UTC): 4, at("2026-03-10 10:00").astimezone(UTC): 3}
    found = open_slots(spans(PLAIN, "2026-03-10 09:00"), now, taken, capacity=4)
    assert [slot.since for slot in found] == [at(f"2026-03-10 {text}") for text in ("10:00", "10:30", "11:00")]
    # More was promised than a file that was changed since allows.
    assert open_slots(spans(PLAIN, "2026-03-10 09:00"), now, taken, capacity=3, most=1)[0].since == at(
        "2026-03-10 10:30"
    )


def test_the_notice_is_kept_to_the_second() -> None:
    late = at("2026-03-10 09:20") + timedelta(seconds=1)
    found = open_slots(spans(PLAIN, "2026-03-10 09:20"), late, {}, capacity=4, most=1)
    assert found == [Slot(at("2026-03-10 10:00"), at("2026-03-10 10:30"))]
    soon = open_slots(spans(PLAIN, "2026-03-10 09:20"), late, {}, capacity=4, most=1, lead_minutes=0)
    assert soon == [Slot(at("2026-03-10 09:30"), at("2026-03-10 10:00"))]


def test_no_more_is_read_of_the_calendar_than_is_asked_for() -> None:
    read: list[Span] = []
    endless = (read.append(span) or span for span in spans(PLAIN, "2026-03-10 09:00"))
    assert len(open_slots(endless, at("2026-03-10 09:00"), {}, capacity=4, most=2)) == 2
    assert len(read) == 1


def test_times_without_a_zone_are_refused() -> None:
    naive = datetime(2026, 3, 10, 9)
    with pytest.raises(ValueError, match="时区"):
        next(decent_spans(PLAIN, CALENDAR, EARLY, naive))
    with pytest.raises(ValueError, match="时区"):
        next_decent_moment(spans(PLAIN, "2026-03-10 09:00"), naive)
    with pytest.raises(ValueError, match="时区"):
        open_slots(spans(PLAIN, "2026-03-10 09:00"), naive, {}, capacity=4)


def test_everything_is_told_on_the_shanghai_clock() -> None:
    now = at("2026-03-10 09:07").astimezone(UTC)
    first = next(decent_spans(PLAIN, CALENDAR, EARLY, now))
    assert first == (at("2026-03-10 09:07"), at("2026-03-10 12:00"))
    slot = open_slots(decent_spans(PLAIN, CALENDAR, EARLY, now), now, {}, capacity=1)[0]
    decent = next_decent_moment([first], now)
    assert decent is not None
    assert {one.tzinfo for one in (*first, slot.since, slot.until, decent)} == {SHANGHAI}


some_quarters = st.integers(0, 95).map(lambda mark: time(mark // 4, mark % 4 * 15))
# Midnight as the last time is the end of the day.
some_rules = st.builds(
    lambda first, last: replace(DEFAULT_CALLBACK_RULES, first_time=first, last_time=last), some_quarters, some_quarters
).filter(lambda rules: not validate_callback_rules(rules))


def naive_decent(hours: OpeningHours, rules: CallbackRules, now: datetime, closings: Sequence[Closing]) -> bool:
    clock = now.time()
    is_in_window = rules.first_time <= clock and (clock < rules.last_time or rules.last_time == time(0))
    return is_in_window and naive_open(hours, now, closings)


@settings(max_examples=50, deadline=None)
@given(some_hours, some_rules, some_instants, some_closings)
def test_the_spans_are_exactly_the_decent_minutes(
    hours: OpeningHours, rules: CallbackRules, now: datetime, closings: list[Closing]
) -> None:
    found = list(decent_spans(hours, CALENDAR, rules, now, closings))
    assert all(since < until for since, until in found)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))
    assert all(since.date() == (until - timedelta(minutes=1)).date() for since, until in found)
    for minute in (now + timedelta(minutes=n) for n in range(2 * 1440)):
        is_inside = any(since <= minute < until for since, until in found)
        assert is_inside == naive_decent(hours, rules, minute, closings), minute


@settings(max_examples=50, deadline=None)
@given(some_hours, some_rules, some_instants, some_closings)
def test_the_next_decent_moment_is_decent_and_none_before_it_is(
    hours: OpeningHours, rules: CallbackRules, now: datetime, closings: list[Closing]
) -> None:
    found = next_decent_moment(decent_spans(hours, CALENDAR, rules, now, closings), now)
    for n in range(2 * 1440):
        minute = now + timedelta(minutes=n)
        if naive_decent(hours, rules, minute, closings):
            assert found == minute
            return
    assert found is None or found >= now + timedelta(days=2)


@settings(max_examples=50, deadline=None)
@given(
    some_hours,
    some_rules,
    some_instants,
    some_closings,
    st.dictionaries(st.integers(0, 143), st.integers(1, 5), max_size=60),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(0, 90),
)
def test_the_slots_are_the_first_half_hours_that_can_be_kept(
    hours: OpeningHours,
    rules: CallbackRules,
    now: datetime,
    closings: list[Closing],
    taken_by_half_hour: dict[int, int],
    capacity: int,
    most: int,
    lead: int,
) -> None:
    midnight = now.replace(hour=0, minute=0)
    halves = [midnight + timedelta(minutes=30 * n) for n in range(3 * 48)]
    taken = {midnight + timedelta(minutes=30 * n): count for n, count in taken_by_half_hour.items()}
    found = open_slots(decent_spans(hours, CALENDAR, rules, now, closings), now, taken, capacity, most, lead)
    kept = [
        half
        for half in halves
        if half >= now + timedelta(minutes=lead)
        and taken.get(half, 0) < capacity
        and all(naive_decent(hours, rules, half + timedelta(minutes=n), closings) for n in range(SLOT_MINUTES))
    ]
    end = halves[-1] + timedelta(minutes=30)
    assert [slot.since for slot in found if slot.since < end] == kept[:most]
    assert len(found) <= most
    assert all(slot.until - slot.since == timedelta(minutes=30) for slot in found)

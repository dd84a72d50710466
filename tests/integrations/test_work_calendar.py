"""Working days: the national notices, make-up weekends, and years that nobody has announced yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.work_calendar import (
    LIBRARY_YEARS,
    LUNAR_FESTIVALS,
    SHANGHAI,
    DayKind,
    WorkCalendar,
    YearNotice,
    in_shanghai,
    statutory_holidays,
)

CALENDAR = WorkCalendar()
known_days = st.dates(date(LIBRARY_YEARS[0], 1, 1), date(LIBRARY_YEARS[-1], 12, 31))


def days(first: str, last: str) -> Iterator[date]:
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        yield day
        day += timedelta(days=1)


def notice_2027(**changes: object) -> YearNotice:
    """A made-up notice of the usual shape."""
    names = {
        **dict.fromkeys(days("2027-01-01", "2027-01-03"), "元旦"),
        **dict.fromkeys(days("2027-02-05", "2027-02-11"), "春节"),
        **dict.fromkeys(days("2027-04-03", "2027-04-05"), "清明节"),
        **dict.fromkeys(days("2027-05-01", "2027-05-05"), "劳动节"),
        **dict.fromkeys(days("2027-10-01", "2027-10-07"), "国庆节"),
    }
    work = frozenset({date(2027, 2, 14), date(2027, 10, 9)})
    fields: dict[str, object] = {"year": 2027, "off": frozenset(names), "work": work, "names": names}
    return YearNotice(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2026-01-01", "2026-01-03", "元旦"),
        ("2026-02-15", "2026-02-23", "春节"),
        ("2026-04-04", "2026-04-06", "清明节"),
        ("2026-05-01", "2026-05-05", "劳动节"),
        ("2026-06-19", "2026-06-21", "端午节"),
        ("2026-09-25", "2026-09-27", "中秋节"),
        ("2026-10-01", "2026-10-07", "国庆节"),
    ],
)
def test_every_day_off_of_2026_carries_its_holiday(first: str, last: str, name: str) -> None:
    for day in days(first, last):
        assert (CALENDAR.kind(day), CALENDAR.holiday_name(day)) == (DayKind.HOLIDAY, name)
    assert CALENDAR.holiday_name(date.fromisoformat(first) - timedelta(days=1)) is None
    assert CALENDAR.holiday_name(date.fromisoformat(last) + timedelta(days=1)) is None


def test_2026_has_exactly_six_make_up_days() -> None:
    makeup = [day for day in days("2026-01-01", "2026-12-31") if CALENDAR.kind(day) is DayKind.MAKEUP]
    expected = ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert [f"{day:%m-%d}" for day in makeup] == expected
    assert all(CALENDAR.is_workday(day) and CALENDAR.holiday_name(day) is None for day in makeup)


def test_plain_days_are_workdays_and_weekends() -> None:
    assert CALENDAR.kind(date(2026, 3, 13)) is DayKind.WORKDAY
    assert CALENDAR.kind(date(2026, 3, 14)) is DayKind.WEEKEND
    assert not CALENDAR.is_workday(date(2026, 3, 15))


@pytest.mark.parametrize(
    ("left", "due"),
    [
        ("2026-02-13T16:00", "2026-02-25"),  # Friday before a make-up Saturday and Spring Festival
        ("2026-02-15T10:00", "2026-02-26"),
        ("2026-09-30T17:00", "2026-10-10"),
        ("2026-03-10T22:30", "2026-03-13"),
    ],
)
def test_third_working_day_after_receipt(left: str, due: str) -> None:
    day = in_shanghai(datetime.fromisoformat(left).replace(tzinfo=SHANGHAI)).date()
    assert CALENDAR.add_workdays(day, 3) == date.fromisoformat(due)


def test_next_workday_of_a_friday_may_be_a_make_up_saturday() -> None:
    assert CALENDAR.next_workday(date(2026, 2, 13)) == date(2026, 2, 14)
    assert CALENDAR.next_workday(date(2026, 2, 14)) == date(2026, 2, 24)


def test_no_workdays_added_is_the_day_itself_and_a_negative_count_is_refused() -> None:
    assert CALENDAR.add_workdays(date(2026, 2, 15), 0) == date(2026, 2, 15)
    with pytest.raises(ValueError, match="不能是负数"):
        CALENDAR.add_workdays(date(2026, 2, 15), -1)


@given(day=known_days, n=st.integers(0, 12))
def test_added_workdays_are_those_counted_day_by_day(day: date, n: int) -> None:
    found = CALENDAR.add_workdays(day, n)
    if found.year in LIBRARY_YEARS:
        between = [day + timedelta(days=i) for i in range(1, (found - day).days + 1)]
        assert sum(chinese_calendar.is_workday(each) for each in between) == n
        assert n == 0 or chinese_calendar.is_workday(found)


@given(day=known_days)
def test_known_years_agree_with_the_library(day: date) -> None:
    assert CALENDAR.is_workday(day) == chinese_calendar.is_workday(day)
    assert not CALENDAR.is_provisional(day)


@given(day=st.dates(date(1990, 1, 1), date(2200, 12, 31)))
def test_every_day_has_a_kind_and_only_holidays_have_names(day: date) -> None:
    assert (CALENDAR.kind(day) is DayKind.HOLIDAY) == (CALENDAR.holiday_name(day) is not None)


def test_every_name_the_library_knows_is_chinese() -> None:
    names = {CALENDAR.holiday_name(day) for day in chinese_calendar.holidays}
    assert names == {"元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节", "抗战胜利纪念日"}


def test_a_year_nobody_announced_is_provisional_with_its_statutory_days() -> None:
    off = {day: CALENDAR.holiday_name(day) for day in days("2031-01-01", "2031-12-31")}
    named = {f"{day:%m-%d}": name for day, name in off.items() if name}
    assert named == {
        "01-01": "元旦",
        **dict.fromkeys(("01-22", "01-23", "01-24", "01-25"), "春节"),
        "04-05": "清明节",
        **dict.fromkeys(("05-01", "05-02"), "劳动节"),
        "06-24": "端午节",
        **dict.fromkeys(("10-01", "10-02", "10-03"), "国庆节"),  # Mid-autumn falls on 1 October
    }
    assert CALENDAR.is_provisional(date(2031, 3, 3))
    assert CALENDAR.kind(date(2031, 3, 3)) is DayKind.WORKDAY


def test_a_year_beyond_the_lunar_table_keeps_its_fixed_days() -> None:
    assert CALENDAR.holiday_name(date(2055, 10, 1)) == "国庆节"
    assert "春节" not in statutory_holidays(2055).values()
    assert "清明节" not in statutory_holidays(2150).values()


@pytest.mark.parametrize("year", LUNAR_FESTIVALS)
def test_lunar_festivals_keep_their_distances(year: int) -> None:
    new_year, dragon_boat, mid_autumn = (date.fromisoformat(f"{year}-{text}") for text in LUNAR_FESTIVALS[year].split())
    assert date(year, 1, 21) <= new_year <= date(year, 2, 20)
    # Four or five lunar months and four days; then three or four and ten.
    assert (dragon_boat - new_year).days in (*range(121, 125), *range(151, 154))
    assert (mid_autumn - dragon_boat).days in (*range(97, 101), *range(126, 130))


def test_new_year_2027_is_provisional_until_the_notice_comes() -> None:
    assert CALENDAR.is_provisional(CALENDAR.add_workdays(date(2026, 12, 30), 3))
    assert not WorkCalendar([notice_2027()]).is_provisional(date(2027, 1, 4))


def test_a_notice_replaces_the_statutory_guess() -> None:
    calendar = WorkCalendar([notice_2027()])
    assert calendar.holiday_name(date(2027, 2, 11)) == "春节"
    assert calendar.kind(date(2027, 2, 14)) is DayKind.MAKEUP
    assert calendar.kind(date(2027, 6, 9)) is DayKind.WORKDAY  # the made-up notice forgets Dragon Boat
    assert calendar.add_workdays(date(2027, 2, 4), 1) == date(2027, 2, 12)


def test_a_notice_overrides_the_library() -> None:
    names = {day: CALENDAR.holiday_name(day) for day in chinese_calendar.holidays if day.year == 2026}
    names[date(2026, 11, 13)] = "国庆节"
    amended = YearNotice(2026, frozenset(names), frozenset(), {d: n or "" for d, n in names.items()})
    calendar = WorkCalendar([amended])
    assert calendar.kind(date(2026, 11, 13)) is DayKind.HOLIDAY
    assert calendar.kind(date(2026, 2, 14)) is DayKind.WEEKEND
    assert calendar.kind(date(2025, 10, 11)) is DayKind.MAKEUP  # other years stay as they were


def test_a_notice_may_speak_of_the_last_days_of_the_year_before() -> None:
    eve = date(2026, 12, 31)
    usual = notice_2027()
    names = {**usual.names, eve: "元旦"}
    calendar = WorkCalendar([notice_2027(off=usual.off | {eve}, names=names, work=frozenset({date(2026, 12, 27)}))])
    assert calendar.holiday_name(eve) == "元旦"
    assert calendar.kind(date(2026, 12, 27)) is DayKind.MAKEUP
    assert not CALENDAR.holiday_name(eve)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"year": 227}, "年份要在2000到2100之间"),
        ({"work": frozenset({date(2028, 1, 8)})}, "2028-01-08 不在2027年内"),
        ({"work": frozenset({date(2027, 2, 6)})}, "2027-02-06 既写了放假又写了上班"),
        ({"work": frozenset({date(2027, 2, 15)})}, "2027-02-15 写了调休上班, 但不是周末"),
        ({"names": {}}, "放假却没有写节日名称"),
        ({"off": notice_2027().off - {date(2027, 5, 2)}}, "2027-05-02 是法定节假日, 却没有放假"),
        ({"off": notice_2027().off - {date(2027, 4, 3)}}, "2027-04-03 写了节日名称却没有放假"),
        ({"off": frozenset(list(notice_2027().off)[:5])}, "放假5天, 应在13到45天之间"),
        ({"off": frozenset(days("2027-01-01", "2027-03-31"))}, "放假90天"),
        ({"work": frozenset(d for d in days("2027-06-01", "2027-09-01") if d.weekday() > 4)}, "超过15天"),
    ],
)
def test_a_bad_notice_is_refused_with_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"放假通知有误") as refused:
        notice_2027(**changes)
    assert sentence in str(refused.value)


def test_two_notices_for_one_year_are_refused() -> None:
    with pytest.raises(ValueError, match="两份放假通知"):
        WorkCalendar([notice_2027(), notice_2027()])


def test_a_time_is_not_taken_for_a_day() -> None:
    with pytest.raises(TypeError, match="takes dates"):
        CALENDAR.kind(datetime(2026, 2, 16, tzinfo=SHANGHAI))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="没有时区"):
        in_shanghai(datetime(2026, 2, 16))


def test_late_utc_evening_is_already_tomorrow_in_shanghai() -> None:
    assert in_shanghai(datetime.fromisoformat("2026-02-14T16:00+00:00")).date() == date(2026, 2, 15)

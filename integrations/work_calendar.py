"""Working days of mainland China, with make-up weekends and years whose notice is not out yet.

Pure: days are given, nothing is read. The State Council publishes each year's notice in the November
before (国务院办公厅关于部分节假日安排的通知). The `chinese_calendar` package knows the years published up to
its release; an administrator's `YearNotice` adds a year or overrides one; any other year is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")

# The library's own range rule; it raises NotImplementedError outside.
LIBRARY_YEARS = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
STATUTORY_DAYS = 13  # 全国年节及纪念日放假办法, as amended from 2025
MOST_OFF_DAYS, MOST_MAKEUP_DAYS = 45, 15  # 2004-2026 had 22-33 and 5-12

# Lunar new year, Dragon Boat and Mid-autumn as month-day, reckoned from new moons and solar terms at
# 120 degrees east; the same reckoning gives the library's festivals of 2008-2026.
LUNAR_FESTIVALS = {
    2027: "02-06 06-09 09-15", 2028: "01-26 05-28 10-03", 2029: "02-13 06-16 09-22",
    2030: "02-03 06-05 09-12", 2031: "01-23 06-24 10-01", 2032: "02-11 06-12 09-19",
    2033: "01-31 06-01 09-08", 2034: "02-19 06-20 09-27", 2035: "02-08 06-10 09-16",
    2036: "01-28 05-30 10-04", 2037: "02-15 06-18 09-24", 2038: "02-04 06-07 09-13",
    2039: "01-24 05-27 10-02", 2040: "02-12 06-14 09-20",
}  # fmt: skip


class DayKind(StrEnum):
    """What a day is by the national notice; a centre's own opening hours are another matter."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


def in_shanghai(at: datetime) -> datetime:
    """The same instant on the Shanghai clock. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"时间 {at.isoformat()} 没有时区")
    return at.astimezone(SHANGHAI)


def fixed_holidays(year: int) -> dict[date, str]:
    """The statutory days whose date does not depend on the moon: 1 January, 1-2 May, 1-3 October."""
    days = [(1, 1, "元旦"), (5, 1, "劳动节"), (5, 2, "劳动节")]
    days += [(10, n, "国庆节") for n in (1, 2, 3)]
    return {date(year, month, n): name for month, n, name in days}


@lru_cache(maxsize=64)
def statutory_holidays(year: int) -> Mapping[date, str]:
    """The 13 statutory days of a year without a notice, date -> name (全国年节及纪念日放假办法, 2025).

    The bridging days and make-up weekends that a notice adds are unknown here, which is why such a
    year is provisional. Qingming is left out after 2100, the lunar festivals outside 2027-2040.
    """
    holidays: dict[date, str] = {}
    if year in LUNAR_FESTIVALS:
        festivals = LUNAR_FESTIVALS[year].split()
        new_year, dragon_boat, mid_autumn = (date.fromisoformat(f"{year}-{text}") for text in festivals)
        holidays |= {new_year + timedelta(days=n): "春节" for n in (-1, 0, 1, 2)}
        holidays |= {dragon_boat: "端午节", mid_autumn: "中秋节"}
    if 2000 <= year <= 2100:
        terms = chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 30))
        holidays |= {day: "清明节" for day, term in terms if term == "清明"}
    # National Day comes last: in 2031 it falls on Mid-autumn, and callers know the day by this name.
    return holidays | fixed_holidays(year)


@dataclass(frozen=True)
class YearNotice:
    """The State Council's notice for one year, entered by an administrator.

    `off` is every day named as off, weekends among them too; `work` the make-up weekend days; `names`
    gives each day off its holiday. Days from 25 December of the year before may be named, as the
    notices of 2008, 2012 and 2023 did. Raises ValueError with all problems, in Chinese.
    """

    year: int
    off: frozenset[date]
    work: frozenset[date] = frozenset()
    names: Mapping[date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = _notice_problems(self)
        if problems:
            raise ValueError(f"{self.year}年放假通知有误: " + "; ".join(problems))


def _notice_problems(notice: YearNotice) -> list[str]:
    if not 2000 <= notice.year <= 2100:
        return ["年份要在2000到2100之间"]
    first, last = date(notice.year - 1, 12, 25), date(notice.year, 12, 31)
    outside = {day for day in notice.off | notice.work | notice.names.keys() if not first <= day <= last}
    findings = [
        (outside, f"不在{notice.year}年内"),
        (notice.off & notice.work, "既写了放假又写了上班"),
        ({day for day in notice.work if day.weekday() < 5}, "写了调休上班, 但不是周末"),
        ({day for day in notice.off if not notice.names.get(day, "").strip()}, "放假却没有写节日名称"),
        (notice.names.keys() - notice.off, "写了节日名称却没有放假"),
        (_fixed_in_force(notice.year) - notice.off, "是法定节假日, 却没有放假"),
    ]
    problems = [f"{_listed(days)} {sentence}" for days, sentence in findings if days]
    if not STATUTORY_DAYS <= len(notice.off) <= MOST_OFF_DAYS:
        problems.append(f"放假{len(notice.off)}天, 应在{STATUTORY_DAYS}到{MOST_OFF_DAYS}天之间")
    if len(notice.work) > MOST_MAKEUP_DAYS:
        problems.append(f"调休上班{len(notice.work)}天, 超过{MOST_MAKEUP_DAYS}天")
    return problems


def _fixed_in_force(year: int) -> set[date]:
    # 2 May became a statutory day in 2025.
    return {day for day in fixed_holidays(year) if year >= 2025 or (day.month, day.day) != (5, 2)}


def _listed(days: Iterable[date]) -> str:
    return "、".join(day.isoformat() for day in sorted(days))


class WorkCalendar:
    """Answers what kind of day it is. Notices beat the library; unknown years are provisional."""

    def __init__(self, notices: Iterable[YearNotice] = ()) -> None:
        """Raises ValueError when a year has two notices."""
        ordered = sorted(notices, key=lambda notice: notice.year)
        years = [notice.year for notice in ordered]
        if len(set(years)) < len(years):
            raise ValueError(f"同一年有两份放假通知: {years}")
        self._known = set(LIBRARY_YEARS) | set(years)
        self._off: dict[date, str] = {
            day: NAMES.get(name, name) for day, name in chinese_calendar.holidays.items() if day.year not in years
        }
        self._work: set[date] = {day for day in chinese_calendar.workdays if day.year not in years}
        for notice in ordered:  # a later notice may speak of the last days of the year before
            self._off = {d: n for d, n in self._off.items() if d not in notice.work} | dict(notice.names)
            self._work = (self._work - notice.off) | notice.work

    def kind(self, day: date) -> DayKind:
        """A holiday on a Saturday is a holiday; a weekday worked under a notice is a plain workday."""
        if self.holiday_name(day) is not None:
            return DayKind.HOLIDAY
        if day.weekday() < 5:
            return DayKind.WORKDAY
        return DayKind.MAKEUP if day in self._work else DayKind.WEEKEND

    def is_workday(self, day: date) -> bool:
        """Make-up weekend days are working days; weekday holidays are not."""
        return self.kind(day) in (DayKind.WORKDAY, DayKind.MAKEUP)

    def holiday_name(self, day: date) -> str | None:
        """The holiday a day off belongs to (元旦 春节 清明节 劳动节 端午节 中秋节 国庆节), or None."""
        _refuse_datetime(day)
        if day in self._off:
            return self._off[day]
        return statutory_holidays(day.year).get(day) if self.is_provisional(day) else None

    def is_provisional(self, day: date) -> bool:
        """True when no notice covers the day: weekends and statutory holidays only, to be recomputed."""
        _refuse_datetime(day)
        return day.year not in self._known and day not in self._off and day not in self._work

    def add_workdays(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which is not counted itself (Civil Code art. 201).

        0 gives `day` back, working or not. Raises ValueError for a negative count.
        """
        _refuse_datetime(day)
        if n < 0:
            raise ValueError(f"工作日数不能是负数: {n}")
        while n:
            day += timedelta(days=1)
            n -= self.is_workday(day)
        return day

    def next_workday(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_workdays(day, 1)


def _refuse_datetime(day: date) -> None:
    # A datetime is a date to Python but equals none, so every holiday would silently be missed.
    if isinstance(day, datetime):
        raise TypeError("work calendar takes dates: convert with in_shanghai(at).date()")

"""Periods of whole days: by their names, in words, and the one that another is compared with. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
NOTHING, PREVIOUS, YEAR = "none", "previous", "year"
COMPARISONS_ZH = {NOTHING: "不比较", PREVIOUS: "和前一期比", YEAR: "和去年同期比"}


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last one, both in it; days of the Shanghai calendar."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def after(self) -> date:
        """The first day that is not in it any more."""
        return self.last + DAY

    @property
    def is_whole_months(self) -> bool:
        """From the first of a month to the end of a month."""
        return self.first.day == 1 and self.after.day == 1


def _months_on(day: date, months: int) -> date:
    """The same day of another month, its last one where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def _month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, _months_on(first, 1) - DAY)


def _quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _last_days(days: int) -> Callable[[date], Period]:
    return lambda today: Period(today - timedelta(days=days - 1), today)


# Name, words, and what it is on a day. Those of now end today.
NAMED: dict[str, tuple[str, Callable[[date], Period]]] = {
    "today": ("今天", lambda today: Period(today, today)),
    "yesterday": ("昨天", lambda today: Period(today - DAY, today - DAY)),
    "this_week": ("本周", lambda today: Period(_monday(today), today)),
    "last_week": ("上周", lambda today: Period(_monday(today) - 7 * DAY, _monday(today) - DAY)),
    "last_7_days": ("近7天", _last_days(7)),
    "this_month": ("本月", lambda today: Period(today.replace(day=1), today)),
    "last_month": ("上月", lambda today: _month_of(today.replace(day=1) - DAY)),
    "last_30_days": ("近30天", _last_days(30)),
    "this_quarter": ("本季度", lambda today: Period(_quarter(today), today)),
    "last_quarter": ("上季度", lambda today: Period(_months_on(_quarter(today), -3), _quarter(today) - DAY)),
    "last_90_days": ("近90天", _last_days(90)),
    "this_year": ("今年", lambda today: Period(date(today.year, 1, 1), today)),
    "last_year": ("去年", lambda today: Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))),
    "last_365_days": ("近一年", _last_days(365)),
}


def compared_period(period: Period, compare: str) -> Period | None:
    """The period beside which another one is put; None for none.

    previous: of whole months as many months before; of the beginning of a month the same days of the month before;
    of anything else as many days right before. year: the same days of the year before.
    """
    if compare == YEAR:
        return _moved(period, -12)
    if compare != PREVIOUS:
        return None
    if period.is_whole_months:
        return _moved(period, -_months_in(period))
    if period.first.day == 1 and period.first.month == period.last.month and period.first.year == period.last.year:
        return _moved(period, -1)
    return Period(period.first - period.days * DAY, period.first - DAY)


def _months_in(period: Period) -> int:
    return (period.after.year - period.first.year) * 12 + period.after.month - period.first.month


def _moved(period: Period, months: int) -> Period:
    first = _months_on(period.first, months)
    # The end of a month stays the end of a month.
    last = _months_on(period.after, months) - DAY if period.after.day == 1 else _months_on(period.last, months)
    return Period(first, last)


def period_words(period: Period) -> str:
    """`2026年10月`, `2026年`, `2026年10月3日`, `2026年10月3日至11月5日，34天`."""
    first, last = period.first, period.last
    if first == last:
        return _day(first)
    if period.is_whole_months and _months_in(period) == 1:
        return f"{first.year}年{first.month}月"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
        return f"{first.year}年"
    end = f"{last.month}月{last.day}日" if first.year == last.year else _day(last)
    return f"{_day(first)}至{end}，{period.days}天"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

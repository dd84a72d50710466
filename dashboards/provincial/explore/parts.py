"""The parts of the page of figures, from sums that were read: ranking, trend, heat map, waits, subjects. Pure.

Every value comes with its numerator and denominator, so that nobody has to trust a percentage without its sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from dashboards.metrics import FIGURES, Figure, Value, value_json, value_of
from dashboards.provincial.measures import LEFT_WAITS, SERVED_WAITS, WAIT_BOUNDS
from dashboards.provincial.periods import Period
from integrations.work_calendar import SHANGHAI

# Of fewer than these a rate says little: marked, and ranked behind the others.
SMALL_SAMPLE = 30
BY_HOUR, BY_DAY, BY_WEEK, BY_MONTH = "hour", "day", "week", "month"
GRAINS_ZH = {BY_HOUR: "小时", BY_DAY: "日", BY_WEEK: "周", BY_MONTH: "月"}
MOST_HOURLY_DAYS, MOST_DAILY_DAYS, MOST_WEEKLY_DAYS = 3, 92, 366
Sums = Mapping[str, int]
Json = dict[str, Any]


def nothing_of(figure: Figure) -> Value:
    """The value of a figure where nothing is known at all, which is not the same as none."""
    return Value(None, 0, 0 if figure.denominator else None)


def figure_value(figure: Figure, sums: Sums | None) -> Value:
    """The figure of these sums; no value at all without facts."""
    return value_of(figure, sums) if sums else nothing_of(figure)


def all_values(sums: Sums) -> dict[str, Json]:
    """Every figure of one slice."""
    return {key: value_json(figure_value(figure, sums)) for key, figure in FIGURES.items()}


def add_up(parts: Iterable[Sums]) -> dict[str, int]:
    """Several slices as one: measures are added, figures never."""
    total: dict[str, int] = {}
    for part in parts:
        for name, number in part.items():
            total[name] = total.get(name, 0) + number
    return total


def sample_of(value: Value) -> int:
    """How many it rests on: the denominator, of a count the count."""
    return value.numerator if value.denominator is None else value.denominator


def is_small(value: Value) -> bool:
    """A rate or mean of fewer than 30."""
    return value.denominator is not None and value.denominator < SMALL_SAMPLE


def valued(figure: Figure, sums: Sums | None) -> Json:
    """A value with its sample, and whether that is too small to judge by."""
    value = figure_value(figure, sums)
    return {**value_json(value), "sample": sample_of(value), "is_small_sample": is_small(value)}


def ranking(
    figure: Figure, by_centre: Mapping[str, Sums], names: Mapping[str, str], before: Mapping[str, Sums] | None
) -> list[Json]:
    """The centres of `names` from the best to the worst; small samples behind them, those without a value last.

    Equals share a rank. Where low is good the lowest is first. `before`: sums of the compared period, None for none.
    """
    rows = [
        {
            "centre": code,
            "name": name,
            **valued(figure, by_centre.get(code)),
            "compared": value_json(figure_value(figure, before.get(code))) if before is not None else None,
        }
        for code, name in names.items()
    ]
    return _with_ranks(sorted(rows, key=_order(figure)))


def _order(figure: Figure) -> Callable[[Json], tuple[bool, bool, float]]:
    sign = 1 if figure.better == "low" else -1
    return lambda row: (row["value"] is None, row["is_small_sample"], sign * (row["value"] or 0))


def _with_ranks(rows: Sequence[Json]) -> list[Json]:
    ranked: list[Json] = []
    for place, row in enumerate(rows, start=1):
        last = ranked[-1] if ranked else None
        is_equal = last and last["value"] == row["value"] and last["is_small_sample"] == row["is_small_sample"]
        rank = last["rank"] if last and is_equal else place
        ranked.append({**row, "rank": None if row["value"] is None else rank})
    return ranked


def grain_of(period: Period) -> str:
    """By what a trend of this period is drawn: few enough points to read, and enough to see a day."""
    steps = ((MOST_HOURLY_DAYS, BY_HOUR), (MOST_DAILY_DAYS, BY_DAY), (MOST_WEEKLY_DAYS, BY_WEEK))
    return next((grain for most, grain in steps if period.days <= most), BY_MONTH)


def midnight(day: date) -> datetime:
    """The beginning of a day in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def stretches(period: Period, grain: str) -> Iterator[datetime]:
    """The beginnings of all stretches of a period, the first of which may begin in the middle."""
    at, end = midnight(period.first), midnight(period.after)
    while at < end:
        yield at
        at = midnight(_next_day(at.date(), grain)) if grain != BY_HOUR else at + timedelta(hours=1)


def _next_day(day: date, grain: str) -> date:
    if grain == BY_WEEK:
        return day + timedelta(days=7 - day.weekday())
    if grain == BY_MONTH:
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=1)


def by_stretch(sums: Mapping[datetime, Sums], period: Period, grain: str) -> dict[datetime, dict[str, int]]:
    """Hours, days or months added up to the stretches of a trend, each of which is there."""
    found: dict[datetime, list[Sums]] = {at: [] for at in stretches(period, grain)}
    begins = list(found)
    place = 0
    for at in sorted(sums):
        while place + 1 < len(begins) and begins[place + 1] <= at:
            place += 1
        found[begins[place]].append(sums[at])
    return {at: add_up(parts) for at, parts in found.items()}


def trend(figure: Figure, sums: Mapping[datetime, Sums], period: Period, grain: str, now: datetime) -> list[Json]:
    """The figure in every stretch of the period that has begun; `is_unfinished`: the one that goes on."""
    found = by_stretch(sums, period, grain)
    ends = [*list(found)[1:], midnight(period.after)]
    return [
        {
            "at": at.isoformat(),
            "day": at.date().isoformat(),
            **value_json(figure_value(figure, found[at])),
            "is_unfinished": now < end,
        }
        for at, end in zip(found, ends, strict=True)
        if at <= now
    ]


def heat(figure: Figure, by_cell: Mapping[tuple[int, int], Sums]) -> list[list[Json]]:
    """Seven weekdays from Monday on, each of 24 hours, with the value and its sample."""
    return [[valued(figure, by_cell.get((weekday, hour))) for hour in range(24)] for weekday in range(7)]


def waits(sums: Sums) -> list[Json]:
    """How long people stood in the line, those who were answered and those who left it, by stretches of the wait."""
    bounds = (0, *WAIT_BOUNDS, None)
    return [
        {
            "from": low,
            "to": high,
            "name": wait_words(low or 0, high),
            "served": sums.get(served, 0),
            "left": sums.get(left, 0),
        }
        for low, high, served, left in zip(bounds[:-1], bounds[1:], SERVED_WAITS, LEFT_WAITS, strict=True)
    ]


def wait_words(low: int, high: int | None) -> str:
    """`5秒以内`, `15至30秒`, `30秒至1分钟`, `1至2分钟`, `10分钟以上`."""
    if high is None:
        return f"{_span(low)}以上"
    if not low:
        return f"{_span(high)}以内"
    is_one_unit = (low < 60) == (high < 60)
    return f"{low // 60 if low >= 60 else low}至{_span(high)}" if is_one_unit else f"{_span(low)}至{_span(high)}"


def _span(seconds: int) -> str:
    return f"{seconds // 60}分钟" if seconds >= 60 and seconds % 60 == 0 else f"{seconds}秒"


def breakdown(figure: Figure, rows: Mapping[str, Sums], names: Mapping[str, str]) -> list[Json]:
    """The figure of each of `names`, the largest sample first; those without any facts are left out."""
    found = [{"key": key, "name": name, **valued(figure, rows[key])} for key, name in names.items() if key in rows]
    return sorted(found, key=lambda row: -row["sample"])

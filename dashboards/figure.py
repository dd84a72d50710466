"""What a figure is: sums of measures, added first and divided last, with its definition in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COUNT, RATE, SECONDS = "count", "rate", "seconds"
HIGH, LOW = "high", "low"
CALLS, LINE, TALKS = "calls", "line", "talks"
SATISFACTION, CASES, CALLBACKS = "satisfaction", "cases", "callbacks"
GROUPS_ZH = {
    CALLS: "来电",
    LINE: "排队和接通",
    TALKS: "通话和人手",
    SATISFACTION: "评价",
    CASES: "办件",
    CALLBACKS: "回电",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `numerator` and `denominator` name measures, each added up before the one is divided by the other.

    `definition_zh` and `denominator_zh` are shown with every number, the latter is "" for a count. `better`: whether a
    high or a low value is the good one, "" for neither. `by_subject` False: consultants' time belongs to no subject.
    """

    key: str
    name_zh: str
    definition_zh: str
    denominator_zh: str
    unit: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()
    better: str = ""
    group: str = ""
    by_subject: bool = True

    @property
    def measures(self) -> tuple[str, ...]:
        """The sums that are needed for it."""
        return tuple(dict.fromkeys((*self.numerator, *self.denominator)))


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of one slice. `value`: a count, a share from 0 to 1, or seconds; None where nothing could be divided,
    which is no figure at all and never 0. `denominator` is None for a count."""

    value: float | None
    numerator: int
    denominator: int | None


def value_of(figure: Figure, sums: Mapping[str, int]) -> Value:
    """The figure over whatever was added up in `sums`; a measure that is not there counted nothing."""
    top = sum(sums.get(name, 0) for name in figure.numerator)
    if not figure.denominator:
        return Value(top, top, None)
    bottom = sum(sums.get(name, 0) for name in figure.denominator)
    return Value(top / bottom if bottom else None, top, bottom)


def figure_json(figure: Figure) -> dict[str, Any]:
    """What a page needs to show the figure and to explain it."""
    return {
        "key": figure.key,
        "name": figure.name_zh,
        "definition": figure.definition_zh,
        "denominator": figure.denominator_zh,
        "unit": figure.unit,
        "numerator_measures": list(figure.numerator),
        "denominator_measures": list(figure.denominator),
        "better": figure.better,
        "group": figure.group,
        "by_subject": figure.by_subject,
    }


def value_json(value: Value) -> dict[str, Any]:
    """A value as the pages are told it, not rounded."""
    return {"value": value.value, "numerator": value.numerator, "denominator": value.denominator}


def count_of(key: str, name: str, definition: str, group: str) -> Figure:
    """A measure that is a figure as it is."""
    return Figure(key, name, definition, "", COUNT, (key,), group=group)

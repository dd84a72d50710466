"""Whether a day of a city agrees: its own total beside what arrived, measure by measure. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dashboards.provincial.measures import CALLS, MEASURES

# How a day stands. EMPTY: no call and no total. OPEN: the day is being counted, nothing can be said yet.
AGREES, DIFFERS, EXPLAINED, NO_TOTAL, EMPTY, OPEN = "agrees", "differs", "explained", "no_total", "empty", "open"
# In this order on the page, whatever else was told behind them.
_ORDER = {name: place for place, name in enumerate((*CALLS, *(name for name in MEASURES if name not in CALLS)))}


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of a day in which the city's total and what arrived are not the same."""

    measure: str
    claimed: int
    arrived: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one city. `claimed` None: it sent no total. `is_due`: something came that is not counted yet."""

    centre: str
    day: date
    claimed: Mapping[str, int] | None
    arrived: Mapping[str, int]
    is_due: bool = False

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Of the measures that the city told; what it did not tell cannot differ."""
        return compare(self.claimed or {}, self.arrived)


def compare(claimed: Mapping[str, int], arrived: Mapping[str, int]) -> tuple[Difference, ...]:
    """Every measure of the total that does not have the same number in what arrived; nothing arrived is 0."""
    return tuple(
        Difference(name, claimed[name], arrived.get(name, 0))
        for name in in_order(claimed)
        if claimed[name] != arrived.get(name, 0)
    )


def in_order(names: Mapping[str, int]) -> Sequence[str]:
    """The known measures among them: received first, then the outcomes."""
    return sorted((name for name in names if name in _ORDER), key=place_of)


def place_of(measure: str) -> int:
    """Where a measure stands in a list; one that is not known, at the end."""
    return _ORDER.get(measure, len(_ORDER))


def state_of(day: Day, unexplained: int, listed: int) -> str:
    """How a day stands, by the differences on its list: `unexplained` of the `listed` have no valid explanation."""
    if day.is_due:
        return OPEN
    if unexplained:
        return DIFFERS
    if listed:
        return EXPLAINED
    if day.claimed is None:
        return NO_TOTAL if day.arrived.get("received") else EMPTY
    # Found by the page before the job has come by.
    return DIFFERS if day.differences else AGREES

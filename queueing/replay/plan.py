"""The numbers of a day, which are options.

Pure. Every default is either published for 2016 or an assumption that the report names.
"""

from __future__ import annotations

from dataclasses import dataclass

# An ordinary Tuesday of the year.
FIRST_DAY = "2016-03-15"


@dataclass(frozen=True, slots=True)
class Peak:
    """A share of the day's calls between two hours of the clock."""

    since: float
    until: float
    share: float

    @property
    def per_hour(self) -> float:
        return self.share / (self.until - self.since)


@dataclass(frozen=True, slots=True)
class Plan:
    """The day's numbers. Seconds, shares of 1.

    `wanting` are calls, those who dial again included; how many people that are follows from the day without
    callbacks. `effective` consultants are at work on average, the others on breaks or away. `talk` is talk and
    wrap-up together. Who gives up dials again within `redial_within` with the chance `redial`. `accept`: takes the
    callback when it is offered; of those `slot` choose a time. `reached`: a callback's caller answers and is there.
    """

    calls: int = 720
    wanting: int = 508
    consultants: int = 5
    effective: float = 4.0
    patience: float = 120.0
    talk: tuple[float, float] = (240.0, 300.0)
    pick_up: tuple[float, float] = (2.0, 5.0)
    redial: float = 0.5
    redial_within: float = 1800.0
    accept: float = 0.5
    slot: float = 0.3
    reached: float = 0.75
    peaks: tuple[Peak, ...] = (Peak(9, 11, 0.28), Peak(14, 16, 0.26))
    days: int = 12
    seed: int = 1

"""Virtual time: what is to happen, in order, and where chance comes from.

Pure. Times are seconds from a day's midnight or opening, whatever the player counts from.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from math import inf
from typing import Protocol


class Chance(Protocol):
    """What a simulation needs of `random.Random`; given from outside, so that a seed makes it the same again."""

    def random(self) -> float: ...

    def uniform(self, a: float, b: float) -> float: ...

    def expovariate(self, lambd: float) -> float: ...


class Timeline:
    """What is to happen. Things due at the same time happen in the order in which they were planned."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0

    def plan(self, when: float, act: Callable[[], None]) -> None:
        """`act` at `when`; what would lie in the past happens next."""
        self._planned += 1
        heapq.heappush(self._events, (max(when, self.now), self._planned, act))

    def run(self, until: float = inf, is_over: Callable[[], bool] = lambda: False) -> None:
        """Everything that is due before `until`, and what that brings about; no more once `is_over`."""
        while self._events and self._events[0][0] < until and not is_over():
            self.now, _, act = heapq.heappop(self._events)
            act()

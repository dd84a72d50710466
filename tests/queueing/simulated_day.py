"""A centre's day, made up from a seed: who calls when, how long they talk, who gives up, who takes a break.

Callers who give up stay in the simulated line as nobody: when their turn would have come is written down, so that an
estimate can be judged for them too. Times are seconds from the opening.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp, log, sqrt
from random import Random

from queueing.replay.lately import Lately
from queueing.replay.virtual_time import Timeline
from queueing.wait_time import LineNow

OPENING = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
# Share of the busiest hour's calls, by hour of the day: a morning peak, a hole at noon, a smaller afternoon.
PROFILE = (0.7, 1.0, 0.95, 0.6, 0.55, 0.8, 0.75, 0.5)
LOOKS_BACK = 45 * 60.0
ROUND = 45.0


@dataclass(frozen=True)
class DayPlan:
    """What kind of day it is. Means in seconds; `others_share` of the calls are for another line of the same seats."""

    seed: int
    agents: int = 12
    calls_in_the_busiest_hour: int = 190
    talk_mean: float = 200.0
    talk_spread: float = 0.9
    wrap_up_mean: float = 35.0
    patience_mean: float = 900.0
    slow_share: float = 0.1
    slow_bonus: float = 120.0
    others_share: float = 0.0


@dataclass
class Caller:
    number: int
    is_ours: bool
    joined: float
    rank: float
    patience: float
    reached: float | None = None
    gave_up_at: float | None = None

    @property
    def order(self) -> tuple[float, int]:
        return self.rank, self.number


@dataclass
class Look:
    """One round of a waiting caller: what was known, what the usual figure would say, and what came true."""

    caller: int
    at: float
    now: LineNow
    usual_seconds: float | None
    was_overtaken: bool
    actual_seconds: float = 0.0


@dataclass
class Day:
    plan: DayPlan
    looks: list[Look] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)


def at(seconds: float) -> datetime:
    return OPENING + timedelta(seconds=seconds)


def simulate(plan: DayPlan) -> Day:
    """The day, played; the looks of our line's callers are in order of time, each with what came true."""
    return _Play(plan).play()


class _Play:
    def __init__(self, plan: DayPlan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)
        self.day = Day(plan)
        self.timeline = Timeline()
        self.lately = Lately(LOOKS_BACK)
        self.line: list[Caller] = []
        self.free = 0
        self.serving = 0
        self.wants_break = 0
        self.answers: list[tuple[float, float]] = []

    @property
    def now(self) -> float:
        return self.timeline.now

    def play(self) -> Day:
        for _ in range(self.plan.agents):
            self._plan_agent()
        for when, is_ours in self._arrivals():
            self.timeline.plan(when, lambda is_ours=is_ours: self._arrive(is_ours))
        self.timeline.run()
        reached = {caller.number: caller.reached for caller in self.day.callers}
        looks = [look for look in self.day.looks if reached[look.caller] is not None]
        for look in looks:
            look.actual_seconds = reached[look.caller] - look.at
        self.day.looks = looks
        return self.day

    def _arrivals(self) -> Iterator[tuple[float, bool]]:
        others = self.plan.others_share
        for hour, share in enumerate(PROFILE):
            # Some hours are busier than anybody planned for.
            hourly = self.plan.calls_in_the_busiest_hour * share * self.random.uniform(0.8, 1.25)
            when = 3600.0 * hour
            while (when := when + self.random.expovariate(hourly / 3600)) < 3600 * (hour + 1):
                yield when, self.random.random() >= others

    def _plan_agent(self) -> None:
        self.timeline.plan(self.random.uniform(0, 600), self._begin)
        lunch = 3600 * self.random.choice((3.0, 3.5, 4.0)) + self.random.uniform(0, 600)
        self.timeline.plan(lunch, lambda: self._ask_for_break(2400))
        for _ in range(3):
            pause = self.random.uniform(600, 900)
            self.timeline.plan(
                self.random.uniform(1800, 3600 * len(PROFILE)), lambda pause=pause: self._ask_for_break(pause)
            )

    def _begin(self) -> None:
        self.serving += 1
        self._become_free()

    def _ask_for_break(self, seconds: float) -> None:
        """Whoever becomes free next takes it."""
        if self.serving <= 1:
            return
        if self.free:
            self.free -= 1
            self._rest(seconds)
        else:
            self.wants_break += 1
            self.break_seconds = seconds

    def _rest(self, seconds: float) -> None:
        self.serving -= 1
        self.timeline.plan(self.now + seconds, self._begin)

    def _become_free(self) -> None:
        if self.wants_break and self.serving > 1:
            self.wants_break -= 1
            self._rest(self.break_seconds)
            return
        self.free += 1
        self._serve()

    def _arrive(self, is_ours: bool) -> None:
        is_slow = self.random.random() < self.plan.slow_share
        rank = self.now - (self.plan.slow_bonus if is_slow else 0)
        caller = Caller(
            len(self.day.callers), is_ours, self.now, rank, self.random.expovariate(1 / self.plan.patience_mean)
        )
        self.day.callers.append(caller)
        heapq.heappush(self.line, _ordered(caller))
        self.timeline.plan(self.now + caller.patience, lambda: self._give_up(caller))
        self._serve()
        self._look(caller)

    def _give_up(self, caller: Caller) -> None:
        if caller.reached is None:
            caller.gave_up_at = self.now
            if caller.is_ours:
                self.lately.note_gone(caller.joined, self.now)

    def _serve(self) -> None:
        while self.free and self.line:
            caller = heapq.heappop(self.line)[-1]
            caller.reached = self.now
            if caller.gave_up_at is not None:
                continue
            self.free -= 1
            seconds = self._handling_seconds()
            if caller.is_ours:
                self.answers.append((caller.joined, self.now))
                self.lately.note_answered(caller.joined, self.now)
            self.timeline.plan(self.now + seconds, lambda caller=caller, seconds=seconds: self._end(caller, seconds))

    def _end(self, caller: Caller, seconds: float) -> None:
        if caller.is_ours:
            self.lately.note_handled(self.now, seconds)
        self._become_free()

    def _handling_seconds(self) -> float:
        sigma = sqrt(log(1 + self.plan.talk_spread**2))
        talk = self.plan.talk_mean * exp(self.random.gauss(0, sigma) - sigma**2 / 2)
        return self.random.uniform(3, 10) + talk + self.random.expovariate(1 / self.plan.wrap_up_mean)

    def _look(self, caller: Caller) -> None:
        """What is known at this round of a caller's wait; again in the next, for as long as they hold on."""
        if caller.reached is not None or caller.gave_up_at is not None:
            return
        if caller.is_ours:
            look = Look(caller.number, self.now, self._line_now(caller), self._usual(), self._was_overtaken(caller))
            self.day.looks.append(look)
        self.timeline.plan(self.now + ROUND, lambda: self._look(caller))

    def _line_now(self, caller: Caller) -> LineNow:
        still = [other for *_, other in self.line if other.is_ours and other.gave_up_at is None]
        ahead = sum(other.order < caller.order for other in still)
        return self.lately.line_now(self.now, ahead, self.serving, (other.joined for other in still))

    def _was_overtaken(self, caller: Caller) -> bool:
        """Whether a rule moved somebody ahead of the caller since the last round."""
        since = max(caller.joined, self.now - ROUND)
        return any(other.order < caller.order and other.joined > since for *_, other in self.line if other.is_ours)

    def _usual(self) -> float | None:
        waits = [answered - joined for joined, answered in self.answers if answered > self.now - 1800]
        return sum(waits) / len(waits) if waits else None


def _ordered(caller: Caller) -> tuple[float, int, Caller]:
    return (*caller.order, caller)

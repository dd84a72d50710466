"""How good the estimate is on simulated days, beside the usual figure: the mean wait of those answered lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from queueing.wait_time import Said, estimate_wait, remember, to_speak
from tests.queueing.simulated_day import Day, DayPlan, Look, at, simulate

# What the service is made for, and what usually breaks an estimate.
KINDS = {
    "普通的一天": {},
    "很小的中心": {"agents": 3, "calls_in_the_busiest_hour": 46},
    "坐席兼接别的业务": {"others_share": 0.5},
    "不太忙": {"calls_in_the_busiest_hour": 165},
    "远超人手": {"calls_in_the_busiest_hour": 260},
}


def judge_days(kind: str, seeds: Iterable[int]) -> Judgement:
    """Days of one kind, played and judged."""
    return judge([simulate(DayPlan(seed=seed, **KINDS[kind])) for seed in seeds])


@dataclass
class Judgement:
    """Errors in seconds, and shares of the rounds in which a figure was told, over days like one plan."""

    rounds: int = 0
    our_error: float = 0.0
    usual_error: float = 0.0
    actual: float = 0.0
    ranges: int = 0
    range_held: float = 0.0
    usual_held: float = 0.0
    too_short: float = 0.0
    minutes_wide: float = 0.0
    apologies: int = 0
    callers: int = 0


def judge(days: list[Day]) -> Judgement:
    """Our estimate and what is spoken of it, beside the mean wait of those answered in the last half hour.

    Both are judged at the same rounds of the same callers. For the usual figure a range of the same width is laid
    around it.
    """
    result = Judgement()
    for day in days:
        said: dict[int, Said] = {}
        for look in day.looks:
            _judge(result, look, said)
        result.callers += len(said)
    for name in ("our_error", "usual_error", "actual"):
        setattr(result, name, getattr(result, name) / result.rounds)
    for name in ("range_held", "usual_held", "too_short", "minutes_wide"):
        setattr(result, name, getattr(result, name) / result.ranges)
    return result


def _judge(result: Judgement, look: Look, said: dict[int, Said]) -> None:
    estimate = estimate_wait(look.now)
    before = said.get(look.caller, Said())
    spoken = to_speak(estimate, look.now.ahead, before, look.was_overtaken, at(look.at))
    said[look.caller] = remember(before, spoken, at(look.at))
    result.apologies += spoken.kind == "longer"
    if estimate is None or look.usual_seconds is None:
        return
    result.rounds += 1
    result.actual += look.actual_seconds
    result.our_error += abs(estimate.expected_seconds - look.actual_seconds)
    result.usual_error += abs(look.usual_seconds - look.actual_seconds)
    if spoken.low is None or spoken.high is None:
        return
    minutes, wide = look.actual_seconds / 60, spoken.high - spoken.low
    result.ranges += 1
    result.minutes_wide += wide
    result.range_held += spoken.low <= minutes <= spoken.high
    result.too_short += minutes > spoken.high
    result.usual_held += abs(look.usual_seconds / 60 - minutes) <= wide / 2

"""Which days are played, and what they come to: first the day without callbacks, then with them, with more or fewer.

Pure. Every scenario is played with the same people; means and spreads are over the days, each of another seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import NamedTuple

from queueing.replay import journal as facts
from queueing.replay.account import ENDINGS, Account, account_for, mean, percentile
from queueing.replay.day import ChanceFor, People
from queueing.replay.plan import Plan
from queueing.replay.quarters import Quarters, mean_quarters, quarters_of
from queueing.replay.setting import Setting
from queueing.replay.simulation import play

# Who hangs up sooner than this counts as having changed their mind, by the usual definition of a short abandon.
SHORT_ABANDON_SECONDS = 5
# Of finding how many people make so many calls, and how far each goes.
ROUNDS, CAUTION, NEAR_ENOUGH = 6, 0.65, 0.003
# 74,000 answered by a human and 53,000 abandoned in 2016, at the province's own desk.
PUBLISHED_ANSWERED, PUBLISHED_ABANDONED, WORKING_DAYS = 74_000, 53_000, 250
PUBLISHED_RATE = PUBLISHED_ANSWERED / (PUBLISHED_ANSWERED + PUBLISHED_ABANDONED)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`abandoned_after` other than None replaces the centre's rule, in seconds."""

    effective: float
    with_callbacks: bool
    abandoned_after: int | None = None


class Played(NamedTuple):
    account: Account
    quarters: Quarters


@dataclass(frozen=True)
class Job:
    """All scenarios of one seed: one person's draws serve them all."""

    plan: Plan
    setting: Setting
    seed: int
    people: int
    scenarios: tuple[Scenario, ...]
    chance_for: ChanceFor


@dataclass(frozen=True)
class Result:
    """One scenario over all days."""

    scenario: Scenario
    accounts: tuple[Account, ...]
    quarters: Quarters


@dataclass(frozen=True)
class Replay:
    """Everything that is told. `people` want a human each day and make the calls that were wanted."""

    plan: Plan
    setting: Setting
    people: int
    results: tuple[Result, ...]

    def find(self, scenario: Scenario) -> Result:
        return next(result for result in self.results if result.scenario == scenario)


# Plays jobs, in whatever order, and gives what came of each in the order of the jobs.
PlayAll = Callable[[Sequence[Job]], Iterable[list[Played]]]


def play_job(job: Job) -> list[Played]:
    """One seed's scenarios, in order."""
    people = People(job.plan, job.seed, job.chance_for)
    return [_play(job, people, scenario) for scenario in job.scenarios]


def _play(job: Job, people: People, scenario: Scenario) -> Played:
    setting = job.setting
    if scenario.abandoned_after is not None:
        setting = replace(
            setting, callbacks=replace(setting.callbacks, abandoned_after_seconds=scenario.abandoned_after)
        )
    # Whether more is owed each day is asked of the number at work that the report is about.
    whole_days = 2 if scenario == Scenario(job.plan.effective, True) else 1
    journal = play(job.plan, setting, people, scenario.effective, job.people, scenario.with_callbacks, whole_days)
    limit = setting.callbacks.abandoned_after_seconds
    return Played(account_for(journal, scenario.with_callbacks, limit), quarters_of(journal))


def baseline(plan: Plan) -> Scenario:
    """The day as it was: without callbacks."""
    return Scenario(plan.effective, False)


def scenarios_of(plan: Plan, setting: Setting, compared: Sequence[float]) -> tuple[Scenario, ...]:
    """The baseline first; then each number of consultants at work, without and with callbacks; last the short waits."""
    numbers = sorted({*compared, plan.effective})
    found = [Scenario(number, with_callbacks) for number in numbers for with_callbacks in (False, True)]
    if setting.callbacks.abandoned_after_seconds != SHORT_ABANDON_SECONDS:
        found.append(Scenario(plan.effective, True, SHORT_ABANDON_SECONDS))
    first = baseline(plan)
    return (first, *(scenario for scenario in found if scenario != first))


def replay(plan: Plan, setting: Setting, compared: Sequence[float], chance_for: ChanceFor, play_all: PlayAll) -> Replay:
    """Play everything. `play_all` decides how many at a time."""
    people = find_people(plan, setting, chance_for, play_all)
    scenarios = scenarios_of(plan, setting, compared)
    seeds = range(plan.seed, plan.seed + plan.days)
    played = list(play_all([Job(plan, setting, seed, people, scenarios, chance_for) for seed in seeds]))
    results = []
    for scenario, days in zip(scenarios, zip(*played, strict=True), strict=True):
        accounts, quarters = tuple(day.account for day in days), mean_quarters([day.quarters for day in days])
        results.append(Result(scenario, accounts, quarters))
    return Replay(plan, setting, people, tuple(results))


def find_people(plan: Plan, setting: Setting, chance_for: ChanceFor, play_all: PlayAll) -> int:
    """How many people make the wanted calls in the day without callbacks: those who dial again are among the calls."""
    people, tried = max(1, round(plan.wanting * (1 - plan.redial * (1 - PUBLISHED_RATE)))), dict[int, float]()
    seeds = range(plan.seed, plan.seed + plan.days)
    while people not in tried and len(tried) < ROUNDS:
        jobs = [Job(plan, setting, seed, people, (baseline(plan),), chance_for) for seed in seeds]
        calls = tried[people] = fmean(day.account.asked_for_a_human for [day] in play_all(jobs))
        if abs(calls - plan.wanting) > NEAR_ENOUGH * plan.wanting:
            # More people make the line longer, and so more of them dial again.
            people = max(1, round(people * (plan.wanting / max(1.0, calls)) ** CAUTION))
    return min(tried, key=lambda number: abs(tried[number] - plan.wanting))


class Stat(NamedTuple):
    """Over the days: the mean, and how far a day is from it (standard deviation); None of nothing."""

    mean: float | None
    spread: float | None


FIGURES: Mapping[str, Callable[[Account], float | None]] = {
    "calls": lambda account: account.calls.total(),
    "asked": lambda account: account.asked_for_a_human,
    "answered": lambda account: account.calls[facts.ANSWERED],
    "abandoned": lambda account: account.calls[facts.HUNG_UP] + account.calls[facts.LIMIT] + account.calls[facts.FULL],
    "rung_unasked": lambda account: account.asked["abandoned"],
    "booked": lambda account: account.calls[facts.BOOKED],
    "kept": lambda account: account.calls[facts.KEPT],
    "closed": lambda account: account.calls[facts.CLOSED],
    "automatic": lambda account: account.calls[facts.AUTOMATIC],
    "connection_rate": lambda account: account.connection_rate,
    "wait_mean": lambda account: mean(account.waits),
    "wait_90": lambda account: percentile(account.waits, 0.9),
    "held_mean": lambda account: mean(account.held),
    "rung_after": lambda account: mean(account.rung),
    "rung_after_90": lambda account: percentile(account.rung, 0.9),
    "people": lambda account: account.people.total(),
    **{ending: lambda account, ending=ending: account.people[ending] for ending in ENDINGS},  # type: ignore[misc]
    "served": lambda account: account.served,
    "served_today": lambda account: account.served_today,
    "callbacks": lambda account: account.asked.total(),
    "attempts": lambda account: account.attempts.total(),
    "owed_first_day": lambda account: account.owed[0],
    "owed_second_day": lambda account: account.owed[1] if len(account.owed) > 1 else None,
    "at_work": lambda account: account.at_work,
}


def figure(result: Result, name: str) -> Stat:
    """One of FIGURES over the days."""
    values = [value for account in result.accounts if (value := FIGURES[name](account)) is not None]
    if not values:
        return Stat(None, None)
    return Stat(fmean(values), stdev(values) if len(values) > 1 else 0.0)

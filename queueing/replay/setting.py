"""The centre that is played, and when its calls come: its own hours and rules, as configured.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import islice, pairwise
from typing import NamedTuple

from integrations.work_calendar import SHANGHAI, WorkCalendar
from queueing.callback_rules import DEFAULT_CALLBACK_RULES, CallbackRules
from queueing.callback_slots import decent_spans
from queueing.line_rules import DEFAULT_RULES, LineRules
from queueing.opening_hours import OpeningHours, Span, stretches
from queueing.replay.plan import FIRST_DAY, Peak, Plan

Stretch = tuple[float, float]
DAY = 86_400.0
ORDINARY_DAY = date.fromisoformat(FIRST_DAY)
# A day, and the days after it on which its callbacks are made. What is open then is told as open.
MOST_DAYS_FOLLOWED = 5


class Piece(NamedTuple):
    """A stretch of the clock, seconds from midnight, in which calls come evenly; its share of the day's calls."""

    since: float
    until: float
    is_open: bool
    share: float


@dataclass(frozen=True)
class Setting:
    """The centre that is played: its hours and rules as configured."""

    code: str
    name: str
    hours: OpeningHours
    line: LineRules = DEFAULT_RULES
    callbacks: CallbackRules = DEFAULT_CALLBACK_RULES
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    first_day: date = ORDINARY_DAY

    @cached_property
    def midnight(self) -> datetime:
        return datetime.combine(self.first_day, time(0), SHANGHAI)

    def moment(self, seconds: float) -> datetime:
        """The instant so many seconds after the first day's midnight, on the Shanghai clock."""
        return self.midnight + timedelta(seconds=seconds)

    def seconds(self, moment: datetime) -> float:
        """The inverse of `moment`."""
        return (moment - self.midnight).total_seconds()

    def open_days(self) -> list[list[Stretch]]:
        """The stretches of ordinary service of the first day and the days after it, in seconds."""
        days: dict[date, list[Stretch]] = {}
        for since, until in stretches(self.hours, self.calendar, self.first_day, ()):
            if since.date() not in days and len(days) == MOST_DAYS_FOLLOWED:
                break
            days.setdefault(since.date(), []).append((self.seconds(since), self.seconds(until)))
        return list(days.values())

    def decent_spans(self) -> list[Span]:
        """When somebody may be rung, on the days that are followed and some more."""
        spans = decent_spans(self.hours, self.calendar, self.callbacks, self.midnight)
        return list(islice(spans, 4 * MOST_DAYS_FOLLOWED))


def rate_by_piece(spans: Sequence[Stretch], peaks: Sequence[Peak]) -> list[Piece]:
    """A day from its opening to its closing, cut where a break or a peak begins or ends; all shares together 1.

    `spans` are the opening hours, in order, in seconds from midnight. The peaks have their shares of the whole day,
    noon included; the hours between them share the rest evenly.
    """
    first, last = spans[0][0], spans[-1][1]
    bounds = [3600 * hour for peak in peaks for hour in (peak.since, peak.until)] + [
        at for span in spans for at in span
    ]
    cuts = sorted({first, last, *(bound for bound in bounds if first < bound < last)})
    pieces = []
    for since, until in pairwise(cuts):
        peak = next((p for p in peaks if 3600 * p.since <= since < 3600 * p.until), None)
        is_open = any(begins <= since < ends for begins, ends in spans)
        pieces.append((since, until, is_open, peak))
    in_peaks = sum(peak.per_hour * (until - since) / 3600 for since, until, _, peak in pieces if peak)
    between = sum(until - since for since, until, _, peak in pieces if not peak)
    rest = (1 - in_peaks) / between if between else 0.0
    # Without an hour between them the peaks are the whole day.
    scale = 1.0 if between else 1 / in_peaks
    return [
        Piece(since, until, is_open, (scale * peak.per_hour / 3600 if peak else rest) * (until - since))
        for since, until, is_open, peak in pieces
    ]


def validate_plan(plan: Plan, setting: Setting) -> list[str]:
    """All that is wrong with the numbers, as Chinese sentences for whoever typed them."""
    bounds = (
        ("--calls", plan.calls, 1, 5000, "个"),
        ("--wanting", plan.wanting, 1, 5000, "个"),
        ("--consultants", plan.consultants, 1, 200, "位"),
        ("--patience", plan.patience, 1, 3600, "秒"),
        ("--talk", plan.talk[0], 10, 3600, "秒"),
        ("--talk", plan.talk[1], 10, 3600, "秒"),
        ("--pick-up", plan.pick_up[0], 0, 120, "秒"),
        ("--pick-up", plan.pick_up[1], 0, 120, "秒"),
        ("--redial", plan.redial, 0, 1, ""),
        ("--redial-within", plan.redial_within / 60, 1, 240, "分钟"),
        ("--accept", plan.accept, 0, 1, ""),
        ("--slot", plan.slot, 0, 1, ""),
        ("--reached", plan.reached, 0, 1, ""),
        ("--days", plan.days, 1, 1000, "天"),
        ("--seed", plan.seed, 0, 1_000_000_000, ""),
    )
    problems = [
        f"{name} {value:g}{unit}不行，要在 {lowest} 到 {highest}{unit}之间"
        for name, value, lowest, highest, unit in bounds
        if not lowest <= value <= highest
    ]
    if plan.wanting > plan.calls:
        problems.append(f"--wanting {plan.wanting}：要人工的不能多过全部来电（--calls {plan.calls}）")
    for name, (shortest, longest) in (("--talk", plan.talk), ("--pick-up", plan.pick_up)):
        if shortest > longest:
            problems.append(f"{name} {shortest:g}-{longest:g}：先写短的，再写长的，例如 {longest:g}-{shortest:g}")
    problems += effective_problems("--effective", plan.effective, plan.consultants)
    problems += _peak_problems(plan.peaks)
    days = setting.open_days()
    if not days or days[0][0][0] >= DAY:
        problems.append(f"--date {setting.first_day}：{setting.name}这一天不上班，请换一个工作日")
    elif days[0][-1][1] > DAY:
        problems.append(f"--centre {setting.code}：{setting.name}上班过半夜，这里只重放白天")
    return problems


def effective_problems(name: str, effective: float, consultants: int) -> list[str]:
    """What is wrong with a number of consultants at work."""
    if 0.5 <= effective <= consultants:
        return []
    return [f"{name} {effective:g}：在岗的要在 0.5 到咨询员人数（--consultants {consultants}）之间"]


def _peak_problems(peaks: tuple[Peak, ...]) -> list[str]:
    problems = [
        f"--peaks {peak.since:g}-{peak.until:g}：钟点要在 0 到 24 之间，先写早的"
        for peak in peaks
        if not 0 <= peak.since < peak.until <= 24
    ]
    ordered = sorted(peaks, key=lambda peak: peak.since)
    if any(later.since < earlier.until for earlier, later in pairwise(ordered)):
        problems.append("--peaks：两个高峰重叠了")
    shares = sum(peak.share for peak in peaks)
    if shares >= 1 or any(peak.share <= 0 for peak in peaks):
        problems.append(f"--peaks：每个高峰要占一点，合起来 {shares:.0%} 要少于 100%")
    return problems

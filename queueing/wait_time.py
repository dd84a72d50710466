"""How long a caller still has to wait, said honestly: a range that mostly holds, never worse than what was said before.

Pure. The estimate is made of what the line does now: how many are ahead, how many seats serve, how long a talk takes
lately and how many ahead give up. The usual figure, the mean wait of those answered lately, tells about callers who
came long ago, and is far off whenever the line grows or melts: `python -m tests.bench.wait_estimate` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, floor, sqrt
from statistics import NormalDist, fmean
from typing import Any, Literal

# A promise that is kept two minutes late is not worth an apology.
GRACE = timedelta(minutes=2)
# Fewer talks or intervals than this tell nothing.
FEWEST_SAMPLES = 5
# Seats and their talks weigh as much as so many intervals seen between answers.
SEATS_WEIGH = 12
# What the model cannot know (breaks to come, talks that differ from the last hour's), as a share of the estimate.
UNKNOWN_SHARE = 0.2
# Seconds. Whoever leaves sooner has changed their mind, and tells nothing of those who hold on.
LEAST_PATIENCE = 60.0
# One in ten waits longer than the range says; being reached sooner harms nobody, so the lower end may be bolder.
LOW_Z, HIGH_Z = (NormalDist().inv_cdf(quantile) for quantile in (0.25, 0.9))


@dataclass(frozen=True, slots=True)
class LineNow:
    """What is known about a caller's line. Samples are of the last 30 to 60 minutes, in seconds.

    `ahead`: callers before this one. `serving`: seats of this line that are not on a break or away, `free` of them
    are free now. `handling_seconds`: ring, talk, hold and wrap-up of each talk that ended. `answer_intervals`: see
    `busy_intervals`. `gave_up`: how many left the line unanswered, and `waited_seconds` all that everybody waited.
    """

    ahead: int
    serving: int
    handling_seconds: Sequence[float]
    answer_intervals: Sequence[float] = ()
    gave_up: int = 0
    waited_seconds: float = 0.0
    free: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Minutes from now until somebody answers; the range holds in about five cases of six."""

    low_minutes: int
    high_minutes: int
    expected_seconds: float


def busy_intervals(answered: Iterable[tuple[datetime, datetime]]) -> list[float]:
    """Seconds from one answer to the next, where the next caller was waiting all the while.

    `answered`: when each caller joined and was answered. Other intervals measure how seldom people call, not how
    quickly they are served.
    """
    ordered = sorted(answered, key=lambda times: times[1])
    return [
        (later - earlier).total_seconds() for (_, earlier), (joined, later) in pairwise(ordered) if joined <= earlier
    ]


def estimate_wait(now: LineNow) -> Estimate | None:
    """The wait of a caller; None when it cannot be told: nobody serves, or too little has been seen lately."""
    interval = _seconds_between_answers(now)
    if interval is None:
        return None
    leaving = now.gave_up / max(now.waited_seconds, LEAST_PATIENCE * now.gave_up, 1.0)
    stages = [1 / (1 / interval + leaving * ahead) for ahead in range(max(0, now.ahead + 1 - now.free))]
    mean = sum(stages)
    if not stages:
        return Estimate(0, 1, 0.0)
    spread = sqrt(sum(stage * stage for stage in stages) / mean**2 + UNKNOWN_SHARE**2)
    low, high = _in_minutes(mean * _quantile(spread, LOW_Z), mean * _quantile(spread, HIGH_Z))
    return Estimate(low, high, mean)


def _seconds_between_answers(now: LineNow) -> float | None:
    """What the seats and their talks lead to expect, corrected by what was seen: seats may serve other lines too."""
    if now.serving <= 0:
        return None
    seen = [seconds for seconds in now.answer_intervals if seconds >= 0]
    if len(now.handling_seconds) < FEWEST_SAMPLES:
        return max(1.0, fmean(seen)) if len(seen) >= FEWEST_SAMPLES else None
    by_seats = max(1.0, fmean(now.handling_seconds) / now.serving)
    return (sum(seen) + SEATS_WEIGH * by_seats) / (len(seen) + SEATS_WEIGH)


def _quantile(spread: float, z: float) -> float:
    """A quantile of a gamma distribution of mean 1, `spread` its standard deviation (Wilson and Hilferty, 1931)."""
    ninth = spread * spread / 9
    return max(0.0, 1 - ninth + z * sqrt(ninth)) ** 3


def _in_minutes(low_seconds: float, high_seconds: float) -> tuple[int, int]:
    """Outward to whole minutes, and to five from a quarter of an hour on: nobody says 17 to 23 minutes."""
    low, high = floor(low_seconds / 60), max(1, ceil(high_seconds / 60))
    return low if low < 15 else low // 5 * 5, high if high <= 15 else -(-high // 5) * 5


NO_TIMES = (None, None)
Kind = Literal["next", "position_and_time", "time_only", "unsure", "longer"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What to tell a waiting caller. None: do not say it.

    next: nobody is ahead; position_and_time; time_only; unsure: no time can be told, perhaps a position;
    longer: an apology that it takes longer than was said, without any number.
    """

    kind: Kind
    ahead: int | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller was told in this line so far: the best of each, which nothing later may exceed.

    `due_at`: the latest instant up to which an answer was promised; None when no promise is running.
    """

    ahead: int | None = None
    low: int | None = None
    high: int | None = None
    due_at: datetime | None = None
    apologised: bool = False

    def as_json(self) -> dict[str, int | str | bool | None]:
        due_at = self.due_at.isoformat() if self.due_at else None
        return {"ahead": self.ahead, "low": self.low, "high": self.high, "due": due_at, "sorry": self.apologised}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Said:
        """What `as_json` gave; nothing for None."""
        if not data:
            return cls()
        due_at = datetime.fromisoformat(data["due"]) if data["due"] else None
        return cls(data["ahead"], data["low"], data["high"], due_at, data["sorry"])


def to_speak(estimate: Estimate | None, ahead: int, said: Said, moved_ahead_by_rule: bool, now: datetime) -> Spoken:
    """The next thing to tell, never worse than what was said.

    No position that is higher than one said before, and none when a rule moved somebody ahead since. Both ends of
    the range only go down, and a range is told only if it still reaches the true estimate; when that is now clearly
    longer than what was said, one apology is due.
    """
    if estimate and not said.apologised and _is_clearly_longer(estimate, said, now):
        return Spoken("longer")
    times = _times(estimate, said)
    if ahead == 0:
        return Spoken("next", 0, *times)
    is_no_worse = said.ahead is None or ahead <= said.ahead
    position = ahead if is_no_worse and not moved_ahead_by_rule else None
    if times == NO_TIMES:
        return Spoken("unsure", position)
    return Spoken("time_only" if position is None else "position_and_time", position, *times)


def remember(said: Said, spoken: Spoken, now: datetime) -> Said:
    """What the caller has been told once `spoken` is said too. A caller who changes lines begins with Said()."""
    if spoken.kind == "longer":
        return replace(said, due_at=None, apologised=True)
    if spoken.ahead is not None:
        said = replace(said, ahead=spoken.ahead)
    if spoken.high is None:
        return said
    promise = now + timedelta(minutes=spoken.high)
    due_at = None if said.apologised else min(promise, said.due_at or promise)
    return replace(said, low=spoken.low, high=spoken.high, due_at=due_at)


def _is_clearly_longer(estimate: Estimate, said: Said, now: datetime) -> bool:
    """The number would have to rise, or the minutes promised will have passed."""
    if said.high is None:
        return False
    is_late = said.due_at is not None and now + timedelta(seconds=estimate.expected_seconds) > said.due_at + GRACE
    return is_late or estimate.expected_seconds > 60 * said.high


def _times(estimate: Estimate | None, said: Said) -> tuple[int | None, int | None]:
    if estimate is None:
        return NO_TIMES
    low = estimate.low_minutes if said.low is None else min(estimate.low_minutes, said.low)
    high = estimate.high_minutes if said.high is None else min(estimate.high_minutes, said.high)
    return (low, high) if estimate.expected_seconds <= 60 * high else NO_TIMES

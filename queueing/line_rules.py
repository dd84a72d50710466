"""The rules of a centre's waiting line: how long a seat rings, who is moved ahead, when others help.

Pure. The values are the centre's to set in its file; `LIMITS` says what makes sense for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

# To the front of the line: more than all other bonuses and the longest wait together. A promise, and not a setting.
DROPPED_BONUS_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class LineRules:
    """One centre's rules.

    `wrap_up_seconds`: after a talk, then free again by itself; 0 for never. `any_skill_after_seconds`: from then on
    any seat of the centre may take the call, `help_after_seconds`: seats of centres that help this one too.
    `longest_wait_minutes`, `most_waiting`: the bounds of the line. A bonus counts as if the caller had come that
    much earlier; 0 for none.
    """

    ring_seconds: int = 20
    wrap_up_seconds: int = 60
    cool_down_seconds: int = 15
    misses_until_away: int = 3
    any_skill_after_seconds: int = 60
    help_after_seconds: int = 90
    longest_wait_minutes: int = 30
    most_waiting: int = 200
    offer_callback_after_minutes: int = 5
    slow_bonus_seconds: int = 120
    returning_bonus_seconds: int = 600
    missed_callback_bonus_seconds: int = 600


DEFAULT_RULES = LineRules()

# Lowest, highest, and what is counted.
LIMITS: Mapping[str, tuple[int, int, str]] = {
    "ring_seconds": (2, 120, "秒"),
    "wrap_up_seconds": (0, 1800, "秒"),
    "cool_down_seconds": (0, 600, "秒"),
    "misses_until_away": (1, 20, "次"),
    "any_skill_after_seconds": (0, 3600, "秒"),
    "help_after_seconds": (0, 3600, "秒"),
    "longest_wait_minutes": (1, 240, "分钟"),
    "most_waiting": (1, 100_000, "人"),
    "offer_callback_after_minutes": (0, 240, "分钟"),
    "slow_bonus_seconds": (0, 1800, "秒"),
    "returning_bonus_seconds": (0, 3600, "秒"),
    "missed_callback_bonus_seconds": (0, 3600, "秒"),
}


def validate_rules(rules: LineRules) -> list[str]:
    """All that is wrong with a centre's rules, as Chinese sentences for the person who wrote them."""
    problems = []
    for name, value in asdict(rules).items():
        lowest, highest, unit = LIMITS[name]
        if not lowest <= value <= highest:
            problems.append(f"{name}: {value}{unit}不行, 要在{lowest}到{highest}{unit}之间")
    if rules.offer_callback_after_minutes >= rules.longest_wait_minutes:
        problems.append(
            f"offer_callback_after_minutes({rules.offer_callback_after_minutes}分钟) 要小于 "
            f"longest_wait_minutes({rules.longest_wait_minutes}分钟), 不然来电人听不到可以回电"
        )
    return problems

"""The rules of a centre's callbacks: when somebody is rung again, how often, at what hours, and what number is shown.

Pure. The values are the centre's to set in its file; `CALLBACK_LIMITS` says what makes sense for each number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time

from integrations.phone_numbers import can_be_rung_back

SLOT_MINUTES = 30


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """One centre's rules.

    After an attempt the caller is tried again that many minutes later; a machine, or silence, counts as a machine.
    `most_attempts` are those that the carrier began. `abandoned_after_seconds`: who hangs up after so long a wait is
    called back unasked; 0 for never. `slot_capacity`: callbacks promised for one half hour. `most_open_per_caller`:
    open requests that one telephone may have asked for. Nobody is rung outside [`first_time`, `last_time`) of the
    Shanghai clock, a `last_time` of 00:00 being midnight at the end of the day. `shown_number`: E.164, only when it
    is agreed with the carrier; None, and nothing is said of the number that will be shown.
    """

    busy_retry_minutes: int = 5
    no_answer_retry_minutes: int = 30
    machine_retry_minutes: int = 120
    most_attempts: int = 3
    ring_seconds: int = 30
    abandoned_after_seconds: int = 15
    slot_capacity: int = 4
    most_open_per_caller: int = 3
    first_time: time = time(8, 30)
    last_time: time = time(20)
    shown_number: str | None = None


DEFAULT_CALLBACK_RULES = CallbackRules()
CALLBACK_FIELDS = tuple(field.name for field in fields(CallbackRules))

# Lowest, highest, and what is counted.
CALLBACK_LIMITS: Mapping[str, tuple[int, int, str]] = {
    "busy_retry_minutes": (1, 240, "分钟"),
    "no_answer_retry_minutes": (1, 1440, "分钟"),
    "machine_retry_minutes": (1, 1440, "分钟"),
    "most_attempts": (1, 10, "次"),
    # A carrier's telephone needs a few seconds before it rings at all; after two minutes nobody comes any more.
    "ring_seconds": (5, 120, "秒"),
    "abandoned_after_seconds": (0, 3600, "秒"),
    "slot_capacity": (1, 1000, "个"),
    "most_open_per_caller": (1, 50, "个"),
}


def validate_callback_rules(rules: CallbackRules) -> list[str]:
    """All that is wrong with a centre's rules, as Chinese sentences for the person who wrote them."""
    problems = []
    for name, (lowest, highest, unit) in CALLBACK_LIMITS.items():
        value = getattr(rules, name)
        if not lowest <= value <= highest:
            problems.append(f"{name}: {value}{unit}不行, 要在{lowest}到{highest}{unit}之间")
    problems += _window_problems(rules)
    if rules.shown_number is not None and (problem := shown_number_problem(rules.shown_number)):
        problems.append(f"shown_number: {problem}")
    return problems


def shown_number_problem(number: str) -> str | None:
    """What is wrong with a number, written as E.164, that people are to see when they are rung; None for nothing."""
    if can_be_rung_back(number):
        return None
    return f"{number} 对方看到了拨不回来, 要写手机号或带区号的号码, 没有就写 null"


def _window_problems(rules: CallbackRules) -> list[str]:
    first, last = _minute_of_day(rules.first_time), _minute_of_day(rules.last_time) or 24 * 60
    hours = f"first_time({rules.first_time:%H:%M}) 到 last_time({last // 60:02}:{last % 60:02})"
    if first >= last:
        return [f"{hours}: 开始要早于结束"]
    # Slots begin on the hour and the half hour.
    begins = -(-first // SLOT_MINUTES) * SLOT_MINUTES
    if begins + SLOT_MINUTES > last:
        return [f"{hours}: 里面没有一个整点或半点开始的{SLOT_MINUTES}分钟, 约不了时间"]
    return []


def _minute_of_day(at: time) -> int:
    return at.hour * 60 + at.minute

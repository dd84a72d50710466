"""A centre's rules of the line: what is shipped is sensible, what is not is told in a sentence."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from queueing.line_rules import DEFAULT_RULES, DROPPED_BONUS_SECONDS, LIMITS, LineRules, validate_rules


def test_the_rules_that_come_with_the_system_are_sound() -> None:
    assert validate_rules(DEFAULT_RULES) == []
    assert list(LIMITS) == list(asdict(DEFAULT_RULES))


def test_a_dropped_talk_beats_every_other_bonus_and_the_longest_wait_together() -> None:
    highest = {name: limits[1] for name, limits in LIMITS.items()}
    bonuses = sum(value for name, value in highest.items() if name.endswith("_bonus_seconds"))
    assert bonuses + 60 * highest["longest_wait_minutes"] < DROPPED_BONUS_SECONDS


@pytest.mark.parametrize("name", LIMITS)
def test_a_value_out_of_bounds_is_told(name: str) -> None:
    lowest, highest, unit = LIMITS[name]
    for value in (lowest - 1, highest + 1):
        problems = validate_rules(replace(DEFAULT_RULES, **{name: value}))
        assert f"{name}: {value}{unit}不行, 要在{lowest}到{highest}{unit}之间" in problems


def test_a_callback_that_would_be_offered_after_the_end_is_told() -> None:
    problems = validate_rules(LineRules(longest_wait_minutes=5, offer_callback_after_minutes=5))
    assert problems == [
        "offer_callback_after_minutes(5分钟) 要小于 longest_wait_minutes(5分钟), 不然来电人听不到可以回电"
    ]

"""A centre's rules of ringing back: what is shipped is sensible, what is not is told in a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueing.callback_rules import (
    CALLBACK_FIELDS,
    CALLBACK_LIMITS,
    DEFAULT_CALLBACK_RULES,
    CallbackRules,
    validate_callback_rules,
)


def problems(**values: Any) -> list[str]:
    return validate_callback_rules(replace(DEFAULT_CALLBACK_RULES, **values))


def test_the_rules_that_come_with_the_system_are_sound() -> None:
    assert problems() == []
    assert (*CALLBACK_LIMITS, "first_time", "last_time", "shown_number") == CALLBACK_FIELDS


@pytest.mark.parametrize("name", CALLBACK_LIMITS)
def test_a_value_out_of_bounds_is_told_and_one_within_is_not(name: str) -> None:
    lowest, highest, unit = CALLBACK_LIMITS[name]
    for value in (lowest - 1, highest + 1):
        assert problems(**{name: value}) == [f"{name}: {value}{unit}不行, 要在{lowest}到{highest}{unit}之间"]
    for value in (lowest, highest):
        assert problems(**{name: value}) == []


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("08:30", "20:00", None),
        ("08:30", "09:00", None),
        ("08:15", "09:00", None),
        ("00:00", "00:00", None),  # day and night: the last one is midnight at the end of the day
        ("23:30", "00:00", None),
        ("20:00", "08:30", "first_time(20:00) 到 last_time(08:30): 开始要早于结束"),
        ("09:00", "09:00", "first_time(09:00) 到 last_time(09:00): 开始要早于结束"),
        (
            "08:45",
            "09:15",
            "first_time(08:45) 到 last_time(09:15): 里面没有一个整点或半点开始的30分钟, 约不了时间",
        ),
        (
            "08:30",
            "08:59",
            "first_time(08:30) 到 last_time(08:59): 里面没有一个整点或半点开始的30分钟, 约不了时间",
        ),
        (
            "23:31",
            "00:00",
            "first_time(23:31) 到 last_time(24:00): 里面没有一个整点或半点开始的30分钟, 约不了时间",
        ),
    ],
)
def test_hours_in_which_nobody_could_be_rung_are_told(first: str, last: str, sentence: str | None) -> None:
    found = problems(first_time=time.fromisoformat(first), last_time=time.fromisoformat(last))
    assert found == ([sentence] if sentence else [])


@given(st.times(), st.times())
def test_hours_that_pass_hold_a_half_hour_and_hours_that_do_not_hold_none(first: time, last: time) -> None:
    first, last = first.replace(second=0, microsecond=0), last.replace(second=0, microsecond=0)
    begins, ends = first.hour * 60 + first.minute, last.hour * 60 + last.minute or 1440
    has_room = any(begins <= half and half + 30 <= ends for half in range(0, 1440, 30))
    assert (problems(first_time=first, last_time=last) == []) is has_room


@pytest.mark.parametrize("number", ["+8655112333", "+8613855112345", "+8655162345678", "+864008812333"])
def test_a_number_that_can_be_rung_back_may_be_shown(number: str) -> None:
    assert problems(shown_number=number) == []


@pytest.mark.parametrize("number", ["12333", "", "055112333", "+8656512333", "+16505551212", "anonymous"])
def test_a_number_that_cannot_be_rung_back_is_told(number: str) -> None:
    assert problems(shown_number=number) == [
        f"shown_number: {number} 对方看到了拨不回来, 要写手机号或带区号的号码, 没有就写 null"
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    rules = CallbackRules(most_attempts=0, slot_capacity=0, first_time=time(21), shown_number="12333")
    assert len(validate_callback_rules(rules)) == 4

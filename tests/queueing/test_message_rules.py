"""A centre's rules of messages: what is shipped is sensible, what is not is told in a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queueing.message_rules import (
    DEFAULT_MESSAGE_RULES,
    MESSAGE_FIELDS,
    MESSAGE_LIMITS,
    MessageRules,
    validate_message_rules,
)


def test_the_rules_that_come_with_the_system_are_sound() -> None:
    assert validate_message_rules(DEFAULT_MESSAGE_RULES) == []
    assert tuple(MESSAGE_LIMITS) == MESSAGE_FIELDS


@pytest.mark.parametrize("name", MESSAGE_LIMITS)
def test_a_value_out_of_bounds_is_told(name: str) -> None:
    lowest, highest, unit = MESSAGE_LIMITS[name]
    for value in (lowest - 1, highest + 1):
        problems = validate_message_rules(replace(DEFAULT_MESSAGE_RULES, **{name: value}))
        assert f"{name}: {value}{unit}不行, 要在{lowest}到{highest}{unit}之间" in problems


def test_a_promise_longer_than_the_national_one_is_refused() -> None:
    assert validate_message_rules(MessageRules(reply_workdays=4)) != []
    assert validate_message_rules(MessageRules(accept_workdays=6)) != []


def test_a_case_cannot_lie_with_the_next_office_until_after_its_answer_is_due() -> None:
    assert validate_message_rules(MessageRules(reply_workdays=1, transfer_workdays=2)) == [
        "transfer_workdays(2) 比 reply_workdays(1) 长: 转给别人的还没接办, 答复就到期了"
    ]

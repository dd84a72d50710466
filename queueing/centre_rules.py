"""The blocks of rules in a centre's entry: the waiting line, ringing people back, answering messages.

Pure. What a block does not say is as the code takes for granted; a value out of bounds is a problem of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queueing.callback_rules import CALLBACK_LIMITS, CallbackRules, shown_number_problem, validate_callback_rules
from queueing.centre_reader import CentreReader
from queueing.line_rules import LIMITS, LineRules, validate_rules
from queueing.message_rules import MESSAGE_LIMITS, MessageRules, validate_message_rules

Given = Mapping[str, tuple[object, str]]  # key -> value as written, and its path in the file


def read_queue(reader: CentreReader, given: Given, path: str) -> LineRules:
    """The rules of the waiting line."""
    before = len(reader.problems)
    rules = LineRules(**_read_wholes(reader, given, LIMITS))
    if len(reader.problems) == before:
        for problem in validate_rules(rules):
            reader.problem(path, problem)
    return rules


def read_messages(reader: CentreReader, given: Given, path: str) -> MessageRules:
    """The rules of answering messages."""
    before = len(reader.problems)
    rules = MessageRules(**_read_wholes(reader, given, MESSAGE_LIMITS))
    if len(reader.problems) == before:
        for problem in validate_message_rules(rules):
            reader.problem(path, problem)
    return rules


def read_callbacks(reader: CentreReader, given: Given, path: str) -> CallbackRules:
    """The rules of ringing people back."""
    before = len(reader.problems)
    values: dict[str, Any] = dict(_read_wholes(reader, given, CALLBACK_LIMITS))
    if "first_time" in given:
        values["first_time"] = reader.time_of_day(*given["first_time"])
    if "last_time" in given:
        values["last_time"] = reader.time_of_day(*given["last_time"], may_be_midnight=True)
    values["shown_number"] = _read_shown_number(reader, *given.get("shown_number", (None, "")))
    rules = CallbackRules(**values)
    if len(reader.problems) == before:
        for problem in validate_callback_rules(rules):
            reader.problem(path, problem)
    return rules


def _read_shown_number(reader: CentreReader, value: object, path: str) -> str | None:
    if value is None:
        return None
    number = reader.number(value, path)
    if number and (problem := shown_number_problem(number)):
        reader.problem(path, problem)
    return number


def _read_wholes(reader: CentreReader, given: Given, limits: Mapping[str, tuple[int, int, str]]) -> dict[str, int]:
    return {
        name: reader.whole(*given[name], lowest, highest, unit)
        for name, (lowest, highest, unit) in limits.items()
        if name in given
    }

"""The pure rules of a callback: its table of moves, and what follows an attempt."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.work_calendar import SHANGHAI
from queueing import callback
from queueing.agent import IllegalMove
from queueing.callback import ENDED, EVENTS, MOVES, OPEN, RESULTS_ZH, STATUSES, next_status, next_step, result_of
from queueing.callback_rules import DEFAULT_CALLBACK_RULES, CallbackRules

TEN = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


def always(at: datetime) -> datetime | None:
    return at


def never(at: datetime) -> datetime | None:
    return None


def tomorrow_at_nine(at: datetime) -> datetime | None:
    return (at + timedelta(days=1)).replace(hour=9, minute=0)


def test_nothing_leads_out_of_the_end() -> None:
    assert not [move for move in MOVES if move[0] == ENDED]


def test_every_open_state_can_be_ended_and_every_state_is_reached() -> None:
    assert all((status, "end") in MOVES for status in OPEN)
    assert {*MOVES.values(), callback.SCHEDULED} == set(STATUSES)


@given(st.lists(st.sampled_from(EVENTS)))
def test_only_a_reserved_consultant_leads_to_a_talk(events: list[str]) -> None:
    """Whatever happens in whatever order: nobody is live who was not being dialled."""
    status, before = callback.SCHEDULED, callback.SCHEDULED
    for event in events:
        try:
            status, before = next_status(status, event), status
        except IllegalMove:
            assert (status, event) not in MOVES
            continue
        assert status != callback.LIVE or before == callback.DIALLING
        assert before != ENDED


@pytest.mark.parametrize(
    ("result", "minutes"),
    [
        ("busy", 5),
        ("no_answer", 30),
        ("hung_up", 30),
        ("machine", 120),
        ("silent", 120),
        ("carrier", 1),
        ("unserved", 30),
    ],
)
def test_each_result_has_its_own_next_time(result: str, minutes: int) -> None:
    step = next_step(result, 1, DEFAULT_CALLBACK_RULES, TEN, always)
    assert (step.at, step.end_reason) == (TEN + timedelta(minutes=minutes), None)


def test_outside_decent_hours_it_is_the_next_decent_moment() -> None:
    step = next_step("no_answer", 1, DEFAULT_CALLBACK_RULES, TEN.replace(hour=19, minute=50), tomorrow_at_nine)
    assert step.at == datetime(2026, 11, 24, 9, tzinfo=SHANGHAI)


def test_with_no_decent_day_in_sight_nobody_is_forgotten() -> None:
    assert next_step("busy", 1, DEFAULT_CALLBACK_RULES, TEN, never).at == TEN + timedelta(minutes=5)


@given(st.sampled_from(sorted(RESULTS_ZH)), st.integers(0, 20), st.integers(1, 9))
def test_every_result_leads_to_another_time_or_to_an_end_and_never_to_both(
    result: str, attempts: int, most: int
) -> None:
    step = next_step(result, attempts, CallbackRules(most_attempts=most), TEN, always, chosen=TEN)
    assert (step.at is None) != (step.end_reason is None)
    if result in callback.OURS:
        assert step.end_reason is None
    if result in ("busy", "no_answer", "machine", "silent", "hung_up"):
        assert (step.end_reason == callback.UNREACHED) == (attempts >= most)


@pytest.mark.parametrize(
    ("word", "reached", "result"),
    [
        ("busy", "ringing", "busy"),
        ("busy", "claimed", "busy"),
        ("no-answer", "ringing", "no_answer"),
        ("failed", "claimed", "no_answer"),
        ("failed", "initiated", "no_answer"),
        ("failed", "ringing", "carrier"),
        ("failed", "answered", "carrier"),
        ("", "ringing", "no_answer"),
        ("canceled", "claimed", "carrier"),
        ("completed", "answered", "hung_up"),
        # The report that somebody had picked up was lost.
        ("completed", "initiated", "hung_up"),
    ],
)
def test_the_carriers_last_word_is_understood(word: str, reached: str, result: str) -> None:
    assert result_of(word, reached) == result


def test_everything_has_a_name_for_staff() -> None:
    assert set(callback.NAMES_ZH) == set(STATUSES)
    assert {*callback.TO_BE_CLEARED} <= set(callback.END_REASONS_ZH)

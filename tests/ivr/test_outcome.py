"""Every call ends in exactly one outcome of a closed set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.outcome import ABANDONED_IN_MENU, AFTER_HOURS, ANSWERED, HUMAN_UNAVAILABLE, NAMES_ZH, PRECEDENCE, SELF_SERVED
from ivr.outcome import outcome_of as outcome

marks = st.lists(st.sampled_from(PRECEDENCE))


@given(marks)
def test_the_outcome_is_the_first_of_the_precedence_that_the_call_bears(borne: list[str]) -> None:
    best = min(borne, key=PRECEDENCE.index) if borne else ABANDONED_IN_MENU
    assert outcome(borne) == best


@given(marks, st.randoms())
def test_order_and_repetition_of_the_marks_do_not_matter(borne: list[str], random: object) -> None:
    shuffled = borne * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(shuffled) == outcome(borne)


@given(marks, st.sampled_from(PRECEDENCE))
def test_achieving_more_never_makes_the_outcome_worse(borne: list[str], more: str) -> None:
    if borne:
        assert PRECEDENCE.index(outcome([*borne, more])) <= PRECEDENCE.index(outcome(borne))


@pytest.mark.parametrize(
    ("borne", "is_outcome"),
    [
        ([], ABANDONED_IN_MENU),
        ([AFTER_HOURS], AFTER_HOURS),
        ([AFTER_HOURS, SELF_SERVED], SELF_SERVED),
        ([HUMAN_UNAVAILABLE, ANSWERED, SELF_SERVED], ANSWERED),
        ([AFTER_HOURS, HUMAN_UNAVAILABLE], HUMAN_UNAVAILABLE),
    ],
)
def test_what_callers_achieved_counts_before_what_they_missed(borne: list[str], is_outcome: str) -> None:
    assert outcome(borne) == is_outcome


def test_a_mark_outside_the_closed_set_is_refused() -> None:
    with pytest.raises(ValueError, match="transferred"):
        outcome([ANSWERED, "transferred"])


def test_every_outcome_has_a_chinese_name_of_its_own() -> None:
    assert NAMES_ZH.keys() == set(PRECEDENCE)
    assert len(set(NAMES_ZH.values())) == len(PRECEDENCE) == 10

"""What staff read of a look-up: purposes, troubles, and what is wrong with a number."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from dashboards.console.look_up_words import (
    ID_PROBLEMS,
    NOT_A_FACT,
    PROOFS,
    PURPOSES,
    no_answer_words,
    why,
    why_words,
)
from integrations.social_insurance.contract import Answer, AwayReason, Kind, NotFound, Rejected, Unavailable, Unknown
from integrations.social_insurance.id_number import Problem

NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("proof", PROOFS)
def test_the_trails_word_fits_its_column_and_is_read_back(kind: Kind, purpose: str, proof: str) -> None:
    word = why(kind, purpose, proof)
    assert len(word) <= 64 and why_words(word) == f"{PURPOSES[purpose]}，{PROOFS[proof]}"


def test_a_word_of_the_telephone_is_told_as_such_and_a_strange_one_as_it_is() -> None:
    assert why_words("query_pension") == "来电人自己按键查" and why_words("prove_identity") == "来电人核对身份"
    assert why_words("something") == "something"


def test_every_problem_with_a_number_has_its_own_sentence() -> None:
    assert set(ID_PROBLEMS) == set(Problem) and len(set(ID_PROBLEMS.values())) == len(Problem)


@pytest.mark.parametrize("reason", get_args(AwayReason))
def test_no_answer_is_never_told_as_a_fact(reason: AwayReason) -> None:
    words = no_answer_words(Unavailable("s", reason), "合肥养老", NOW)
    assert "合肥养老" in words and words.endswith(NOT_A_FACT)


def test_a_system_that_rests_says_until_when_and_one_that_has_rested_does_not() -> None:
    later = Unavailable("s", "down", NOW + timedelta(seconds=20))
    assert "10:20:20以后再试" in no_answer_words(later, "合肥养老", NOW)
    over = Unavailable("s", "down", NOW - timedelta(seconds=1))
    assert "以后再试" not in no_answer_words(over, "合肥养老", NOW)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NotFound("s"), "查不到这个证件号的人"),
        (Unknown("s", "field"), "看不明白"),
        (Rejected("s", "已注销。"), "已注销。"),
    ],
)
def test_every_other_answer_has_its_sentence(answer: Answer, words: str) -> None:
    said = no_answer_words(answer, "合肥养老", NOW)
    assert words in said and "。。" not in said and "field" not in said

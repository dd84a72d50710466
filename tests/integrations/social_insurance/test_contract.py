"""What is told of a person, and what is never shown of one."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest

from integrations.social_insurance.contract import (
    Answer,
    CardFile,
    Found,
    Insured,
    Locked,
    MedicalFile,
    NotFound,
    PensionFile,
    PinAnswer,
    PinChecked,
    PinVerdict,
    Rejected,
    Unavailable,
    Unknown,
    result_class,
)

NUMBER = "34010419910916996X"
PENSION = PensionFile("employee", "paying", "340100", 186, 0, 186, 7_283_645, date(2026, 8, 31))
MEDICAL = MedicalFile("310", "normal", "340100", 362_418, employer="新城物业公司")
CARD = CardFile("normal", "340100", "0019", "徽商银行", ref="Y900010019")


def test_a_person_is_shown_by_the_tail_alone() -> None:
    person = Insured(NUMBER, "王芳")
    assert person.masked == "尾号996X"
    assert str(person) == "*" * 14 + "996X"
    for shown in (repr(person), str(person), f"{person}", repr([person]), repr({"who": person})):
        assert NUMBER not in shown and "王芳" not in shown and "996X" in shown


@pytest.mark.parametrize("file", [PENSION, MEDICAL, CARD])
def test_a_file_shows_nothing_of_itself(file: PensionFile | MedicalFile | CardFile) -> None:
    shown = f"{type(file).__name__}(…)"
    assert (repr(file), str(file), f"{[file]}") == (shown, shown, f"[{shown}]")
    assert f"({shown},)" in repr(Found((file,), date(2026, 11, 22), "340100", "s"))


def test_what_a_system_does_not_say_is_none() -> None:
    bare = PensionFile("resident", "unknown", "340100")
    assert {getattr(bare, field.name) for field in fields(bare)} == {"resident", "unknown", "340100", None}


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Found((PENSION,), date(2026, 11, 22), "340100", "s"), "found"),
        (NotFound("s"), "not_found"),
        (Unavailable("s", "slow"), "unavailable"),
        (Unknown("s", "reply is no JSON"), "unknown"),
        (Rejected("s", "不办"), "rejected"),
        (Locked(datetime(2026, 11, 22, tzinfo=UTC)), "locked"),
        (PinChecked(PinVerdict.NOT_SET, 4), "not_set"),
    ],
)
def test_every_answer_has_a_word_for_the_figures(answer: Answer | PinAnswer, word: str) -> None:
    assert result_class(answer) == word and len(word) <= 16

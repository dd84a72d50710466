"""A bad list of phrases ends the library's whole process: none ever reaches it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.transcriber.errors import BadGrammar
from integrations.transcriber.grammar import checked_phrases, grammar_json

VOCABULARY = {"人工", "服务", "再见"}


@pytest.mark.parametrize(
    "phrases", [[], (), "人工", b"x", None, {"人工": 1}, [""], ["人工", " "], [1], [None], ["人" * 201]]
)
def test_what_is_no_list_of_phrases_is_refused(phrases: Any) -> None:
    with pytest.raises(BadGrammar) as caught:
        checked_phrases(phrases)
    assert caught.value.permanent and "词表" in caught.value.sentence


def test_too_many_phrases_are_refused() -> None:
    with pytest.raises(BadGrammar):
        checked_phrases(["人工"] * 1001)


def test_words_are_separated_by_single_spaces() -> None:
    assert checked_phrases([" 人工   服务 ", "再见\u3000"]) == ["人工 服务", "再见"]


def test_a_word_that_the_model_does_not_know_is_refused() -> None:
    assert json.loads(grammar_json(["人工 服务", "再见", "[unk]"], VOCABULARY.__contains__)) == [
        "人工 服务",
        "再见",
        "[unk]",
    ]
    with pytest.raises(BadGrammar, match="人工服务"):
        grammar_json(["人工服务", "再见"], VOCABULARY.__contains__)

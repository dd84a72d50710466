"""Phrases to listen for and nothing else; checked first, since a bad list ends the whole process in the library."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from integrations.transcriber.errors import BadGrammar

# Stands for everything else that may be said.
ANYTHING_ELSE = "[unk]"
MOST_PHRASES, LONGEST_PHRASE = 1000, 200


def checked_phrases(phrases: Sequence[str]) -> list[str]:
    """The phrases with single spaces between their words. Raises BadGrammar for none at all, or an empty one."""
    if isinstance(phrases, str | bytes) or not isinstance(phrases, Sequence) or not phrases:
        raise BadGrammar("a grammar is a list of at least one phrase")
    if len(phrases) > MOST_PHRASES or any(not isinstance(each, str) or len(each) > LONGEST_PHRASE for each in phrases):
        raise BadGrammar(f"more than {MOST_PHRASES} phrases, or one that is no short text")
    tidy = [" ".join(each.split()) for each in phrases]
    if not all(tidy):
        raise BadGrammar("a phrase without words")
    return tidy


def grammar_json(phrases: Sequence[str], knows: Callable[[str], bool]) -> str:
    """As the library takes it. Raises BadGrammar when the model does not know one of the words."""
    tidy = checked_phrases(phrases)
    words = {word for phrase in tidy for word in phrase.split(" ")} - {ANYTHING_ELSE}
    if unknown := sorted(word for word in words if not knows(word)):
        raise BadGrammar(f"{len(unknown)} words that the model does not know, the first is {unknown[0]!r}")
    return json.dumps(tidy, ensure_ascii=False)

"""What was understood of a recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `start` and `end` are seconds from the beginning of the file, `confidence` is 0 to 1."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcription:
    """The words in their order; `confidence` is their mean, None when nothing was understood.

    `seconds` is how much of the file was listened to, `left_out_seconds` what came after the length limit.
    """

    words: tuple[Word, ...]
    text: str
    confidence: float | None
    seconds: float
    left_out_seconds: float = 0.0

    @classmethod
    def of(cls, words: Sequence[Word], seconds: float, left_out_seconds: float) -> Transcription:
        """From the words that were heard."""
        mean = sum(word.confidence for word in words) / len(words) if words else None
        return cls(tuple(words), joined(word.text for word in words), mean, seconds, left_out_seconds)


def joined(words: Iterable[str]) -> str:
    """As Chinese is written, without spaces; only Latin words and digits keep apart."""
    text = ""
    for word in words:
        text += f" {word}" if text[-1:].isascii() and text and word[:1].isascii() else word
    return text

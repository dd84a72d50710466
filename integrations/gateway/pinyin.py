"""Chinese sentences as numbered pinyin with pauses, ready for a voice that reads pinyin.

pypinyin (MIT licence) knows the characters, `readings` what it gets wrong here; the tone changes of 一, 不 and
of third tones before third tones are made by rule, since the voice speaks exactly the tones it is given.
"""

from __future__ import annotations

import gc
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin, load_phrases_dict, load_single_dict
from pypinyin.contrib.tone_convert import to_tone

from integrations.gateway.readings import CHARACTERS, DIGITS, LETTERS, PHRASES, UNSPEAKABLE

COMMA_SECONDS = 0.2
STOP_SECONDS = 0.4
# The slow voice gives listeners a second after each sentence.
SLOW_STOP_SECONDS = 1.0
SLOW_BELOW_RATE = 0.9

_STOPS = "。？！?!"
_COMMAS = "，、：；,;:\n"
_PIECE = re.compile(rf"([^{_STOPS}{_COMMAS}]*)([{_STOPS}{_COMMAS}]*)")
_RUN = re.compile(r"[\u3400-\u9fff〇]+|[A-Z]|[0-9]")
_NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿幺")
_AMOUNTS = frozenset("百千万亿半两")
# 一 keeps its first tone after these: it is a name or a place in an order, not an amount.
_ORDERS = frozenset("第初期拜统唯之其逐专划")
# ... and before these: 一月, 一日, 一号 are dates and names; 一级 is a grade.
_ORDERED = frozenset("月日号级")


@dataclass(frozen=True)
class Clause:
    """What is said in one breath, and the silence after it."""

    syllables: tuple[str, ...]
    pause_seconds: float


def clauses(text: str, rate: float = 1.0) -> list[Clause]:
    """A text as it is spoken; quotation marks, brackets and whatever has no sound are left out."""
    stop = SLOW_STOP_SECONDS if rate < SLOW_BELOW_RATE else STOP_SECONDS
    found: list[Clause] = []
    for match in _PIECE.finditer(unicodedata.normalize("NFC", text)):
        words, marks = match.groups()
        syllables = syllables_of(words)
        pause = sum(stop if mark in _STOPS else COMMA_SECONDS for mark in set(marks))
        if syllables:
            found.append(Clause(syllables, pause))
        elif found and pause:
            # Marks that a quotation mark had parted: one rest, the longer one.
            found[-1] = Clause(found[-1].syllables, max(found[-1].pause_seconds, pause))
    return found


def syllables_of(words: str) -> tuple[str, ...]:
    """The syllables of a clause, such as `("qing3", "an4")`."""
    spoken: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", words).upper()):
        if run in LETTERS or run in DIGITS:
            spoken += (LETTERS.get(run) or DIGITS[run]).split()
        else:
            spoken += _read(run)
    return tuple(_third_tones(spoken))


def _read(han: str) -> list[str]:
    prepare()
    syllables = lazy_pinyin(han, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    if len(syllables) != len(han):
        # A character without a known reading is left out, and tone rules for its neighbours with it.
        return [_speakable(syllable) for syllable in syllables]
    return [_speakable(_changed(han, at, syllables)) for at in range(len(han))]


def _speakable(syllable: str) -> str:
    return UNSPEAKABLE.get(syllable[:-1], syllable[:-1]) + syllable[-1]


def _changed(han: str, at: int, syllables: list[str]) -> str:
    """The syllable with the tone it has in front of its neighbour."""
    before = han[at - 1] if at else ""
    after = han[at + 1] if at + 1 < len(han) else ""
    if han[at] not in "一不" or syllables[at][:-1] not in ("yi", "bu"):
        return syllables[at]
    if before and before == after and han[max(at - 2, 0)] != "一":
        # 看一看 and 是不是, but not 一步一步.
        return syllables[at][:-1] + "5"
    falls = bool(after) and syllables[at + 1][-1] == "4"
    if after == "个":
        # 个 is light, and was a fourth tone.
        falls = True
    if han[at] == "不":
        return "bu2" if falls else "bu4"
    if _is_name(before, after, han[at - 2] if at > 1 else ""):
        return "yi1"
    return "yi2" if falls else "yi4"


def _is_name(before: str, after: str, earlier: str) -> bool:
    """True for the 一 of dates, of digits said one by one, of orders such as 第一, and of a word's end."""
    if not after or before in _ORDERS or after in _ORDERED:
        return True
    if before == "周" and earlier != "一":
        return True
    # 一百, 一半 and 一两个 are amounts.
    return after not in _AMOUNTS and (before in _NUMERALS or after in _NUMERALS)


def _third_tones(syllables: list[str]) -> list[str]:
    """A third tone before another is said as a second: ke3 yi3 -> ke2 yi3."""
    pairs = zip(syllables, [*syllables[1:], ""], strict=False)
    return [this[:-1] + "2" if this[-1] == "3" and next_[-1:] == "3" else this for this, next_ in pairs]


@lru_cache(maxsize=1)
def prepare() -> None:
    """Give pypinyin our readings and let it build its tables (0.1 s), once in a process and best before any call.

    Its tables are a quarter of a million objects; a full garbage collection walking them would stop the sound of
    every call for 70 ms, so whatever lives by now is left to the end of the process.
    """
    load_phrases_dict({phrase: [[_marked(s)] for s in reading.split()] for phrase, reading in PHRASES.items()})
    load_single_dict({ord(character): readings for character, readings in CHARACTERS.items()})
    lazy_pinyin("您好")
    gc.collect()
    gc.freeze()


def _marked(syllable: str) -> str:
    marked: str = to_tone(syllable.removesuffix("5"))
    return marked

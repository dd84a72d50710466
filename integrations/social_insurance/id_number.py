"""ID numbers as they are keyed: what is one, and what to say of everything else.

Pure. By GB 11643: six digits of a place, the birth date, three digits, a check character. The place is never checked:
people carry numbers of places that were abolished before they moved, and tables of today refuse them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))
_CHECK_CHARACTERS = "10X98765432"
LENGTH = 18
OLD_LENGTH = 15
# Nobody alive was born earlier; a slipped digit of the year is.
OLDEST_YEARS = 130


class IdKind(StrEnum):
    """Whose number it is, by its first digits: all of them have the same check character."""

    RESIDENT = "resident"
    # Residence permits for people of Hong Kong (81), Macao (82) and Taiwan (83).
    PERMIT = "permit"
    # The permanent residence card for foreigners as it is issued since December 2023.
    FOREIGNER = "foreigner"


class Problem(StrEnum):
    """Why it is no ID number. The last two are numbers of another kind, with which a consultant must help."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"
    NOT_DIGITS = "not_digits"
    BAD_DATE = "bad_date"
    FUTURE = "future"
    BAD_CHECK = "bad_check"
    FIFTEEN = "fifteen"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """A number that can be one: 18 characters, X upper-case."""

    value: str
    kind: IdKind

    @property
    def born(self) -> date:
        return date(int(self.value[6:10]), int(self.value[10:12]), int(self.value[12:14]))

    @property
    def tail(self) -> str:
        """The last four characters: all that may be said or shown."""
        return self.value[-4:]

    def __repr__(self) -> str:
        return f"IdNumber({self})"

    def __str__(self) -> str:
        return "*" * (len(self.value) - 4) + self.tail


def read_id(keys: str, today: date) -> IdNumber | Problem:
    """What was keyed, or typed by a consultant: `*` and x are the check character X, spaces and hyphens nothing.

    `today` is the day in China: nobody was born after it.
    """
    text = re.sub(r"[\s-]", "", keys).upper().replace("*", "X")
    if not text:
        return Problem.EMPTY
    if not text.isascii() or not re.fullmatch(r"[0-9]*X?", text):
        return Problem.FOREIGN if re.fullmatch(r"[A-Z]{1,3}[0-9]{6,15}", text) else Problem.NOT_DIGITS
    if len(text) == OLD_LENGTH and text.isdigit() and _date("19" + text[6:12]):
        return Problem.FIFTEEN
    if len(text) != LENGTH:
        return Problem.SHORT if len(text) < LENGTH else Problem.LONG
    return _problem(text, today) or IdNumber(text, _kind(text))


def check_character(first: str) -> str:
    """The eighteenth character for the first 17 digits, by ISO 7064 MOD 11-2."""
    return _CHECK_CHARACTERS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first, strict=True)) % 11]


def _problem(text: str, today: date) -> Problem | None:
    born = _date(text[6:14])
    if born is None or born.year < today.year - OLDEST_YEARS:
        return Problem.BAD_DATE
    if born > today:
        return Problem.FUTURE
    return None if check_character(text[:17]) == text[17] else Problem.BAD_CHECK


def _kind(text: str) -> IdKind:
    if text.startswith(("81", "82", "83")):
        return IdKind.PERMIT
    return IdKind.FOREIGNER if text.startswith("9") else IdKind.RESIDENT


def _date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None

"""The fields of the business systems, read strictly: a value is what the standard says it is, or it is nothing.

Pure. What cannot be read raises Unreadable with the field's name and never its value. Empty (None, "", blanks) is None:
the system did not say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# A hundred years, and some months that were counted twice.
MOST_MONTHS = 1300
# A thousand million yuan: a slipped unit, not somebody's account.
MOST_FEN = 100_000_000_000
LONGEST_REASON = 60
_LONG_NUMBER = re.compile(r"[0-9０-９Xx*＊](?:[ \-—－]?[0-9０-９Xx*＊]){5,}")


class Unreadable(ValueError):
    """A field that cannot be read as what it is. Its text names the field, and holds nothing of its value."""

    def __init__(self, field: str, why: str = "unreadable") -> None:
        super().__init__(f"{field} {why}")


def read_json(body: bytes | str) -> Any:
    """A document with its fractions as they were sent, which a float would not keep. Raises Unreadable."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        # The parser's own words hold a piece of the document.
        raise Unreadable("reply", "is no JSON") from None


def text(value: object, field: str) -> str | None:
    """Words or a code; a whole number counts as its digits, since systems send codes as either."""
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unreadable(field)


def needed_text(value: object, field: str) -> str:
    """As `text`, of a field without which the answer is only half an answer."""
    found = text(value, field)
    if found is None:
        raise Unreadable(field, "missing")
    return found


def fen(value: object, field: str) -> int | None:
    """Yuan with at most two decimals, as a number or its digits, in fen; an overdrawn account is negative."""
    written = _number(value, field)
    if written is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,20})?", written, re.ASCII):
        raise Unreadable(field)
    amount = Decimal(written) * 100
    if amount != int(amount) or abs(amount) > MOST_FEN:
        raise Unreadable(field)
    return int(amount)


def months(value: object, field: str) -> int | None:
    """A number of months; systems that count in decimals write "182.0"."""
    written = _number(value, field)
    if written is None:
        return None
    match = re.fullmatch(r"([0-9]{1,4})(?:\.0+)?", written, re.ASCII)
    if match is None or int(match[1]) > MOST_MONTHS:
        raise Unreadable(field)
    return int(match[1])


def _number(value: object, field: str) -> str | None:
    """The digits of a number that was sent as one, or as text."""
    if isinstance(value, Decimal):
        # "1e999" is a number in JSON, and would be a long one.
        if not -20 < value.adjusted() < 20:
            raise Unreadable(field)
        return f"{value:f}"
    return text(value, field)


def day(value: object, field: str) -> date | None:
    """A day as YYYYMMDD or YYYY-MM-DD, perhaps with a time after it (also YYYYMMDDHHMMSS and milliseconds)."""
    written = text(value, field)
    if written is None:
        return None
    patterns = (
        r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{6}(?:[0-9]{3})?)?",
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?",
    )
    for pattern in patterns:
        if match := re.fullmatch(pattern, written, re.ASCII):
            try:
                return date(*map(int, match.groups()))
            except ValueError:
                break
    raise Unreadable(field)


def needed_day(value: object, field: str) -> date:
    """As `day`, of a field without which the answer is not true for any day."""
    found = day(value, field)
    if found is None:
        raise Unreadable(field, "missing")
    return found


def month(value: object, field: str) -> str | None:
    """A month as YYYYMM."""
    written = text(value, field)
    if written is None:
        return None
    if not re.fullmatch(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])", written, re.ASCII):
        raise Unreadable(field)
    return written


def place(value: object, field: str) -> str:
    """A place code of six digits, which may have been abolished since."""
    written = needed_text(value, field)
    if not re.fullmatch(r"[1-9][0-9]{5}", written, re.ASCII):
        raise Unreadable(field)
    return written


def moment(value: object, field: str) -> datetime | None:
    """A point in time as YYYYMMDDHHMMSS with or without milliseconds, or YYYY-MM-DD HH:MM:SS; naive, as it was sent."""
    written = text(value, field)
    if written is None:
        return None
    digits = re.sub(r"[-: T]", "", written)
    if not re.fullmatch(r"[0-9]{14}([0-9]{3})?", digits, re.ASCII):
        raise Unreadable(field)
    try:
        return datetime.strptime(digits[:14], "%Y%m%d%H%M%S")
    except ValueError:
        raise Unreadable(field) from None


def is_about(id_number: str, said: object) -> bool:
    """Whether an answer is about the person who was asked for; the number in it may be masked with `*`.

    A number masked beyond ten characters could be of too many people.
    """
    if not isinstance(said, str):
        return False
    said = said.strip().upper()
    if len(said) != len(id_number) or said.count("*") > 10:
        return False
    return all(mine == theirs for mine, theirs in zip(id_number, said, strict=True) if theirs != "*")


def sentence(value: object, names: Iterable[str] = ()) -> str:
    """A system's own sentence, fit to be shown and said: one line, no long numbers, none of the given names."""
    words = value if isinstance(value, str) else ""
    for name in names:
        if len(name) > 1:
            words = words.replace(name, "某某")
    words = re.sub(r"<[^<>]*>|[\x00-\x1f\x7f]+", " ", words)
    words = re.sub(r"\s+", " ", _LONG_NUMBER.sub("（号码略）", words)).strip()
    return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1] + "…"


def word(codes: Mapping[str, str], *said: object, field: str) -> str:
    """What a code means here, or several together ("1/3"); "unknown" when the deployment has not written it down."""
    key = "/".join(text(code, field) or "" for code in said)
    return codes.get(key, "unknown")


def _no_number(written: str) -> None:
    raise ValueError(f"{written} is no number")

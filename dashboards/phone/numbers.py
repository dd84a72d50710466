"""What the phone offers to dial, and whose call it may look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.phone_numbers import is_dialable, read_number
from queueing.centre import Centre

# Anhui's numbers after 0: three digits of the area, then the subscriber.
_LANDLINE = re.compile(r"\+86(\d{3})(\d+)")


@dataclass(frozen=True)
class Choice:
    """A number as the gateway takes it, what a person reads in the list, and what the display shows."""

    number: str
    label: str
    shown: str = ""


# A withheld number, a mobile of one city, a landline of an area that two cities share, and one of a city alone.
CALLERS = (
    Choice("", "不显示号码"),
    Choice("+8613855112345", "合肥手机"),
    Choice("+865582212345", "阜阳座机 0558"),
    Choice("+865533812345", "芜湖座机 0553"),
)


def dialled_choices(centres: Mapping[str, Centre]) -> list[Choice]:
    """Every number of every centre, short numbers first."""
    choices = [
        Choice(number, f"{written(number)}　{centre.short_name}", written(number))
        for centre in centres.values()
        for number in centre.numbers
    ]
    return sorted(choices, key=lambda choice: choice.number.startswith("+"))


def is_own_number(number: str) -> bool:
    """Whether the phone may be rung at this number: a mobile or landline of somebody, as E.164."""
    return is_dialable(number) and read_number(number).e164 == number


def written(number: str) -> str:
    """`0553 12333` for +8655312333; a short number stays as it is."""
    landline = _LANDLINE.fullmatch(number)
    return f"0{landline[1]} {landline[2]}" if landline else number

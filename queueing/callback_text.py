"""What a text message says to a caller whom nobody reached.

Pure. Nothing of his matter: a telephone may be in somebody else's hands. Only what is true is said: when he was rung,
a number that does reach the hotline, and key 7 only where it is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from integrations.phone_numbers import read_number
from integrations.work_calendar import in_shanghai
from queueing.centre import Centre, centre_for_dialled

# From any telephone in the province it reaches a desk.
HOTLINE = "12333"


def unreached_text(centres: Mapping[str, Centre], centre: str, rung_at: datetime) -> str:
    """For a caller whom no attempt reached; `rung_at` (aware) is when he was last rung.

    `centres` may be empty, or lack the centre: then the hotline's short number is named.
    """
    at = in_shanghai(rung_at)
    number = number_to_ring(centres, centre)
    key = "按7" if _is_key_open(centres, number) else ""
    when = f"{at.month}月{at.day}日{at:%H:%M}"
    return f"12333于{when}给您回电未接通，您的事还在，打{as_dialled(number)}{key}可接着办。"


def number_to_ring(centres: Mapping[str, Centre], code: str) -> str:
    """Where a centre's caller gets through: the number he saw, if it reaches us, else the centre's own.

    E.164, or '12333' when the centre has no number of its own.
    """
    centre = centres.get(code)
    if centre is None:
        return HOTLINE
    shown = centre.callbacks.shown_number
    if shown and centre_for_dialled(centres, shown):
        return shown
    return next((number for number in centre.numbers if number.startswith("+")), HOTLINE)


def as_dialled(number: str) -> str:
    """A number as people here dial it: '055112333' for '+8655112333', '13855112345' for a mobile."""
    national = number.removeprefix("+86")
    return f"0{national}" if read_number(number).area_code else national


def _is_key_open(centres: Mapping[str, Centre], number: str) -> bool:
    """Whether key 7 is open at the centre that the number reaches."""
    reached = centres.get(centre_for_dialled(centres, number) or "")
    return reached is not None and reached.features["progress"].open

"""Query PINs that say nothing of who keys them: what they were issued with, and what anybody would try first. Pure."""

from __future__ import annotations

PIN_DIGITS = 6
_RUNS = "0123456789" * 2


def is_pin(keys: str) -> bool:
    """Whether it has the form of a PIN: six digits."""
    return len(keys) == PIN_DIGITS and keys.isascii() and keys.isdigit()


def is_initial(pin: str, id_number: str) -> bool:
    """Whether a PIN is an initial one, or as easily guessed by whoever holds the ID number.

    Initial PINs were made from the card or the birth month, and both are printed on it; so a right one is not yet a
    proof of anything. Also refused: one digit six times, and six in a row up or down.
    """
    return pin in _from_id_number(id_number) or len(set(pin)) == 1 or pin in _RUNS or pin in _RUNS[::-1]


def _from_id_number(id_number: str) -> set[str]:
    year, month, day = id_number[6:10], id_number[10:12], id_number[12:14]
    # An X cannot be keyed as part of a PIN: it was left out, or became a nought.
    last = {id_number[-6:], id_number[:-1][-6:], id_number[-6:].replace("X", "0")}
    return last | {year + month, year[2:] + month + day, month + day + year[2:], day + month + year[2:], month + year}

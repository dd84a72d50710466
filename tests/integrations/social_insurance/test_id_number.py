"""ID numbers as they are keyed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.social_insurance.id_number import IdKind, IdNumber, Problem, check_character, read_id

TODAY = date(2026, 11, 22)
# The standard's own example, and one whose place code did not exist in that year.
EXAMPLE, ANACHRONISTIC = "11010519491231002X", "340102195806159991"
dates = st.dates(date(1900, 1, 1), TODAY)
firsts = st.builds(
    lambda place, born, last: f"{place:06d}{born:%Y%m%d}{last:03d}",
    st.integers(110000, 999999),
    dates,
    st.integers(0, 999),
)


def value(keys: str) -> str:
    found = read_id(keys, TODAY)
    assert isinstance(found, IdNumber), found
    return found.value


@pytest.mark.parametrize("keys", ["11010519491231002*", "11010519491231002x", "110105 19491231-002X", EXAMPLE])
def test_a_star_is_an_x(keys: str) -> None:
    assert value(keys) == EXAMPLE


def test_the_place_is_never_checked() -> None:
    assert value(ANACHRONISTIC[:17] + check_character(ANACHRONISTIC[:17]))[:6] == "340102"
    assert value("999999" + "19900101" + "001" + check_character("99999919900101001"))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("", Problem.EMPTY),
        ("11010519491231002", Problem.SHORT),
        ("110105194912310021X", Problem.LONG),
        ("110105194912310021", Problem.BAD_CHECK),
        ("110105194913310021", Problem.BAD_DATE),
        ("110105190002290021", Problem.BAD_DATE),
        ("110105189012310021", Problem.BAD_DATE),
        ("110105202611230021", Problem.FUTURE),
        ("1101051949*2310021", Problem.NOT_DIGITS),
        ("110105４９123100211", Problem.NOT_DIGITS),
        ("110105491231002", Problem.FIFTEEN),
        ("110105491331002", Problem.SHORT),
        ("DEU340176093027", Problem.FOREIGN),
        ("G12345678", Problem.FOREIGN),
        ("王芳", Problem.NOT_DIGITS),
        ("***", Problem.NOT_DIGITS),
    ],
)
def test_everything_else_is_told_apart(keys: str, problem: Problem) -> None:
    assert read_id(keys, TODAY) is problem


@given(firsts)
def test_every_number_with_its_own_check_character_is_one(first: str) -> None:
    found = read_id(first + check_character(first), TODAY)
    assert isinstance(found, IdNumber) and found.born == date(int(first[6:10]), int(first[10:12]), int(first[12:14]))


@given(firsts, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(first: str, place: int, step: int) -> None:
    number = first + check_character(first)
    if number[place] == "X":
        wrong = number[:place] + str(step)
    else:
        wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert isinstance(read_id(wrong, TODAY), Problem)


@given(firsts, st.integers(0, 16))
def test_two_neighbours_the_wrong_way_round_are_always_found(first: str, place: int) -> None:
    number = first + check_character(first)
    left, right = number[place], number[place + 1]
    swapped = number[:place] + right + left + number[place + 2 :]
    assert left == right or isinstance(read_id(swapped, TODAY), Problem)


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        ("34010319850308998", IdKind.RESIDENT),
        ("81000019850308998", IdKind.PERMIT),
        ("82000019850308998", IdKind.PERMIT),
        ("83000019850308998", IdKind.PERMIT),
        ("93425019800506997", IdKind.FOREIGNER),
    ],
)
def test_permits_and_new_foreigners_cards_are_numbers_too(first: str, kind: IdKind) -> None:
    found = read_id(first + check_character(first), TODAY)
    assert isinstance(found, IdNumber) and found.kind is kind


def test_a_number_shows_its_tail_alone() -> None:
    found = read_id(EXAMPLE, TODAY)
    assert isinstance(found, IdNumber)
    assert (str(found), repr(found), found.tail) == ("*" * 14 + "002X", f"IdNumber({'*' * 14}002X)", "002X")
    assert EXAMPLE not in f"{found!r} {found} {[found]}"

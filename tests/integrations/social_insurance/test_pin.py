"""PINs that prove nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.social_insurance.pin import is_initial, is_pin

NUMBER = "34010419910916996X"


@pytest.mark.parametrize(
    "pin",
    [
        "199109", "910916", "091691", "160991", "091991",  # the birth date in its ways
        "169960", "916996",  # the end of the number, its X a nought or left out
        "123456", "654321", "000000", "111111", "999999", "012345", "567890", "098765",
    ],
)  # fmt: skip
def test_what_anybody_would_try_is_initial(pin: str) -> None:
    assert is_initial(pin, NUMBER)


def test_the_end_of_a_number_without_an_x_is_initial() -> None:
    assert is_initial("089981", "340103198503089981")


@pytest.mark.parametrize("pin", ["258036", "135790", "112233", "340104", "991091"])
def test_what_was_chosen_is_not(pin: str) -> None:
    assert not is_initial(pin, NUMBER)


@given(st.integers(0, 999_999))
def test_few_pins_are_initial_for_anybody(number: int) -> None:
    pin = f"{number:06d}"
    runs = {pin[0] * 6} | {"".join(str((int(pin[0]) + step * n) % 10) for n in range(6)) for step in (1, -1)}
    own = {"199109", "910916", "091691", "160991", "091991", "169960", "916996", "69960X", "16996X"}
    assert is_initial(pin, NUMBER) == (pin in runs | own)


@pytest.mark.parametrize(
    ("keys", "is_one"), [("258036", True), ("25803", False), ("25803*", False), ("２５８０３６", False)]
)
def test_a_pin_has_six_digits(keys: str, is_one: bool) -> None:
    assert is_pin(keys) is is_one

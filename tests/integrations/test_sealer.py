"""Sealing and fingerprints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sealer import Sealer, SealError

SEALER = Sealer(b"d" * 32, b"h" * 32)


@given(st.text(), st.text())
def test_what_is_sealed_opens_in_its_context(text: str, context: str) -> None:
    try:
        text.encode(), context.encode()
    except UnicodeEncodeError:
        return
    assert SEALER.open(SEALER.seal(text, context), context) == text


def test_sealing_twice_looks_different() -> None:
    assert SEALER.seal("王芳", "call.caller") != SEALER.seal("王芳", "call.caller")


def test_another_context_does_not_open() -> None:
    sealed = SEALER.seal("王芳", "call.caller")
    with pytest.raises(SealError):
        SEALER.open(sealed, "message.caller")


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealError):
        Sealer(b"x" * 32, b"h" * 32).open(SEALER.seal("王芳", "c"), "c")


def test_damaged_bytes_do_not_open() -> None:
    sealed = SEALER.seal("王芳", "c")
    for position in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[position] ^= 1
        with pytest.raises(SealError):
            SEALER.open(bytes(damaged), "c")
    for length in (0, 1, 12, 13, 28):
        with pytest.raises(SealError):
            SEALER.open(sealed[:length], "c")


def test_an_error_does_not_show_the_text() -> None:
    with pytest.raises(SealError) as caught:
        SEALER.open(SEALER.seal("11010519491231002X", "a"), "b")
    assert "1101" not in str(caught.value) + caught.value.sentence


def test_a_fingerprint_is_stable_and_keyed() -> None:
    assert SEALER.fingerprint("+8613800138000") == SEALER.fingerprint("+8613800138000")
    assert SEALER.fingerprint("+8613800138000") != SEALER.fingerprint("+8613800138001")
    assert SEALER.fingerprint("1") != Sealer(b"d" * 32, b"x" * 32).fingerprint("1")
    assert len(SEALER.fingerprint("")) == 32


def test_short_keys_are_refused() -> None:
    with pytest.raises(ValueError):
        Sealer(b"short", b"h" * 32)

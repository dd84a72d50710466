"""Passwords as argon2id hashes, one-time passwords, and wrong names made to take as long as wrong passwords."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from integrations.errors import HotlineError

# Longer ones are no passwords but an attempt to keep the processor busy.
LONGEST_PASSWORD = 200
_HASHER = PasswordHasher()
# Each check takes 64 MB and a tenth of a second; the threads that do it also answer the telephone.
_AT_ONCE = threading.BoundedSemaphore(2)
LONGEST_WAIT_SECONDS = 3.0
_READABLE = "23456789abcdefghjkmnpqrstuvwxyz"


class TooManySignIns(HotlineError):
    """More people sign in at once than may be checked beside the telephone."""

    default_sentence = "现在登录的人太多，请过几秒再试。"
    http_status = 429


def hash_password(password: str) -> str:
    """The argon2id hash with its parameters and salt. Raises TooManySignIns when others are being checked."""
    with _one_of_few():
        return _HASHER.hash(password)


def is_right_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. Without a hash (nobody of that name) it takes as long and is False.

    Raises TooManySignIns when others are being checked.
    """
    with _one_of_few():
        try:
            fits = _HASHER.verify(password_hash or _nobodys_hash(), password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
    return fits and password_hash is not None and len(password) <= LONGEST_PASSWORD


def one_time_password() -> str:
    """Twelve characters (59 bits) in groups, to be read aloud or copied by hand: nothing that looks alike."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))


def warm_up() -> None:
    """Make the hash for unknown names beforehand, so that the first of them takes no longer than the others."""
    _nobodys_hash()


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=LONGEST_WAIT_SECONDS):
        raise TooManySignIns("password checks are all taken")
    try:
        yield
    finally:
        _AT_ONCE.release()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))

"""Passwords as argon2id hashes, and the time that a wrong name takes made like that of a wrong password."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# Longer ones are no passwords but an attempt to keep the processor busy.
LONGEST_PASSWORD = 200
_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash with its parameters and salt."""
    return _HASHER.hash(password)


def is_right_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. Without a hash (nobody of that name) it takes as long and is False."""
    try:
        fits = _HASHER.verify(password_hash or _nobodys_hash(), password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None and len(password) <= LONGEST_PASSWORD


def warm_up() -> None:
    """Make the hash for unknown names beforehand, so that the first of them takes no longer than the others."""
    _nobodys_hash()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))

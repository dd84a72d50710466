"""The key to a caller's own words: for one message, for ten minutes, and nobody can guess it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

TAKE_OPEN_FOR = timedelta(minutes=10)
_CONTEXT = b"ivr.take:"


def take_token(key: bytes, message_id: int, now: datetime) -> str:
    """What the carrier shows to fetch the words of a message: `17.1774000000.<signature>`."""
    told = f"{message_id}.{int((now + TAKE_OPEN_FOR).timestamp())}"
    return f"{told}.{_signature(key, told)}"


def message_of_token(key: bytes, token: str, now: datetime) -> int | None:
    """The message that a token opens; None for one that is not ours, or is over."""
    told, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, told).encode()):
        return None
    message_id, _, until = told.partition(".")
    return int(message_id) if now.timestamp() < int(until) else None


def _signature(key: bytes, told: str) -> str:
    return hmac.new(key, _CONTEXT + told.encode(), hashlib.sha256).hexdigest()

"""Tokens with which a page of ours may dial: signed, short-lived, for one connection each."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
from datetime import datetime, timedelta

LIFE = timedelta(seconds=60)
# Clocks of two machines differ a little.
MOST_EARLY = timedelta(seconds=10)
LONGEST_TOKEN = 512


class BadToken(Exception):
    """Forged, malformed, expired or used before; the text says which, for the log."""


def issue_token(secret_key: bytes, now: datetime, caller: str) -> str:
    """A token for `caller` (who is let in, not a telephone number), good for 60 s from `now` (aware)."""
    claims = {"c": caller, "at": now.timestamp(), "n": secrets.token_hex(12)}
    body = _encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{body}.{_seal(secret_key, body)}"


def check_token(secret_key: bytes, token: str, now: datetime) -> str:
    """The caller that the token was issued for. Raises BadToken."""
    body, _, seal = token.partition(".")
    if len(token) > LONGEST_TOKEN or not token.isascii() or not hmac.compare_digest(seal, _seal(secret_key, body)):
        raise BadToken("forged")
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        caller, issued_at = str(claims["c"]), datetime.fromtimestamp(float(claims["at"]), now.tzinfo)
    except (ValueError, KeyError, TypeError, OverflowError, binascii.Error) as error:
        raise BadToken("malformed") from error
    if not -MOST_EARLY <= now - issued_at <= LIFE:
        raise BadToken("expired")
    return caller


class UsedTokens:
    """Tokens that have been used, until they would have expired anyway."""

    def __init__(self) -> None:
        self._used: dict[str, datetime] = {}

    def spend(self, token: str, now: datetime) -> None:
        """Use a token that has been checked. Raises BadToken the second time."""
        self._used = {used: until for used, until in self._used.items() if until > now}
        if token in self._used:
            raise BadToken("used before")
        self._used[token] = now + LIFE + MOST_EARLY


def _seal(secret_key: bytes, body: str) -> str:
    # A key of its own, so that nothing else that is signed with the secret can pass for a token.
    own_key = hmac.digest(secret_key, b"voice gateway phone token", "sha256")
    return _encode(hmac.digest(own_key, body.encode(), "sha256"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

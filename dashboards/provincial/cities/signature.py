"""How a city's push is signed: the scheme of Standard Webhooks, over the bytes as they travel. Pure.

HMAC-SHA256 with the key's secret over `id.timestamp.body`, base64, in the headers webhook-id, webhook-timestamp and
webhook-signature. The scheme's own library reads only text and the clock of the machine; bodies here may be packed,
and time is an argument.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

KEY_HEADER = "X-City-Key"
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
HEADERS = (KEY_HEADER, ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
PREFIX = "whsec_"
VERSION = "v1"
TOLERANCE = timedelta(minutes=5)
# A sender that changes its key signs with both for a while.
MOST_SIGNATURES = 5


class BadSecret(ValueError):
    """A secret that is not `whsec_` and base64."""


def secret_text(secret: bytes) -> str:
    """The secret as it is written down."""
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """The secret of what was written down. Raises BadSecret."""
    try:
        secret = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret("not base64") from error
    if len(secret) < 16:
        raise BadSecret("too short")
    return secret


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature with its version, `v1,...`. `timestamp` in seconds since 1970."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return f"{VERSION},{base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()}"


def signed_headers(key_id: str, secret: bytes, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a push."""
    timestamp = int(now.timestamp())
    return {
        KEY_HEADER: key_id,
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(secret, message_id, timestamp, body),
    }


def is_signed(secret: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures is right, whatever its time."""
    timestamp = _timestamp(headers)
    given = headers.get(SIGNATURE_HEADER, "").split(" ")[:MOST_SIGNATURES]
    if timestamp is None or not headers.get(ID_HEADER):
        return False
    expected = sign(secret, headers[ID_HEADER], timestamp, body).encode()
    return any([hmac.compare_digest(expected, each.encode("utf-8", "replace")) for each in given])


def is_in_time(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether it was signed within five minutes of now."""
    timestamp = _timestamp(headers)
    return timestamp is not None and abs(now.timestamp() - timestamp) <= TOLERANCE.total_seconds()


def _timestamp(headers: Mapping[str, str]) -> int | None:
    text = headers.get(TIMESTAMP_HEADER, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None

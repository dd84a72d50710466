"""The signature is that of Standard Webhooks, byte for byte."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from dashboards.provincial.cities.signature import (
    SIGNATURE_HEADER,
    BadSecret,
    is_in_time,
    is_signed,
    read_secret,
    secret_text,
    sign,
    signed_headers,
)
from integrations.settings import PROJECT_DIR

NOW = datetime(2026, 11, 20, 2, 20, tzinfo=UTC)
SECRET = bytes(range(32))


def test_the_library_of_the_scheme_signs_the_same() -> None:
    theirs = Webhook(secret_text(SECRET)).sign("b-1", NOW, '{"rows": ["王芳"]}')
    assert sign(SECRET, "b-1", int(NOW.timestamp()), '{"rows": ["王芳"]}'.encode()) == theirs


def test_the_example_of_the_guide_is_right() -> None:
    guide = (PROJECT_DIR / "docs" / "city-push.md").read_text(encoding="utf-8")
    secret, name, timestamp, body, signature = re.search(
        r"secret +(\S+)\n +webhook-id +(\S+)\n +webhook-timestamp +(\S+)\n.*body +(.+)\n.*signature +(\S+)\n", guide
    ).groups()  # type: ignore[union-attr]
    assert sign(read_secret(secret), name, int(timestamp), body.encode()) == signature


def test_what_was_signed_is_known_again_for_five_minutes() -> None:
    headers = signed_headers("ck-1", SECRET, "b-1", NOW, b"body")
    assert is_signed(SECRET, headers, b"body") and not is_signed(SECRET, headers, b"Body")
    assert not is_signed(bytes(32), headers, b"body")
    assert is_signed(SECRET, {**headers, SIGNATURE_HEADER: f"v1a,x {headers[SIGNATURE_HEADER]}"}, b"body")
    assert is_in_time(headers, NOW + timedelta(minutes=5)) and is_in_time(headers, NOW - timedelta(minutes=5))
    assert not is_in_time(headers, NOW + timedelta(minutes=5, seconds=1))


def test_a_secret_is_read_as_it_was_written() -> None:
    assert read_secret(f" {secret_text(SECRET)}\n") == SECRET
    for text in ("", "whsec_", "whsec_AAAA", "whsec_密", "whsec_ !"):
        with pytest.raises(BadSecret):
            read_secret(text)

"""Tokens of the phone page."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from integrations.gateway.tokens import BadToken, UsedTokens, check_token, issue_token

KEY, NOW = b"s" * 32, datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def test_a_fresh_token_names_its_caller() -> None:
    assert check_token(KEY, issue_token(KEY, NOW, "王芳"), NOW + timedelta(seconds=59)) == "王芳"


def test_clocks_may_differ_a_little() -> None:
    assert check_token(KEY, issue_token(KEY, NOW, "demo"), NOW - timedelta(seconds=5)) == "demo"


@pytest.mark.parametrize("seconds", [61, 3600, -11])
def test_an_expired_token_is_refused(seconds: int) -> None:
    with pytest.raises(BadToken, match="expired"):
        check_token(KEY, issue_token(KEY, NOW, "demo"), NOW + timedelta(seconds=seconds))


def forged() -> list[str]:
    body, _, seal = issue_token(KEY, NOW, "demo").partition(".")
    later = {"c": "demo", "at": NOW.timestamp() + 30, "n": "1"}
    other = base64.urlsafe_b64encode(json.dumps(later).encode()).decode()
    return ["", ".", body, f"{body}.", f".{seal}", f"{other}.{seal}", f"{body}x.{seal}", "号" * 5, "a" * 10_000,
            issue_token(b"t" * 32, NOW, "demo")]  # fmt: skip


@pytest.mark.parametrize("token", forged(), ids=range(10))
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken, match="forged"):
        check_token(KEY, token, NOW)


def test_a_token_is_used_once() -> None:
    used, token = UsedTokens(), issue_token(KEY, NOW, "demo")
    used.spend(token, NOW)
    with pytest.raises(BadToken, match="used before"):
        used.spend(token, NOW + timedelta(seconds=59))
    used.spend(issue_token(KEY, NOW, "demo"), NOW)


def test_used_tokens_are_forgotten_when_they_have_expired() -> None:
    used = UsedTokens()
    for seconds in range(0, 3600, 10):
        used.spend(f"token-{seconds}", NOW + timedelta(seconds=seconds))
    assert len(used._used) < 10

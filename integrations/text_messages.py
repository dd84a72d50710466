"""Text messages to callers' mobiles: what every channel can do, and the installation that has none."""

from __future__ import annotations

from typing import Protocol

import structlog

from integrations.errors import IntegrationError
from integrations.phone_numbers import NumberKind, parse_caller, tail

# Seven parts of 67 characters, the most that Chinese carriers put together again.
LONGEST_TEXT = 469
log = structlog.get_logger(__name__)


class NoTextChannel(IntegrationError):
    """There is nobody to take a text message."""

    default_sentence = "短信通道没有开通，短信没有发出。"

    def __init__(self, detail: str = "no channel for text messages") -> None:
        super().__init__(detail, permanent=True)


class TextSender(Protocol):
    """A channel for text messages. Thread-safe; connects when first used, so after a fork.

    `can_send` False: nothing is ever sent, and nobody may be told that something was.
    """

    can_send: bool

    def send(self, number: str, text: str) -> None:
        """Hand a text over, once; when this returns the channel has taken it.

        `number` is a mainland mobile as E.164, `text` 1 to LONGEST_TEXT characters; others raise ValueError. Raises
        IntegrationError, `permanent` when asking again cannot help. Neither is ever logged whole.
        """


class LogTextSender:
    """No channel: every text is refused, and the log says so with the number's tail alone."""

    can_send: bool = False

    def send(self, number: str, text: str) -> None:
        check_text(number, text)
        log.warning("text_not_sent", to=tail(number), reason="no_channel")
        raise NoTextChannel


def can_be_texted(number: str) -> bool:
    """Whether a number, as E.164, is a mainland mobile: landlines do not take text messages."""
    caller = parse_caller(number)
    return caller.kind is NumberKind.MOBILE and caller.e164 == number


def check_text(number: str, text: str) -> None:
    """Raises ValueError for what no channel takes: a number that is no mobile, an empty or too long text."""
    if not can_be_texted(number):
        raise ValueError("not a mainland mobile as E.164")
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise ValueError(f"a text has 1 to {LONGEST_TEXT} characters, not {len(text)}")

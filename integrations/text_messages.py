"""Text messages to callers' mobiles: what every channel can do, the carrier's, and the installation that has none."""

from __future__ import annotations

from typing import Protocol

import structlog

from integrations.errors import IntegrationError
from integrations.number_settings import CARRIER_CHANNEL
from integrations.phone_numbers import NumberKind, read_number, tail
from integrations.settings import Settings
from integrations.telephony.client import CarrierClient

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

    def send(self, number: str, text: str, receipt_url: str = "") -> str:
        """Hand a text over, once; when this returns the channel has taken it. The channel's own id of it.

        `number` is a mainland mobile as E.164, `text` 1 to LONGEST_TEXT characters; others raise ValueError.
        `receipt_url`: where the channel reports what becomes of it, signed as the carrier does. Raises
        IntegrationError, `permanent` when asking again cannot help. Neither is ever logged whole.
        """
        ...

    def status_of(self, sent_id: str) -> str:
        """The channel's word for what became of a text, as its receipts have it; "" when it knows no such text.

        Raises IntegrationError.
        """
        ...


class LogTextSender:
    """No channel: every text is refused, and the log says so with the number's tail alone."""

    can_send: bool = False

    def send(self, number: str, text: str, receipt_url: str = "") -> str:
        check_text(number, text)
        log.warning("text_not_sent", to=tail(number), reason="no_channel")
        raise NoTextChannel

    def status_of(self, sent_id: str) -> str:
        return ""


class CarrierTextSender:
    """The carrier's own messages. `from_number`: what the receiver sees, E.164 or a short number."""

    can_send: bool = True

    def __init__(self, carrier: CarrierClient, from_number: str) -> None:
        self._carrier = carrier
        self._from = from_number

    def send(self, number: str, text: str, receipt_url: str = "") -> str:
        check_text(number, text)
        sid = self._carrier.send_text(number, text, self._from, receipt_url)
        log.info("text_taken", to=tail(number), sid=sid)
        return sid

    def status_of(self, sent_id: str) -> str:
        return self._carrier.text_status(sent_id) or ""


def build_text_sender(settings: Settings, carrier: CarrierClient) -> TextSender:
    """The channel that the installation has chosen."""
    if settings.text_channel == CARRIER_CHANNEL:
        return CarrierTextSender(carrier, settings.text_from)
    return LogTextSender()


def can_be_texted(number: str) -> bool:
    """Whether a number, as E.164, is a mainland mobile: landlines do not take text messages."""
    caller = read_number(number)
    return caller.kind is NumberKind.MOBILE and caller.e164 == number


def check_text(number: str, text: str) -> None:
    """Raises ValueError for what no channel takes: a number that is no mobile, an empty or too long text."""
    if not can_be_texted(number):
        raise ValueError("not a mainland mobile as E.164")
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise ValueError(f"a text has 1 to {LONGEST_TEXT} characters, not {len(text)}")

"""Text messages: taken from the hotline, shown on the page that has the number, and reported step by step."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from integrations.gateway.call import API_VERSION
from integrations.gateway.exchange import Exchange

log = structlog.get_logger(__name__)
# Of the newest; texts are not kept on disk.
MOST_KEPT = 500
# The carrier's number for a telephone that cannot be reached, and its words for it.
UNREACHABLE, UNREACHABLE_WORDS = 30003, "Unreachable destination handset"
# Characters beyond ASCII in one part of a message, alone and joined to others.
ALONE, JOINED = 70, 67


@dataclass
class Message:
    """A text message to a telephone. `told`: where its steps are reported, "" for nowhere."""

    sid: str
    to: str
    sender: str
    body: str
    told: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    status: str = "queued"
    error_code: int | None = None

    @property
    def segments(self) -> int:
        """In how many parts it travels."""
        return 1 if len(self.body) <= ALONE else -(-len(self.body) // JOINED)


class Messages:
    """The texts of one gateway, newest last."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._kept: deque[Message] = deque(maxlen=MOST_KEPT)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._kept)

    def find(self, sid: str) -> Message | None:
        return next((message for message in self._kept if message.sid == sid), None)

    def send(self, to: str, sender: str, body: str, told: str) -> Message:
        """Take a text; it goes on in the background."""
        now = self._exchange.now()
        message = Message(f"SM{secrets.token_hex(16)}", to, sender, body, told, now, now)
        self._kept.append(message)
        # What is reported is the step as it was, whatever has come meanwhile.
        self._exchange.in_background(self._go(message, self._facts(message)))
        return message

    async def _go(self, message: Message, queued: Mapping[str, str]) -> None:
        await self._tell(message, queued)
        self._move(message, "sent")
        message.sent_at = message.updated_at
        await self._tell(message, self._facts(message))
        event = {
            "type": "text",
            "from": message.sender,
            "text": message.body,
            "at": self._exchange.now().isoformat(),
        }
        if self._exchange.telephones.take_text(message.to, event):
            self._move(message, "delivered")
        else:
            message.error_code = UNREACHABLE
            self._move(message, "undelivered")
        log.info("text_over", sid=message.sid, status=message.status)
        if message.told:
            await self._exchange.webhooks.deliver(message.told, "POST", self._facts(message))

    def _move(self, message: Message, status: str) -> None:
        message.status, message.updated_at = status, self._exchange.now()

    async def _tell(self, message: Message, facts: Mapping[str, str]) -> None:
        if message.told:
            await self._exchange.webhooks.notify(message.told, "POST", facts)

    def _facts(self, message: Message) -> dict[str, str]:
        """What a report says, in the carrier's names."""
        facts = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": message.status,
            "SmsStatus": message.status,
            "AccountSid": self._exchange.account_sid,
            "ApiVersion": API_VERSION,
            "To": message.to,
            "From": message.sender,
        }
        return facts if message.error_code is None else facts | {"ErrorCode": str(message.error_code)}

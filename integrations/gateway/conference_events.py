"""What the hotline is told of a conference: in order, numbered, and each until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email.utils import format_datetime

from integrations.gateway.documents import DialConference
from integrations.gateway.exchange import Exchange


class ConferenceEvents:
    """The status callbacks of one conference, to the address that its first participant brought along."""

    def __init__(self, exchange: Exchange, conference_sid: str, noun: DialConference) -> None:
        self._exchange = exchange
        self._sid, self._name = conference_sid, noun.name
        self._to = noun.callback
        self._sequence = 0
        self._last: asyncio.Task[object] | None = None

    def tell(self, event: str, name: str, more: Mapping[str, str]) -> None:
        """In the background; `event` is its word in a statusCallbackEvent, `name` what the report calls it."""
        if not self._to.wants(event):
            return
        self._sequence += 1
        parameters = {
            "ConferenceSid": self._sid,
            "FriendlyName": self._name,
            "AccountSid": self._exchange.account_sid,
            "StatusCallbackEvent": name,
            "SequenceNumber": str(self._sequence),
            "Timestamp": format_datetime(self._exchange.now()),
            **more,
        }
        self._last = self._exchange.in_background(self._send(parameters, self._last))

    async def _send(self, parameters: Mapping[str, str], after: asyncio.Task[object] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        await self._exchange.webhooks.deliver(self._to.url, self._to.method, parameters)

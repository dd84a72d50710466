"""What the hotline is told of a call: each event once and in order, the last one until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from email.utils import format_datetime

from integrations.gateway.documents import Callback
from integrations.gateway.exchange import Exchange

FINAL = frozenset({"completed", "canceled", "busy", "no-answer", "failed"})
# The event's name in a StatusCallbackEvent; every way to end is `completed`.
_EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
EVERY_EVENT = (*_EVENTS.values(), "completed")


class Reports:
    """The status callbacks of one call."""

    def __init__(self, exchange: Exchange, call_sid: str, to: Callback, facts: Callable[[], Mapping[str, str]]) -> None:
        self._exchange = exchange
        self._call_sid = call_sid
        self._to = to
        self._facts = facts
        self._sequence = 0
        self._last: asyncio.Task[object] | None = None

    def begin(self, direction: str, dialled: str) -> None:
        """Note on disk who must hear of the end, should this process be killed."""
        if not self._to.wants("completed"):
            return
        if direction == "inbound":
            self._exchange.journal.begin(self._call_sid, dialled)
        else:
            # Whom we ring is a caller, or a consultant at home: not written down.
            told = {"url": self._to.url, "method": self._to.method, "direction": direction}
            self._exchange.journal.begin(self._call_sid, "", told)

    def tell(self, status: str, more: Mapping[str, str]) -> None:
        """In the background; each report waits for the one before it."""
        parameters = {
            **self._facts(),
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
            "Timestamp": format_datetime(self._exchange.now()),
            **more,
        }
        self._sequence += 1
        if self._to.wants(_EVENTS.get(status, "completed")):
            self._last = self._exchange.in_background(self._send(parameters, self._last))

    async def _send(self, parameters: Mapping[str, str], after: asyncio.Task[object] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        webhooks = self._exchange.webhooks
        if parameters["CallStatus"] not in FINAL:
            await webhooks.notify(self._to.url, self._to.method, parameters)
        elif await webhooks.deliver(self._to.url, self._to.method, parameters):
            self._exchange.journal.close(self._call_sid)

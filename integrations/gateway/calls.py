"""The calls of this gateway: started, found, listed, and all ended when it stops."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import structlog

from integrations.gateway.call import Call
from integrations.gateway.conferences import Conferences
from integrations.gateway.documents import Dial, DialTelephone
from integrations.gateway.exchange import Exchange
from integrations.gateway.leg import Leg
from integrations.gateway.outbound import DialledCall, Order, OutboundCall

log = structlog.get_logger(__name__)
MOST_LIVE_CALLS = 500
# Ended calls that can still be asked for.
MOST_REMEMBERED = 2000


class LinesBusy(Exception):
    """As many calls as this gateway takes are live."""


class Calls:
    """The registry; one for each gateway."""

    def __init__(self, exchange: Exchange) -> None:
        self.clock = exchange.clock
        self.conferences = Conferences(exchange)
        self._exchange = exchange
        self._live: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: OrderedDict[str, Call] = OrderedDict()
        self.is_closing = False

    @property
    def live_count(self) -> int:
        return len(self._live)

    def start(self, leg: Leg, caller: str, dialled: str) -> Call:
        """A caller's call, already running. Raises LinesBusy."""
        self._raise_if_busy()
        return self._begin(Call(self._exchange, leg, caller, dialled))

    def place(self, order: Order) -> OutboundCall:
        """A call that the hotline orders, already ringing. Raises LinesBusy."""
        self._raise_if_busy()
        # The hotline may wait for somebody as long as it likes; a caller who hears it ring may not.
        leg = self._exchange.telephones.leg_to(order.address, may_be_off=True)
        call = OutboundCall(self._exchange, leg, order)
        self._begin(call)
        return call

    def ring(self, parent: Call, verb: Dial, telephone: DialTelephone) -> DialledCall | None:
        """A telephone that a call's document rings; None while all lines are engaged."""
        if self._is_full:
            log.warning("no_line_to_ring", call_sid=parent.sid)
            return None
        leg = self._exchange.telephones.leg_to(telephone.address)
        call = DialledCall(self._exchange, leg, parent, verb, telephone)
        self._begin(call)
        return call

    @property
    def _is_full(self) -> bool:
        return self.is_closing or len(self._live) >= MOST_LIVE_CALLS

    def _raise_if_busy(self) -> None:
        if self._is_full:
            raise LinesBusy

    def _begin(self, call: Call) -> Call:
        self._live[call.sid] = call
        task = asyncio.get_running_loop().create_task(self._run(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    def find(self, sid: str) -> Call | None:
        return self._live.get(sid) or self._ended.get(sid)

    def all(self) -> list[Call]:
        """Live and remembered calls, newest first."""
        calls = [*self._ended.values(), *self._live.values()]
        return sorted(calls, key=lambda call: call.created_at, reverse=True)

    async def end_all(self, seconds: float) -> None:
        """Take no more calls, hang up on everybody, and give the hotline so long to hear of it."""
        self.is_closing = True
        deadline = asyncio.get_running_loop().time() + seconds
        for call in list(self._live.values()):
            call.end("completed")
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        await self._exchange.finish(max(deadline - asyncio.get_running_loop().time(), 0.1))

    async def _run(self, call: Call) -> None:
        try:
            await call.run(self)
        finally:
            self._live.pop(call.sid, None)
            self._ended[call.sid] = call
            if len(self._ended) > MOST_REMEMBERED:
                self._ended.popitem(last=False)

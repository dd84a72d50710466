"""The calls of this gateway: started, found, listed, and all ended when it stops."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import structlog

from integrations.gateway.call import API_VERSION, Call
from integrations.gateway.exchange import Exchange
from integrations.gateway.journal import LeftOpen, settle
from integrations.gateway.leg import Leg

log = structlog.get_logger(__name__)
MOST_LIVE_CALLS = 500
# Ended calls that can still be asked for.
MOST_REMEMBERED = 2000
LOOK_FOR_THE_DEAD_SECONDS = 10.0


class LinesBusy(Exception):
    """As many calls as this gateway takes are live."""


class Calls:
    """The registry; one for each gateway."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._live: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: OrderedDict[str, Call] = OrderedDict()
        self.is_closing = False

    @property
    def live_count(self) -> int:
        return len(self._live)

    def start(self, leg: Leg, caller: str, dialled: str) -> Call:
        """A new call, already running. Raises LinesBusy."""
        if self.is_closing or len(self._live) >= MOST_LIVE_CALLS:
            raise LinesBusy
        call = Call(self._exchange, leg, caller, dialled)
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

    async def report_the_dead(self) -> int:
        """Tell the hotline that the calls of killed gateways have failed; how many it took in."""
        told = 0
        with self._exchange.journal.of_the_dead() as left_open:
            for call in left_open:
                if not await self._exchange.webhooks.notify(self._exchange.urls.status, "POST", self._last_words(call)):
                    break
                settle(call)
                told += 1
        if told:
            log.warning("calls_of_a_dead_gateway_ended", calls=told)
        return told

    async def keep_reporting_the_dead(self) -> None:
        """At once and then every few seconds: a neighbour may be killed as well."""
        while True:
            await self.report_the_dead()
            await asyncio.sleep(LOOK_FOR_THE_DEAD_SECONDS)

    def _last_words(self, call: LeftOpen) -> dict[str, str]:
        return {
            "CallSid": call.call_sid,
            "AccountSid": self._exchange.account_sid,
            "From": "",
            "To": call.dialled,
            "CallStatus": "failed",
            "Direction": "inbound",
            "ApiVersion": API_VERSION,
        }

    async def _run(self, call: Call) -> None:
        try:
            await call.run()
        finally:
            self._live.pop(call.sid, None)
            self._ended[call.sid] = call
            if len(self._ended) > MOST_REMEMBERED:
                self._ended.popitem(last=False)

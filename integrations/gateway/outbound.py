"""Calls that this gateway makes: by order of the hotline, or for a caller whose document rings others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from integrations.gateway.call import Call
from integrations.gateway.documents import Callback, Dial, DialTelephone
from integrations.gateway.exchange import Exchange
from integrations.gateway.interpreter import Interpreter
from integrations.gateway.leg import PICKED_UP, Interrupted, Invitation, Leg
from integrations.gateway.machine_detection import Detection, who_answered
from integrations.gateway.talk import End, Goto, Talk

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be made. `seconds` is how long it may ring, `limit` how long it may last once answered.

    With `detection` it is found out who has answered, while the document is performed already.
    """

    address: str
    caller: str
    first: Goto
    fallback: Goto | None = None
    callback: Callback = field(default_factory=Callback)
    seconds: float = 60.0
    limit: float | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    detection: Detection | None = None


class OutboundCall(Call):
    """Rings a telephone; whoever picks up gets the order's document."""

    direction = "outbound-api"

    def __init__(self, exchange: Exchange, leg: Leg, order: Order) -> None:
        super().__init__(exchange, leg, order.caller, order.address, order.callback)
        self.status = "queued"
        self._order = order

    @property
    def can_be_redirected(self) -> bool:
        # Before somebody has picked up there is nothing that could go on elsewhere.
        return self.status == "in-progress"

    async def _course(self, talk: Talk) -> End:
        if (outcome := await self._summon()) != PICKED_UP:
            return End(outcome)
        async with self._detecting():
            return await self._interpreter(talk).run(self._order.first)

    @asynccontextmanager
    async def _detecting(self) -> AsyncIterator[None]:
        """Find out who has answered, for as long as anybody is there."""
        wanted = self._order.detection
        work = asyncio.ensure_future(self._detect(wanted)) if wanted is not None else None
        try:
            yield
        finally:
            if work is not None:
                work.cancel()

    async def _detect(self, wanted: Detection) -> None:
        began = self._exchange.now()
        self.answered_by = await who_answered(self.leg, wanted)
        duration = round((self._exchange.now() - began).total_seconds() * 1000)
        log.info("answered_by", call_sid=self.sid, answered_by=self.answered_by, duration_ms=duration)
        if (to := wanted.told) is not None:
            told = {"CallSid": self.sid, "AccountSid": self._exchange.account_sid, "AnsweredBy": self.answered_by,
                    "MachineDetectionDuration": str(duration)}  # fmt: skip
            # Not of this call's making any more: it may end while the hotline is being told.
            self._exchange.in_background(self._exchange.webhooks.notify(to.url, to.method, told))

    async def _summon(self) -> str:
        """Ring until it is decided; then it is answered, or the outcome is a final status."""
        invitation = Invitation(self.sid, self.caller, self._order.parameters)
        outcome = await self.leg.summon(invitation, self._order.seconds, self._ring)
        if outcome == PICKED_UP:
            self._ring()
            await self._answer()
            if self._order.limit is not None:
                self._end_in(self._order.limit)
        return outcome

    def _ring(self) -> None:
        if self.status == "queued":
            self._move("ring")
            self._report("ringing")

    def _interpreter(self, talk: Talk) -> Interpreter:
        return Interpreter(talk, self._exchange.webhooks, self._order.fallback)


class DialledCall(OutboundCall):
    """A telephone rung by somebody's <Dial>: its talk is with that call, until either lets go."""

    direction = "outbound-dial"

    def __init__(self, exchange: Exchange, leg: Leg, parent: Call, verb: Dial, telephone: DialTelephone) -> None:
        # A document without an address is never asked for.
        first = Goto(telephone.url, telephone.method)
        caller = verb.caller_id or parent.caller
        order = Order(telephone.address, caller, first, None, telephone.callback, verb.timeout,
                      None, dict(telephone.parameters))  # fmt: skip
        super().__init__(exchange, leg, order)
        self.parent_sid = parent.sid
        loop = asyncio.get_running_loop()
        # Whether somebody came; whether they may be connected; that they are no longer in the talk.
        self.picked_up: asyncio.Future[bool] = loop.create_future()
        self.ready: asyncio.Future[bool] = loop.create_future()
        self.gone = asyncio.Event()
        self.went_elsewhere = False
        self._released = asyncio.Event()

    def let_go(self) -> None:
        """The other side does not want this call, or this talk, any longer."""
        if self.picked_up.done():
            self._released.set()
        else:
            self.end("completed")
        if not self.ready.done():
            # Whoever still hears a document before the talk: there will be none.
            self.end("completed")

    async def _course(self, talk: Talk) -> End:
        try:
            return await self._answer_and_talk(talk)
        finally:
            for future in (self.picked_up, self.ready):
                if not future.done():
                    future.set_result(False)
            self.gone.set()

    async def _answer_and_talk(self, talk: Talk) -> End:
        outcome = await self._summon()
        if outcome != PICKED_UP:
            return End(outcome)
        self.picked_up.set_result(True)
        if self._order.first.url:
            end = await self._interpreter(talk).run(self._order.first)
            if end.by_verb:
                return end
        self.ready.set_result(True)
        try:
            await self.leg.unless_interrupted(self._released.wait())
        except Interrupted as elsewhere:
            self.went_elsewhere = True
            self.gone.set()
            return await self._interpreter(talk).run(Goto(elsewhere.url, elsewhere.method))
        return End("completed")

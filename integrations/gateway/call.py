"""One call: its states, the parameters every webhook carries, and its way from ring to end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from integrations.gateway.call_recordings import CallRecordings
from integrations.gateway.documents import Callback
from integrations.gateway.ended_calls import EndedCall
from integrations.gateway.exchange import Exchange
from integrations.gateway.interpreter import Interpreter
from integrations.gateway.leg import HungUp, Interrupted, Leg
from integrations.gateway.reports import EVERY_EVENT, FINAL, Reports
from integrations.gateway.talk import End, Goto, Talk

if TYPE_CHECKING:
    from integrations.gateway.calls import Calls

log = structlog.get_logger(__name__)
API_VERSION = "2010-04-01"
LONGEST_CALL_SECONDS = 4 * 3600.0
# (state, what happened) -> state. Everything on the right but ringing and in-progress is final.
MOVES = {
    ("queued", "ring"): "ringing",
    ("queued", "completed"): "canceled",
    ("queued", "busy"): "busy",
    ("queued", "no-answer"): "no-answer",
    ("queued", "failed"): "failed",
    ("ringing", "ring"): "ringing",
    ("ringing", "answer"): "in-progress",
    ("ringing", "completed"): "canceled",
    ("ringing", "busy"): "busy",
    ("ringing", "no-answer"): "no-answer",
    ("ringing", "failed"): "failed",
    ("in-progress", "answer"): "in-progress",
    ("in-progress", "completed"): "completed",
    # Rejected after somebody has answered: a hang-up.
    ("in-progress", "busy"): "completed",
    ("in-progress", "no-answer"): "completed",
    ("in-progress", "failed"): "failed",
}


class Call:
    """A caller on a leg. `run` once; afterwards the facts stay for whoever asks."""

    direction = "inbound"
    parent_sid = ""
    # In the carrier's words, where it was to be found out.
    answered_by: str | None = None

    def __init__(self, exchange: Exchange, leg: Leg, caller: str, dialled: str, to: Callback | None = None) -> None:
        """`to` is who is told of its states; None is the hotline, of all of them."""
        self.sid = "CA" + secrets.token_hex(16)
        self.caller, self.dialled = caller, dialled
        self.status = "ringing"
        self.created_at = self.updated_at = exchange.now()
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.leg = leg
        self.recordings = CallRecordings(exchange, self.sid, leg)
        self._exchange = exchange
        to = Callback(exchange.urls.status, "POST", EVERY_EVENT) if to is None else to
        self._reports = Reports(exchange, self.sid, to, self.facts)
        self._ended_from_outside = ""
        self._over = asyncio.Event()
        self._limit: asyncio.TimerHandle | None = None

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def can_be_redirected(self) -> bool:
        """True while another document could be performed instead of the present one."""
        return not self.is_over

    @property
    def started_at(self) -> datetime | None:
        """The answer, or where there was none the order; None while nobody has answered."""
        return self.answered_at or (self.created_at if self.is_over else None)

    @property
    def seconds(self) -> int:
        """From the answer to the end, or to now."""
        if self.answered_at is None:
            return 0
        return round(((self.ended_at or self._exchange.now()) - self.answered_at).total_seconds())

    def facts(self) -> dict[str, str]:
        """The parameters of every webhook, as of now."""
        is_gone = self.leg.hung_up.is_set() and not self.is_over
        facts = {
            "CallSid": self.sid,
            "AccountSid": self._exchange.account_sid,
            "From": self.caller,
            "To": self.dialled,
            "CallStatus": MOVES[self.status, "completed"] if is_gone else self.status,
            "Direction": self.direction,
            "ApiVersion": API_VERSION,
        }
        return facts | ({"ParentCallSid": self.parent_sid} if self.parent_sid else {})

    async def run(self, calls: Calls) -> None:
        """The whole call. Never raises; at the end whoever wants to know is being told of it."""
        self._reports.begin(self.direction, self.dialled)
        self._report("initiated")
        self._end_in(LONGEST_CALL_SECONDS)
        try:
            end = await self._course(self._talk(calls))
        except HungUp:
            end = End(self._ended_from_outside or "completed")
        except Exception:
            log.exception("call_failed", call_sid=self.sid)
            end = End("failed")
        await self._finish(end.status)

    def end(self, status: str = "completed") -> None:
        """Hang up from outside the call; nothing happens when it is over."""
        if not self.is_over:
            self._ended_from_outside = status
            self.leg.interrupt(HungUp())

    async def wait_until_over(self, seconds: float) -> None:
        """Return when the call is over, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def redirect(self, url: str, method: str) -> None:
        """Let a live call go on with another document."""
        self.leg.interrupt(Interrupted(url, method))

    async def _course(self, talk: Talk) -> End:
        """What happens between the ring and the end: here somebody has dialled the hotline."""
        await self.leg.ring(self.sid)
        self._report("ringing")
        urls = self._exchange.urls
        return await Interpreter(talk, self._exchange.webhooks, Goto(urls.fallback)).run(Goto(urls.incoming))

    def _talk(self, calls: Calls) -> Talk:
        exchange = self._exchange
        return Talk(
            sid=self.sid,
            leg=self.leg,
            speech=exchange.speech,
            familiar=exchange.familiar,
            recordings=exchange.recordings,
            notify=self._notify,
            deliver=self._deliver,
            recording_url=exchange.recording_url,
            documents=exchange.webhooks.document,
            facts=self.facts,
            answer=self._answer,
            calls=calls,
            call=self,
        )

    async def _answer(self) -> None:
        if self.status != "ringing":
            return
        await self.leg.answer()
        self.answered_at = self._exchange.now()
        self._move("answer")
        self._report("in-progress")

    def _end_in(self, seconds: float) -> None:
        """However long it was to last so far."""
        if self._limit is not None:
            self._limit.cancel()
        self._limit = asyncio.get_running_loop().call_later(seconds, self.end, "completed")

    async def _finish(self, what: str) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self.ended_at = self._exchange.now()
        self._move(what)
        self._over.set()
        self._exchange.ended.keep(self._as_ended())
        # Before the telephone is put down, which may be rung again at once.
        self._exchange.in_background(self.recordings.stop())
        try:
            await self.leg.hangup(self.status)
        except Exception:
            log.exception("leg_not_put_down", call_sid=self.sid)
        self._report(self.status)

    def _as_ended(self) -> EndedCall:
        # Whom we ring is a caller, or a consultant at home: not written down.
        dialled = self.dialled if self.direction == "inbound" else ""
        return EndedCall(self.sid, dialled, self.direction, self.status, self.created_at, self.updated_at,
                         self.seconds, self.parent_sid, self.answered_by)  # fmt: skip

    def _move(self, what: str) -> None:
        before = self.status
        self.status = MOVES[before, what]
        self.updated_at = self._exchange.now()
        log.info("call_moved", call_sid=self.sid, move=f"{before} -{what}-> {self.status}")

    def _report(self, status: str) -> None:
        self._reports.tell(status, {"CallDuration": str(self.seconds)} if status in FINAL else {})

    async def _notify(self, url: str, method: str, parameters: Mapping[str, str]) -> bool:
        return await self._exchange.webhooks.notify(url, method, {**self.facts(), **parameters})

    def _deliver(self, url: str, method: str, parameters: Mapping[str, str]) -> None:
        self._exchange.in_background(self._exchange.webhooks.deliver(url, method, {**self.facts(), **parameters}))

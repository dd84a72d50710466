"""One call: its states, the parameters every webhook carries, and what the hotline is told of it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime

import structlog

from integrations.gateway.exchange import Exchange
from integrations.gateway.interpreter import Interpreter
from integrations.gateway.leg import HungUp, Interrupted, Leg
from integrations.gateway.talk import End, Goto, Talk

log = structlog.get_logger(__name__)
API_VERSION = "2010-04-01"
LONGEST_CALL_SECONDS = 4 * 3600.0
# (state, what happened) -> state. Everything on the right but in-progress is final.
MOVES = {
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
FINAL = frozenset({"completed", "canceled", "busy", "no-answer", "failed"})


class Call:
    """A caller on a leg. `run` once; afterwards the facts stay for whoever asks."""

    def __init__(self, exchange: Exchange, leg: Leg, caller: str, dialled: str) -> None:
        self.sid = "CA" + secrets.token_hex(16)
        self.caller, self.dialled = caller, dialled
        self.status = "ringing"
        self.created_at = self.updated_at = exchange.now()
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self._exchange = exchange
        self._leg = leg
        self._sequence = 0
        self._last_report: asyncio.Task[object] | None = None
        self._ended_from_outside = ""
        self._over = asyncio.Event()

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def seconds(self) -> int:
        """From the answer to the end, or to now."""
        if self.answered_at is None:
            return 0
        return round(((self.ended_at or self._exchange.now()) - self.answered_at).total_seconds())

    def facts(self) -> dict[str, str]:
        """The parameters of every webhook, as of now."""
        is_gone = self._leg.hung_up.is_set() and not self.is_over
        return {
            "CallSid": self.sid,
            "AccountSid": self._exchange.account_sid,
            "From": self.caller,
            "To": self.dialled,
            "CallStatus": MOVES[self.status, "completed"] if is_gone else self.status,
            "Direction": "inbound",
            "ApiVersion": API_VERSION,
        }

    async def run(self) -> None:
        """The whole call. Never raises; at the end the hotline is being told of it."""
        self._exchange.journal.begin(self.sid, self.dialled)
        self._report("initiated")
        limit = asyncio.get_running_loop().call_later(LONGEST_CALL_SECONDS, self.end, "completed")
        try:
            end = await self._talk()
        except HungUp:
            end = End(self._ended_from_outside or "completed")
        except Exception:
            log.exception("call_failed", call_sid=self.sid)
            end = End("failed")
        finally:
            limit.cancel()
        await self._finish(end.status)

    def end(self, status: str = "completed") -> None:
        """Hang up from outside the call; nothing happens when it is over."""
        if not self.is_over:
            self._ended_from_outside = status
            self._leg.interrupt(HungUp())

    async def wait_until_over(self, seconds: float) -> None:
        """Return when the call is over, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def redirect(self, url: str, method: str) -> None:
        """Let a live call go on with another document."""
        self._leg.interrupt(Interrupted(url, method))

    async def _talk(self) -> End:
        exchange = self._exchange
        await self._leg.ring(self.sid)
        self._report("ringing")
        talk = Talk(
            sid=self.sid,
            leg=self._leg,
            speech=exchange.speech,
            familiar=exchange.familiar,
            recordings=exchange.recordings,
            notify=self._notify,
            deliver=self._deliver,
            recording_url=exchange.recording_url,
        )
        interpreter = Interpreter(talk, exchange.webhooks, exchange.urls.fallback, self.facts, self._answer)
        return await interpreter.run(Goto(exchange.urls.incoming))

    async def _answer(self) -> None:
        if self.status != "ringing":
            return
        await self._leg.answer()
        self.answered_at = self._exchange.now()
        self._move("answer")
        self._report("in-progress")

    async def _finish(self, what: str) -> None:
        self.ended_at = self._exchange.now()
        self._move(what)
        self._over.set()
        try:
            await self._leg.hangup(self.status)
        except Exception:
            log.exception("leg_not_put_down", call_sid=self.sid)
        self._report(self.status)

    def _move(self, what: str) -> None:
        before = self.status
        self.status = MOVES[before, what]
        self.updated_at = self._exchange.now()
        log.info("call_moved", call_sid=self.sid, move=f"{before} -{what}-> {self.status}")

    def _report(self, status: str) -> None:
        """Tell the hotline in the background; each report waits for the one before it."""
        parameters = self.facts() | {
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
            "Timestamp": format_datetime(self._exchange.now()),
        }
        if status in FINAL:
            parameters |= {"CallDuration": str(self.seconds)}
        self._sequence += 1
        self._last_report = self._exchange.in_background(self._send(parameters, self._last_report))

    async def _send(self, parameters: Mapping[str, str], after: asyncio.Task[object] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        url = self._exchange.urls.status
        if parameters["CallStatus"] not in FINAL:
            await self._exchange.webhooks.notify(url, "POST", parameters)
        elif await self._exchange.webhooks.deliver(url, "POST", parameters):
            self._exchange.journal.close(self.sid)

    async def _notify(self, url: str, method: str, parameters: Mapping[str, str]) -> bool:
        return await self._exchange.webhooks.notify(url, method, {**self.facts(), **parameters})

    def _deliver(self, url: str, method: str, parameters: Mapping[str, str]) -> None:
        self._exchange.in_background(self._exchange.webhooks.deliver(url, method, {**self.facts(), **parameters}))

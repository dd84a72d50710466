"""What killed gateways have left open: their calls have failed, which is said and known; recordings are put to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from integrations.gateway.call import API_VERSION
from integrations.gateway.call_recordings import recording_facts
from integrations.gateway.ended_calls import EndedCall
from integrations.gateway.exchange import Exchange
from integrations.gateway.journal import LeftOpen, settle

log = structlog.get_logger(__name__)
LOOK_FOR_THE_DEAD_SECONDS = 10.0


async def keep_reporting_the_dead(exchange: Exchange) -> None:
    """At once and then every few seconds: a neighbour may be killed as well."""
    while True:
        try:
            await report_the_dead(exchange)
        except OSError:
            log.exception("journal_unreadable")
        await asyncio.sleep(LOOK_FOR_THE_DEAD_SECONDS)


async def report_the_dead(exchange: Exchange) -> int:
    """Tell the hotline of everything that was left open; how much of it the hotline took in."""
    told = 0
    with exchange.journal.of_the_dead() as left_open:
        _bury(exchange, left_open)
        for left in left_open:
            report = _report_recording if left.is_recording else _report_call
            if await report(exchange, left):
                settle(left)
                told += 1
    if told:
        log.warning("calls_of_a_dead_gateway_ended", calls=told)
    return told


def find_ended(exchange: Exchange, sid: str) -> EndedCall | None:
    """A call that is over, whichever gateway had it; also one that was killed a moment ago."""
    if (known := exchange.ended.find(sid)) is not None:
        return known
    bury_the_dead(exchange)
    return exchange.ended.find(sid)


def bury_the_dead(exchange: Exchange) -> None:
    """Calls of gateways that were killed a moment ago are over, whether or not the hotline has been told."""
    with suppress(OSError), exchange.journal.of_the_dead() as left_open:
        _bury(exchange, left_open)


def _bury(exchange: Exchange, left_open: Iterable[LeftOpen]) -> None:
    """Calls that were up when their gateway was killed have failed; one may have ended before, untold."""
    for left in left_open:
        if not left.is_recording and exchange.ended.find(left.sid) is None:
            began, ended = datetime.fromtimestamp(left.path.stat().st_mtime, UTC), exchange.now()
            exchange.ended.keep(EndedCall(left.sid, left.dialled, _direction(left), "failed", began, ended))


def _direction(left: LeftOpen) -> str:
    return str(left.told.get("direction", "inbound"))


async def _report_call(exchange: Exchange, left: LeftOpen) -> bool:
    ended = exchange.ended.find(left.sid)
    last_words = {
        "CallSid": left.sid,
        "AccountSid": exchange.account_sid,
        "From": "",
        "To": left.dialled,
        "CallStatus": ended.status if ended else "failed",
        "CallDuration": str(ended.seconds if ended else 0),
        "Direction": _direction(left),
        "ApiVersion": API_VERSION,
    }
    url = str(left.told.get("url") or exchange.urls.status)
    return await exchange.webhooks.notify(url, str(left.told.get("method", "POST")), last_words)


async def _report_recording(exchange: Exchange, left: LeftOpen) -> bool:
    """What there was is kept: its file is made a proper one first."""
    recording = exchange.recordings.find(left.sid)
    if recording is None:
        return True
    if not recording.is_over:
        recording = await asyncio.to_thread(exchange.recordings.finish, recording, recording.ended_at)
    url = str(left.told.get("url", ""))
    if not url or recording.status not in left.told.get("events", ()):
        return True
    facts = recording_facts(exchange, recording)
    return await exchange.webhooks.notify(url, str(left.told.get("method", "POST")), facts)

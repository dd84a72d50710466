"""<Dial> of numbers and clients: all ring at once, the first to pick up is connected, the others stop ringing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from integrations.gateway.call_recordings import AlreadyRecorded
from integrations.gateway.documents import Dial
from integrations.gateway.frames import ringback
from integrations.gateway.leg import HungUp, Interrupted
from integrations.gateway.mixer import Mixer, Seat
from integrations.gateway.talk import Talk
from integrations.gateway.verbs.until import until_over

if TYPE_CHECKING:
    from integrations.gateway.outbound import DialledCall

# Where several telephones rang in vain: the first of these that any of them was.
_IN_VAIN = ("no-answer", "busy", "canceled", "failed")
PUT_DOWN_SECONDS = 1.0


async def dial_telephones(verb: Dial, talk: Talk) -> dict[str, str]:
    """The parameters of the action."""
    rung = [talk.calls.ring(talk.call, verb, telephone) for telephone in verb.telephones]
    children = [child for child in rung if child is not None]
    try:
        if verb.records_ringing:
            await _record(verb, talk)
        async with _ringback(talk):
            child = await talk.leg.unless_interrupted(_first_to_pick_up(children))
            is_ready = child is not None and await talk.leg.unless_interrupted(_is_ready(child))
        if child is None:
            return await _in_vain(children)
        if is_ready:
            await talk.answer()
            await _record(verb, talk)
            await _talk_together(verb, talk, child)
        return await _outcome(verb, talk, child, is_ready)
    finally:
        for child in children:
            child.let_go()
        if verb.recording is not None:
            await talk.call.recordings.stop()


async def _first_to_pick_up(children: Sequence[DialledCall]) -> DialledCall | None:
    """The one that somebody answered; None when nobody did at any of them."""
    ringing = {child.picked_up: child for child in children}
    while ringing:
        done, _ = await asyncio.wait(set(ringing), return_when=asyncio.FIRST_COMPLETED)
        for future in done:
            child = ringing.pop(future)
            if future.result():
                for other in children:
                    if other is not child:
                        other.let_go()
                return child
    return None


async def _is_ready(child: DialledCall) -> bool:
    """Whether it may be connected, once it has heard what it is to hear before."""
    return await asyncio.shield(child.ready)


@asynccontextmanager
async def _ringback(talk: Talk) -> AsyncIterator[None]:
    """The tone of a telephone that rings, for a caller who has been answered; another's own telephone makes it."""
    is_answered = talk.facts()["CallStatus"] == "in-progress"
    tone = asyncio.ensure_future(_play_for_ever(talk)) if is_answered else None
    try:
        yield
    finally:
        if tone is not None:
            tone.cancel()
            with suppress(asyncio.CancelledError, HungUp, Interrupted):
                await tone


async def _play_for_ever(talk: Talk) -> None:
    while True:
        await talk.leg.play(ringback())


async def _talk_together(verb: Dial, talk: Talk, child: DialledCall) -> None:
    mixer = Mixer(talk.calls.clock)
    seats = (Seat(talk.leg), Seat(child.leg))
    for seat in seats:
        mixer.add(seat)
    try:
        await until_over(verb, talk.leg, child.gone)
    finally:
        for seat in seats:
            mixer.remove(seat)


async def _record(verb: Dial, talk: Talk) -> None:
    if verb.recording is not None:
        with suppress(AlreadyRecorded):
            await talk.call.recordings.start(verb.recording)


async def _in_vain(children: Sequence[DialledCall]) -> dict[str, str]:
    for child in children:
        await child.wait_until_over(PUT_DOWN_SECONDS)
    statuses = {child.status for child in children}
    status = next((status for status in _IN_VAIN if status in statuses), "failed")
    sid = {"DialCallSid": children[0].sid} if len(children) == 1 else {}
    return {"DialCallStatus": status, "DialBridged": "false", **sid}


async def _outcome(verb: Dial, talk: Talk, child: DialledCall, is_bridged: bool) -> dict[str, str]:
    """Connected, or hung up before that. One that was sent elsewhere meanwhile has no length yet."""
    child.let_go()
    outcome = {"DialCallStatus": "completed", "DialCallSid": child.sid, "DialBridged": str(is_bridged).lower()}
    if not child.went_elsewhere:
        await child.wait_until_over(PUT_DOWN_SECONDS)
        outcome["DialCallDuration"] = str(child.seconds)
    if verb.recording is not None and (recording := await talk.call.recordings.stop()) is not None:
        outcome["RecordingUrl"] = talk.recording_url(recording.sid)
    return outcome

"""Waiting for whatever ends a talk first."""

from __future__ import annotations

import asyncio

from integrations.gateway.documents import Dial
from integrations.gateway.leg import Leg

STAR = "*"


async def until_over(verb: Dial, leg: Leg, over: asyncio.Event) -> None:
    """Until the other side is gone, the time limit, or the star key where that ends it.

    Raises HungUp and Interrupted of the leg.
    """
    await leg.unless_interrupted(_first(verb, leg, over))


async def _first(verb: Dial, leg: Leg, over: asyncio.Event) -> None:
    waits: list[asyncio.Future[object]] = [asyncio.ensure_future(over.wait())]
    if verb.hangup_on_star:
        waits.append(asyncio.ensure_future(_star(leg)))
    try:
        done, _ = await asyncio.wait(waits, timeout=verb.time_limit, return_when=asyncio.FIRST_COMPLETED)
        for wait in done:
            # An interruption may have reached the wait for a key alone.
            wait.result()
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _star(leg: Leg) -> None:
    leg.clear_digits()
    while await leg.next_digit(None) != STAR:
        pass

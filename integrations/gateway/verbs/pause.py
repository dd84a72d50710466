"""<Pause>: time passes."""

from __future__ import annotations

from integrations.gateway.documents import Pause
from integrations.gateway.talk import Talk


async def play_pause(verb: Pause, talk: Talk) -> None:
    await talk.leg.rest(verb.length)

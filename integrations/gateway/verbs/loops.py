"""Repeating a prompt, within bounds."""

from __future__ import annotations

from collections.abc import Awaitable

import structlog

from integrations.errors import IntegrationError
from integrations.gateway.talk import Talk

log = structlog.get_logger(__name__)
# loop="0" means "until something happens"; nobody listens to the same sentence more often than this.
MOST_LOOPS = 100


async def sound_or_nothing(making: Awaitable[bytes], talk: Talk) -> bytes:
    """The sound; nothing when it cannot be made, since the caller should still get the rest of the document."""
    try:
        return await talk.leg.unless_interrupted(making)
    except (IntegrationError, OSError, TimeoutError) as error:
        log.error("prompt_without_sound", call_sid=talk.sid, error=type(error).__name__, detail=str(error)[:200])
        return b""


async def play_in_loop(sound: bytes, caption: str, loop: int, talk: Talk) -> None:
    """Play `loop` times; 0 is as often as is allowed. Without sound once, so that the caption is shown."""
    times = min(loop or MOST_LOOPS, MOST_LOOPS) if sound else 1
    for _ in range(times):
        await talk.leg.play(sound, caption)

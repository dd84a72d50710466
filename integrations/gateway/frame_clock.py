"""One clock for all calls: every 20 ms it sends each playing sound the frames that are due."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from integrations.gateway.audio import duration_seconds
from integrations.gateway.frames import FRAME_BYTES, FRAME_SECONDS

log = structlog.get_logger(__name__)
# Sent ahead of time, so that a late tick or a hiccup of the network is not heard.
LEAD_SECONDS = 0.06


@dataclass
class ClockFigures:
    """Since the start; a frame is late when it left after the moment at which it should have been heard."""

    frames: int = 0
    late_frames: int = 0
    max_lateness_seconds: float = 0.0


class Ticking(Protocol):
    """Something with frames to send."""

    def tick(self, now: float, figures: ClockFigures) -> bool:
        """Send what is due by now; False when there will be no more."""
        ...


class Playback:
    """A sound on its way to one telephone."""

    __slots__ = ("_ended", "_send", "_sent", "_started_at", "_total", "is_over", "pcm")

    def __init__(self, pcm: bytes, now: float, send: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self.pcm = pcm
        self._send, self._ended = send, ended
        self._started_at = now
        self._sent = 0
        self.is_over = False
        self._total = math.ceil(len(pcm) / FRAME_BYTES)

    def heard_seconds(self, now: float) -> float:
        """How much has been heard by now."""
        return min(max(now - self._started_at, 0.0), duration_seconds(self.pcm))

    def go_back_to(self, seconds: float, now: float) -> None:
        """Go on from there: what was sent into a dead network was not heard."""
        self._sent = int(seconds / FRAME_SECONDS)
        self._started_at = now - self._sent * FRAME_SECONDS

    def tick(self, now: float, figures: ClockFigures) -> bool:
        """Send what is due; False when the sound has been heard to its end."""
        elapsed = now - self._started_at
        due = min(int((elapsed + LEAD_SECONDS) / FRAME_SECONDS) + 1, self._total)
        while self._sent < due:
            at = self._sent * FRAME_BYTES
            figures.frames += 1
            if elapsed > self._sent * FRAME_SECONDS + FRAME_SECONDS:
                figures.late_frames += 1
            self._send(self.pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
            self._sent += 1
        if elapsed >= self._total * FRAME_SECONDS:
            self.is_over = True
            self._ended()
            return False
        return True


class FrameClock:
    """The process's only ticker: a timer for each call would drift and cost far more."""

    def __init__(self) -> None:
        self.figures = ClockFigures()
        self._playing: set[Ticking] = set()
        self._wake = asyncio.Event()

    def add(self, playing: Ticking) -> None:
        self._playing.add(playing)
        self._wake.set()

    def remove(self, playing: Ticking) -> None:
        self._playing.discard(playing)

    async def run(self) -> None:
        """Tick for ever; sleeps while nothing is played."""
        loop = asyncio.get_running_loop()
        next_tick = loop.time()
        while True:
            if not self._playing:
                self._wake.clear()
                await self._wake.wait()
                next_tick = loop.time()
            now = loop.time()
            self.figures.max_lateness_seconds = max(self.figures.max_lateness_seconds, now - next_tick)
            self._playing -= {playing for playing in tuple(self._playing) if not self._tick(playing, now)}
            next_tick = max(next_tick + FRAME_SECONDS, now)
            await asyncio.sleep(next_tick - loop.time())

    def _tick(self, playing: Ticking, now: float) -> bool:
        try:
            return playing.tick(now, self.figures)
        except Exception:
            # One broken talk must not silence all the others.
            log.exception("tick_failed")
            return False

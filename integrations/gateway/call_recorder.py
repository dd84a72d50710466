"""One recording of a live call: both sides, written every second, paused and ended from outside."""

from __future__ import annotations

import asyncio

import structlog

from integrations.gateway.live_wav import LiveWav
from integrations.gateway.tracks import Tracks

log = structlog.get_logger(__name__)
WRITE_SECONDS = 1.0
# What is older than this is settled: nothing can come to lie before it any more.
SETTLED_SECONDS = 0.5


class CallRecorder:
    """Listens in on a leg. With `skip` a pause leaves no trace; otherwise it is silence of its length."""

    def __init__(self, sid: str, file: LiveWav, tracks: Tracks) -> None:
        self.sid = sid
        self.is_paused = False
        self._file = file
        self._tracks = tracks
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._skips_since: float | None = None
        self._skipped = 0.0
        self._is_broken = False
        self._timer = self._loop.call_later(WRITE_SECONDS, self._write_settled)

    @property
    def seconds(self) -> float:
        """How long the recording is by now."""
        now = self._loop.time()
        skipping = now - self._skips_since if self._skips_since is not None else 0.0
        return now - self._started_at - self._skipped - skipping

    def heard(self, frame: bytes) -> None:
        if not self.is_paused:
            self._tracks.heard(frame, self.seconds)

    def said(self, frame: bytes) -> None:
        if not self.is_paused:
            self._tracks.said(frame, self.seconds)

    def pause(self, skips: bool) -> None:
        """Hear nothing until `resume`."""
        self.is_paused = True
        # Before the clock stops: what was said until now must not wait for what is said after the pause.
        self._write(self.seconds)
        if skips and self._skips_since is None:
            self._skips_since = self._loop.time()

    def resume(self) -> None:
        if self._skips_since is not None:
            self._skipped += self._loop.time() - self._skips_since
            self._skips_since = None
        self.is_paused = False

    def finish(self) -> None:
        """Write the rest."""
        self._timer.cancel()
        self._write(self.seconds)
        self._file.close()

    def _write_settled(self) -> None:
        self._timer = self._loop.call_later(WRITE_SECONDS, self._write_settled)
        self._write(self.seconds - (0.0 if self.is_paused else SETTLED_SECONDS))

    def _write(self, until: float) -> None:
        """A few kilobytes into the system's memory, in well under a millisecond: not worth a thread."""
        piece = self._tracks.cut(until)
        if self._is_broken:
            return
        try:
            self._file.add(piece)
        except OSError as error:
            # The talk goes on; what is there stays.
            self._is_broken = True
            log.error("recording_broken", recording_sid=self.sid, error=type(error).__name__)

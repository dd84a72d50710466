"""Whether somebody speaks on a leg, by loudness alone: no word is recognised.

Only what the telephone says counts. While it is spoken to, what it says may be the echo of that, so then only what is
at least half as loud as the other side counts as a voice.
"""

from __future__ import annotations

from asyncio import Event
from collections.abc import Callable

from integrations.gateway.audio import duration_seconds, rms
from integrations.gateway.frames import VOICE_LEVEL

# A shorter sound is a click, a cough, a door.
VOICE_SECONDS = 0.4
# Between the syllables of somebody who speaks it is quiet for less than this.
LONGEST_GAP_SECONDS = 0.3
ECHO_SHARE = 0.5
# From here to a loudspeaker, into a microphone and back, with all that is in hand on the way.
ECHO_SECONDS = 1.0


class VoiceEar:
    """A tap on a leg. `spoke` is set once there has been a voice; times are those of `now`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.spoke = Event()
        self._now = now
        # When the present sound began, and when it was last heard; None before the first.
        self._began_at: float | None = None
        self._heard_at: float | None = None
        self._seconds = 0.0
        self._far_level = 0.0
        self._far_until = 0.0

    @property
    def is_amid_sound(self) -> bool:
        """True while what is heard may be growing into a voice."""
        return self._heard_at is not None and self.quiet_seconds <= LONGEST_GAP_SECONDS

    @property
    def quiet_seconds(self) -> float:
        """How long it has been quiet after the last sound; 0 before the first."""
        return 0.0 if self._heard_at is None else self._now() - self._heard_at

    @property
    def sounding_seconds(self) -> float:
        """How long ago the sound began that is, or was, the voice; 0 before the first."""
        return 0.0 if self._began_at is None else self._now() - self._began_at

    def said(self, frame: bytes) -> None:
        """The telephone is sent this."""
        level = rms(frame)
        if level >= self._far_level or self._now() > self._far_until:
            self._far_level, self._far_until = level, self._now() + ECHO_SECONDS

    def heard(self, frame: bytes) -> None:
        """The telephone says this."""
        if rms(frame) <= max(VOICE_LEVEL, self._echo_level()):
            return
        if not self.is_amid_sound and not self.spoke.is_set():
            self._began_at, self._seconds = self._now(), 0.0
        self._heard_at = self._now()
        self._seconds += duration_seconds(frame)
        # Sums of fiftieths are not exact.
        if self._seconds > VOICE_SECONDS - 1e-6:
            self.spoke.set()

    def _echo_level(self) -> float:
        return ECHO_SHARE * self._far_level if self._now() <= self._far_until else 0.0

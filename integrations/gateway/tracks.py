"""Both directions of a call laid side by side in time, for its recording. Pure: time arrives as an argument."""

from __future__ import annotations

import numpy as np

from integrations.gateway.audio import BYTES_PER_SECOND, silence
from integrations.gateway.mixing import to_frame

# A gap longer than this is filled with silence, so that a recording keeps its timing.
LONGEST_GAP_SECONDS = 0.2
# Frames of a bunch that would come to lie so far in the future are left out.
MOST_AHEAD_SECONDS = 0.3


class Track:
    """One direction, from where it was last cut off."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._cut_at = 0

    def add(self, frame: bytes, at: float) -> None:
        """A frame at so many seconds of the recording."""
        behind = at - (self._cut_at + len(self._pcm)) / BYTES_PER_SECOND
        if behind < -MOST_AHEAD_SECONDS:
            return
        if behind > LONGEST_GAP_SECONDS:
            self._pcm += silence(behind)
        self._pcm += frame

    def cut(self, until: float) -> bytes:
        """Everything up to there, filled up with silence, and forgotten here."""
        length = max(round(until * BYTES_PER_SECOND / 2) * 2 - self._cut_at, 0)
        piece = bytes(self._pcm[:length]).ljust(length, b"\0")
        del self._pcm[:length]
        self._cut_at += length
        return piece


class Tracks:
    """What the telephone said and what it was sent, as the file wants it."""

    def __init__(self, channels: int, wanted: str) -> None:
        """`wanted` is both, inbound (what the telephone said) or outbound."""
        self._heard, self._said = Track(), Track()
        self._channels, self._wanted = channels, wanted

    def heard(self, frame: bytes, at: float) -> None:
        if self._wanted != "outbound":
            self._heard.add(frame, at)

    def said(self, frame: bytes, at: float) -> None:
        if self._wanted != "inbound":
            self._said.add(frame, at)

    def cut(self, until: float) -> bytes:
        """The file's next piece: two channels that take turns, what the telephone said first, or one with both."""
        heard, said = (np.frombuffer(track.cut(until), "<i2") for track in (self._heard, self._said))
        if self._channels == 2:
            return np.stack((heard, said), axis=1).tobytes()
        return to_frame(heard.astype(np.int32) + said)

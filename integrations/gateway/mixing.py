"""Several voices in one frame. Pure: frames of 16-bit samples in, a frame out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from integrations.gateway.frames import FRAME_BYTES

Sums = NDArray[np.int32]
LOUDEST = 32767.0
# Up to here a sum is heard as it is; what is louder is bent towards full scale instead of being cut off there.
KNEE = 0.75 * LOUDEST


def total(frames: Sequence[bytes]) -> Sums:
    """The sum of frames, wider than a sample can be. A short frame counts as silence at its end."""
    wide = np.zeros(FRAME_BYTES // 2, np.int32)
    for frame in frames:
        wide += _wide(frame)
    return wide


def without(sums: Sums, frame: bytes) -> Sums:
    """What is left of a sum for the one who said this frame."""
    return sums - _wide(frame)


def to_frame(sums: Sums) -> bytes:
    """A sum as a frame, clipped softly."""
    loud = np.abs(sums)
    if loud.max(initial=0) <= KNEE:
        return sums.astype("<i2").tobytes()
    room = LOUDEST - KNEE
    bent = KNEE + room * np.tanh((loud - KNEE) / room)
    return (np.sign(sums) * np.where(loud > KNEE, bent, loud)).astype("<i2").tobytes()


def _wide(frame: bytes) -> Sums:
    return np.frombuffer(frame.ljust(FRAME_BYTES, b"\0"), "<i2").astype(np.int32)

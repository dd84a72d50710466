"""Samples of telephone sound: 16-bit little-endian, mono, 8,000 a second, as bytes or as numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from integrations.errors import HotlineError

SAMPLE_RATE = 8000
FULL_SCALE = 32768.0

Samples = NDArray[np.float32]


class BadAudio(HotlineError):
    """The bytes are not a sound file this system can play."""

    default_sentence = "声音文件无法播放，请用 PCM 编码的 WAV 文件。"


def to_samples(pcm: bytes) -> Samples:
    """Samples between -1 and 1; a trailing half sample is dropped."""
    usable = len(pcm) - len(pcm) % 2
    return np.frombuffer(pcm[:usable], dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)


def to_pcm(samples: Samples) -> bytes:
    """The bytes of samples between -1 and 1; what is louder is clipped, never wrapped."""
    scaled = np.round(samples * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()

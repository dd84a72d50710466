"""Telephone sound: 16-bit little-endian samples, mono, 8,000 a second, as plain bytes.

Pure arithmetic. Levels are shares of full scale: 1.0 is as loud as a sample can be.
"""

from __future__ import annotations

import struct

import numpy as np

from integrations.gateway.samples import SAMPLE_RATE, BadAudio, Samples, to_pcm, to_samples
from integrations.gateway.wav import read_wav

__all__ = [
    "BYTES_PER_SECOND",
    "SAMPLE_RATE",
    "BadAudio",
    "Samples",
    "beep",
    "duration_seconds",
    "fade",
    "normalise",
    "read_wav",
    "rms",
    "silence",
    "to_pcm",
    "to_samples",
    "tone_level",
    "wav_bytes",
    "wav_header",
]

BYTES_PER_SECOND = SAMPLE_RATE * 2
# -20 dBFS is what telephone networks call normal speech.
SPEECH_LEVEL = 0.1
# A signal closer to full scale than this is clipped somewhere along the line.
LOUDEST_PEAK = 0.9
LARGEST_GAIN = 8.0
FADE_SECONDS = 0.005


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


def beep(seconds: float = 0.5, hz: float = 1000) -> bytes:
    """The tone before a recording, at a quarter of full scale (-12 dBFS)."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return to_pcm(fade((0.25 * np.sin(2 * np.pi * hz * times)).astype(np.float32)))


def duration_seconds(pcm: bytes) -> float:
    return len(pcm) / BYTES_PER_SECOND


def rms(pcm: bytes) -> float:
    """Loudness: root mean square, 0 for nothing at all."""
    samples = to_samples(pcm)
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


def tone_level(pcm: bytes, hz: float) -> float:
    """The amplitude of one pure tone in the sound (one Goertzel bin over the whole of it)."""
    samples = to_samples(pcm)
    if not samples.size:
        return 0.0
    turns = np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(samples.size))
    return float(2 * abs(np.dot(samples, turns)) / samples.size)


def fade(samples: Samples, rate: int = SAMPLE_RATE) -> Samples:
    """The same sound with 5 ms ramps at both ends: a cut edge clicks."""
    length = min(round(FADE_SECONDS * rate), samples.size // 2)
    ramp = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
    faded = samples.copy()
    faded[:length] *= ramp
    faded[samples.size - length :] *= ramp[::-1]
    return faded


def normalise(samples: Samples) -> Samples:
    """The same sound at the level of normal speech; pauses do not count, peaks stay below full scale."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0:
        return samples
    voiced = samples[np.abs(samples) > peak / 100]
    level = float(np.sqrt(np.mean(np.square(voiced))))
    return samples * np.float32(min(SPEECH_LEVEL / level, LOUDEST_PEAK / peak, LARGEST_GAIN))


def wav_bytes(pcm: bytes) -> bytes:
    """A WAV file of the sound."""
    return wav_header(len(pcm)) + pcm


def wav_header(length: int, channels: int = 1) -> bytes:
    """The first 44 bytes of a WAV file with so many bytes of sound; samples of two channels take turns."""
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + length, b"WAVE", b"fmt ", 16, 1, channels, SAMPLE_RATE,
                       channels * BYTES_PER_SECOND, 2 * channels, 16, b"data", length)  # fmt: skip

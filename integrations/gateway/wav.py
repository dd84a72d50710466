"""Reading WAV files: 16-bit PCM or G.711 (mu-law, A-law), mono or stereo, any usual rate."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from integrations.gateway.resample import resample
from integrations.gateway.samples import SAMPLE_RATE, BadAudio, Samples, to_pcm, to_samples

_PCM, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
LOWEST_RATE, HIGHEST_RATE = 4000, 192_000
# What a program that writes to a pipe puts where it cannot know the length.
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF)


@dataclass(frozen=True)
class _Format:
    coding: int
    channels: int
    rate: int
    bits: int


def read_wav(data: bytes) -> bytes:
    """The sound of a WAV file as 8 kHz mono PCM. Raises BadAudio for anything else."""
    coding, body = _split(data)
    samples = _decode(coding, body)
    whole = samples[: samples.size - samples.size % coding.channels]
    mono: Samples = whole.reshape(-1, coding.channels).mean(axis=1, dtype=np.float32)
    return to_pcm(resample(mono, coding.rate, SAMPLE_RATE))


def _split(data: bytes) -> tuple[_Format, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise BadAudio("not a WAV file")
    coding: _Format | None = None
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"data":
            if coding is None:
                raise BadAudio("a WAV file without a format")
            end = len(data) if length in _UNKNOWN_LENGTHS else at + 8 + length
            return coding, data[at + 8 : end]
        if name == b"fmt ":
            coding = _format(data[at + 8 : at + 8 + length])
        # Chunks begin at even places.
        at += 8 + length + length % 2
    raise BadAudio("a WAV file without sound")


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise BadAudio("a WAV file with a short format")
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == _EXTENSIBLE and len(chunk) >= 26:
        (coding,) = struct.unpack_from("<H", chunk, 24)
    if channels not in (1, 2) or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise BadAudio(f"a WAV file with {channels} channels at {rate} Hz")
    return _Format(coding, channels, rate, bits)


def _decode(coding: _Format, body: bytes) -> Samples:
    if coding.coding == _PCM and coding.bits == 16:
        return to_samples(body)
    if coding.coding in (_MU_LAW, _A_LAW) and coding.bits == 8:
        table = mu_law() if coding.coding == _MU_LAW else a_law()
        return table[np.frombuffer(body, dtype=np.uint8)]
    raise BadAudio(f"a WAV file of coding {coding.coding} with {coding.bits} bits")


def mu_law() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = ((2 * mantissa + 33) << exponent) - 33
    return (np.where(code & 0x80, -size, size) * 4 / 32768).astype(np.float32)


def a_law() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    size = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent - 1, 0))
    return (np.where(code & 0x80, size, -size) * 8 / 32768).astype(np.float32)

"""WAV files made for a test: of any coding, broken, or hours long without taking that much disk."""

from __future__ import annotations

import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
PCM, FLOAT, A_LAW, MU_LAW, MP3 = 1, 3, 6, 7, 0x55


def header(length: int, rate: int = 8000, channels: int = 1, bits: int = 16, coding: int = PCM) -> bytes:
    """Of a WAV file with so many bytes of sound."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", coding, channels, rate, rate * frame, frame, bits)
    riff = struct.pack("<4sI4s4sI", b"RIFF", min(36 + length, 0xFFFFFFFF), b"WAVE", b"fmt ", len(form))
    return riff + form + struct.pack("<4sI", b"data", length)


def write(path: Path, body: bytes, **form: int) -> Path:
    path.write_bytes(header(len(body), **form) + body)
    return path


def sparse(path: Path, length: int, **form: int) -> Path:
    """Digital silence that takes no room on the disk: `length` is in bytes."""
    with open(path, "wb") as file:
        file.write(header(length, **form))
        file.truncate(file.tell() + length)
    return path


def samples_of(path: Path) -> Sound:
    """Of a 16-bit file, between -1 and 1."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def pcm(sound: Sound, bits: int = 16) -> bytes:
    scaled = np.clip(np.round(sound * 2 ** (bits - 1)), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int64)
    if bits == 8:
        return (scaled + 128).astype(np.uint8).tobytes()
    return scaled.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes()


def companded(sound: Sound, decode: Callable[[], NDArray[np.float32]]) -> bytes:
    """Each sample as the nearest of the 256 that G.711 knows."""
    table = decode().astype(np.float64)
    order = np.argsort(table)
    between = (table[order][1:] + table[order][:-1]) / 2
    return order[np.searchsorted(between, sound)].astype(np.uint8).tobytes()


def tone(seconds: float, *hertz: float, rate: int = 8000, level: float = 0.2) -> Sound:
    times = np.arange(round(seconds * rate)) / rate
    return level * sum((np.sin(2 * np.pi * each * times) for each in hertz), np.zeros(times.size))


def noise(seconds: float, decibels: float, rate: int = 8000, seed: int = 1) -> Sound:
    """Of a line, `decibels` below full scale."""
    return np.random.default_rng(seed).normal(0, 10 ** (decibels / 20), round(seconds * rate))


def saved(path: Path, sound: Sound, rate: int = 8000) -> Path:
    return write(path, pcm(sound), rate=rate)

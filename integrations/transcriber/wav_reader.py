"""WAV files a piece at a time: hours of sound, or half a gigabyte of it, are never in memory at once.

Read are PCM of 8, 16, 24 and 32 bits and G.711 (A-law, mu-law), mono or stereo, at any usual rate.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from integrations.gateway.samples import Samples
from integrations.gateway.wav import a_law, mu_law

_PCM, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
LOWEST_RATE, HIGHEST_RATE = 4000, 192_000
# What a program that writes to a pipe puts where it cannot know the length.
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF)
# What stands before the sound: formats, titles. A file with more than this is something else.
_MOST_CHUNKS = 100
PIECE_FRAMES = 65_536

EMPTY = "empty"
NOT_WAV = "not_wav"
WRONG_FORMAT = "wrong_format"
CORRUPT = "corrupt"
SENTENCES = {
    EMPTY: "录音文件是空的。",
    NOT_WAV: "录音文件不是 WAV 文件。",
    WRONG_FORMAT: "录音文件的编码不支持，应为 PCM 或 G.711 编码的 WAV 文件。",
    CORRUPT: "录音文件已损坏或不完整。",
}


class BadWav(ValueError):
    """Not a sound file that can be read. `reason` is one of SENTENCES; the message is English and for the log."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.sentence = SENTENCES[reason]


@dataclass(frozen=True, slots=True)
class Format:
    """How samples are written."""

    coding: int
    channels: int
    rate: int
    bits: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.bits // 8


class WavFile:
    """An open file, to be used in a `with`. Raises BadWav, and OSError for a file that cannot be opened.

    `frames` is the length in samples of one channel, `size` that of the whole file in bytes.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115
        try:
            self.size = self._file.seek(0, io.SEEK_END)
            self._file.seek(0)
            self.format, self._start, length = _find_sound(self._file, self.size)
        except BaseException:
            self._file.close()
            raise
        self.frames = length // self.format.frame_bytes

    def __enter__(self) -> WavFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @property
    def seconds(self) -> float:
        return self.frames / self.format.rate

    def pieces(self, first: int = 0, last: int | None = None, size: int = PIECE_FRAMES) -> Iterator[Samples]:
        """The samples `first` up to `last`, mixed down to one channel, between -1 and 1, `size` at a time."""
        left = min(self.frames, self.frames if last is None else last) - first
        self._file.seek(self._start + first * self.format.frame_bytes)
        while left > 0:
            content = self._file.read(min(size, left) * self.format.frame_bytes)
            piece = _mono(content, self.format)
            if not piece.size:
                raise BadWav(CORRUPT, "the file became shorter while it was read")
            left -= piece.size
            yield piece


def _find_sound(file: BinaryIO, size: int) -> tuple[Format, int, int]:
    """The format, where the sound begins, and how many bytes it has."""
    if not size:
        raise BadWav(EMPTY, "no bytes")
    if size < 12 or _unpack("<4s4x4s", file) != (b"RIFF", b"WAVE"):
        raise BadWav(NOT_WAV, "no RIFF header")
    coding: Format | None = None
    for _ in range(_MOST_CHUNKS):
        name, length = _unpack("<4sI", file)
        start = file.tell()
        if name == b"data":
            if coding is None:
                raise BadWav(CORRUPT, "sound before its format")
            return coding, start, _sound_bytes(length, size - start)
        if name == b"fmt ":
            coding = _format(file.read(min(length, 64)))
        # Chunks begin at even places.
        file.seek(start + length + length % 2)
    raise BadWav(CORRUPT, "no sound among the first chunks")


def _sound_bytes(length: int, there: int) -> int:
    if length in _UNKNOWN_LENGTHS:
        return there
    if there < length:
        raise BadWav(CORRUPT, f"{there} of {length} bytes of sound")
    return length


def _format(chunk: bytes) -> Format:
    if len(chunk) < 16:
        raise BadWav(CORRUPT, "a short format")
    coding, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == _EXTENSIBLE and len(chunk) >= 26:
        (coding,) = struct.unpack_from("<H", chunk, 24)
    is_known = (coding == _PCM and bits in (8, 16, 24, 32)) or (coding in (_A_LAW, _MU_LAW) and bits == 8)
    if not is_known or channels not in (1, 2) or not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise BadWav(WRONG_FORMAT, f"coding {coding}, {bits} bits, {channels} channels, {rate} Hz")
    found = Format(coding, channels, rate, bits)
    if frame_bytes != found.frame_bytes:
        raise BadWav(CORRUPT, f"frames of {frame_bytes} bytes for {bits} bits in {channels} channels")
    return found


def _unpack(shape: str, file: BinaryIO) -> tuple[Any, ...]:
    content = file.read(struct.calcsize(shape))
    if len(content) < struct.calcsize(shape):
        raise BadWav(CORRUPT, "it ends before its sound")
    return struct.unpack(shape, content)


def _mono(content: bytes, coding: Format) -> Samples:
    whole = content[: len(content) - len(content) % coding.frame_bytes]
    samples = _decode(whole, coding)
    if coding.channels == 1:
        return samples
    mixed: Samples = samples.reshape(-1, coding.channels).mean(axis=1, dtype=np.float32)
    return mixed


def _decode(content: bytes, coding: Format) -> Samples:
    if coding.coding in (_A_LAW, _MU_LAW):
        table = a_law() if coding.coding == _A_LAW else mu_law()
        return table[np.frombuffer(content, np.uint8)]
    if coding.bits == 8:
        return _scaled(np.frombuffer(content, np.uint8).astype(np.float32) - 128, 8)
    if coding.bits == 24:
        wide = np.zeros((len(content) // 3, 4), np.uint8)
        # As the upper three bytes of four, so that the sign is where it belongs.
        wide[:, 1:] = np.frombuffer(content, np.uint8).reshape(-1, 3)
        return _scaled(wide.view("<i4")[:, 0], 32)
    return _scaled(np.frombuffer(content, "<i2" if coding.bits == 16 else "<i4"), coding.bits)


def _scaled(samples: NDArray[Any], bits: int) -> Samples:
    scaled: Samples = samples.astype(np.float32) / np.float32(2 ** (bits - 1))
    return scaled

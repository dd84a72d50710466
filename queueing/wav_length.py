"""How long a WAV file lasts, by its header: a talk of hours is not read for it."""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO

# What a program that writes to a pipe puts where it cannot know the length.
UNKNOWN_LENGTHS = (0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF)


class NoWav(ValueError):
    """Something else than a whole WAV file."""


def wav_seconds(file: BinaryIO) -> float:
    """The length of the sound in seconds. Raises NoWav, also when the sound breaks off before its end."""
    riff, _, kind = _unpack("<4sI4s", file)
    if riff != b"RIFF" or kind != b"WAVE":
        raise NoWav("no WAV header")
    bytes_a_second = 0
    while True:
        name, length = _unpack("<4sI", file)
        if name == b"data":
            return _sound_bytes(file, length) / (bytes_a_second or _no_format())
        if name == b"fmt ":
            _, _, _, bytes_a_second, _, _ = _unpack("<HHIIHH", file)
            length -= 16
        # Chunks begin at even places.
        file.seek(length + length % 2, io.SEEK_CUR)


def _sound_bytes(file: BinaryIO, length: int) -> int:
    start = file.tell()
    there = file.seek(0, io.SEEK_END) - start
    if length in UNKNOWN_LENGTHS:
        return there
    if there < length:
        raise NoWav(f"{there} of {length} bytes of sound")
    return length


def _unpack(shape: str, file: BinaryIO) -> tuple[Any, ...]:
    size = struct.calcsize(shape)
    content = file.read(size)
    if len(content) < size:
        raise NoWav("it ends too early")
    return struct.unpack(shape, content)


def _no_format() -> int:
    raise NoWav("no format")

"""A WAV file that grows while people talk: whatever happens, what has been said so far is on disk."""

from __future__ import annotations

import os
from pathlib import Path

from integrations.gateway.audio import BYTES_PER_SECOND, wav_header

HEADER_BYTES = len(wav_header(0))


class LiveWav:
    """Sound added at the end; its header is set right by `finish_file`, in this process or in the next."""

    def __init__(self, path: Path, channels: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        # Without a buffer of our own: what was added survives this process.
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._file.write(wav_header(0, channels))

    def add(self, pcm: bytes) -> None:
        """Raises OSError, for example when the disk is full."""
        self._file.write(pcm)

    def close(self) -> None:
        self._file.close()


def finish_file(live: Path, final: Path, channels: int) -> float:
    """Make a live file a proper one under its final name; its seconds of sound, 0 when there is none.

    May be called again after it was done.
    """
    if not live.exists():
        return _seconds(final, channels)
    frame = 2 * channels
    # A kill may have cut the last sample in half.
    length = max(live.stat().st_size - HEADER_BYTES, 0) // frame * frame
    if not length:
        live.unlink()
        return 0.0
    with open(live, "r+b") as file:
        file.truncate(HEADER_BYTES + length)
        file.write(wav_header(length, channels))
        os.fsync(file.fileno())
    live.replace(final)
    return _seconds(final, channels)


def _seconds(path: Path, channels: int) -> float:
    try:
        return (path.stat().st_size - HEADER_BYTES) / (BYTES_PER_SECOND * channels)
    except OSError:
        return 0.0

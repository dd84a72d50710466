"""Keeping what was spoken: a bounded store in memory, and one on disk that gateways side by side share."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import OrderedDict
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

MEMORY_BYTES = 64 * 1024 * 1024
DISK_BYTES = 200 * 1024 * 1024
# Emptied to this share of the limit, so that it is not emptied again with the next sentence.
_KEPT_SHARE = 0.9
_ABANDONED_SECONDS = 3600
# The folder is measured anew after so many files, for another gateway writes and deletes there too.
_MEASURED_EVERY = 64


class MemoryCache:
    """Sounds by key, the ones unused the longest dropped first."""

    def __init__(self, limit_bytes: int = MEMORY_BYTES) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._sounds: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        sound = self._sounds.get(key)
        if sound is not None:
            self._sounds.move_to_end(key)
        return sound

    def put(self, key: str, sound: bytes) -> None:
        self._size += len(sound) - len(self._sounds.pop(key, b""))
        self._sounds[key] = sound
        while self._size > self._limit:
            self._size -= len(self._sounds.popitem(last=False)[1])


class DiskCache:
    """Files named by a hash, written whole or not at all. A full or broken disk costs speed, never a sentence.

    Its methods wait for the disk: call them in a thread.
    """

    def __init__(self, folder: Path, limit_bytes: int = DISK_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._names = itertools.count()
        self._size = 0
        self._until_measured = 0

    def get(self, key: str) -> bytes | None:
        path = self._path(key)
        try:
            sound = path.read_bytes()
            # The time of the last use decides what is dropped.
            os.utime(path)
        except OSError:
            return None
        # A power cut can leave an empty file behind.
        return sound or None

    def put(self, key: str, sound: bytes) -> None:
        unfinished = self._folder / f".{key}.{os.getpid()}.{next(self._names)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.write_bytes(sound)
            unfinished.replace(self._path(key))
            self._trim(len(sound))
        except OSError as error:
            log.warning("speech_not_kept", reason=str(error))
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.pcm"

    def _trim(self, added: int) -> None:
        self._size += added
        self._until_measured -= 1
        if self._size <= self._limit and self._until_measured >= 0:
            return
        files = sorted(self._files())
        self._size, self._until_measured = sum(size for _, size, _ in files), _MEASURED_EVERY
        if self._size <= self._limit:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            self._size -= size
            if self._size <= self._limit * _KEPT_SHARE:
                break

    def _files(self) -> list[tuple[float, int, Path]]:
        """Last use, size and path of every file; what an ended gateway left half-written is deleted."""
        found: list[tuple[float, int, Path]] = []
        newest = 0.0
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat()
                newest = max(newest, about.st_mtime)
                found.append((about.st_mtime, about.st_size, Path(entry.path)))
        for used_at, _, path in found:
            if path.name.startswith(".") and used_at < newest - _ABANDONED_SECONDS:
                path.unlink(missing_ok=True)
        return [file for file in found if not file[2].name.startswith(".")]

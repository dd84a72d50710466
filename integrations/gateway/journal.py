"""Which calls are live, on disk: a killed gateway's calls are reported as ended by the next one, or by its neighbour.

One folder for each process, locked while it lives. A file for each call says only what the report needs; the caller's
number is not among it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOCK_NAME = "lock"


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A call whose gateway is gone."""

    call_sid: str
    dialled: str
    path: Path


class Journal:
    """The journal of this process, and the way to those of dead ones."""

    def __init__(self, folder: Path) -> None:
        self._root = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made under a name that nobody looks at, so that no neighbour finds it before it is locked.
        draft = folder / f".{secrets.token_hex(6)}"
        draft.mkdir(mode=0o700)
        self._lock = open(draft / LOCK_NAME, "w")  # noqa: SIM115
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._own = folder / f"{os.getpid()}-{draft.name[1:]}"
        draft.rename(self._own)

    def begin(self, call_sid: str, dialled: str) -> None:
        (self._own / f"{call_sid}.json").write_text(json.dumps({"call_sid": call_sid, "dialled": dialled}))

    def close(self, call_sid: str) -> None:
        """The hotline knows of the end."""
        (self._own / f"{call_sid}.json").unlink(missing_ok=True)

    def end(self) -> None:
        """This process is done; what it could not report stays for others."""
        self._lock.close()
        if not any(self._own.glob("CA*.json")):
            shutil.rmtree(self._own, ignore_errors=True)

    @contextmanager
    def of_the_dead(self) -> Iterator[list[LeftOpen]]:
        """The calls of gateways that are gone, kept from other gateways meanwhile.

        `settle` each that was reported; a folder with nothing left is removed.
        """
        locks: list[tuple[Path, IO[str]]] = []
        try:
            for folder in sorted(self._root.glob("[0-9]*")):
                if folder != self._own and (lock := _lock_of_the_dead(folder)) is not None:
                    locks.append((folder, lock))
            yield [call for folder, _ in locks for call in _calls_in(folder)]
        finally:
            for folder, lock in locks:
                if not any(folder.glob("CA*.json")):
                    shutil.rmtree(folder, ignore_errors=True)
                lock.close()


def settle(call: LeftOpen) -> None:
    call.path.unlink(missing_ok=True)


def _lock_of_the_dead(folder: Path) -> IO[str] | None:
    try:
        lock = open(folder / LOCK_NAME, "r+")  # noqa: SIM115
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def _calls_in(folder: Path) -> list[LeftOpen]:
    # The file's name is enough: one that a kill left half-written still names its call.
    found = []
    for path in sorted(folder.glob("CA*.json")):
        try:
            dialled = str(json.loads(path.read_text())["dialled"])
        except (OSError, ValueError, KeyError, TypeError):
            dialled = ""
        found.append(LeftOpen(path.stem, dialled, path))
    return found

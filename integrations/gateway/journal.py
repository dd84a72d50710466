"""Which calls and recordings are live, on disk: the next gateway, or a neighbour, reports the end of a killed one's.

One folder for each process, locked while it lives. A file for each of them says only what the report needs; the
caller's number is not among it.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

LOCK_NAME = "lock"
_FILES = "[CR][AE]*.json"


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A call, or with a RecordingSid a recording, whose gateway is gone; `told` as it was noted."""

    sid: str
    dialled: str
    path: Path
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def call_sid(self) -> str:
        return self.sid

    @property
    def is_recording(self) -> bool:
        return self.sid.startswith("RE")


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

    def begin(self, call_sid: str, dialled: str, told: Mapping[str, Any] | None = None) -> None:
        """A call begins; `told` is where its end is reported to, None for the hotline's own address."""
        self._note(call_sid, {"call_sid": call_sid, "dialled": dialled, **({"told": told} if told else {})})

    def begin_recording(self, sid: str, told: Mapping[str, Any]) -> None:
        """A recording begins; `told` is what must be known to report it."""
        self._note(sid, {"told": told})

    def close(self, sid: str) -> None:
        """The hotline knows of the end."""
        (self._own / f"{sid}.json").unlink(missing_ok=True)

    def end(self) -> None:
        """This process is done; what it could not report stays for others."""
        self._lock.close()
        if not any(self._own.glob(_FILES)):
            shutil.rmtree(self._own, ignore_errors=True)

    def _note(self, sid: str, facts: Mapping[str, Any]) -> None:
        # Whole or not at all, so that nobody is told of a call at the wrong address.
        draft = self._own / f".{sid}"
        draft.write_text(json.dumps(facts))
        draft.rename(self._own / f"{sid}.json")

    def of_neighbours(self) -> list[LeftOpen]:
        """The calls that other gateways have, living or gone. Raises OSError."""
        folders = [folder for folder in sorted(self._root.glob("[0-9]*")) if folder != self._own]
        return [left for folder in folders for left in _left_in(folder) if not left.is_recording]

    @contextmanager
    def of_the_dead(self) -> Iterator[list[LeftOpen]]:
        """What gateways that are gone have left open, kept from other gateways meanwhile.

        `settle` each that was reported; a folder with nothing left is removed.
        """
        locks: list[tuple[Path, IO[str]]] = []
        try:
            for folder in sorted(self._root.glob("[0-9]*")):
                if folder != self._own and (lock := _lock_of_the_dead(folder)) is not None:
                    locks.append((folder, lock))
            yield [left for folder, _ in locks for left in _left_in(folder)]
        finally:
            for folder, lock in locks:
                if not any(folder.glob(_FILES)):
                    shutil.rmtree(folder, ignore_errors=True)
                lock.close()


def settle(left: LeftOpen) -> None:
    left.path.unlink(missing_ok=True)


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


def _left_in(folder: Path) -> list[LeftOpen]:
    # The file's name is enough for a call to the hotline: a damaged file still names it.
    found = []
    for path in sorted(folder.glob(_FILES)):
        try:
            facts = json.loads(path.read_text())
            dialled, told = str(facts.get("dialled", "")), dict(facts.get("told") or {})
        except (OSError, ValueError, AttributeError, TypeError):
            dialled, told = "", {}
        found.append(LeftOpen(path.stem, dialled, path, told))
    return found

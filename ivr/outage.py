"""A journal on disk for what the carrier said while the database was away, so that no call is missing afterwards.

One file a process, one JSON line an event, numbers sealed; entered into the ledger once the database answers.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import orjson

from integrations.sealer import Sealer

SEALED_FOR = "outage"
RANG, ENDED = "rang", "ended"
# The carrier comes back for about twenty seconds; after this nobody is waiting any more.
STILL_TRYING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Missed:
    """An event that found no database: a call's first ring, or its final status."""

    kind: str
    call_sid: str
    at: str
    status: str
    caller: str = ""
    dialled: str = ""

    @property
    def received_at(self) -> datetime:
        return datetime.fromisoformat(self.at)


class OutageJournal:
    """Appends durably; `taken` hands out what was written and forgets it only after the block ends well."""

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer

    def write(self, missed: Missed) -> None:
        """Append one event and wait until it is on disk. Raises OSError when the disk is full or away."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / f"{os.getpid()}.jsonl").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(self._line(missed))
            file.flush()
            os.fsync(file.fileno())

    def waiting(self) -> int:
        """How many events wait to be entered."""
        return sum(1 for path in self._folder.glob("*.jsonl") for _ in path.open("rb"))

    @contextmanager
    def taken(self, now: datetime) -> Iterator[list[Missed]]:
        """The events that can be entered now; forgotten once the block ends without an error, and only those.

        A ring whose end was not heard of stays for a while: the carrier may still be trying to get an answer.
        """
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("r+b")) for path in sorted(self._folder.glob("*.jsonl"))]
            for file in files:
                fcntl.flock(file, fcntl.LOCK_EX)
            events = [self._read(line) for file in files for line in file]
            ended = {event.call_sid for event in events if event.kind == ENDED}
            ripe = [e for e in events if e.call_sid in ended or now - e.received_at >= STILL_TRYING]
            yield ripe
            self._keep(files, [event for event in events if event not in ripe])

    def _keep(self, files: list[IO[bytes]], events: list[Missed]) -> None:
        for file in files:
            file.seek(0)
            file.truncate()
        if events:
            files[0].write(b"".join(self._line(event) for event in events))

    def _line(self, missed: Missed) -> bytes:
        values = asdict(missed) | {"caller": self._sealer.seal(missed.caller, SEALED_FOR).hex()}
        return orjson.dumps(values) + b"\n"

    def _read(self, line: bytes) -> Missed:
        values = orjson.loads(line)
        values["caller"] = self._sealer.open(bytes.fromhex(values["caller"]), SEALED_FOR)
        return Missed(**values)

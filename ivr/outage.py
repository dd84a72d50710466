"""A journal on disk for what the carrier said while the database was away, so that no call is missing afterwards.

One small file an event, numbers sealed, written whole or not at all; entered into the ledger once the database answers.
A file that cannot be read or entered is set aside and shown on the status page, and holds up nothing else.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import structlog

from integrations.sealer import Sealer

log = structlog.get_logger(__name__)
SEALED_FOR = "outage"
# A first ring; a desk that picked up; a caller whom we had to turn away; a final status.
RANG, PICKED_UP, TURNED_AWAY, ENDED = KINDS = ("rang", "picked_up", "turned_away", "ended")
# The carrier comes back for about half a minute; after this nobody is waiting any more.
STILL_TRYING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Missed:
    """An event that found no database."""

    kind: str
    call_sid: str
    at: str
    status: str
    caller: str = ""
    dialled: str = ""
    direction: str = "inbound"

    @property
    def received_at(self) -> datetime:
        return datetime.fromisoformat(self.at)


class OutageJournal:
    """Writes durably, hands out in order, forgets only what was entered."""

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer

    def write(self, missed: Missed) -> None:
        """Keep one event and wait until it is on disk. Raises OSError when the disk is full or away."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        values = asdict(missed) | {"caller": self._sealer.seal(missed.caller, SEALED_FOR).hex()}
        # Names sort by time, so that a ring comes before its end.
        name = f"{missed.received_at.timestamp():017.6f}-{secrets.token_hex(4)}"
        made = self._folder / f"{name}.new"
        with made.open("xb") as file:
            file.write(orjson.dumps(values))
            file.flush()
            os.fsync(file.fileno())
        made.rename(self._folder / f"{name}.json")

    def waiting(self) -> int:
        """How many events wait to be entered."""
        return sum(1 for _ in self._folder.glob("*.json"))

    def set_aside(self) -> int:
        """How many events could not be entered and need somebody to look."""
        return sum(1 for _ in self._folder.glob("*.bad"))

    def ripe(self, now: datetime) -> Iterator[tuple[Path, Missed]]:
        """The events that can be entered now, with the file to `forget` afterwards.

        A ring or a refusal whose end was not heard of stays for a while: the carrier may still be trying.
        """
        events = [(path, missed) for path in sorted(self._folder.glob("*.json")) if (missed := self._read(path))]
        # Of the same instant, what led to the end comes before it.
        events.sort(key=lambda event: (event[1].received_at, KINDS.index(event[1].kind)))
        ended = {missed.call_sid for _, missed in events if missed.kind == ENDED}
        for path, missed in events:
            if missed.call_sid in ended or now - missed.received_at >= STILL_TRYING:
                yield path, missed

    @staticmethod
    def forget(path: Path) -> None:
        path.unlink(missing_ok=True)

    @staticmethod
    def put_aside(path: Path, reason: str) -> None:
        """Keep a file that cannot be entered, for a person."""
        log.error("outage_event_set_aside", file=path.name, reason=reason)
        path.replace(path.with_suffix(".bad"))

    def _read(self, path: Path) -> Missed | None:
        try:
            values = orjson.loads(path.read_bytes())
            values["caller"] = self._sealer.open(bytes.fromhex(values["caller"]), SEALED_FOR)
            missed = Missed(**values)
            missed.received_at.timestamp()
            KINDS.index(missed.kind)
        except FileNotFoundError:
            # Another worker entered it in the meantime.
            return None
        except Exception as error:
            self.put_aside(path, type(error).__name__)
            return None
        return missed

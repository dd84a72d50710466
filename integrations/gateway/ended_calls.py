"""How calls have ended, on disk for a day or two: the next gateway, or a neighbour, still knows when it is asked.

A file for each call, in a folder for each day. The caller's number is not in it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import structlog

log = structlog.get_logger(__name__)
KEPT_DAYS = 2
_SID = re.compile(r"CA[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call of which no more is known than this; named as in a live one."""

    caller: ClassVar[str] = ""

    sid: str
    dialled: str
    direction: str
    status: str
    created_at: datetime
    ended_at: datetime
    seconds: int = 0
    parent_sid: str = ""
    answered_by: str | None = None

    @property
    def started_at(self) -> datetime:
        """The answer, or where there was none the order."""
        return self.ended_at - timedelta(seconds=self.seconds) if self.seconds else self.created_at

    @property
    def updated_at(self) -> datetime:
        return self.ended_at


class EndedCalls:
    """Shared by all gateways of an installation. `now` tells the aware time."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    def keep(self, call: EndedCall) -> None:
        """Remember it. Never raises."""
        try:
            day = self._day(call.ended_at)
            draft = day / f".{call.sid}"
            draft.write_text(json.dumps(_written(call)))
            draft.rename(day / f"{call.sid}.json")
        except OSError as error:
            log.error("ended_call_not_kept", call_sid=call.sid, error=type(error).__name__)

    def find(self, sid: str) -> EndedCall | None:
        """None for a call that was never heard of, or ended long ago."""
        if not _SID.fullmatch(sid):
            return None
        found = (_read(path) for path in sorted(self._folder.glob(f"*/{sid}.json")))
        return next((call for call in found if call is not None), None)

    def since(self, at: datetime | None) -> list[EndedCall]:
        """All that ended at that time or later, None: all that are kept, oldest day first."""
        first = "" if at is None else _day_name(at)
        folders = [folder for folder in sorted(self._folder.glob("[0-9]*")) if folder.name >= first]
        found = [_read(path) for folder in folders for path in sorted(folder.glob("CA*.json"))]
        return [call for call in found if call is not None and (at is None or call.ended_at >= at)]

    def _day(self, at: datetime) -> Path:
        """The folder of a day; with a new one the old ones go."""
        day = self._folder / _day_name(at)
        if not day.exists():
            day.mkdir(parents=True, exist_ok=True, mode=0o700)
            oldest = _day_name(self._now() - timedelta(days=KEPT_DAYS))
            for folder in self._folder.glob("[0-9]*"):
                if folder.name < oldest:
                    shutil.rmtree(folder, ignore_errors=True)
        return day


def _day_name(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d}"


def _written(call: EndedCall) -> Mapping[str, Any]:
    return {
        "sid": call.sid,
        "dialled": call.dialled,
        "direction": call.direction,
        "status": call.status,
        "created_at": call.created_at.isoformat(),
        "ended_at": call.ended_at.isoformat(),
        "seconds": call.seconds,
        "parent_sid": call.parent_sid,
        "answered_by": call.answered_by,
    }


def _read(path: Path) -> EndedCall | None:
    """None, and a line in the log, for what cannot be read."""
    try:
        facts = json.loads(path.read_text())
        times = {name: datetime.fromisoformat(facts[name]) for name in ("created_at", "ended_at")}
        return EndedCall(**{**facts, **times})
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("ended_call_unreadable", call_sid=path.stem, error=type(error).__name__)
        return None

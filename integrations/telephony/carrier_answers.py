"""What is read from the carrier's answers, and what may become part of an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.telephony.carrier_errors import CallGone

INBOUND = "inbound"
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording as the carrier knows it; `seconds` is None until it is completed."""

    sid: str
    call_sid: str
    status: str
    seconds: int | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier's list has it. `dialled` is "" unless somebody called in: only then is it our number.

    `started_at` is None while nobody has answered, `ended_at` until it is over.
    """

    sid: str
    direction: str
    status: str
    dialled: str
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_inbound(self) -> bool:
        return self.direction == INBOUND


def plain_sid(sid: str) -> str:
    """The sid. Raises CallGone for what cannot be one, since it becomes part of an address."""
    if not _PLAIN.fullmatch(sid):
        raise CallGone("not a sid")
    return sid


def told(value: str | None) -> str:
    """A sid or status out of an answer. Raises ValueError: without it the answer is useless."""
    if not isinstance(value, str) or not _PLAIN.fullmatch(value):
        raise ValueError("a field is missing")
    return value


def recording_told(found: Any) -> CarrierRecording:
    """A recording out of an answer. Raises ValueError."""
    duration = str(found.duration)
    # Some engines answer -1 while a recording is going on.
    seconds = int(duration) if duration.isascii() and duration.isdigit() else None
    started_at = _moment(found.start_time)
    return CarrierRecording(told(found.sid), told(found.call_sid), told(found.status), seconds, started_at)


def call_told(found: Any) -> CarrierCall:
    """A call out of a list. Raises ValueError."""
    direction = told(found.direction)
    dialled = found.to if direction == INBOUND and isinstance(found.to, str) else ""
    times = _moment(found.start_time), _moment(found.end_time)
    return CarrierCall(told(found.sid), direction, told(found.status), dialled, *times)


def _moment(value: Any) -> datetime | None:
    """A time of an answer, aware; the client leaves one that it cannot read as it is."""
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value

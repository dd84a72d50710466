"""What is read from the carrier's answers, and what may become part of an address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.telephony.carrier_errors import CallGone

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording as the carrier knows it; `seconds` is None until it is completed."""

    sid: str
    call_sid: str
    status: str
    seconds: int | None
    started_at: datetime | None


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
    started_at = found.start_time if isinstance(found.start_time, datetime) else None
    if started_at is not None and started_at.tzinfo is None:
        started_at = started_at.replace(tzinfo=UTC)
    return CarrierRecording(told(found.sid), told(found.call_sid), told(found.status), seconds, started_at)

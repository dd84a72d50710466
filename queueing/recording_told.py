"""What the carrier says of a recording, read from its words: a status callback, or an answer to a question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from integrations.telephony.carrier_answers import CarrierRecording

IN_PROGRESS, ABSENT, COMPLETED = "in-progress", "absent", "completed"
_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Told:
    """What the carrier says of a recording; `seconds` and `ended_at` are None while it goes on."""

    sid: str
    call_sid: str
    status: str
    seconds: int | None
    started_at: datetime
    ended_at: datetime | None


def told_by(form: Mapping[str, str], now: datetime) -> Told | None:
    """A recording status callback; None when it cannot be one."""
    sid, status, seconds = (
        form.get("RecordingSid", ""),
        form.get("RecordingStatus", ""),
        form.get("RecordingDuration", ""),
    )
    if not _SID.fullmatch(sid) or status not in (IN_PROGRESS, COMPLETED, ABSENT):
        return None
    length = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else None
    recording = CarrierRecording(sid, form.get("CallSid", "")[:64], status, length, _moment(form))
    return told_of(recording, now)


def told_of(recording: CarrierRecording, now: datetime) -> Told:
    """A recording as the carrier lists it; without a beginning it ended now."""
    seconds = recording.seconds if recording.status == COMPLETED else None
    started_at = recording.started_at or now - timedelta(seconds=seconds or 0)
    ended_at = None if recording.status == IN_PROGRESS else started_at + timedelta(seconds=seconds or 0)
    return Told(recording.sid, recording.call_sid, recording.status, seconds, started_at, ended_at)


def _moment(form: Mapping[str, str]) -> datetime | None:
    try:
        moment = parsedate_to_datetime(form.get("RecordingStartTime", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

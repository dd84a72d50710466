"""One message's voice and words as rows, and the trace that whoever hears them leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from dashboards.console.look_ups import SAME_LISTENING, LookUp, note_look_ups
from voicemail.case_rows import add_event

MESSAGE_HEARD, MESSAGE_READ = "message_heard", "message_read"
LISTENED = "listened"

# A take that the caller spoke anew is nobody's to hear. A message is in the case that its own was merged into.
_ONE = """
SELECT r.recording_sid, r.status, r.storage_key, r.seconds, r.peaks, r.error, r.deleted_at,
       m.id AS message_id, m.kind AS message_kind, m.begun_at, w.id AS case_id, w.kind AS case_kind, w.centre,
       w.owner_id, t.status AS transcript_status, t.words, t.said, t.confidence, t.corrected_text, t.corrected_by,
       t.corrected_at, u.name AS corrected_name
FROM message_recording r JOIN message m ON m.id = r.message_id
CROSS JOIN LATERAL (
    WITH RECURSIVE up AS (
        SELECT c.* FROM work_order c WHERE c.id = m.case_id
        UNION ALL SELECT c.* FROM work_order c JOIN up ON c.id = up.merged_into)
    SELECT * FROM up WHERE merged_into IS NULL
) w
LEFT JOIN transcript t ON t.recording_sid = r.recording_sid LEFT JOIN staff_user u ON u.username = t.corrected_by
WHERE r.recording_sid = %s AND NOT r.is_superseded
"""
# Two requests of one player come at the same instant.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


@dataclass(frozen=True, slots=True)
class Voice:
    """The take of a message that counts, whose case it belongs to, and what was understood of it."""

    recording_sid: str
    status: str
    storage_key: str | None
    seconds: int | None
    peaks: bytes | None
    error: str | None
    deleted_at: datetime | None
    message_id: int
    message_kind: str
    begun_at: datetime
    case_id: int
    case_kind: str
    centre: str
    owner_id: int | None
    transcript_status: str | None
    words: Sequence[Any] | None
    said: str | None
    confidence: float | None
    corrected_text: str | None
    corrected_by: str | None
    corrected_at: datetime | None
    corrected_name: str | None


def read_voice(connection: Connection[Any], recording_sid: str) -> Voice | None:
    """A take by the carrier's id, with the case that it belongs to now; None when there is none that counts."""
    # No id of the carrier has a NUL, which the database would not take.
    values = (recording_sid.replace("\x00", "?"),)
    return connection.cursor(row_factory=class_row(Voice)).execute(_ONE, values).fetchone()


def note_heard(connection: Connection[Any], voice: Voice, username: str, now: datetime) -> bool:
    """Enter that somebody listened, in the trail and in the case's history; once in ten minutes. Whether it was new."""
    with connection.transaction():
        if not _enter(connection, MESSAGE_HEARD, voice, username, now):
            return False
        add_event(connection, voice.case_id, now, username, LISTENED, detail={"message": voice.message_id})
    return True


def note_read(connection: Connection[Any], voice: Voice, username: str, now: datetime) -> None:
    """Enter in the trail that somebody saw the words; once in ten minutes."""
    with connection.transaction():
        _enter(connection, MESSAGE_READ, voice, username, now)


def _enter(connection: Connection[Any], action: str, voice: Voice, username: str, now: datetime) -> bool:
    connection.execute(_ONE_AT_A_TIME, (f"{action} {username} {voice.recording_sid}",))
    look = LookUp(username, voice.centre, f"message_recording {voice.recording_sid}")
    return note_look_ups(connection, action, [look], now, now - SAME_LISTENING) > 0

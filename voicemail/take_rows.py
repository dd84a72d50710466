"""The rows of takes: what was said after a beep, as the carrier records it. The last one kept counts.

in-progress -> absent (there was nothing to hear)
            -> completed (at the carrier) -> stored (also in our storage) -> home (only there)
            -> lost (the carrier never finished it, or has it no longer)
               completed -> unusable (it cannot be listened to, and stays at the carrier)
A take that does not count any more (superseded, or its time is over) goes the same way until nothing of it is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection

from queueing.recording_told import ABSENT, IN_PROGRESS, Told

STORED, HOME, LOST, UNUSABLE = "stored", "home", "lost", "unusable"
LONGEST_ERROR = 300
# By then whoever was woken for it has taken it.
WOKEN_WITHIN = "interval '1 minute'"
_BEGAN = """
INSERT INTO message_recording AS row (recording_sid, message_id, call_sid, status, started_at, ended_at)
SELECT %(sid)s, id, call_sid, %(status)s, %(started_at)s, %(ended_at)s FROM message
WHERE id = %(message)s AND call_sid = %(call_sid)s
ON CONFLICT (recording_sid) DO UPDATE
SET status = excluded.status, started_at = least(row.started_at, excluded.started_at), ended_at = excluded.ended_at
WHERE row.message_id = excluded.message_id AND row.status = 'in-progress' AND excluded.status = 'absent'
"""
# A carrier's word is believed only when it says more than the row does.
_FINISHED = """
INSERT INTO message_recording AS row
       (recording_sid, message_id, call_sid, status, seconds, is_superseded, started_at, ended_at)
VALUES (%(sid)s, %(message)s, %(call_sid)s, 'completed', %(seconds)s, %(is_superseded)s, %(started_at)s, %(ended_at)s)
ON CONFLICT (recording_sid) DO UPDATE
SET status = 'completed', seconds = excluded.seconds, is_superseded = excluded.is_superseded, error = NULL,
    started_at = least(row.started_at, excluded.started_at), ended_at = excluded.ended_at
WHERE row.message_id = excluded.message_id
  AND (row.status IN ('in-progress', 'absent') OR (row.status = 'lost' AND row.seconds IS NULL))
RETURNING started_at
"""
_OWNER = "SELECT message_id, is_superseded FROM message_recording WHERE recording_sid = %s"
_NEWEST = """
SELECT recording_sid, started_at FROM message_recording
WHERE message_id = %s AND NOT is_superseded AND seconds IS NOT NULL ORDER BY started_at DESC, recording_sid DESC LIMIT 1
"""
# What is home is looked at again, to be deleted; a lease of somebody who is at work on it stays.
_SUPERSEDE = """
UPDATE message_recording SET is_superseded = true, attempts = 0,
    status = CASE status WHEN 'home' THEN 'stored' WHEN 'unusable' THEN 'completed' ELSE status END
WHERE message_id = %s AND recording_sid <> %s AND NOT is_superseded AND seconds IS NOT NULL
RETURNING recording_sid
"""
# An earlier take is not deleted before the later one has been listened to: it may have to take its place.
_MAY_GO = """
NOT (row.is_superseded AND EXISTS (SELECT FROM message_recording AS later WHERE later.message_id = row.message_id
     AND NOT later.is_superseded AND later.status = 'completed'))
"""
_CLAIM = f"""
UPDATE message_recording AS row SET attempts = least(attempts + 1, 30000), lease_until = %(until)s
WHERE recording_sid = %(sid)s AND status IN ('completed', 'stored') AND (lease_until IS NULL OR lease_until <= %(now)s)
  AND {_MAY_GO}
RETURNING recording_sid, message_id, status, seconds, started_at, attempts, storage_key,
          is_superseded OR deleted_at IS NOT NULL
"""
_LET_GO = "UPDATE message_recording SET lease_until = NULL WHERE recording_sid = %s"
_STORED = """
UPDATE message_recording SET status = 'stored', storage_key = %(key)s, stored_at = %(at)s, size_bytes = %(size)s,
    voice_seconds = %(voice_seconds)s, peaks = %(peaks)s, error = NULL
WHERE recording_sid = %(sid)s AND status = 'completed' AND NOT is_superseded AND deleted_at IS NULL
"""
_HOME = """
UPDATE message_recording SET status = 'home', error = NULL, lease_until = NULL
WHERE recording_sid = %s AND status = 'stored' AND NOT is_superseded AND deleted_at IS NULL
"""
_GONE = """
UPDATE message_recording SET status = 'home', storage_key = NULL, peaks = NULL, lease_until = NULL, error = NULL,
    deleted_at = coalesce(deleted_at, %(at)s)
WHERE recording_sid = %(sid)s AND (is_superseded OR deleted_at IS NOT NULL)
"""
_ENDED = """
UPDATE message_recording SET status = %(status)s, error = %(error)s, lease_until = NULL
WHERE recording_sid = %(sid)s AND status = 'completed' AND NOT is_superseded AND deleted_at IS NULL
"""
_FAILED = """
UPDATE message_recording SET error = %(error)s, lease_until = %(again_at)s
WHERE recording_sid = %(sid)s AND status IN ('completed', 'stored')
"""
_DISCARDED = """
SELECT 1 FROM message_recording WHERE recording_sid = %s AND (is_superseded OR deleted_at IS NOT NULL)
"""
_DUE = f"""
SELECT recording_sid FROM message_recording AS row
WHERE status IN ('completed', 'stored') AND coalesce(lease_until, ended_at + {WOKEN_WITHIN}) <= %s AND {_MAY_GO}
ORDER BY started_at LIMIT %s
"""
_SUPERSEDED = """
SELECT recording_sid FROM message_recording
WHERE message_id = %s AND is_superseded AND deleted_at IS NULL AND status IN ('completed', 'stored')
"""
_EARLIER = """
UPDATE message_recording SET is_superseded = false, attempts = 0, lease_until = NULL
WHERE recording_sid = (
    SELECT recording_sid FROM message_recording
    WHERE message_id = %(message)s AND is_superseded AND deleted_at IS NULL AND seconds >= %(shortest)s
      AND coalesce(voice_seconds, %(shortest)s) >= %(shortest)s
      AND status IN ('completed', 'stored') AND recording_sid <> %(sid)s
    ORDER BY started_at DESC LIMIT 1)
RETURNING recording_sid
"""
_STEPS_BACK = "UPDATE message_recording SET is_superseded = true, attempts = 0 WHERE recording_sid = %s"
_UNFINISHED = """
UPDATE message_recording SET status = 'lost', error = %(error)s
WHERE call_sid = %(call_sid)s AND status = 'in-progress' AND started_at < %(before)s
"""
_PRESENT = """
SELECT recording_sid, storage_key FROM message_recording
WHERE message_id = %s AND NOT is_superseded AND deleted_at IS NULL
  AND status IN ('completed', 'stored', 'home', 'unusable')
ORDER BY started_at DESC LIMIT 1
"""
_KNOWN = """
SELECT recording_sid FROM message_recording WHERE recording_sid = ANY(%(sids)s) AND status <> 'in-progress'
UNION SELECT recording_sid FROM talk_recording WHERE recording_sid = ANY(%(sids)s)
"""


@dataclass(frozen=True, slots=True)
class Take:
    """A take to bring home, or to delete when `is_discarded`; `attempts` counts this one."""

    sid: str
    message_id: int
    status: str
    seconds: int | None
    started_at: datetime
    attempts: int
    storage_key: str | None
    is_discarded: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What a finished take is worth: `voice_seconds` of somebody speaking, `peaks` for the eye."""

    key: str
    size: int
    voice_seconds: float
    peaks: bytes


class ForeignTake(Exception):
    """The recording is another message's."""


def note_began(connection: Connection[Any], message_id: int, told: Told) -> bool:
    """A take goes on, or there was nothing to hear in it; False when that is no news."""
    assert told.status in (IN_PROGRESS, ABSENT)
    return connection.execute(_BEGAN, _values(message_id, told)).rowcount == 1


def note_finished(connection: Connection[Any], message_id: int, told: Told, is_too_short: bool = False) -> bool:
    """A take is complete at the carrier; False when that was known. Raises ForeignTake.

    One that is too short is deleted like one that was superseded.
    """
    values = _values(message_id, told) | {"is_superseded": is_too_short, "seconds": told.seconds or 0}
    if connection.execute(_FINISHED, values).fetchone() is not None:
        return True
    row = connection.execute(_OWNER, (told.sid,)).fetchone()
    if row is None or row[0] != message_id:
        raise ForeignTake
    return False


def supersede(connection: Connection[Any], message_id: int) -> tuple[str | None, list[str]]:
    """The take that counts, which is the newest, and those that do not count from now on."""
    newest = connection.execute(_NEWEST, (message_id,)).fetchone()
    if newest is None:
        return None, []
    return newest[0], [row[0] for row in connection.execute(_SUPERSEDE, (message_id, newest[0]))]


def claim(connection: Connection[Any], sid: str, now: datetime, until: datetime) -> Take | None:
    """Take a lease and count an attempt; None when there is nothing to do, or somebody is at it."""
    row = connection.execute(_CLAIM, {"sid": sid, "now": now, "until": until}).fetchone()
    return Take(*row) if row else None


def let_go(connection: Connection[Any], sid: str) -> None:
    """The lease ends before its time."""
    connection.execute(_LET_GO, (sid,))


def note_stored(connection: Connection[Any], sid: str, heard: Heard, at: datetime) -> bool:
    """It is in our storage. False when that was known, or when it does not count any more."""
    values = {"sid": sid, "key": heard.key, "size": heard.size, "at": at}
    values |= {"voice_seconds": heard.voice_seconds, "peaks": heard.peaks}
    return connection.execute(_STORED, values).rowcount == 1


def note_home(connection: Connection[Any], sid: str) -> bool:
    """The carrier's copy is gone."""
    return connection.execute(_HOME, (sid,)).rowcount == 1


def note_gone(connection: Connection[Any], sid: str, at: datetime) -> None:
    """Nothing is left of a take that does not count."""
    connection.execute(_GONE, {"sid": sid, "at": at})


def note_ended(connection: Connection[Any], sid: str, status: str, error: str) -> bool:
    """It is lost, or unusable, and why."""
    return connection.execute(_ENDED, {"sid": sid, "status": status, "error": error[:LONGEST_ERROR]}).rowcount == 1


def note_failure(connection: Connection[Any], sid: str, error: str, again_at: datetime) -> None:
    """Why it could not be done this time, and when to try again."""
    connection.execute(_FAILED, {"sid": sid, "error": error[:LONGEST_ERROR], "again_at": again_at})


def is_discarded(connection: Connection[Any], sid: str) -> bool:
    """It does not count any more."""
    return connection.execute(_DISCARDED, (sid,)).fetchone() is not None


def due(connection: Connection[Any], now: datetime, most: int) -> list[str]:
    """Takes that somebody has to go on with, oldest first."""
    return [row[0] for row in connection.execute(_DUE, (now, most))]


def give_up_unfinished(connection: Connection[Any], call_sid: str, before: datetime, error: str) -> int:
    """Takes of a call that began before then and of which the carrier knows no end."""
    return connection.execute(_UNFINISHED, {"call_sid": call_sid, "before": before, "error": error}).rowcount


def superseded_of(connection: Connection[Any], message_id: int) -> list[str]:
    """Takes that do not count any more and are still somewhere."""
    return [row[0] for row in connection.execute(_SUPERSEDED, (message_id,))]


def fall_back(connection: Connection[Any], message_id: int, sid: str, shortest_seconds: float) -> str | None:
    """Let the take before this one count again, since nothing can be heard in this one; its id, None without one.

    `shortest_seconds`: of somebody's voice, and of sound where nobody has listened yet.
    """
    values = {"message": message_id, "sid": sid, "shortest": shortest_seconds}
    row = connection.execute(_EARLIER, values).fetchone()
    if row is None:
        return None
    connection.execute(_STEPS_BACK, (sid,))
    return str(row[0])


def present_take(connection: Connection[Any], message_id: int) -> tuple[str, str | None] | None:
    """(recording_sid, storage_key or None) of the take that counts."""
    row = connection.execute(_PRESENT, (message_id,)).fetchone()
    return (row[0], row[1]) if row else None


def known_of(connection: Connection[Any], sids: list[str]) -> set[str]:
    """Those of which the last word has been heard."""
    return {row[0] for row in connection.execute(_KNOWN, {"sids": sids})}


def _values(message_id: int, told: Told) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Told.__slots__} | {"message": message_id}

"""The rows of talks' recordings. One statement a change; whatever is repeated, late or out of order changes nothing.

in-progress -> absent (there was nothing to hear)
            -> completed (at the carrier) -> copied (also in our storage) -> home (only there)
            -> lost (the carrier never finished it, or has it no longer)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation

from queueing.recording_told import Told

COPIED, HOME, LOST = "copied", "home", "lost"
LONGEST_ERROR = 300
# A carrier's word is believed only when it says more than the row does.
_RANK = "array_position(ARRAY['lost', 'in-progress', 'absent', 'completed'], {}::text)"

_NOTE = f"""
INSERT INTO talk_recording AS row
       (recording_sid, offer_id, call_sid, status, seconds, started_at, ended_at)
SELECT %(sid)s, offer.id, %(call_sid)s, %(status)s, %(seconds)s, %(started_at)s, %(ended_at)s
FROM offer WHERE offer.id = %(offer_id)s
ON CONFLICT (recording_sid) DO UPDATE
SET status = excluded.status, seconds = coalesce(excluded.seconds, row.seconds),
    started_at = excluded.started_at, ended_at = excluded.ended_at
WHERE row.offer_id = excluded.offer_id AND {_RANK.format("row.status")} < {_RANK.format("excluded.status")}
RETURNING status
"""
# Another recording of a leg that has one: the one in which more can be heard stays.
_REPLACE = """
UPDATE talk_recording
SET recording_sid = %(sid)s, call_sid = %(call_sid)s, status = %(status)s, seconds = %(seconds)s,
    started_at = %(started_at)s, ended_at = %(ended_at)s, attempts = 0, error = NULL
WHERE offer_id = %(offer_id)s AND %(status)s = 'completed'
  AND (status IN ('lost', 'in-progress', 'absent')
       OR (status = 'completed' AND coalesce(seconds, 0) < coalesce(%(seconds)s, 0)))
RETURNING status
"""
_BEGIN = """
UPDATE talk_recording SET attempts = least(attempts + 1, 30000)
WHERE recording_sid = %s AND status IN ('completed', 'copied')
RETURNING recording_sid, call_sid, status, seconds, started_at, attempts
"""
_COPIED = """
UPDATE talk_recording SET status = 'copied', storage_key = %(key)s, stored_at = %(at)s, error = NULL
WHERE recording_sid = %(sid)s AND status = 'completed'
"""
_HOME = "UPDATE talk_recording SET status = 'home', error = NULL WHERE recording_sid = %s AND status = 'copied'"
_REOPEN = """
UPDATE talk_recording SET status = 'copied' WHERE offer_id = %s AND status = 'home' RETURNING recording_sid
"""
_FAILED = """
UPDATE talk_recording SET error = %(error)s, status = CASE WHEN %(is_lost)s THEN 'lost' ELSE status END
WHERE recording_sid = %(sid)s AND status = %(status)s
"""
_EXISTS = "SELECT 1 FROM talk_recording WHERE recording_sid = %s"
# After the n-th try: 2, 3, 5, 9, 17, 33, 65 minutes after the end, then every hour.
_DUE = """
SELECT recording_sid FROM talk_recording
WHERE status IN ('completed', 'copied')
  AND coalesce(ended_at, started_at) + interval '1 minute'
      * (1 + 2 ^ least(attempts, 6) + 60 * greatest(attempts - 6, 0)) <= %(now)s
ORDER BY started_at LIMIT %(most)s
"""
_UNHEARD_OF = """
SELECT offer.id, offer.agent_call_sid, row.recording_sid
FROM offer LEFT JOIN talk_recording AS row ON row.offer_id = offer.id
WHERE offer.connected_at IS NOT NULL AND offer.agent_call_sid IS NOT NULL
  AND offer.made_at > %(since)s - interval '5 hours' AND offer.ended_at BETWEEN %(since)s AND %(until)s
  AND (row.recording_sid IS NULL OR row.status = 'in-progress')
ORDER BY offer.ended_at LIMIT %(most)s
"""
_NEVER_FINISHED = """
UPDATE talk_recording SET status = 'lost', error = 'never finished'
WHERE status = 'in-progress' AND started_at < %s
"""
_NOTHING = """
INSERT INTO talk_recording (recording_sid, offer_id, call_sid, status, started_at, ended_at, error)
SELECT 'none-' || id, id, agent_call_sid, 'absent', connected_at, ended_at, 'the carrier has none'
FROM offer WHERE id = %s ON CONFLICT DO NOTHING
"""
_GONE = """
UPDATE talk_recording SET status = 'lost', error = 'the carrier has none'
WHERE recording_sid = %s AND status = 'in-progress'
"""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A recording to bring home; `status` is completed or copied, `attempts` counts this one."""

    sid: str
    call_sid: str
    status: str
    seconds: int | None
    started_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Unheard:
    """A talk that is over, of whose recording nothing final was heard; `recording_sid` when it began."""

    offer_id: str
    leg: str
    recording_sid: str | None


def note(connection: Connection[Any], offer_id: str, told: Told) -> bool:
    """Take in the carrier's word; True when it was news. Raises SecondRecording."""
    values = {name: getattr(told, name) for name in Told.__slots__} | {"offer_id": offer_id}
    try:
        return connection.execute(_NOTE, values).fetchone() is not None
    except UniqueViolation:
        if connection.execute(_REPLACE, values).fetchone() is None:
            raise SecondRecording from None
        return True


class SecondRecording(Exception):
    """The leg has a recording already, in which as much can be heard."""


def begin(connection: Connection[Any], sid: str) -> Fetch | None:
    """Count an attempt; None when there is nothing (any more) to bring home."""
    row = connection.execute(_BEGIN, (sid,)).fetchone()
    return Fetch(*row) if row else None


def note_copied(connection: Connection[Any], sid: str, key: str, at: datetime) -> bool:
    """It is in our storage. False when that was known, or when there is no such row any more."""
    return connection.execute(_COPIED, {"sid": sid, "key": key, "at": at}).rowcount == 1


def note_home(connection: Connection[Any], sid: str) -> None:
    """The carrier's copy is gone."""
    connection.execute(_HOME, (sid,))


def reopen(connection: Connection[Any], offer_id: str) -> str | None:
    """Let the carrier be looked at again for a talk whose recording is home; its sid, None when it is not home."""
    row = connection.execute(_REOPEN, (offer_id,)).fetchone()
    return str(row[0]) if row else None


def note_failure(connection: Connection[Any], fetch: Fetch, status: str, error: str, is_lost: bool) -> None:
    """Why it could not be brought home this time, or never will be."""
    values = {"sid": fetch.sid, "status": status, "error": error[:LONGEST_ERROR], "is_lost": is_lost}
    connection.execute(_FAILED, values)


def exists(connection: Connection[Any], sid: str) -> bool:
    return connection.execute(_EXISTS, (sid,)).fetchone() is not None


def due(connection: Connection[Any], now: datetime, most: int) -> list[str]:
    """The sids whose next attempt is due, oldest first."""
    return [row[0] for row in connection.execute(_DUE, {"now": now, "most": most}).fetchall()]


def unheard_of(connection: Connection[Any], since: datetime, until: datetime, most: int) -> list[Unheard]:
    """Talks that ended between the two moments without a last word on their recording, oldest first."""
    values = {"since": since, "until": until, "most": most}
    return [Unheard(*row) for row in connection.execute(_UNHEARD_OF, values).fetchall()]


def note_nothing(connection: Connection[Any], unheard: Unheard) -> None:
    """The carrier has no recording of this talk."""
    if unheard.recording_sid is None:
        connection.execute(_NOTHING, (unheard.offer_id,))
    else:
        connection.execute(_GONE, (unheard.recording_sid,))


def give_up_unfinished(connection: Connection[Any], before: datetime) -> int:
    """Recordings that began before the moment and never finished; how many there were."""
    return connection.execute(_NEVER_FINISHED, (before,)).rowcount

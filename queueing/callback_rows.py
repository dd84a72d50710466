"""Callbacks and attempts as rows, in the caller's transaction.

Locks are always taken in the order entry, offer, seat, callback, attempt. A request is only ever changed by a move of
its table, under its lock.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from queueing import callback
from queueing.callback import ATTEMPT_RANK, ENDED, INITIATED, SCHEDULED

log = structlog.get_logger(__name__)

_FIELDS = (
    "id, centre, skill, language, asked, is_slow, number_sealed, number_hash, number_tail, caller_region, source, "
    "call_sid, note, arrived_at, rank_at, rules, asked_at, slot_from, slot_until, status, not_before, promised_until, "
    "attempts, owner_id, ended_at, end_reason"
)
_ATTEMPT_FIELDS = (
    "id, callback_id, offer_id, entry_id, number, call_sid, status, made_at, initiated_at, answered_at, ended_at, "
    "result"
)
_NEW = (
    "centre, skill, language, asked, is_slow, number_sealed, number_hash, number_tail, caller_region, asker_hash, "
    "source, call_sid, note, arrived_at, rank_at, rules, asked_at, slot_from, slot_until, status, not_before, "
    "promised_until, owner_id"
)
_INSERT = f"""
INSERT INTO callback ({_NEW}) VALUES ({", ".join(f"%({name})s" for name in _NEW.split(", "))})
ON CONFLICT (centre, number_hash, skill) WHERE ended_at IS NULL DO NOTHING RETURNING {_FIELDS}
"""
_READ = f"SELECT {_FIELDS} FROM callback WHERE id = %s"
_LOCK = f"SELECT {_FIELDS} FROM callback WHERE id = %s FOR NO KEY UPDATE"
_OPEN_OF_NUMBER = f"""
SELECT {_FIELDS} FROM callback
WHERE number_hash = %(hash)s AND ended_at IS NULL AND (%(centre)s = '' OR centre = %(centre)s)
  AND (%(skill)s::text IS NULL OR skill = %(skill)s)
ORDER BY asked_at DESC, id DESC LIMIT 1
"""
_OPEN_OF_ASKER = "SELECT count(*) FROM callback WHERE asker_hash = %s AND ended_at IS NULL"
_DUE = """
SELECT id FROM callback WHERE status = 'scheduled' AND not_before <= %s ORDER BY not_before, id LIMIT %s
"""
_TAKEN = """
SELECT slot_from, count(*) FROM callback
WHERE centre = %s AND slot_from >= %s AND ended_at IS NULL GROUP BY slot_from
"""
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtext('callback slots ' || %s))"
_BREACHED = """
UPDATE callback SET breached_at = %(now)s
WHERE ended_at IS NULL AND breached_at IS NULL AND promised_until < %(now)s AND status <> 'live'
  AND NOT EXISTS (SELECT 1 FROM callback_attempt a WHERE a.callback_id = callback.id AND a.initiated_at >= slot_from)
RETURNING id
"""
_COUNT = "UPDATE callback SET attempts = attempts + 1 WHERE id = %s"
_DO_NOT_COUNT = """
UPDATE callback SET attempts = attempts - 1
WHERE id = %s AND EXISTS (SELECT 1 FROM callback_attempt WHERE id = %s AND initiated_at IS NOT NULL)
"""
_CLEAR = """
UPDATE callback SET cleared_at = %s, cleared_by = %s, cleared_reason = %s
WHERE id = %s AND cleared_at IS NULL AND (ended_at IS NOT NULL OR breached_at IS NOT NULL)
"""
_INSERT_ATTEMPT = f"""
INSERT INTO callback_attempt (id, callback_id, offer_id, entry_id, number, made_at)
SELECT %(id)s, %(callback)s, %(offer)s, %(entry)s, count(*) + 1, %(at)s
FROM callback_attempt WHERE callback_id = %(callback)s
RETURNING {_ATTEMPT_FIELDS}
"""
_READ_ATTEMPT = f"SELECT {_ATTEMPT_FIELDS} FROM callback_attempt WHERE id = %s"
_ATTEMPT_OF_OFFER = f"SELECT {_ATTEMPT_FIELDS} FROM callback_attempt WHERE offer_id = %s"
_LOCK_ATTEMPT = f"{_READ_ATTEMPT} FOR NO KEY UPDATE"
_OPEN_ATTEMPT = f"SELECT {_ATTEMPT_FIELDS} FROM callback_attempt WHERE callback_id = %s AND ended_at IS NULL"
_STALE_ATTEMPTS = f"""
SELECT {_ATTEMPT_FIELDS} FROM callback_attempt
WHERE ended_at IS NULL AND status <> 'confirmed' AND made_at < %s ORDER BY made_at LIMIT %s
"""
_LAST_RESULT = """
SELECT result FROM callback_attempt WHERE callback_id = %s AND ended_at IS NOT NULL ORDER BY number DESC LIMIT 1
"""
_LEG = """
UPDATE callback_attempt SET call_sid = %(leg)s WHERE id = %(id)s AND call_sid IS NULL
"""
_RAISE = """
UPDATE callback_attempt SET status = %(status)s,
    initiated_at = CASE WHEN %(rank)s >= 1 THEN coalesce(initiated_at, %(at)s) ELSE initiated_at END,
    answered_at = CASE WHEN %(rank)s >= 3 THEN coalesce(answered_at, %(at)s) ELSE answered_at END,
    confirmed_at = CASE WHEN %(rank)s >= 4 THEN coalesce(confirmed_at, %(at)s) ELSE confirmed_at END
WHERE id = %(id)s AND ended_at IS NULL
"""
_END_ATTEMPT = """
UPDATE callback_attempt SET status = 'ended', ended_at = %s, result = %s WHERE id = %s AND ended_at IS NULL
"""
_KNOWN_LEGS = "SELECT call_sid FROM callback_attempt WHERE call_sid = ANY(%s)"
# Every process draws from the one row, so the carrier's limit holds for all of them together.
_PACE = """
INSERT INTO carrier_pace (id, next_at) VALUES (1, %(now)s + %(gap)s)
ON CONFLICT (id) DO UPDATE SET next_at = greatest(carrier_pace.next_at, %(now)s) + %(gap)s
RETURNING next_at - %(gap)s
"""


@dataclass(frozen=True, slots=True)
class CallbackRow:
    id: int
    centre: str
    skill: str
    language: str
    asked: str
    is_slow: bool
    number_sealed: bytes
    number_hash: bytes
    number_tail: str
    caller_region: str | None
    source: str
    call_sid: str
    note: str
    arrived_at: datetime
    rank_at: datetime
    rules: list[str]
    asked_at: datetime
    slot_from: datetime | None
    slot_until: datetime | None
    status: str
    not_before: datetime | None
    promised_until: datetime | None
    attempts: int
    owner_id: int | None
    ended_at: datetime | None
    end_reason: str | None

    @property
    def is_open(self) -> bool:
        return self.status != ENDED


@dataclass(frozen=True, slots=True)
class Attempt:
    id: str
    callback_id: int
    offer_id: str
    entry_id: int
    number: int
    call_sid: str | None
    status: str
    made_at: datetime
    initiated_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    result: str | None

    @property
    def is_open(self) -> bool:
        return self.status != ENDED


def insert_callback(connection: Connection[Any], values: Mapping[str, Any]) -> CallbackRow | None:
    """A new request; None when one is open for the same number and subject. `values`: every column of `_NEW`."""
    row = connection.execute(_INSERT, values).fetchone()
    if row is None:
        return None
    made = CallbackRow(*row)
    log.info("callback_asked", callback=made.id, centre=made.centre, source=made.source, status=made.status)
    return made


def read_callback(connection: Connection[Any], callback_id: int) -> CallbackRow | None:
    row = connection.execute(_READ, (callback_id,)).fetchone()
    return CallbackRow(*row) if row else None


def lock_callback(connection: Connection[Any], callback_id: int) -> CallbackRow | None:
    row = connection.execute(_LOCK, (callback_id,)).fetchone()
    return CallbackRow(*row) if row else None


def open_of_number(
    connection: Connection[Any], number_hash: bytes, centre: str = "", skill: str | None = None
) -> CallbackRow | None:
    """The newest open request for a number; `centre` "" and `skill` None stand for any."""
    values = {"hash": number_hash, "centre": centre, "skill": skill}
    row = connection.execute(_OPEN_OF_NUMBER, values).fetchone()
    return CallbackRow(*row) if row else None


def count_open_of_asker(connection: Connection[Any], asker_hash: bytes) -> int:
    """How many open requests one telephone has asked for."""
    row = connection.execute(_OPEN_OF_ASKER, (asker_hash,)).fetchone()
    return int(row[0]) if row else 0


def due_callbacks(connection: Connection[Any], before: datetime, most: int) -> list[int]:
    """The ids of scheduled requests whose time had come by then, the longest due first."""
    return [row[0] for row in connection.execute(_DUE, (before, most)).fetchall()]


def taken_slots(connection: Connection[Any], centre: str, since: datetime) -> dict[datetime, int]:
    """How many were promised each half hour from then on."""
    return dict(connection.execute(_TAKEN, (centre, since)).fetchall())


def hold_slots(connection: Connection[Any], centre: str) -> None:
    """Nobody else promises a half hour of this centre until the transaction ends."""
    connection.execute(_ONE_BY_ONE, (centre,))


def note_breaches(connection: Connection[Any], now: datetime) -> list[int]:
    """Mark the promises that have passed unkept; the ids of those that are new."""
    return [row[0] for row in connection.execute(_BREACHED, {"now": now}).fetchall()]


def clear(connection: Connection[Any], callback_id: int, by: str, reason: str, at: datetime) -> bool:
    """A supervisor has dealt with it; False when there was nothing to deal with, or somebody had already."""
    return connection.execute(_CLEAR, (at, by, reason, callback_id)).rowcount == 1


def move(connection: Connection[Any], row: CallbackRow, event: str, at: datetime, **changes: Any) -> CallbackRow:
    """Make a move of the table on a locked row, with the other columns that change; the row as it is then.

    `not_before` is kept only by a scheduled request, and an ended one gets its time here. Raises IllegalMove.
    """
    status = callback.next_status(row.status, event)
    changes["status"] = status
    if status != SCHEDULED:
        changes["not_before"] = None
    if status == ENDED:
        changes["ended_at"] = at
    if changes.get("end_reason") in callback.TO_BE_CLEARED:
        # A breach that was cleared before is another matter.
        changes |= {"cleared_at": None, "cleared_by": None, "cleared_reason": None}
    assignments = ", ".join(f"{name} = %({name})s" for name in changes)
    connection.execute(f"UPDATE callback SET {assignments} WHERE id = %(id)s", changes | {"id": row.id})
    log.info(
        "callback_moved", callback=row.id, move=f"{row.status} -{event}-> {status}", reason=changes.get("end_reason")
    )
    return replace(row, **{name: value for name, value in changes.items() if name in CallbackRow.__slots__})


# attempts


def insert_attempt(
    connection: Connection[Any], callback_id: int, offer_id: str, entry_id: int, at: datetime
) -> Attempt:
    """Begin an attempt. Raises psycopg.errors.UniqueViolation when one is open."""
    values = {"id": secrets.token_hex(8), "callback": callback_id, "offer": offer_id, "entry": entry_id, "at": at}
    row = connection.execute(_INSERT_ATTEMPT, values).fetchone()
    assert row is not None
    return Attempt(*row)


def read_attempt(connection: Connection[Any], attempt_id: str) -> Attempt | None:
    row = connection.execute(_READ_ATTEMPT, (attempt_id,)).fetchone()
    return Attempt(*row) if row else None


def lock_attempt(connection: Connection[Any], attempt_id: str) -> Attempt | None:
    row = connection.execute(_LOCK_ATTEMPT, (attempt_id,)).fetchone()
    return Attempt(*row) if row else None


def attempt_of_offer(connection: Connection[Any], offer_id: str) -> Attempt | None:
    row = connection.execute(_ATTEMPT_OF_OFFER, (offer_id,)).fetchone()
    return Attempt(*row) if row else None


def open_attempt(connection: Connection[Any], callback_id: int) -> Attempt | None:
    row = connection.execute(_OPEN_ATTEMPT, (callback_id,)).fetchone()
    return Attempt(*row) if row else None


def stale_attempts(connection: Connection[Any], before: datetime, most: int) -> list[Attempt]:
    """Attempts begun before then of which nobody knows how they went on."""
    return [Attempt(*row) for row in connection.execute(_STALE_ATTEMPTS, (before, most)).fetchall()]


def last_result(connection: Connection[Any], callback_id: int) -> str | None:
    row = connection.execute(_LAST_RESULT, (callback_id,)).fetchone()
    return str(row[0]) if row else None


def note_attempt_leg(connection: Connection[Any], attempt: Attempt, leg: str) -> bool:
    """Keep the carrier's id of the attempt's call; False when it is another one's."""
    if attempt.call_sid is None:
        connection.execute(_LEG, {"id": attempt.id, "leg": leg})
    return attempt.call_sid in (None, leg)


def raise_attempt(connection: Connection[Any], attempt: Attempt, status: str, at: datetime) -> Attempt:
    """The carrier, or the caller, has come so far; never back. Once it was begun, the attempt counts."""
    rank = ATTEMPT_RANK[status]
    if not attempt.is_open or rank <= ATTEMPT_RANK[attempt.status]:
        return attempt
    connection.execute(_RAISE, {"id": attempt.id, "status": status, "rank": rank, "at": at})
    if attempt.initiated_at is None and rank >= ATTEMPT_RANK[INITIATED]:
        connection.execute(_COUNT, (attempt.callback_id,))
    log.info("attempt_moved", attempt=attempt.id, callback=attempt.callback_id, move=f"{attempt.status} -> {status}")
    return replace(attempt, status=status)


def end_attempt(connection: Connection[Any], attempt: Attempt, result: str, at: datetime) -> None:
    """Once: how the attempt ended. What was our own trouble does not count."""
    ended = connection.execute(_END_ATTEMPT, (at, result, attempt.id)).rowcount
    if ended and result in callback.OURS:
        connection.execute(_DO_NOT_COUNT, (attempt.callback_id, attempt.id))
    log.info("attempt_ended", attempt=attempt.id, callback=attempt.callback_id, result=result)


def known_attempt_legs(connection: Connection[Any], legs: list[str]) -> set[str]:
    """Those of these calls that are some attempt's."""
    return {row[0] for row in connection.execute(_KNOWN_LEGS, (legs,)).fetchall()}


def next_in_pace(connection: Connection[Any], now: datetime, calls_per_second: float) -> datetime:
    """When the carrier may be asked for one more outgoing call; drawn, so that nobody else gets the same moment."""
    gap = timedelta(seconds=1 / calls_per_second)
    row = connection.execute(_PACE, {"now": now, "gap": gap}).fetchone()
    return row[0] if row else now

"""The line's entries as rows. Locks are always taken in the order entry, offer, agent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb

log = structlog.get_logger(__name__)

WAITING, OFFERED, CONNECTED, ENDED = "waiting", "offered", "connected", "ended"
# Why an entry ended.
SERVED, HUNG_UP, LEFT, CLOSED, LIMIT, NOBODY = "served", "hung_up", "left", "closed", "limit", "nobody"
# The caller is to be rung instead; a callback's place ended without a talk, or outside decent hours, or is not wanted.
TO_CALLBACK, MISSED, PARKED, CANCELLED = "callback", "missed", "parked", "cancelled"
CALL, CALLBACK = "call", "callback"
# Somebody who gave up and rings again within this time gets what was waited before.
RETURNS_WITHIN = timedelta(minutes=30)

_FIELDS = (
    "id, call_sid, centre, skill, language, arrived_at, joined_at, rank_at, rules, status, offers, said, ended_at, "
    "end_reason, is_slow, kind, callback_id, caller_sealed, caller_hash, caller_tail, caller_region, asked, "
    "answered_at, wants_callback"
)
_JOIN = f"""
INSERT INTO queue_entry (call_sid, centre, skill, language, caller_hash, caller_tail, caller_region, caller_sealed,
                         asked, is_slow, arrived_at, joined_at, rank_at, rules)
VALUES (%(call_sid)s, %(centre)s, %(skill)s, %(language)s, %(caller_hash)s, %(caller_tail)s, %(caller_region)s,
        %(caller_sealed)s, %(asked)s, %(is_slow)s, %(arrived_at)s, %(at)s, %(rank_at)s, %(rules)s)
ON CONFLICT (call_sid) WHERE ended_at IS NULL DO NOTHING
RETURNING {_FIELDS}
"""
# A request's own place. Only one at a time: who finds one there was second.
_JOIN_CALLBACK = f"""
INSERT INTO queue_entry (kind, callback_id, call_sid, centre, skill, language, caller_hash, caller_tail, caller_region,
                         caller_sealed, asked, is_slow, arrived_at, joined_at, rank_at, rules)
SELECT 'callback', id, 'callback-' || id, centre, skill, language, number_hash, number_tail, caller_region,
       number_sealed, asked, is_slow, arrived_at, %(at)s, rank_at, rules
FROM callback WHERE id = %(callback)s
ON CONFLICT (callback_id) WHERE ended_at IS NULL DO NOTHING
RETURNING {_FIELDS}
"""
_OPEN = f"SELECT {_FIELDS} FROM queue_entry WHERE call_sid = %s AND ended_at IS NULL"
_LAST = f"SELECT {_FIELDS} FROM queue_entry WHERE call_sid = %s ORDER BY id DESC LIMIT 1"
_OPEN_OF_CALLBACK = f"SELECT {_FIELDS} FROM queue_entry WHERE callback_id = %s AND ended_at IS NULL"
_READ = f"SELECT {_FIELDS} FROM queue_entry WHERE id = %s"
_LOCK = f"SELECT {_FIELDS} FROM queue_entry WHERE id = %s FOR NO KEY UPDATE"
_WAITED_BEFORE = """
SELECT coalesce(sum(extract(epoch FROM ended_at - joined_at)), 0)::float FROM queue_entry
WHERE caller_hash = %s AND centre = %s AND joined_at > %s AND end_reason = 'hung_up' AND answered_at IS NULL
  AND kind = 'call'
"""
_END = "UPDATE queue_entry SET status = 'ended', ended_at = %s, end_reason = %s WHERE id = %s AND ended_at IS NULL"
_STATUS = "UPDATE queue_entry SET status = %s WHERE id = %s AND ended_at IS NULL"
_CONNECTED = """
UPDATE queue_entry SET status = 'connected', answered_at = coalesce(answered_at, %s)
WHERE id = %s AND ended_at IS NULL
"""
_BACK = """
UPDATE queue_entry SET status = 'waiting', centre = %(centre)s, skill = %(skill)s, language = %(language)s,
    rank_at = %(rank_at)s, rules = %(rules)s, joined_at = %(at)s, said = NULL
WHERE id = %(id)s AND ended_at IS NULL
"""
# The caller has picked up and wants to talk: from now on somebody on the line like others.
_CONFIRM = "UPDATE queue_entry SET call_sid = %s, status = %s WHERE id = %s AND ended_at IS NULL"
_WANTS = "UPDATE queue_entry SET wants_callback = true WHERE call_sid = %s AND ended_at IS NULL"
_RANK = "UPDATE queue_entry SET rank_at = %s, rules = %s WHERE id = %s AND ended_at IS NULL"
_CALLER = "UPDATE queue_entry SET caller_hash = %s WHERE id = %s"
_FORGET = """
UPDATE queue_entry SET caller_sealed = NULL, caller_hash = NULL, caller_tail = NULL, caller_region = NULL
WHERE call_sid = ANY(%s)
"""
_SAID = "UPDATE queue_entry SET said = %s WHERE id = %s AND ended_at IS NULL"
_AHEAD = """
SELECT count(*) FROM queue_entry
WHERE centre = %(centre)s AND ended_at IS NULL AND status IN ('waiting', 'offered')
  AND (rank_at, id) < (%(rank_at)s, %(id)s)
"""
# On the telephone: callbacks take up nobody's line.
_WAITING_COUNT = """
SELECT count(*) FROM queue_entry WHERE centre = %s AND ended_at IS NULL AND status = 'waiting' AND kind = 'call'
"""


@dataclass(frozen=True, slots=True)
class Joining:
    """Who wants to wait, and for what. `asked` is the content looked at before, such as `recordings/pension`.

    `caller_sealed`: the number to ring back, sealed for "callback.number"; None when it cannot be rung.
    """

    call_sid: str
    centre: str
    skill: str = ""
    language: str = ""
    asked: str = ""
    is_slow: bool = False
    caller_hash: bytes | None = None
    caller_tail: str | None = None
    caller_region: str | None = None
    caller_sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the line."""

    id: int
    call_sid: str
    centre: str
    skill: str
    language: str
    arrived_at: datetime
    joined_at: datetime
    rank_at: datetime
    rules: list[str] = field(default_factory=list)
    status: str = WAITING
    offers: int = 0
    said: dict[str, Any] | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    is_slow: bool = False
    kind: str = CALL
    callback_id: int | None = None
    caller_sealed: bytes | None = None
    caller_hash: bytes | None = None
    caller_tail: str | None = None
    caller_region: str | None = None
    asked: str = ""
    answered_at: datetime | None = None
    wants_callback: bool = False

    @property
    def is_to_be_dialled(self) -> bool:
        """A callback whose caller is not on the line yet."""
        return self.kind == CALLBACK and self.call_sid == f"callback-{self.callback_id}"


def insert_entry(
    connection: Connection[Any],
    joining: Joining,
    at: datetime,
    rank_at: datetime,
    rules: list[str],
    arrived_at: datetime | None = None,
) -> Entry | None:
    """A new entry; None when this call is in the line already. `arrived_at`: when that was not just now."""
    values = {name: getattr(joining, name) for name in Joining.__slots__}
    values |= {"at": at, "arrived_at": arrived_at or at, "rank_at": rank_at, "rules": rules}
    row = connection.execute(_JOIN, values).fetchone()
    return Entry(*row) if row else None


def insert_callback_entry(connection: Connection[Any], callback_id: int, at: datetime) -> Entry | None:
    """A callback comes to stand in the line, at the place of its first arrival; None when it stands there."""
    row = connection.execute(_JOIN_CALLBACK, {"callback": callback_id, "at": at}).fetchone()
    return Entry(*row) if row else None


def confirm_entry(connection: Connection[Any], entry: Entry, call_sid: str, is_offered: bool) -> Entry:
    """The caller of a callback is on the line now, by this call."""
    status = OFFERED if is_offered else WAITING
    connection.execute(_CONFIRM, (call_sid, status, entry.id))
    return replace(entry, call_sid=call_sid, status=status)


def note_wants_callback(connection: Connection[Any], call_sid: str) -> None:
    """The caller would rather be rung; kept for the case that the line breaks off before all is said."""
    connection.execute(_WANTS, (call_sid,))


def open_entry(connection: Connection[Any], call_sid: str) -> Entry | None:
    """The entry of a call that is in the line or in a talk."""
    row = connection.execute(_OPEN, (call_sid,)).fetchone()
    return Entry(*row) if row else None


def last_entry(connection: Connection[Any], call_sid: str) -> Entry | None:
    """The newest place of a call, ended or not."""
    row = connection.execute(_LAST, (call_sid,)).fetchone()
    return Entry(*row) if row else None


def entry_of_callback(connection: Connection[Any], callback_id: int) -> Entry | None:
    """The place in the line of a callback, if it stands there."""
    row = connection.execute(_OPEN_OF_CALLBACK, (callback_id,)).fetchone()
    return Entry(*row) if row else None


def read_entry(connection: Connection[Any], entry_id: int) -> Entry | None:
    row = connection.execute(_READ, (entry_id,)).fetchone()
    return Entry(*row) if row else None


def lock_entry(connection: Connection[Any], entry_id: int) -> Entry | None:
    row = connection.execute(_LOCK, (entry_id,)).fetchone()
    return Entry(*row) if row else None


def waited_before(connection: Connection[Any], joining: Joining, at: datetime) -> float:
    """Seconds that the same number waited here in vain within the last half hour."""
    if joining.caller_hash is None:
        return 0.0
    row = connection.execute(_WAITED_BEFORE, (joining.caller_hash, joining.centre, at - RETURNS_WITHIN)).fetchone()
    return float(row[0]) if row else 0.0


def end_entry(connection: Connection[Any], entry_id: int, reason: str, at: datetime) -> None:
    if connection.execute(_END, (at, reason, entry_id)).rowcount:
        log.info("entry_ended", entry=entry_id, reason=reason)


def set_status(connection: Connection[Any], entry_id: int, status: str) -> None:
    connection.execute(_STATUS, (status, entry_id))


def note_connected(connection: Connection[Any], entry_id: int, at: datetime) -> None:
    connection.execute(_CONNECTED, (at, entry_id))


def put_back(
    connection: Connection[Any],
    entry: Entry,
    at: datetime,
    rank_at: datetime,
    rules: list[str],
    centre: str | None = None,
    skill: str | None = None,
    language: str | None = None,
) -> None:
    """Wait again after a talk, perhaps elsewhere; the original arrival stays."""
    values = {
        "id": entry.id,
        "centre": entry.centre if centre is None else centre,
        "skill": entry.skill if skill is None else skill,
        "language": entry.language if language is None else language,
        "rank_at": rank_at,
        "rules": rules,
        "at": at,
    }
    connection.execute(_BACK, values)


def move_ahead(connection: Connection[Any], entry: Entry, rank_at: datetime, rules: list[str]) -> Entry:
    """Another rank, and the rules that gave it."""
    connection.execute(_RANK, (rank_at, rules, entry.id))
    return replace(entry, rank_at=rank_at, rules=rules)


def note_caller(connection: Connection[Any], entry_id: int, caller_hash: bytes) -> None:
    """By which the calls of the one who is rung are found."""
    connection.execute(_CALLER, (caller_hash, entry_id))


def forget_callers(connection: Connection[Any], call_sids: list[str]) -> None:
    """Whose places these were is nobody's to know any more."""
    connection.execute(_FORGET, (call_sids,))


def note_said(connection: Connection[Any], entry_id: int, said: dict[str, Any]) -> None:
    connection.execute(_SAID, (Jsonb(said), entry_id))


def count_ahead(connection: Connection[Any], entry: Entry) -> int:
    """How many of the same centre come first, told by the rows."""
    values = {"centre": entry.centre, "rank_at": entry.rank_at, "id": entry.id}
    row = connection.execute(_AHEAD, values).fetchone()
    return int(row[0]) if row else 0


def count_waiting(connection: Connection[Any], centre: str) -> int:
    row = connection.execute(_WAITING_COUNT, (centre,)).fetchone()
    return int(row[0]) if row else 0

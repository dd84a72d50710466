"""The line's entries as rows. Locks are always taken in the order entry, offer, agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.types.json import Jsonb

log = structlog.get_logger(__name__)

WAITING, OFFERED, CONNECTED, ENDED = "waiting", "offered", "connected", "ended"
# Why an entry ended.
SERVED, HUNG_UP, LEFT, CLOSED, LIMIT, NOBODY = "served", "hung_up", "left", "closed", "limit", "nobody"
# Somebody who gave up and rings again within this time gets what was waited before.
RETURNS_WITHIN = timedelta(minutes=30)

_FIELDS = (
    "id, call_sid, centre, skill, language, arrived_at, joined_at, rank_at, rules, status, offers, said, ended_at, "
    "end_reason, is_slow"
)
_JOIN = f"""
INSERT INTO queue_entry (call_sid, centre, skill, language, caller_hash, caller_tail, caller_region, asked, is_slow,
                         arrived_at, joined_at, rank_at, rules)
VALUES (%(call_sid)s, %(centre)s, %(skill)s, %(language)s, %(caller_hash)s, %(caller_tail)s, %(caller_region)s,
        %(asked)s, %(is_slow)s, %(at)s, %(at)s, %(rank_at)s, %(rules)s)
ON CONFLICT (call_sid) WHERE ended_at IS NULL DO NOTHING
RETURNING {_FIELDS}
"""
_OPEN = f"SELECT {_FIELDS} FROM queue_entry WHERE call_sid = %s AND ended_at IS NULL"
_READ = f"SELECT {_FIELDS} FROM queue_entry WHERE id = %s"
_LOCK = f"SELECT {_FIELDS} FROM queue_entry WHERE id = %s FOR NO KEY UPDATE"
_WAITED_BEFORE = """
SELECT coalesce(sum(extract(epoch FROM ended_at - joined_at)), 0)::float FROM queue_entry
WHERE caller_hash = %s AND centre = %s AND joined_at > %s AND end_reason = 'hung_up' AND answered_at IS NULL
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
_SAID = "UPDATE queue_entry SET said = %s WHERE id = %s AND ended_at IS NULL"
_AHEAD = """
SELECT count(*) FROM queue_entry
WHERE centre = %(centre)s AND ended_at IS NULL AND status IN ('waiting', 'offered')
  AND (rank_at, id) < (%(rank_at)s, %(id)s)
"""
_WAITING_COUNT = "SELECT count(*) FROM queue_entry WHERE centre = %s AND ended_at IS NULL AND status = 'waiting'"


@dataclass(frozen=True, slots=True)
class Joining:
    """Who wants to wait, and for what. `asked` is the content looked at before, such as `recordings/pension`."""

    call_sid: str
    centre: str
    skill: str = ""
    language: str = ""
    asked: str = ""
    is_slow: bool = False
    caller_hash: bytes | None = None
    caller_tail: str | None = None
    caller_region: str | None = None


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


def insert_entry(
    connection: Connection[Any], joining: Joining, at: datetime, rank_at: datetime, rules: list[str]
) -> Entry | None:
    """A new entry; None when this call is in the line already."""
    values = {name: getattr(joining, name) for name in Joining.__slots__}
    row = connection.execute(_JOIN, values | {"at": at, "rank_at": rank_at, "rules": rules}).fetchone()
    return Entry(*row) if row else None


def open_entry(connection: Connection[Any], call_sid: str) -> Entry | None:
    """The entry of a call that is in the line or in a talk."""
    row = connection.execute(_OPEN, (call_sid,)).fetchone()
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

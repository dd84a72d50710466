"""The rows of messages. One statement a change; whatever is repeated, late or out of order changes nothing.

recording -> kept (it is on a case) | empty (nothing was said); what is heard of after all is kept after all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.rows import class_row

from integrations.database import Database

RECORDING, KEPT, EMPTY = "recording", "kept", "empty"
COMMENT = "comment"
NUMBER_COLUMNS = ("number_sealed", "number_hash", "number_tail", "caller_region")
# A case is joined with another at most so often while something is being done.
MOST_TRIES = 5
Answer = TypeVar("Answer")
_FIELDS = (
    "id, call_sid, turn, kind, centre, source, status, begun_at, ended_at, told_at, case_id, adds_to, number_sealed, "
    "number_hash, number_tail, caller_region, caller_hash, person_hash, is_anonymous, asked"
)
_INSERT = """
INSERT INTO message (call_sid, turn, kind, centre, source, begun_at, adds_to, number_sealed, number_hash, number_tail,
                     caller_region, caller_hash, person_hash, is_anonymous, asked)
VALUES (%(call_sid)s, %(turn)s, %(kind)s, %(centre)s, %(source)s, %(begun_at)s, %(adds_to)s, %(number_sealed)s,
        %(number_hash)s, %(number_tail)s, %(caller_region)s, %(caller_hash)s, %(person_hash)s, %(is_anonymous)s,
        %(asked)s)
ON CONFLICT (call_sid, turn) DO NOTHING RETURNING id
"""
_FIND = "SELECT id FROM message WHERE call_sid = %s AND turn = %s"
_READ = f"SELECT {_FIELDS} FROM message WHERE id = %s"
_OF_CALL = f"SELECT {_FIELDS} FROM message WHERE call_sid = %s ORDER BY begun_at, id"
_KEEP = """
UPDATE message SET status = 'kept', case_id = %s, ended_at = coalesce(%s, ended_at) WHERE id = %s AND status <> 'kept'
"""
_EMPTY = """
UPDATE message SET status = 'empty', ended_at = %s, caller_hash = CASE WHEN is_anonymous THEN NULL ELSE caller_hash END
WHERE id = %s AND status = 'recording'
"""
_TOLD = "UPDATE message SET told_at = %s WHERE id = %s AND status = 'kept' AND told_at IS NULL"
_NUMBER = """
UPDATE message SET number_sealed = %(number_sealed)s, number_hash = %(number_hash)s, number_tail = %(number_tail)s,
    caller_region = %(caller_region)s
WHERE id = %(id)s
"""
_UNHEARD_OF = """
SELECT call_sid FROM message WHERE status = 'recording' AND begun_at < %(before)s
UNION
SELECT call_sid FROM message_recording WHERE status = 'in-progress' AND started_at < %(before)s
LIMIT %(most)s
"""
_CALLS_BETWEEN = """
SELECT call_sid FROM message WHERE begun_at >= %(since)s AND begun_at < %(until)s AND status <> 'recording'
GROUP BY call_sid ORDER BY min(begun_at) LIMIT %(most)s
"""
# A case that was joined with another, and that one perhaps with a third: the one that there is now.
_STANDING = """
WITH RECURSIVE chain AS (
    SELECT id, merged_into FROM work_order WHERE id = %s
    UNION SELECT next.id, next.merged_into FROM work_order AS next JOIN chain ON next.id = chain.merged_into
)
SELECT id FROM chain WHERE merged_into IS NULL
"""
_LOCK_CASE = "SELECT id FROM work_order WHERE id = %s AND status <> 'merged' FOR NO KEY UPDATE"
_LOW_RATING = "SELECT id FROM work_order WHERE kind = 'low_rating' AND offer_id = %s"
_KEPT = """
SELECT message.id, work_order.id, work_order.due_at, work_order.due_is_provisional, message.number_tail, message.kind
FROM message JOIN work_order ON work_order.id = message.case_id WHERE message.id = %s AND message.status = 'kept'
"""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A row of message; see the model."""

    id: int
    call_sid: str
    turn: int
    kind: str
    centre: str
    source: str
    status: str
    begun_at: datetime
    ended_at: datetime | None
    told_at: datetime | None
    case_id: int | None
    adds_to: int | None
    number_sealed: bytes | None
    number_hash: bytes | None
    number_tail: str | None
    caller_region: str | None
    caller_hash: bytes | None
    person_hash: bytes | None
    is_anonymous: bool
    asked: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be said of a message: the case's number and the date by which the answer comes."""

    message_id: int
    case_id: int
    due_at: datetime | None
    is_provisional: bool
    number_tail: str | None
    kind: str


class Moved(Exception):
    """The message, or its case, was given to another case meanwhile: begin the transaction again."""


def in_transaction(database: Database, work: Callable[[Connection[Any]], Answer]) -> Answer:
    """Do something in one transaction, again when a case was joined with another one meanwhile."""
    for tries_left in reversed(range(MOST_TRIES)):
        try:
            with database.pool.connection() as connection, connection.transaction():
                return work(connection)
        except Moved:
            if not tries_left:
                raise
    raise AssertionError


def insert_message(connection: Connection[Any], values: dict[str, Any]) -> int:
    """The id of the call's message of this turn, which there may have been before."""
    row = connection.execute(_INSERT, values).fetchone()
    row = row or connection.execute(_FIND, (values["call_sid"], values["turn"])).fetchone()
    assert row is not None
    return int(row[0])


def read_message(connection: Connection[Any], message_id: int) -> MessageRow | None:
    return _one(connection, _READ, message_id)


def lock_message(
    connection: Connection[Any],
    message_id: int,
    otherwise: Callable[[Connection[Any], MessageRow], int | None] = lambda connection, message: None,
) -> tuple[MessageRow, int | None] | None:
    """A message and the case that it is on or wants to be on, both locked, the case first. Raises Moved.

    `otherwise`: the case that a message goes to which is on none and wants to be on none.
    """
    seen = read_message(connection, message_id)
    if seen is None:
        return None
    case_id = standing_case(connection, seen.case_id or seen.adds_to or otherwise(connection, seen))
    if case_id is not None and connection.execute(_LOCK_CASE, (case_id,)).fetchone() is None:
        raise Moved
    row = _one(connection, f"{_READ} FOR NO KEY UPDATE", message_id)
    if row is None or (row.case_id, row.adds_to) != (seen.case_id, seen.adds_to):
        raise Moved
    return row, case_id


def standing_case(connection: Connection[Any], case_id: int | None) -> int | None:
    """The case that a case has become part of, itself when of none."""
    row = connection.execute(_STANDING, (case_id,)).fetchone() if case_id is not None else None
    return int(row[0]) if row else None


def messages_of_call(connection: Connection[Any], call_sid: str) -> list[MessageRow]:
    """In the order in which they began."""
    with connection.cursor(row_factory=class_row(MessageRow)) as cursor:
        return cursor.execute(_OF_CALL, (call_sid,)).fetchall()


def note_kept(connection: Connection[Any], message_id: int, case_id: int, ended_at: datetime | None) -> None:
    connection.execute(_KEEP, (case_id, ended_at, message_id))


def note_empty(connection: Connection[Any], message_id: int, at: datetime) -> bool:
    """Nothing was said. False when something was, or when that was known."""
    return connection.execute(_EMPTY, (at, message_id)).rowcount == 1


def note_told(connection: Connection[Any], message_id: int, at: datetime) -> bool:
    """The caller knows number and date. False when that was known, or when there is nothing to tell."""
    return connection.execute(_TOLD, (at, message_id)).rowcount == 1


def set_number(connection: Connection[Any], message_id: int, values: dict[str, Any]) -> None:
    connection.execute(_NUMBER, values | {"id": message_id})


def calls_unheard_of(connection: Connection[Any], before: datetime, most: int) -> list[str]:
    """Calls in which somebody began to speak before this moment, and nobody told how that ended."""
    return [row[0] for row in connection.execute(_UNHEARD_OF, {"before": before, "most": most})]


def calls_between(connection: Connection[Any], since: datetime, until: datetime, most: int) -> list[str]:
    """Calls of messages that began between the two moments and have ended, the earliest first."""
    return [row[0] for row in connection.execute(_CALLS_BETWEEN, {"since": since, "until": until, "most": most})]


def low_rating_of(connection: Connection[Any], offer_id: str) -> int | None:
    """The case of a talk that was judged badly."""
    row = connection.execute(_LOW_RATING, (offer_id,)).fetchone()
    return int(row[0]) if row else None


def read_kept(connection: Connection[Any], message_id: int) -> Kept | None:
    """None when there is nothing to say: not kept, or not known."""
    row = connection.execute(_KEPT, (message_id,)).fetchone()
    return Kept(*row) if row else None


def _one(connection: Connection[Any], sql: str, message_id: int) -> MessageRow | None:
    with connection.cursor(row_factory=class_row(MessageRow)) as cursor:
        return cursor.execute(sql, (message_id,)).fetchone()

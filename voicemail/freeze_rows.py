"""Freezes of cards as rows. Every change names the status that it starts from, so of two at once only one happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from voicemail.freeze import Told

MOST_ENTRIES = 5
# What the sealed columns are sealed for.
PERSON_CONTEXT, NUMBER_CONTEXT = "card_freeze.person", "card_freeze.number"
_FIELDS = (
    "id, centre, action, status, person_hash, card_hash, card_tail, bank, person_sealed, call_sid, door, asked_by, "
    "number_sealed, number_tail, asked_at, lease_until, sent_at, ended_at, until, earliest, is_formal, receipt, "
    "reason, looks, look_at, due_at, callback_id, cleared_at, cleared_by, cleared_reason, reminded_at"
)
_INSERT = f"""
INSERT INTO card_freeze (centre, action, status, person_hash, card_hash, card_tail, bank, person_sealed, call_sid, turn,
                         door, asked_by, number_sealed, number_tail, asked_at, lease_until, sent_at, look_at, earliest)
SELECT %(centre)s, %(action)s::text, 'writing', %(person_hash)s, %(card_hash)s::bytea, %(card_tail)s, %(bank)s,
       %(person_sealed)s::bytea, %(call_sid)s::text,
       (SELECT count(*) FROM card_freeze WHERE call_sid = %(call_sid)s::text AND card_hash = %(card_hash)s::bytea
        AND action <> %(action)s::text AND status IN ('done', 'already')),
       %(door)s, %(asked_by)s, %(number_sealed)s::bytea, %(number_tail)s, %(at)s::timestamptz,
       %(lease_until)s::timestamptz, %(at)s::timestamptz, %(lease_until)s::timestamptz,
       %(earliest)s::date
ON CONFLICT DO NOTHING RETURNING {_FIELDS}
"""
_READ = f"SELECT {_FIELDS} FROM card_freeze WHERE id = %s"
# What stands in the way of another write: an open one of the card, or one of this call that was done.
_IN_THE_WAY = f"""
SELECT {_FIELDS} FROM card_freeze
WHERE card_hash = %(card_hash)s AND (status IN ('writing', 'unknown')
   OR (call_sid = %(call_sid)s AND action = %(action)s AND status IN ('done', 'already')))
ORDER BY (status IN ('writing', 'unknown')) DESC, id DESC LIMIT 1
"""
_OPEN_OF_PERSON = f"""
SELECT {_FIELDS} FROM card_freeze WHERE person_hash = %s AND status IN ('writing', 'unknown') ORDER BY id DESC LIMIT 1
"""
_OF_CALL = f"SELECT {_FIELDS} FROM card_freeze WHERE call_sid = %s ORDER BY id DESC LIMIT 1"
_END = f"""
UPDATE card_freeze SET status = %(status)s, ended_at = %(at)s, lease_until = NULL, look_at = NULL, person_sealed = NULL,
    until = coalesce(%(until)s, until), is_formal = %(is_formal)s,
    receipt = coalesce(%(receipt)s, receipt), reason = coalesce(%(reason)s, reason)
WHERE id = %(id)s AND status IN ('writing', 'unknown') RETURNING {_FIELDS}
"""
_UNKNOWN = f"""
UPDATE card_freeze SET status = 'unknown', lease_until = NULL, look_at = %(look_at)s, due_at = %(due_at)s
WHERE id = %(id)s AND status = 'writing' AND (%(even_leased)s OR lease_until <= %(at)s) RETURNING {_FIELDS}
"""
_LOOKED = """
UPDATE card_freeze SET looks = looks + 1, look_at = %s WHERE id = %s AND status = 'unknown'
"""
# Two processes may look at once: the card is asked twice, and the first answer ends the row.
_DUE_LOOKS = """
SELECT id FROM card_freeze WHERE status IN ('writing', 'unknown') AND look_at <= %s ORDER BY look_at LIMIT %s
"""
_WITHOUT_CALLBACK = """
SELECT id FROM card_freeze WHERE due_at IS NOT NULL AND cleared_at IS NULL AND callback_id IS NULL
  AND number_sealed IS NOT NULL AND due_at > %s ORDER BY id LIMIT %s
"""
_CALLBACK = "UPDATE card_freeze SET callback_id = %s WHERE id = %s AND callback_id IS NULL"
_CLEAR = """
UPDATE card_freeze SET cleared_at = %s, cleared_by = %s, cleared_reason = %s
WHERE id = %s AND due_at IS NOT NULL AND cleared_at IS NULL AND ended_at IS NOT NULL
"""
_RECENT = f"""
SELECT {_FIELDS} FROM card_freeze
WHERE centre = ANY(%s) AND (asked_at >= %s OR (due_at IS NOT NULL AND cleared_at IS NULL))
ORDER BY (due_at IS NOT NULL AND cleared_at IS NULL) DESC, due_at, asked_at DESC LIMIT %s
"""
_EXPIRING = f"""
SELECT {_FIELDS} FROM card_freeze AS newest
WHERE coalesce(until, earliest) BETWEEN %s AND %s AND NOT is_formal
  AND reminded_at IS NULL AND action = 'freeze' AND status IN ('done', 'already')
  AND NOT EXISTS (SELECT 1 FROM card_freeze later WHERE later.card_hash = newest.card_hash AND later.id > newest.id
                  AND later.status IN ('done', 'already'))
ORDER BY coalesce(until, earliest), id LIMIT %s
"""
_REMINDED = "UPDATE card_freeze SET reminded_at = %s WHERE id = %s AND reminded_at IS NULL"


@dataclass(frozen=True, slots=True)
class FreezeRow:
    """A row of card_freeze; see the model."""

    id: int
    centre: str
    action: str
    status: str
    person_hash: bytes
    card_hash: bytes
    card_tail: str | None
    bank: str | None
    person_sealed: bytes | None
    call_sid: str
    door: str
    asked_by: str
    number_sealed: bytes | None
    number_tail: str | None
    asked_at: datetime
    lease_until: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    until: date | None
    earliest: date | None
    is_formal: bool
    receipt: str | None
    reason: str | None
    looks: int
    look_at: datetime | None
    due_at: datetime | None
    callback_id: int | None
    cleared_at: datetime | None
    cleared_by: str | None
    cleared_reason: str | None
    reminded_at: datetime | None


def begin_write(connection: Connection[Any], values: Mapping[str, Any]) -> tuple[FreezeRow | None, FreezeRow | None]:
    """Enter a write: (its row, None), or (None, the one that stands in its way).

    The one that stood in the way may end before it is read; then nothing does, and it is entered after all.
    """
    for _ in range(MOST_ENTRIES):
        if row := _one(connection, _INSERT, values):
            return row, None
        if other := _one(connection, _IN_THE_WAY, values):
            return None, other
    return None, None


def end_write(connection: Connection[Any], row_id: int, told: Told, at: datetime) -> FreezeRow | None:
    """What it came to; None when somebody else has said so."""
    values = {
        "id": row_id,
        "status": told.status,
        "at": at,
        "until": told.until,
        "is_formal": told.is_formal,
        "receipt": told.receipt,
        "reason": told.reason,
    }
    return _one(connection, _END, values)


def make_unknown(
    connection: Connection[Any], row_id: int, at: datetime, look_at: datetime, due_at: datetime, even_leased: bool
) -> FreezeRow | None:
    """Nobody knows what became of it; `even_leased`: said by whoever wrote, else only once its lease has run out."""
    values = {"id": row_id, "at": at, "look_at": look_at, "due_at": due_at, "even_leased": even_leased}
    return _one(connection, _UNKNOWN, values)


def note_look(connection: Connection[Any], row_id: int, next_look: datetime) -> None:
    """It was asked after, and nothing is known yet."""
    connection.execute(_LOOKED, (next_look, row_id))


def read_freeze(connection: Connection[Any], row_id: int) -> FreezeRow | None:
    return _one(connection, _READ, (row_id,))


def open_of_person(connection: Connection[Any], person_hash: bytes) -> FreezeRow | None:
    """The person's write of which nobody knows the end yet."""
    return _one(connection, _OPEN_OF_PERSON, (person_hash,))


def newest_of_call(connection: Connection[Any], call_sid: str) -> FreezeRow | None:
    """The last write that a call has asked for."""
    return _one(connection, _OF_CALL, (call_sid,))


def due_looks(connection: Connection[Any], at: datetime, most: int) -> list[int]:
    """Writes that are to be asked after now."""
    return [row[0] for row in connection.execute(_DUE_LOOKS, (at, most))]


def without_callback(connection: Connection[Any], since: datetime, most: int) -> list[int]:
    """Callers who are to be told, due after `since`, for whom no callback is on record yet."""
    return [row[0] for row in connection.execute(_WITHOUT_CALLBACK, (since, most))]


def note_callback(connection: Connection[Any], row_id: int, callback_id: int) -> None:
    connection.execute(_CALLBACK, (callback_id, row_id))


def clear_freeze(connection: Connection[Any], row_id: int, who: str, reason: str, at: datetime) -> bool:
    """Take it from the urgent list, once its end is known; False when it is not there, or not known."""
    return connection.execute(_CLEAR, (at, who, reason, row_id)).rowcount == 1


def recent_freezes(
    connection: Connection[Any], centres: list[str], since: datetime, most: int = 200
) -> list[FreezeRow]:
    """Those of some centres since then, and all that are urgent, these first and by when they are due."""
    return _all(connection, _RECENT, (centres, since, most))


def expiring_freezes(connection: Connection[Any], first: date, last: date, most: int = 100) -> list[FreezeRow]:
    """Freezes that end on these days, or may by the city's rule, with nobody reminded and nothing after them."""
    return _all(connection, _EXPIRING, (first, last, most))


def note_reminded(connection: Connection[Any], row_id: int, at: datetime) -> bool:
    return connection.execute(_REMINDED, (at, row_id)).rowcount == 1


def _one(connection: Connection[Any], sql: str, values: Any) -> FreezeRow | None:
    with connection.cursor(row_factory=class_row(FreezeRow)) as cursor:
        return cursor.execute(sql, values).fetchone()


def _all(connection: Connection[Any], sql: str, values: Any) -> list[FreezeRow]:
    with connection.cursor(row_factory=class_row(FreezeRow)) as cursor:
        return cursor.execute(sql, values).fetchall()

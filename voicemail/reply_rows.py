"""Tries to deliver an answer as rows: a call or a text, one open at a time for each case.

The case is locked before its tries. Whoever finds a try ended already changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from voicemail.reply_rules import Attempt

CALL, TEXT = "call", "text"


@dataclass(frozen=True, slots=True)
class Reply:
    """A row of case_reply; see the model."""

    id: int
    case_id: int
    kind: str
    by: str
    agent_id: int | None
    made_at: datetime
    callback_id: int | None
    words: str | None
    channel_id: str | None
    attempts: int
    sent_at: datetime | None
    ended_at: datetime | None
    result: str | None
    talk_seconds: int | None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


_COLUMNS = ", ".join(field.name for field in fields(Reply))
_INSERT = """
INSERT INTO case_reply (case_id, kind, by, agent_id, made_at, callback_id, words)
VALUES (%(case)s, %(kind)s, %(by)s, %(agent)s, %(at)s, %(callback)s, %(words)s)
ON CONFLICT (case_id) WHERE ended_at IS NULL DO NOTHING RETURNING id
"""
_READ = f"SELECT {_COLUMNS} FROM case_reply WHERE id = %s"
_OF_CASES = f"SELECT {_COLUMNS} FROM case_reply WHERE case_id = ANY(%s) ORDER BY made_at, id"
_OPEN_OF_CASE = f"SELECT {_COLUMNS} FROM case_reply WHERE case_id = %s AND ended_at IS NULL"
# Only those whose call is over: one that is talked in for an hour keeps nobody else waiting.
_OVER = f"""
SELECT {", ".join(f"r.{field.name}" for field in fields(Reply))}
FROM case_reply r JOIN callback k ON k.id = r.callback_id
WHERE r.ended_at IS NULL AND r.kind = 'call' AND k.ended_at IS NOT NULL ORDER BY r.made_at, r.id LIMIT %s
"""
_END = """
UPDATE case_reply SET ended_at = %(at)s, result = %(result)s, talk_seconds = %(seconds)s, lease_until = NULL
WHERE id = %(id)s AND ended_at IS NULL
"""
_TRIED = "SELECT made_at, result FROM case_reply WHERE case_id = ANY(%s) AND ended_at IS NOT NULL ORDER BY made_at, id"


def insert_call(
    connection: Connection[Any], case_id: int, by: str, agent_id: int, callback_id: int, at: datetime
) -> int | None:
    """A call that has begun; its id, or None while another try of the case is open."""
    return _insert(connection, case=case_id, kind=CALL, by=by, agent=agent_id, at=at, callback=callback_id, words=None)


def insert_text(
    connection: Connection[Any], case_id: int, by: str, agent_id: int | None, words: str, at: datetime
) -> int | None:
    """A text that is to be sent; its id, or None while another try of the case is open."""
    return _insert(connection, case=case_id, kind=TEXT, by=by, agent=agent_id, at=at, callback=None, words=words)


def read_reply(connection: Connection[Any], reply_id: int) -> Reply | None:
    return _one(connection, _READ, (reply_id,))


def open_reply(connection: Connection[Any], case_id: int) -> Reply | None:
    """The try that is going on."""
    return _one(connection, _OPEN_OF_CASE, (case_id,))


def replies_of(connection: Connection[Any], case_ids: Sequence[int]) -> list[Reply]:
    """All tries of a case and of those merged into it, the first one first."""
    with connection.cursor(row_factory=class_row(Reply)) as cursor:
        return cursor.execute(_OF_CASES, (list(case_ids),)).fetchall()


def calls_over(connection: Connection[Any], most: int) -> list[Reply]:
    """Open tries by telephone whose call has ended."""
    with connection.cursor(row_factory=class_row(Reply)) as cursor:
        return cursor.execute(_OVER, (most,)).fetchall()


def end_reply(
    connection: Connection[Any], reply_id: int, result: str, at: datetime, talk_seconds: int | None = None
) -> bool:
    """Once: how a try ended; False when it had."""
    values = {"id": reply_id, "result": result, "at": at, "seconds": talk_seconds}
    return connection.execute(_END, values).rowcount == 1


def tried(connection: Connection[Any], case_ids: Sequence[int]) -> list[Attempt]:
    """The tries that have ended, as the rules of what follows want them."""
    return [Attempt(*row) for row in connection.execute(_TRIED, (list(case_ids),))]


def _insert(connection: Connection[Any], **values: Any) -> int | None:
    row = connection.execute(_INSERT, values).fetchone()
    return int(row[0]) if row else None


def _one(connection: Connection[Any], sql: str, values: Any) -> Reply | None:
    with connection.cursor(row_factory=class_row(Reply)) as cursor:
        return cursor.execute(sql, values).fetchone()

"""What the carrier is to be asked for: written in the transaction that wants it, performed after its commit.

Any dispatcher takes a task with a lease; one that dies with it leaves it to the next. Every kind may be performed
twice without harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

DIAL_AGENT = "dial_agent"
END_LEG = "end_leg"
CONNECT_CALLER = "connect_caller"
MOVE_CALLER = "move_caller"
RECORD = "record"
# The caller of a talk that has begun still hears the waiting line.
FETCH_CALLER = "fetch_caller"
# A consultant's leg has ended in a talk: has it lost the caller, or has the caller gone?
CHECK_TALK = "check_talk"
# Ring the caller of a callback for whom a consultant is reserved; take that back; talk to the machine that answered.
DIAL_CALLBACK = "dial_callback"
END_CALLBACK = "end_callback"
TELL_MACHINE = "tell_machine"
KINDS = (
    DIAL_AGENT,
    END_LEG,
    CONNECT_CALLER,
    MOVE_CALLER,
    RECORD,
    FETCH_CALLER,
    CHECK_TALK,
    DIAL_CALLBACK,
    END_CALLBACK,
    TELL_MACHINE,
)

# As long as a caller may be left alone by a dispatcher that died. A slow carrier may make two perform the same.
LEASE = timedelta(seconds=5)
RETRY_AFTER = timedelta(seconds=1)

_ADD = "INSERT INTO carrier_task (kind, offer_id, call_sid, not_before) VALUES (%s, %s, %s, %s)"
_ADD_ONCE = """
INSERT INTO carrier_task (kind, offer_id, not_before) SELECT %(kind)s::text, %(offer)s::text, %(at)s::timestamptz
WHERE NOT EXISTS (SELECT 1 FROM carrier_task WHERE offer_id = %(offer)s AND kind = %(kind)s)
"""
_TAKE = """
UPDATE carrier_task SET lease_until = %(lease)s, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM carrier_task
    WHERE done_at IS NULL AND not_before <= %(now)s AND (lease_until IS NULL OR lease_until < %(now)s)
    ORDER BY not_before, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, offer_id, call_sid, attempts, not_before
"""
_PURGE = "DELETE FROM carrier_task WHERE done_at < %s"
_DONE = "UPDATE carrier_task SET done_at = %s, error = %s, lease_until = NULL WHERE id = %s AND done_at IS NULL"
_AGAIN = "UPDATE carrier_task SET not_before = %s, error = %s, lease_until = NULL WHERE id = %s AND done_at IS NULL"


@dataclass(frozen=True, slots=True)
class Task:
    id: int
    kind: str
    offer_id: str
    call_sid: str | None
    attempts: int
    not_before: datetime


def add_task(
    connection: Connection[Any], kind: str, offer_id: str, not_before: datetime, call_sid: str | None = None
) -> None:
    """Want something of the carrier. Raises ValueError for a kind that nobody performs."""
    if kind not in KINDS:
        raise ValueError(f"nobody performs {kind!r}")
    connection.execute(_ADD, (kind, offer_id, call_sid, not_before))


def add_task_once(connection: Connection[Any], kind: str, offer_id: str, not_before: datetime) -> None:
    """Want something that is wanted once for each offer, however often the carrier reports its reason."""
    connection.execute(_ADD_ONCE, {"kind": kind, "offer": offer_id, "at": not_before})


def take_tasks(connection: Connection[Any], now: datetime, most: int) -> list[Task]:
    """The tasks that are due, now leased to this process, oldest first."""
    rows = connection.execute(_TAKE, {"now": now, "lease": now + LEASE, "most": most}).fetchall()
    return sorted((Task(*row) for row in rows), key=lambda task: (task.not_before, task.id))


def note_done(connection: Connection[Any], task: Task, now: datetime, error: str | None = None) -> None:
    """It is done, or given up for the reason in `error`."""
    connection.execute(_DONE, (now, error, task.id))


def note_again(connection: Connection[Any], task: Task, now: datetime, error: str) -> None:
    """It is to be tried again, each time a little later."""
    connection.execute(_AGAIN, (now + RETRY_AFTER * min(task.attempts, 10), error, task.id))


def purge_done(connection: Connection[Any], before: datetime) -> int:
    """Forget what was settled long ago; how many."""
    return connection.execute(_PURGE, (before,)).rowcount

"""Cases as rows: opened once for each origin, changed only under their lock and by the table of moves.

Every change is made in a transaction of the caller's, together with its line of the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from voicemail.case_fields import COLUMNS, NUMBER_CONTEXT, Case
from voicemail.work_order import CLOSED, MERGED, OPEN, next_status

__all__ = [
    "NUMBER_CONTEXT", "Case", "CaseEventRow", "Counted", "NewCase", "acts_for", "add_event",
    "case_of_origin", "change_case", "counted_from", "counted_lines", "counted_of", "joined_ids", 
    "lock_case", "move_case", "open_case", "read_case", "read_counted", "read_history",
    "stands_for",
]  # fmt: skip
log = structlog.get_logger(__name__)
CALLER, SYSTEM = "caller", "system"

_OPEN_CASE = """
INSERT INTO work_order (kind, origin, centre, first_centre, desk, source, call_sid, offer_id, comment_sid,
    number_sealed, number_hash, number_tail, caller_region, caller_hash, person_hash, is_anonymous, subject, subject_by,
    suggested_subject, suggested_because, opened_at, due_at, due_policy, due_is_provisional, look_at)
VALUES (%(kind)s, %(origin)s, %(centre)s, %(first_centre)s, %(desk)s, %(source)s, %(call_sid)s, %(offer_id)s,
    %(comment_sid)s, %(number_sealed)s, %(number_hash)s, %(number_tail)s, %(caller_region)s, %(caller_hash)s,
    %(person_hash)s, %(is_anonymous)s, %(subject)s, %(subject_by)s, %(suggested_subject)s, %(suggested_because)s,
    %(opened_at)s, %(due_at)s, %(due_policy)s, %(due_is_provisional)s, %(look_at)s)
ON CONFLICT DO NOTHING RETURNING id
"""
_READ = f"SELECT {COLUMNS} FROM work_order WHERE id = %s"
_LOCK = f"{_READ} FOR NO KEY UPDATE"
_BY_ORIGIN = f"SELECT {COLUMNS} FROM work_order WHERE origin = %s"
_EVENT = """
INSERT INTO case_event (case_id, at, actor, event, note, detail) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_COUNTED = """
SELECT DISTINCT ON (case_id) case_id, at, detail FROM case_event
WHERE case_id = ANY(%s) AND (detail ? 'counted_from' OR (event = 'reopened' AND detail ? 'due_at'))
ORDER BY case_id, id DESC
"""
# A case and all that were merged into it, however deep.
_JOINED = """
WITH RECURSIVE joined AS (
    SELECT id FROM work_order WHERE id = %s
    UNION SELECT w.id FROM work_order w JOIN joined j ON w.merged_into = j.id)
SELECT id FROM joined ORDER BY id
"""
_HISTORY = """
SELECT e.id, e.case_id, e.at, e.actor, e.event, e.note, e.detail FROM case_event e
WHERE e.case_id = ANY(%s) ORDER BY e.at, e.id
"""
_DEPUTIES = "d.ended_at IS NULL AND d.since <= %(at)s AND (d.until IS NULL OR d.until > %(at)s)"
_ACTS_FOR = f"""
SELECT EXISTS (SELECT FROM agent_deputy d WHERE d.agent_id = %(owner)s AND d.deputy_id = %(agent)s AND {_DEPUTIES})
"""
_STANDS_FOR = f"SELECT d.agent_id FROM agent_deputy d WHERE d.deputy_id = %(agent)s AND {_DEPUTIES} ORDER BY d.agent_id"


@dataclass(frozen=True, slots=True)
class NewCase:
    """What is known when a case is opened. `origin` ("message:17") opens one case only, ever.

    `opened_at` is the moment of the call, from which the days are counted; `written_at` that of the row, when it is
    another one. `due_policy` None: `due_at` was promised by itself and is not reckoned anew. `workdays` are those of
    the policy at the centre. `look_at` None: the sweep finds out when reminders are due.
    """

    kind: str
    origin: str
    centre: str
    source: str
    call_sid: str
    opened_at: datetime
    due_at: datetime
    due_policy: str | None = None
    due_is_provisional: bool = False
    workdays: int | None = None
    written_at: datetime | None = None
    look_at: datetime | None = None
    desk: str = ""
    offer_id: str | None = None
    comment_sid: str | None = None
    number_sealed: bytes | None = None
    number_hash: bytes | None = None
    number_tail: str | None = None
    caller_region: str | None = None
    caller_hash: bytes | None = None
    person_hash: bytes | None = None
    is_anonymous: bool = False
    subject: str | None = None
    subject_by: str | None = None
    suggested_subject: str | None = None
    suggested_because: str | None = None
    first_centre: str = ""
    actor: str = CALLER
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseEventRow:
    """One line of a case's history; of a merged case's too."""

    id: int
    case_id: int
    at: datetime
    actor: str
    event: str
    note: str
    detail: dict[str, Any] | None


def open_case(connection: Connection[Any], new: NewCase) -> int | None:
    """Open a case with the first line of its history; its id, or None when its origin has opened one before."""
    at = new.written_at or new.opened_at
    values = {name: getattr(new, name) for name in NewCase.__slots__}
    values |= {"first_centre": new.first_centre or new.centre, "look_at": new.look_at or at}
    row = connection.execute(_OPEN_CASE, values).fetchone()
    if row is None:
        return None
    case_id = int(row[0])
    detail = {"due_at": new.due_at.isoformat()}
    if new.due_policy:
        detail |= counted_from(new.opened_at, new.centre, new.workdays)
    add_event(connection, case_id, at, new.actor, "opened", new.note, detail)
    log.info("case_opened", case=case_id, kind=new.kind, centre=new.centre, source=new.source)
    return case_id


@dataclass(frozen=True, slots=True)
class Counted:
    """What the due date of a case was counted from: the moment, the centre whose hours hold, and the working days.

    `workdays` None: those of the centre's rule.
    """

    at: datetime
    centre: str
    workdays: int | None

    @property
    def columns(self) -> dict[str, Any]:
        """As the history keeps it."""
        return counted_from(self.at, self.centre, self.workdays)


def read_counted(connection: Connection[Any], case: Case) -> Counted:
    """From what the due date of a case was counted: the call, or the last reopening or merging."""
    return counted_of(counted_lines(connection, [case.id]).get(case.id), case)


def counted_lines(connection: Connection[Any], case_ids: Sequence[int]) -> dict[int, tuple[datetime, dict[str, Any]]]:
    """The lines of the history that say from what due dates were counted, by case; for `counted_of`."""
    found = connection.execute(_COUNTED, (list(case_ids),)).fetchall()
    return {case_id: (at, detail) for case_id, at, detail in found}


def counted_of(line: tuple[datetime, dict[str, Any]] | None, case: Case) -> Counted:
    """As `read_counted`, of a case whose line was read already."""
    if line is None:
        # From before there was a history.
        return Counted(case.opened_at, case.first_centre, None)
    at, detail = line
    if "counted_from" not in detail:
        return Counted(at, case.centre, None)
    return Counted(datetime.fromisoformat(detail["counted_from"]), detail["centre"], detail["workdays"])


def counted_from(at: datetime, centre: str, workdays: int | None) -> dict[str, Any]:
    """What a line of the history keeps of a due date, so that it can be reckoned anew."""
    return {"counted_from": at.isoformat(), "centre": centre, "workdays": workdays}


def read_case(connection: Connection[Any], case_id: int) -> Case | None:
    return _one(connection, _READ, (case_id,))


def lock_case(connection: Connection[Any], case_id: int) -> Case | None:
    """The case, locked until the transaction ends: before its messages, and before their recordings."""
    return _one(connection, _LOCK, (case_id,))


def case_of_origin(connection: Connection[Any], origin: str) -> Case | None:
    return _one(connection, _BY_ORIGIN, (origin,))


def change_case(connection: Connection[Any], case: Case, **changes: Any) -> Case:
    """Change columns of a locked case other than its status; the case as it is then."""
    if changes:
        assignments = ", ".join(f"{name} = %({name})s" for name in changes)
        connection.execute(f"UPDATE work_order SET {assignments} WHERE id = %(id)s", changes | {"id": case.id})
    return replace(case, **changes)


def move_case(connection: Connection[Any], case: Case, event: str, at: datetime, **changes: Any) -> Case:
    """Make a move of the table on a locked case, with the other columns that change; the case as it is then.

    A case that is open has no owner, one that ended has its time and is looked at no more. Raises IllegalMove.
    """
    status = next_status(case.status, event)
    changes["status"] = status
    if status == OPEN:
        changes |= {"owner_id": None, "taken_at": None}
    if status in (CLOSED, MERGED) and case.closed_at is None:
        changes |= {"closed_at": at, "look_at": None}
    if case.closed_at is not None and status not in (CLOSED, MERGED):
        changes |= {"closed_at": None, "closed_by": None, "closed_reason": None}
    log.info("case_moved", case=case.id, move=f"{case.status} -{event}-> {status}")
    return change_case(connection, case, **changes)


def add_event(
    connection: Connection[Any],
    case_id: int,
    at: datetime,
    actor: str,
    event: str,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Add a line to a case's history; its id."""
    values = (case_id, at, actor, event, note, Jsonb(detail) if detail else None)
    row = connection.execute(_EVENT, values).fetchone()
    assert row is not None
    return int(row[0])


def joined_ids(connection: Connection[Any], case_id: int) -> list[int]:
    """The case and those merged into it: whose messages and history are read with it."""
    return [row[0] for row in connection.execute(_JOINED, (case_id,))]


def read_history(connection: Connection[Any], case_id: int) -> list[CaseEventRow]:
    """All that happened to a case and to those merged into it, in order."""
    with connection.cursor(row_factory=class_row(CaseEventRow)) as cursor:
        return cursor.execute(_HISTORY, (joined_ids(connection, case_id),)).fetchall()


def acts_for(connection: Connection[Any], agent_id: int | None, owner_id: int | None, at: datetime) -> bool:
    """Whether a consultant may do what the owner may: is the owner, or the deputy while that lasts."""
    if agent_id is None or owner_id is None or agent_id == owner_id:
        return agent_id is not None and agent_id == owner_id
    row = connection.execute(_ACTS_FOR, {"owner": owner_id, "agent": agent_id, "at": at}).fetchone()
    return bool(row and row[0])


def stands_for(connection: Connection[Any], agent_id: int, at: datetime) -> list[int]:
    """Whose cases a consultant does now: the own ones, and those of everybody whose deputy it is."""
    return [agent_id, *(row[0] for row in connection.execute(_STANDS_FOR, {"agent": agent_id, "at": at}))]


def _one(connection: Connection[Any], sql: str, values: Any) -> Case | None:
    with connection.cursor(row_factory=class_row(Case)) as cursor:
        return cursor.execute(sql, values).fetchone()

"""Freezes as rows for the console: what is urgent, what ends soon, what was; and what a talk at the desk must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from integrations.work_calendar import in_shanghai
from voicemail.freeze_rows import FreezeRow, expiring_freezes

SHOWN = timedelta(days=30)
# The last day of a freeze and the day before: as the reminders have it.
DAYS_BEFORE = timedelta(days=1)
MOST_URGENT = 200
# Of all centres, before those of others are left out.
MOST_EXPIRING = 2000
URGENT = "due_at IS NOT NULL AND cleared_at IS NULL"
_COLUMNS = ", ".join(field.name for field in fields(FreezeRow))
_URGENT = f"""
SELECT {_COLUMNS} FROM card_freeze WHERE centre = ANY(%(centres)s) AND {URGENT}
ORDER BY due_at, id LIMIT %(most_urgent)s
"""
_NAMES = "SELECT username, name FROM staff_user WHERE username = ANY(%s)"
_BADGE = f"""
SELECT count(*) AS urgent, count(*) FILTER (WHERE due_at < %(now)s) AS overdue
FROM card_freeze WHERE centre = ANY(%(centres)s) AND {URGENT}
"""
FREEZE_COUNTS = f"""
SELECT centre, count(*) AS urgent FROM card_freeze WHERE centre = ANY(%s) AND {URGENT} GROUP BY centre
"""
_FOUND = """
SELECT 1 FROM look_up_audit
WHERE call_sid = %s AND person_hash = %s AND who = %s AND kind = 'card' AND result = 'found' LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which are looked at. Empty `status` or `action`: all of them."""

    centres: tuple[str, ...]
    status: str = ""
    action: str = ""
    most: int = 200


@dataclass(frozen=True)
class FreezeLook:
    """One look. `total` counts what is recent and wanted; `names` are those of the users who did something."""

    urgent: Sequence[FreezeRow]
    expiring: Sequence[FreezeRow]
    recent: Sequence[FreezeRow]
    total: int
    names: Mapping[str, str]


def read_freezes(connection: Connection[Any], wanted: Wanted, now: datetime) -> FreezeLook:
    """Urgent ones by when they are due, those that end today or tomorrow, and the last thirty days, newest first."""
    values = {
        "centres": list(wanted.centres),
        "since": now - SHOWN,
        "status": wanted.status,
        "action": wanted.action,
        "most": wanted.most,
        "most_urgent": MOST_URGENT,
    }
    today = in_shanghai(now).date()
    condition = _condition(wanted)
    urgent = _rows(connection, _URGENT, values)
    ending = expiring_freezes(connection, today, today + DAYS_BEFORE, MOST_EXPIRING)
    expiring = [row for row in ending if row.centre in wanted.centres]
    recent = _rows(
        connection,
        f"SELECT {_COLUMNS} FROM card_freeze WHERE {condition} ORDER BY asked_at DESC, id DESC LIMIT %(most)s",
        values,
    )
    counted = connection.execute(f"SELECT count(*) FROM card_freeze WHERE {condition}", values).fetchone()
    names = _names(connection, [*urgent, *expiring, *recent])
    return FreezeLook(urgent, expiring, recent, counted[0] if counted else 0, names)


def _condition(wanted: Wanted) -> str:
    parts = ["centre = ANY(%(centres)s)", "asked_at >= %(since)s"]
    parts += ["status = %(status)s"] if wanted.status else []
    parts += ["action = %(action)s"] if wanted.action else []
    return " AND ".join(parts)


def _rows(connection: Connection[Any], sql: str, values: Mapping[str, Any]) -> list[FreezeRow]:
    return connection.cursor(row_factory=class_row(FreezeRow)).execute(sql, values).fetchall()


def _names(connection: Connection[Any], rows: Sequence[FreezeRow]) -> Mapping[str, str]:
    users = {row.asked_by for row in rows} | {row.cleared_by for row in rows if row.cleared_by}
    return dict(connection.execute(_NAMES, (sorted(users),)).fetchall())


def read_badge(connection: Connection[Any], centres: Sequence[str], now: datetime) -> dict[str, int]:
    """How many of these centres' freezes are urgent, and of how many of these the caller should have been told."""
    cursor = connection.cursor(row_factory=dict_row).execute(_BADGE, {"centres": list(centres), "now": now})
    return dict(cursor.fetchone() or {"urgent": 0, "overdue": 0})


def was_found(connection: Connection[Any], username: str, call_sid: str, person_hash: bytes) -> bool:
    """Whether this user has found this person's card in this call."""
    return connection.execute(_FOUND, (call_sid, person_hash, username)).fetchone() is not None

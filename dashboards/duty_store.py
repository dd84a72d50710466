"""The duty desk's rows: each change and its audit entry in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from dashboards.audit import enter_audit
from dashboards.duty_rules import KeyChange, NewClosing, NewNotice
from dashboards.staff import StaffMember
from integrations.services import Services
from integrations.work_calendar import YearNotice

_NOTICES = """
SELECT id, centre, text AS words, since, until, signed_by FROM urgent_notice
WHERE withdrawn_at IS NULL AND until > %s AND (centre IS NULL OR centre = ANY(%s)) ORDER BY since, id
"""
_CLOSINGS = """
SELECT id, centre, reason AS words, since, until, signed_by FROM exceptional_closing
WHERE withdrawn_at IS NULL AND until > %s AND centre = ANY(%s) ORDER BY since, id
"""
_KEYS = """
SELECT DISTINCT ON (centre, feature) centre, feature, is_open, reason, set_by, set_at
FROM feature_override WHERE centre = ANY(%s) ORDER BY centre, feature, id DESC
"""
_ADD_NOTICE = """
INSERT INTO urgent_notice (centre, text, since, until, signed_by, created_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_SAME_NOTICE = """
SELECT 1 FROM urgent_notice WHERE withdrawn_at IS NULL
AND centre IS NOT DISTINCT FROM %s AND text = %s AND since = %s AND until = %s
"""
_ADD_CLOSING = """
INSERT INTO exceptional_closing (centre, since, until, reason, signed_by, created_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_SAME_CLOSING = """
SELECT 1 FROM exceptional_closing WHERE withdrawn_at IS NULL
AND centre = %s AND since = %s AND until = %s AND reason = %s
"""
_ADD_KEY = """
INSERT INTO feature_override (centre, feature, is_open, reason, set_by, set_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""
_SAVE_YEAR = """
INSERT INTO calendar_notice (year, days, entered_by, entered_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (year) DO UPDATE
SET days = excluded.days, entered_by = excluded.entered_by, entered_at = excluded.entered_at
"""
_YEARS = "SELECT year, days, entered_by, entered_at FROM calendar_notice ORDER BY year"
# What can be withdrawn, by the name that the address uses.
WITHDRAWABLE = {"notices": "urgent_notice", "closings": "exceptional_closing"}
# Two people, or two clicks, setting the same thing at the same time come one after the other.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('duty_desk'))"


@dataclass(frozen=True, slots=True)
class SetRow:
    """A notice or a closing that is in force or still to come; `words` is its text or reason."""

    id: int
    centre: str | None
    words: str
    since: datetime
    until: datetime
    signed_by: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """The newest word about a key of a centre."""

    centre: str
    feature: str
    is_open: bool
    reason: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class YearRow:
    """A year's notice as it was entered."""

    year: int
    days: dict[str, Any]
    entered_by: str
    entered_at: datetime


class DutyStore:
    """Reads what is set and writes what somebody sets."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def notices(self, centres: Sequence[str]) -> list[SetRow]:
        """Notices in force or to come, those for all centres among them."""
        return self._rows(SetRow, _NOTICES, (self._services.now(), list(centres)))

    def closings(self, centres: Sequence[str]) -> list[SetRow]:
        """Closings in force or to come."""
        return self._rows(SetRow, _CLOSINGS, (self._services.now(), list(centres)))

    def keys(self, centres: Sequence[str]) -> list[KeyRow]:
        """The newest setting of every key that was ever set by hand."""
        return self._rows(KeyRow, _KEYS, (list(centres),))

    def years(self) -> list[YearRow]:
        """The holiday notices entered by administrators."""
        return self._rows(YearRow, _YEARS, ())

    def add_notice(self, notice: NewNotice, by: StaffMember) -> bool:
        """Set an urgent notice; False when exactly this one is set already."""
        same = (notice.centre, notice.text, notice.since, notice.until)
        with self._deed() as (connection, now):
            if connection.execute(_SAME_NOTICE, same).fetchone():
                return False
            row = connection.execute(_ADD_NOTICE, (*same, by.name, now)).fetchone()
            enter_audit(connection, now, by.username, "notice_set", notice.centre, f"urgent_notice {_id(row)}")
        return True

    def add_closing(self, closing: NewClosing, by: StaffMember) -> bool:
        """Close a centre's human service for a time; False when exactly this is set already."""
        same = (closing.centre, closing.since, closing.until, closing.reason)
        with self._deed() as (connection, now):
            if connection.execute(_SAME_CLOSING, same).fetchone():
                return False
            row = connection.execute(_ADD_CLOSING, (*same, by.name, now)).fetchone()
            subject = f"exceptional_closing {_id(row)}"
            enter_audit(connection, now, by.username, "closing_set", closing.centre, subject)
        return True

    def set_key(self, change: KeyChange, by: StaffMember) -> None:
        """Open or close a key."""
        values = (change.centre, change.feature, change.is_open, change.reason, by.name)
        with self._deed() as (connection, now):
            row = connection.execute(_ADD_KEY, (*values, now)).fetchone()
            action = "key_opened" if change.is_open else "key_closed"
            subject = f"feature_override {_id(row)} {change.feature}"
            enter_audit(connection, now, by.username, action, change.centre, subject)

    def save_year(self, notice: YearNotice, by: StaffMember) -> None:
        """Enter a year's holiday notice, in place of an earlier one of the same year."""
        off = {day.isoformat(): notice.names[day] for day in sorted(notice.off)}
        days = {"off": off, "work": [day.isoformat() for day in sorted(notice.work)]}
        with self._deed() as (connection, now):
            connection.execute(_SAVE_YEAR, (notice.year, Jsonb(days), by.name, now))
            subject = f"calendar_notice {notice.year}: {len(notice.off)} off, {len(notice.work)} work"
            enter_audit(connection, now, by.username, "calendar_set", None, subject)

    def centre_of(self, kind: str, row_id: int) -> tuple[str | None] | None:
        """The centre of a notice or closing, in a tuple since it may be none; None when there is no such row."""
        sql = f"SELECT centre FROM {WITHDRAWABLE[kind]} WHERE id = %s"
        with self._services.database.pool.connection() as connection:
            row = connection.execute(sql, (row_id,)).fetchone()
        return (row[0],) if row else None

    def withdraw(self, kind: str, row_id: int, by: StaffMember) -> bool:
        """End a notice or closing before its time; False when it had ended or somebody was quicker."""
        table = WITHDRAWABLE[kind]
        sql = f"""UPDATE {table} SET withdrawn_at = %(now)s, withdrawn_by = %(by)s
                  WHERE id = %(id)s AND withdrawn_at IS NULL AND until > %(now)s RETURNING centre"""
        with self._deed() as (connection, now):
            row = connection.execute(sql, {"now": now, "by": by.name, "id": row_id}).fetchone()
            if row:
                action = f"{kind.removesuffix('s')}_withdrawn"
                enter_audit(connection, now, by.username, action, row[0], f"{table} {row_id}")
        return row is not None

    @contextmanager
    def _deed(self) -> Any:
        with self._services.database.pool.connection() as connection, connection.transaction():
            connection.execute(_ONE_AT_A_TIME)
            yield connection, self._services.now()

    def _rows(self, kind: type[Any], sql: str, values: tuple[Any, ...]) -> list[Any]:
        with (
            self._services.database.pool.connection() as connection,
            connection.cursor(row_factory=class_row(kind)) as cursor,
        ):
            return cursor.execute(sql, values).fetchall()


def _id(row: Any) -> int:
    return int(row[0])

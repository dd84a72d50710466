"""The trail of every question about a person: a row before anybody is asked, completed with what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from integrations.database import Database
from integrations.social_insurance.contract import Purpose

log = structlog.get_logger(__name__)
_ENTER = """
INSERT INTO look_up_audit (at, who, why, call_sid, centre, system, kind, person_hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_COMPLETE = "UPDATE look_up_audit SET result = %s, reason = %s, milliseconds = %s WHERE id = %s AND result IS NULL"


class NoAudit(Exception):
    """The row cannot be written, so nobody may be asked."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row that waits for its result, and since when."""

    id: int
    began: float

    @property
    def seconds(self) -> float:
        """Since it was entered."""
        return time.monotonic() - self.began


class LookUpTrail:
    """Writes the rows, each in a transaction of its own, so that a crash in between leaves a trace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(
        self, at: datetime, purpose: Purpose, centre: str, system: str, kind: str, person_hash: bytes
    ) -> AuditRow:
        """Say who is about to ask for whom. Raises NoAudit."""
        values = (at, purpose.who, purpose.why, purpose.call_sid, centre, system, kind, person_hash)
        try:
            with self._database.pool.connection() as connection:
                row = connection.execute(_ENTER, values).fetchone()
        except (psycopg.Error, PoolTimeout) as error:
            log.error("look_up_not_audited", system=system, error=type(error).__name__)
            raise NoAudit from None
        if row is None:
            raise NoAudit
        return AuditRow(row[0], time.monotonic())

    def complete(self, row: AuditRow, result: str, reason: str | None) -> None:
        """Say what came of it. A database that has gone meanwhile leaves the row open, which is said in the log."""
        milliseconds = int(row.seconds * 1000)
        try:
            with self._database.pool.connection() as connection:
                connection.execute(_COMPLETE, (result, reason, milliseconds, row.id))
        except (psycopg.Error, PoolTimeout) as error:
            log.error("look_up_audit_left_open", audit=row.id, result=result, error=type(error).__name__)


def next_message_number(database: Database) -> int:
    """A number from 0 to 9999 that no process gets twice within ten thousand. Raises psycopg.Error, PoolTimeout."""
    with database.pool.connection() as connection:
        row = connection.execute("SELECT nextval('medical_message')").fetchone()
    return int(row[0]) if row else 0

"""What another page has on its list for a person becomes a case as well, and ends when it is cleared there.

Freezes of which nobody told the caller how they ended, and people who were to be rung back and were not, or too late.
Nothing is locked but the cases: the other rows are read, and whoever changes them meanwhile is seen by the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from psycopg.rows import dict_row

from integrations.sealer import SealError
from integrations.services import Services
from queueing.callback_booking import NUMBER_CONTEXT as CALLBACK_CONTEXT
from queueing.callback_models import TO_CLEAR
from voicemail.case_clock import CaseClock
from voicemail.case_fields import ENDED, NUMBER_CONTEXT
from voicemail.case_moves import end_case, take_up_again
from voicemail.case_rows import SYSTEM, NewCase, case_of_origin, lock_case, open_case
from voicemail.freeze_rows import NUMBER_CONTEXT as FREEZE_CONTEXT
from voicemail.work_order import CALLBACK, CARD_FREEZE, CLOSED, SOURCE_CLEARED

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 200
# Rung for a case: that case goes on by itself.
OF_CASES = "case"
# Without a case, or with one that ended when it was cleared before.
_NOT_YET = """
NOT EXISTS (SELECT FROM work_order w WHERE w.origin = '{kind}:' || {table}.id AND w.status <> 'closed')
"""
_FREEZES = f"""
SELECT id, centre, call_sid, asked_at, asked_at AS listed_at, due_at, number_sealed, number_tail, person_hash,
       NULL AS caller_hash, NULL AS caller_region, '' AS desk
FROM card_freeze
WHERE due_at IS NOT NULL AND cleared_at IS NULL AND {_NOT_YET.format(kind=CARD_FREEZE, table="card_freeze")}
ORDER BY due_at LIMIT %(most)s
"""
_CALLBACKS = f"""
SELECT id, centre, call_sid, asked_at, coalesce(breached_at, ended_at, asked_at) AS listed_at,
       promised_until AS due_at, number_sealed, number_tail, NULL AS person_hash,
       asker_hash AS caller_hash, caller_region, skill AS desk
FROM callback WHERE {TO_CLEAR} AND source <> %(of_cases)s AND {_NOT_YET.format(kind=CALLBACK, table="callback")}
ORDER BY id LIMIT %(most)s
"""
_CLEARED_FREEZES = """
SELECT w.id, f.cleared_reason FROM work_order w JOIN card_freeze f ON f.id = split_part(w.origin, ':', 2)::bigint
WHERE w.kind = 'card_freeze' AND w.status IN ('open', 'owned', 'replied') AND f.cleared_at IS NOT NULL
"""
_CLEARED_CALLBACKS = f"""
SELECT w.id, k.cleared_reason FROM work_order w JOIN callback k ON k.id = split_part(w.origin, ':', 2)::bigint
WHERE w.kind = 'callback' AND w.status IN ('open', 'owned', 'replied')
  AND NOT EXISTS (SELECT FROM callback WHERE id = k.id AND ({TO_CLEAR}))
"""
Row = Mapping[str, Any]


class CaseAdoption:
    """Runs in a job; any number at once."""

    def __init__(self, services: Services, clock: CaseClock) -> None:
        self.services, self.clock = services, clock

    def sweep(self) -> int:
        """Open what is new, and close what was cleared; how many cases changed."""
        return (
            self._adopt(CARD_FREEZE, _FREEZES, FREEZE_CONTEXT)
            + self._adopt(CALLBACK, _CALLBACKS, CALLBACK_CONTEXT)
            + self._close(_CLEARED_FREEZES)
            + self._close(_CLEARED_CALLBACKS)
        )

    def _adopt(self, kind: str, sql: str, context: str) -> int:
        with self.services.database.pool.connection() as connection:
            values = {"most": MOST_AT_ONCE, "of_cases": OF_CASES}
            found = connection.cursor(row_factory=dict_row).execute(sql, values).fetchall()
        return sum(self._for_itself(self._adopt_one, kind, row, context) for row in found)

    def _for_itself(self, adopt: Callable[[str, Row, str], bool], kind: str, row: Row, context: str) -> int:
        """One that cannot be read (sealed with a key of before) is adopted without its number."""
        try:
            return int(adopt(kind, row, context))
        except SealError as error:
            log.error("adopted_without_number", kind=kind, source=row["id"], error_id=error.error_id)
            return int(adopt(kind, {**row, "number_sealed": None}, context))

    def _adopt_one(self, kind: str, row: Row, context: str) -> bool:
        origin, at = f"{kind}:{row['id']}", self.services.now()
        new = self._new_case(kind, row, context, origin, at)
        with self.services.database.pool.connection() as connection, connection.transaction():
            if open_case(connection, new) is not None:
                return True
            # Cleared before, and on the list again.
            found = case_of_origin(connection, origin)
            case = lock_case(connection, found.id) if found else None
            if case is None or case.status != CLOSED:
                return False
            take_up_again(connection, self.clock, case, SYSTEM, "又回到待处理名单", at)
            return True

    def _new_case(self, kind: str, row: Row, context: str, origin: str, at: datetime) -> NewCase:
        due: dict[str, Any] = {"opened_at": row["asked_at"], "due_at": row["due_at"]}
        if row["due_at"] is None:
            # Nothing was promised: the days count from when it came on the list.
            promise = self.clock.promise(kind, row["centre"], row["listed_at"])
            due = promise.columns | {"opened_at": row["listed_at"], "workdays": promise.workdays}
        return NewCase(
            kind=kind,
            origin=origin,
            centre=row["centre"],
            desk=row["desk"],
            source="system",
            call_sid=row["call_sid"],
            written_at=at,
            caller_hash=row["caller_hash"],
            caller_region=row["caller_region"],
            person_hash=row["person_hash"],
            actor=SYSTEM,
            **due,
            **self._number(row, context),
        )

    def _number(self, row: Row, context: str) -> dict[str, Any]:
        if row["number_sealed"] is None:
            return {"number_tail": row["number_tail"]}
        sealer = self.services.sealer
        number = sealer.open(bytes(row["number_sealed"]), context)
        return {
            "number_sealed": sealer.seal(number, NUMBER_CONTEXT),
            "number_hash": sealer.fingerprint(number),
            "number_tail": number[-4:],
        }

    def _close(self, sql: str) -> int:
        with self.services.database.pool.connection() as connection:
            found = connection.execute(sql).fetchall()
        return sum(self._close_one(case_id, reason) for case_id, reason in found)

    def _close_one(self, case_id: int, reason: str | None) -> bool:
        with self.services.database.pool.connection() as connection, connection.transaction():
            case = lock_case(connection, case_id)
            if case is None or case.status in ENDED:
                return False
            end_case(connection, case, SOURCE_CLEARED, reason or "", SYSTEM, self.services.now())
            return True

"""The list of callbacks as JSON: when each is due, for whom, what was tried, and what the reader may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog

from dashboards.call_counts import shanghai_day
from dashboards.console.callback_list_rows import ListRows, Row, Wanted, read_list
from dashboards.console.callback_words import TEXTS_ZH, is_overdue, state_words, to_clear_words
from dashboards.console.caller_words import masked, short_region
from dashboards.staff import StaffMember
from integrations.sealer import SealError
from ivr.library import Library
from ivr.service import Line
from queueing.callback import ENDED, RESULTS_ZH, SCHEDULED, SOURCES_ZH, WAITING
from queueing.callback_booking import NUMBER_CONTEXT
from queueing.routing import LANGUAGES, SKILLS

log = structlog.get_logger(__name__)


class CallbackList:
    """Builds the list. Shared by all threads of a process."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def look(self, wanted: Wanted, reader: StaffMember, may_act: bool, may_clear: bool) -> dict[str, Any]:
        """What is wanted, now. `may_act` and `may_clear`: what the reader's role may do in the own centres."""
        services, library = self._line.services, self._line.keeper.library()
        now = services.now()
        midnight, _ = shanghai_day(now)
        with services.database.pool.connection() as connection:
            found = read_list(connection, wanted, midnight, now)
        rows = []
        for row in found.rows:
            is_own = reader.sees_all or row["centre"] == reader.centre
            rows.append(self._row(row, found, library, now) | {"may": _may(row, is_own and may_act, may_clear, is_own)})
        return {"now": now.isoformat(), "rows": rows, "total": found.total, "counts": dict(found.counts)}

    def _row(self, row: Row, found: ListRows, library: Library, now: datetime) -> dict[str, Any]:
        attempts = [_attempt(one) for one in found.attempts.get(row["id"], ())]
        ended_at, promised = row["ended_at"], row["promised_until"]
        was_tried = row["breached_at"] is None and row["attempts"] > 0
        return {
            "id": row["id"],
            "centre": row["centre"],
            "centre_name": library.centre(row["centre"]).short_name,
            "caller": {"masked": self._masked(row), "region": short_region(row["caller_region"])},
            "is_slow": row["is_slow"],
            "skill_zh": SKILLS.get(row["skill"], row["skill"]),
            "language_zh": LANGUAGES.get(row["language"], row["language"]) if row["language"] else None,
            "asked_at": row["asked_at"].isoformat(),
            "source_zh": SOURCES_ZH.get(row["source"], row["source"]),
            "note": row["note"],
            "slot_from": _iso(row["slot_from"]),
            "slot_until": _iso(row["slot_until"]),
            "promised_until": _iso(promised),
            "is_overdue": ended_at is None and is_overdue(promised, was_tried, now),
            "status": row["status"],
            "status_zh": state_words(
                row["status"], row["entry_status"], row["attempts"], row["slot_from"] is not None, row["end_reason"]
            ),
            "not_before": _iso(row["not_before"]),
            "position": row["position"],
            "attempts": attempts,
            "last_agent": _last_agent(row, attempts),
            "text_zh": TEXTS_ZH.get(row["text_status"] or ""),
            "to_clear_zh": _to_clear(row),
            "ended_at": _iso(ended_at),
            "end_reason": row["end_reason"],
            "end_note": row["end_note"] or "",
            "ended_by": row["ended_by"] or "",
            "cleared_at": _iso(row["cleared_at"]),
            "cleared_by": row["cleared_by"] or "",
            "cleared_reason": row["cleared_reason"] or "",
        }

    def _masked(self, row: Row) -> str:
        try:
            number = self._line.services.sealer.open(bytes(row["number_sealed"]), NUMBER_CONTEXT)
        except SealError as error:
            log.warning("callback_number_not_readable", callback=row["id"], error_id=error.error_id)
            number = None
        return masked(number, row["number_tail"])


def _may(row: Row, may_act: bool, may_clear: bool, is_own: bool) -> dict[str, bool]:
    """What the reader may do now. While it is rung or talked to, a callback is left alone."""
    is_at_rest = may_act and row["status"] in (SCHEDULED, WAITING)
    return {
        "call_now": may_act and row["status"] == SCHEDULED,
        "postpone": is_at_rest,
        "cancel": is_at_rest,
        "clear": may_clear and is_own and bool(_to_clear(row)),
    }


def _to_clear(row: Row) -> list[str]:
    return to_clear_words(row["breached_at"], row["cleared_at"], row["end_reason"])


def _attempt(row: Row) -> dict[str, Any]:
    is_open = row["status"] != ENDED
    return {
        "at": row["made_at"].isoformat(),
        "result": row["result"],
        "result_zh": "正在打" if is_open else RESULTS_ZH.get(row["result"], row["result"]),
        # What the carrier never began is shown, and not counted.
        "is_counted": row["initiated_at"] is not None,
        "agent": {"number": row["number"], "name": row["name"]},
    }


def _last_agent(row: Row, attempts: Sequence[dict[str, Any]]) -> dict[str, str] | None:
    if attempts:
        return dict(attempts[-1]["agent"])
    return {"number": row["owner_number"], "name": row["owner_name"]} if row["owner_number"] else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

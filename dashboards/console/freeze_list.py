"""The page of freezes as JSON: what nobody knows yet, what ends soon, what was, and what the reader may do about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dashboards.console.freeze_list_rows import FreezeLook, Wanted, read_badge, read_freezes
from dashboards.console.freeze_words import ACTIONS, DOORS, STATUSES, until_short
from dashboards.staff import StaffMember
from ivr.library import Library
from ivr.service import Line
from voicemail.card_loss import CardLoss
from voicemail.freeze import UNKNOWN
from voicemail.freeze_rows import FreezeRow

CALLER = "caller"


class FreezeList:
    """Builds the page's data. Shared by all threads of a process."""

    def __init__(self, line: Line, loss: CardLoss) -> None:
        self._line = line
        self._loss = loss

    def look(self, wanted: Wanted, reader: StaffMember, scope: tuple[str, ...], may_act: bool) -> dict[str, Any]:
        """What is wanted, now. `scope`: all centres of the reader, for the counts. No person's number is in it."""
        services, library = self._line.services, self._line.keeper.library()
        now = services.now()
        with services.database.pool.connection() as connection:
            look = read_freezes(connection, wanted, now)
            badge = read_badge(connection, scope, now)

        def shown(rows: Any) -> list[dict[str, Any]]:
            return [self._row(row, look, library, may_act and row.centre == reader.centre) for row in rows]

        return {
            "now": now.isoformat(),
            "urgent": shown(look.urgent),
            "expiring": shown(look.expiring),
            "recent": shown(look.recent),
            "total": look.total,
            "can_text": services.texts.can_send,
            "badge": badge,
        }

    def _row(self, row: FreezeRow, look: FreezeLook, library: Library, may_act: bool) -> dict[str, Any]:
        word, tone, symbol = STATUSES[row.status]
        day, is_sure = self._loss.last_day(row)
        is_urgent = row.due_at is not None and row.cleared_at is None
        return {
            "id": row.id,
            "asked_at": row.asked_at.isoformat(),
            "centre": row.centre,
            "centre_name": library.centre(row.centre).short_name,
            "card": f"尾号{row.card_tail}" if row.card_tail else "尾号不详",
            "bank": row.bank or "",
            "action": row.action,
            "action_zh": ACTIONS[row.action],
            "door_zh": DOORS.get(row.door, row.door),
            "who": "来电人" if row.asked_by == CALLER else look.names.get(row.asked_by, row.asked_by),
            "status": row.status,
            "status_zh": word,
            "tone": tone,
            "symbol": symbol,
            "until_zh": _until(row, day, is_sure),
            "receipt": row.receipt or "",
            "reason": row.reason or "",
            "looks": row.looks,
            "look_at": _iso(row.look_at),
            "due_at": _iso(row.due_at) if is_urgent else None,
            "callback_id": row.callback_id,
            "cleared_by": look.names.get(row.cleared_by or "", row.cleared_by or ""),
            "cleared_reason": row.cleared_reason or "",
            "is_reminded": row.reminded_at is not None,
            "may": {
                "look": may_act and row.status == UNKNOWN,
                "clear": may_act and is_urgent and row.ended_at is not None,
                "reminded": may_act and row.reminded_at is None,
            },
        }


def _until(row: FreezeRow, day: date | None, is_sure: bool) -> str:
    return "一直有效" if row.is_formal else until_short(day, is_sure)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

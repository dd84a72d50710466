"""What staff do about a freeze: look again, clear it, note that its caller was reminded. Each leaves an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.console.callback_deeds import read_choice
from dashboards.console.errors import Refused
from dashboards.console.freeze_words import CLEAR_REASONS, looked_words
from dashboards.sign_in import centres_in_scope
from dashboards.staff import StaffMember
from ivr.service import Line
from voicemail.card_loss import CardLoss
from voicemail.freeze import UNKNOWN
from voicemail.freeze_rows import FreezeRow, clear_freeze, note_reminded, read_freeze

NO_SUCH_FREEZE = "没有这一条挂失。"
HAS_ENDED = "这一条已经有结果了，页面马上更新。"
NOT_ENDED = "还没有查清办成没有，不能算处理完毕。"
NOT_URGENT = "这一条已经处理过了，页面马上更新。"
NOTHING_ENDS = "这一条没有要提醒的。"
REMINDED_ALREADY = "这一条已经提醒过了，页面马上更新。"


class FreezeDeeds:
    """The deeds behind the addresses. All raise Refused: 404 and 403 for what is not theirs, 409, and 422."""

    def __init__(self, line: Line, loss: CardLoss) -> None:
        self._line = line
        self._loss = loss

    def look_again(self, freeze_id: int, by: StaffMember) -> str:
        """Ask the card system how the card stands; what to say about it."""
        row = self._own(freeze_id, by)
        if row.status != UNKNOWN:
            raise Refused(409, HAS_ENDED)
        looked = self._loss.look_after(row)
        with self._line.services.database.pool.connection() as connection:
            self._enter(connection, by, "freeze_looked", row)
        return looked_words(looked.action, looked.status)

    def clear(self, freeze_id: int, body: Mapping[str, Any], by: StaffMember) -> str:
        """Take it off the urgent list, once its end is known, with a reason."""
        row = self._own(freeze_id, by)
        reason = read_choice(body, CLEAR_REASONS, "处理完毕")
        if row.ended_at is None:
            raise Refused(409, NOT_ENDED)
        with self._line.services.database.pool.connection() as connection:
            if not clear_freeze(connection, freeze_id, by.username, reason, self._line.services.now()):
                raise Refused(409, NOT_URGENT)
            self._enter(connection, by, "freeze_cleared", row)
        return "处理完毕，从待核实里去掉了。"

    def reminded(self, freeze_id: int, by: StaffMember) -> str:
        """The caller was told that the freeze ends."""
        row = self._own(freeze_id, by)
        if (row.until or row.earliest) is None or row.ended_at is None:
            raise Refused(409, NOTHING_ENDS)
        with self._line.services.database.pool.connection() as connection:
            if not note_reminded(connection, freeze_id, self._line.services.now()):
                raise Refused(409, REMINDED_ALREADY)
            self._enter(connection, by, "freeze_reminded", row)
        return "记下了：已提醒。"

    def _own(self, freeze_id: int, by: StaffMember) -> FreezeRow:
        with self._line.services.database.pool.connection() as connection:
            row = read_freeze(connection, freeze_id)
        if row is None:
            raise Refused(404, NO_SUCH_FREEZE)
        library = self._line.keeper.library()
        if row.centre not in centres_in_scope(by, library.centres):
            raise Refused(403, f"这是{library.centre(row.centre).short_name}的挂失，请那边的同事来办。")
        return row

    def _enter(self, connection: Connection[Any], by: StaffMember, action: str, row: FreezeRow) -> None:
        enter_audit(connection, self._line.services.now(), by.username, action, row.centre, f"freeze {row.id}")

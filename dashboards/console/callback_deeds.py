"""What staff do about a callback: call now, another time, call it off, clear it. Each leaves an entry in the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.console.api import text_of
from dashboards.console.callback_words import CANCEL_REASONS, CLEAR_REASONS, names_of, written_reason
from dashboards.console.errors import Refused
from dashboards.console.wrap_up import without_secrets
from dashboards.sign_in import centres_in_scope
from dashboards.staff import StaffMember
from dashboards.staff_area import shanghai_text
from ivr.service import Line
from queueing.callback_slots import Slot

LONGEST_WORDS = 200
# Half hours to choose from at first, and when more are asked for.
FEW_SLOTS, MANY_SLOTS = 3, 12
NO_SUCH_CALLBACK = "没有这个回电。"
GONE = "这个回电已经结束了，列表马上更新。"
TALKING = "电话已经打过去了，先等这次的结果。"
SLOT_TAKEN = "这个时间刚刚约满了，请换一个。"
IN_LINE = "已经排在队伍里了，有人空闲就打。"

_CENTRE = "SELECT centre FROM callback WHERE id = %s"


class CallbackDeeds:
    """The deeds behind the addresses. All raise Refused: 404 and 403 for what is not theirs, 409, and 422."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._callbacks = line.callbacks

    def slots(self, callback_id: int, by: StaffMember, most: int = FEW_SLOTS) -> list[Slot]:
        """The next half hours to which a callback may be moved."""
        return self._callbacks.slots(self._own_centre(callback_id, by), most)

    def call_now(self, callback_id: int, by: StaffMember) -> str:
        """Let it stand in the line; what to say about it."""
        centre = self._own_centre(callback_id, by)
        outcome = self._callbacks.call_now(callback_id, by.username)
        if outcome == "not_now":
            raise Refused(409, self._not_now(centre))
        _refuse({"gone": GONE, "talking": TALKING, "waiting": IN_LINE}, outcome)
        self._enter(by, "callback_called", centre, callback_id)
        return "已排进队伍，有人空闲就打。"

    def postpone(self, callback_id: int, body: Mapping[str, Any], by: StaffMember) -> str:
        """Promise another half hour, one of `slots`."""
        centre, slot = self._own_centre(callback_id, by), read_slot(body)
        if slot is None:
            raise Refused(422, "请选一个时间。")
        outcome = self._callbacks.postpone(callback_id, slot, by.username)
        _refuse({"gone": GONE, "talking": TALKING, "slot_taken": SLOT_TAKEN}, outcome)
        self._enter(by, "callback_postponed", centre, callback_id)
        return "时间改好了。"

    def cancel(self, callback_id: int, body: Mapping[str, Any], by: StaffMember) -> str:
        """Call it off, with a reason."""
        centre = self._own_centre(callback_id, by)
        reason = read_choice(body, CANCEL_REASONS, "取消")
        outcome = self._callbacks.cancel(callback_id, by.username, reason)
        _refuse({"gone": GONE, "talking": TALKING}, outcome)
        self._enter(by, "callback_cancelled", centre, callback_id)
        return "已取消。"

    def clear(self, callback_id: int, body: Mapping[str, Any], by: StaffMember) -> str:
        """Take what did not succeed, or came too late, off the supervisor's list, with a reason."""
        centre = self._own_centre(callback_id, by)
        reason = read_choice(body, CLEAR_REASONS, "办结")
        if not self._callbacks.clear(callback_id, by.username, reason):
            raise Refused(409, "这一条已经有人处理了。")
        self._enter(by, "callback_cleared", centre, callback_id)
        return "已办结，从要处理里去掉了。"

    def _own_centre(self, callback_id: int, by: StaffMember) -> str:
        with self._line.services.database.pool.connection() as connection:
            centre = centre_of(connection, callback_id)
        library = self._line.keeper.library()
        if centre not in centres_in_scope(by, library.centres):
            raise Refused(403, f"这是{library.centre(centre).short_name}的回电，请那边的同事来办。")
        return centre

    def _not_now(self, centre: str) -> str:
        soonest = self._line.waiting.timetable.next_decent(centre, self._line.services.now())
        when = f"最早{shanghai_text(soonest)}可以打。" if soonest else ""
        return f"现在不是能打扰人的时间，不能打。{when}要别的时间，请按“改时间”。"

    def _enter(self, by: StaffMember, action: str, centre: str, callback_id: int) -> None:
        # The service commits by itself, so the trail follows at once in a transaction of its own.
        with self._line.services.database.pool.connection() as connection:
            note_deed(connection, self._line.services.now(), by, action, centre, callback_id)


def note_deed(
    connection: Connection[Any], at: datetime, by: StaffMember, action: str, centre: str, callback_id: int
) -> None:
    """Enter a deed of staff about a callback in the trail."""
    enter_audit(connection, at, by.username, action, centre, f"callback {callback_id}")


def centre_of(connection: Connection[Any], callback_id: int) -> str:
    """Whose callback it is. Raises Refused (404)."""
    row = connection.execute(_CENTRE, (callback_id,)).fetchone()
    if row is None:
        raise Refused(404, NO_SUCH_CALLBACK)
    return str(row[0])


def read_slot(body: Mapping[str, Any]) -> datetime | None:
    """The beginning of the half hour in a request; None for "when the turn comes". Raises Refused (422)."""
    written = text_of(body, "slot")
    if not written:
        return None
    try:
        slot = datetime.fromisoformat(written)
    except ValueError:
        raise Refused(422, "请从列表里选时间。", "slot") from None
    if slot.tzinfo is None:
        raise Refused(422, "请从列表里选时间。", "slot")
    return slot


def slots_json(slots: Sequence[Slot]) -> list[dict[str, str]]:
    """Half hours to choose from."""
    return [{"from": slot.since.isoformat(), "until": slot.until.isoformat()} for slot in slots]


def read_choice(body: Mapping[str, Any], reasons: dict[str, str], deed: str) -> str:
    """Why, from a short list and in words of one's own. Raises Refused (422) without one."""
    words = body.get("words") or ""
    if not isinstance(words, str) or len(words) > LONGEST_WORDS:
        raise Refused(422, f"说明最多{LONGEST_WORDS}个字。")
    choice = text_of(body, "reason")
    if choice not in reasons:
        raise Refused(422, f"请选{deed}的原因：{names_of(reasons.values())}。")
    reason = written_reason(choice, without_secrets(words.strip()), reasons)
    if not reason:
        raise Refused(422, "请写一句原因。")
    return reason


def _refuse(sentences: Mapping[str, str], outcome: str) -> None:
    if outcome in sentences:
        raise Refused(409, sentences[outcome])

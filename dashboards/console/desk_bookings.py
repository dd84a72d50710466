"""A consultant books a callback for the caller of a talk, while it goes on or while the notes are being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from dashboards.console.api import text_of
from dashboards.console.callback_deeds import FEW_SLOTS, SLOT_TAKEN, note_deed, read_slot, slots_json
from dashboards.console.callback_words import span_words
from dashboards.console.caller_words import masked
from dashboards.console.desk_talk import number_of
from dashboards.console.errors import NO_SUCH_OFFER, NOT_YOURS, Refused
from dashboards.console.wrap_up import WRITTEN_WITHIN, without_secrets
from dashboards.staff import StaffMember
from integrations.phone_numbers import is_dialable, read_number
from ivr.service import Line
from queueing.callback import DESK, LIVE
from queueing.callbacks import Asking, CallbackView

LONGEST_NOTE = 300
NO_NUMBER = "来电没有显示号码，请问清楚后填上要打的号码。"
BAD_NUMBER = "这个号码打不通，请填手机号，或带区号的座机号。"
TOO_MANY = "这位来电人约的回电太多了，先把前面的打完。"
STILL_TALKING = "通话还没有结束，请选一个时间。"
_REFUSALS = {"slot_taken": SLOT_TAKEN, "bad_number": BAD_NUMBER, "too_many": TOO_MANY}

_TALK = """
SELECT o.agent_id, o.centre, o.call_sid, o.connected_at, o.ended_at, e.skill, e.language, e.asked, e.is_slow,
       e.caller_hash, e.caller_tail, c.caller_sealed, k.number_sealed
FROM offer o JOIN queue_entry e ON e.id = o.entry_id
LEFT JOIN call c ON c.call_sid = o.call_sid LEFT JOIN callback k ON k.id = e.callback_id
WHERE o.id = %s
"""


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk for whose caller a callback may be booked."""

    agent_id: int
    centre: str
    call_sid: str
    connected_at: datetime | None
    ended_at: datetime | None
    skill: str
    language: str
    asked: str
    is_slow: bool
    caller_hash: bytes | None
    caller_tail: str | None
    caller_sealed: bytes | None
    # Of a talk that was itself a callback.
    number_sealed: bytes | None


class DeskBookings:
    """What the button on the call card does. Raises Refused."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._callbacks = line.callbacks

    def form(self, seat: int, offer_id: str, most: int = FEW_SLOTS) -> dict[str, Any]:
        """What the form needs: whom, whether their number can be rung, the half hours, and what is booked already."""
        talk = self._talk(seat, offer_id)
        number = self._number(talk)
        can_ring = is_dialable(number)
        known = self._callbacks.of_caller(self._callbacks.fingerprint(number), talk.centre) if number else None
        return {
            "offer": offer_id,
            "caller": {"masked": masked(number, talk.caller_tail)},
            "can_ring": can_ring,
            # Rung at once, the telephone would be engaged.
            "can_be_next": talk.ended_at is not None,
            "slots": slots_json(self._callbacks.slots(talk.centre, most)),
            # The talk itself may be one.
            "booked_zh": self._when(known) if known and known.status != LIVE else None,
        }

    def book(self, seat: int, by: StaffMember, body: Mapping[str, Any]) -> str:
        """Book it; what to say about it."""
        talk = self._talk(seat, text_of(body, "offer"))
        slot, note, number = read_slot(body), _read_note(body), self._wanted_number(body, talk)
        if slot is None and talk.ended_at is None:
            raise Refused(422, STILL_TALKING, "slot")
        asking = Asking(
            talk.call_sid,
            talk.centre,
            DESK,
            number=number,
            skill=talk.skill,
            language=talk.language,
            asked=talk.asked,
            is_slow=talk.is_slow,
            caller_hash=bytes(talk.caller_hash) if talk.caller_hash else None,
            owner_id=seat,
            note=note,
        )
        booked = self._callbacks.book(asking, slot)
        view = booked.callback
        if booked.kind != "booked" or view is None:
            raise Refused(409, self._why_not(booked.kind, view))
        if view.slot_from != slot:
            # The same talk has booked one before, at another time.
            raise Refused(409, self._why_not("exists", view))
        with self._line.services.database.pool.connection() as connection:
            note_deed(connection, self._line.services.now(), by, "callback_booked", talk.centre, view.id)
        return f"已约好：{self._when(view)}给他打，在“回电”里能看到。"

    def _why_not(self, kind: str, view: CallbackView | None) -> str:
        if kind == "exists" and view is not None:
            return f"这个号码已经约过回电：{self._when(view)}。要改时间，请到“回电”里改。"
        return _REFUSALS.get(kind, "没有约上，请再试一次。")

    def _when(self, view: CallbackView) -> str:
        if view.slot_from is None or view.slot_until is None:
            return "轮到就打"
        return span_words(view.slot_from, view.slot_until, self._line.services.now())

    def _wanted_number(self, body: Mapping[str, Any], talk: Talk) -> str:
        written = text_of(body, "number").strip()
        if written:
            number = read_number(written).e164 or ""
        else:
            number = self._number(talk) or ""
            if not number:
                raise Refused(422, NO_NUMBER, "number")
        if not is_dialable(number):
            raise Refused(422, BAD_NUMBER, "number")
        return number

    def _number(self, talk: Talk) -> str | None:
        return number_of(self._line.services, talk.call_sid, talk.caller_sealed, talk.number_sealed)

    def _talk(self, seat: int, offer_id: str) -> Talk:
        services = self._line.services
        with services.database.pool.connection() as connection:
            talk = connection.cursor(row_factory=class_row(Talk)).execute(_TALK, (offer_id,)).fetchone()
        if talk is None:
            raise Refused(404, NO_SUCH_OFFER)
        if talk.agent_id != seat:
            raise Refused(403, NOT_YOURS)
        if talk.connected_at is None:
            raise Refused(409, "这个来电没有接通，不能约回电。")
        if talk.ended_at is not None and services.now() - talk.ended_at > WRITTEN_WITHIN:
            raise Refused(409, "这个来电结束已经超过半小时，不能再约了。")
        return talk


def _read_note(body: Mapping[str, Any]) -> str:
    note = body.get("note") or ""
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise Refused(422, f"备注最多{LONGEST_NOTE}个字。", "note")
    return without_secrets(note.strip())

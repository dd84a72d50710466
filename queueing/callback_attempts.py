"""The call to the caller of a callback: a consultant is reserved, one attempt is open, and it ends in one way.

Every method commits before anybody is told. Repeated, late and shuffled reports change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import structlog
from psycopg import Connection

from queueing import callback_rows, entries, offers, tasks
from queueing.callback import (
    ANSWERED,
    CASE,
    CONFIRMED,
    DIALLING,
    LATER,
    MACHINE,
    REACHED,
    SILENT,
    WAITING,
    WRONG_NUMBER,
    result_of,
)
from queueing.callback_booking import book_later, stand_first, wake
from queueing.callback_rows import Attempt, CallbackRow
from queueing.callback_slots import Slot, open_slots
from queueing.callback_talks import follow
from queueing.entries import Entry
from queueing.line import WaitingLine
from queueing.offer import RESERVED
from queueing.offers import Offer

log = structlog.get_logger(__name__)
# The carrier's last words about a leg.
FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
# What the question takes, asked twice, until the reserved consultant is let go.
QUESTION_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody, or something, has picked up the telephone that was rung."""

    callback: CallbackRow
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Held:
    """An attempt with all that belongs to it, locked until the transaction ends."""

    attempt: Attempt
    callback: CallbackRow
    entry: Entry | None
    offer: Offer | None


class CallbackAttempts:
    """What happens to attempts, as the carrier and the caller tell it."""

    def __init__(self, line: WaitingLine) -> None:
        self.line = line
        self.services = line.services

    def offer(self, entry: Entry, agent_id: int) -> Offer | None:
        """Reserve a consultant for a callback whose turn it is, and begin to ring the caller.

        None when either is no longer there for it. Outside decent hours the request leaves the line until they come.
        Raises psycopg.errors.UniqueViolation when another process was first.
        """
        at = self.services.now()
        if not self.line.timetable.is_decent(entry.centre, at):
            self.park(entry)
            return None
        rules = self.line.callback_rules(entry.centre)
        with self.line.transaction() as connection:
            offer = offers.make_offer(connection, entry.id, agent_id, at, rules.ring_seconds + QUESTION_SECONDS)
            row = callback_rows.lock_callback(connection, entry.callback_id or 0) if offer else None
            if offer is None or row is None or row.status != WAITING:
                raise psycopg.Rollback
            self.begin(connection, row, offer, at)
            return offer
        return None

    def begin(self, connection: Connection[Any], row: CallbackRow, offer: Offer, at: datetime) -> Attempt:
        """The attempt of a waiting request for which a consultant is reserved, and the task to dial."""
        attempt = callback_rows.insert_attempt(connection, row.id, offer.id, offer.entry_id, at)
        seat = {} if row.owner_id else {"owner_id": offer.agent_id}
        callback_rows.move(connection, row, "dial", at, **seat)
        pace = self.services.settings.carrier_calls_per_second
        tasks.add_task(connection, tasks.DIAL_CALLBACK, offer.id, callback_rows.next_in_pace(connection, at, pace))
        log.info("attempt_begun", attempt=attempt.id, callback=row.id, number=attempt.number)
        return attempt

    def park(self, entry: Entry) -> bool:
        """Out of the line until people may be rung again; False when it was no longer waiting there."""
        at = self.services.now()
        not_before = self.line.next_decent(entry.centre)(at)
        if not_before is None or not_before <= at:
            return False
        with self.line.transaction() as connection:
            locked = entries.lock_entry(connection, entry.id)
            row = callback_rows.lock_callback(connection, entry.callback_id or 0)
            if locked is None or locked.status != entries.WAITING or row is None or row.status != WAITING:
                return False
            entries.end_entry(connection, entry.id, entries.PARKED, at)
            callback_rows.move(connection, row, "park", at, not_before=not_before)
        self.line.entry_gone(entry)
        return True

    def wake(self, callback_id: int) -> bool:
        """Let a scheduled request stand in the line, if its time has come."""
        with self.line.transaction() as connection:
            entry = wake(connection, callback_id, self.services.now())
        if entry is not None:
            self.line.entry_joined(entry)
        return entry is not None

    def answered(self, attempt_id: str, call_sid: str) -> Answered | None:
        """The call was picked up; None when nobody is waiting for it any more."""
        at = self.services.now()
        with self.line.transaction() as connection:
            held = self._hold(connection, attempt_id, call_sid)
            if held is None or not held.attempt.is_open or held.callback.status != DIALLING:
                return None
            attempt = callback_rows.raise_attempt(connection, held.attempt, ANSWERED, at)
        self._tell(held)
        return Answered(held.callback, attempt)

    def confirm(self, attempt_id: str, call_sid: str) -> bool:
        """The caller wants to talk: the reserved consultant is rung. False when it is too late for that."""
        at = self.services.now()
        with self.line.transaction() as connection:
            held = self._hold(connection, attempt_id, call_sid)
            if held is None or not held.attempt.is_open:
                return False
            if held.attempt.status == CONFIRMED:
                return True
            if held.callback.status != DIALLING or held.entry is None:
                return False
            callback_rows.raise_attempt(connection, held.attempt, CONFIRMED, at)
            callback_rows.move(connection, held.callback, "confirm", at)
            is_reserved = held.offer is not None and held.offer.status == RESERVED
            entry = entries.confirm_entry(connection, held.entry, call_sid, is_reserved)
            if held.callback.source == CASE:
                entry = stand_first(connection, entry, self.line.rules(entry.centre))
            if held.offer is not None and is_reserved:
                ring = self.line.rules(held.entry.centre).ring_seconds
                offers.ring_for_caller(connection, held.offer.id, call_sid, at, ring)
        if is_reserved:
            self._tell(held)
        else:
            # The consultant is no longer there: the caller is the next, and waits on the line.
            self.line.entry_joined(entry)
        return True

    def wrong_number(self, attempt_id: str) -> None:
        """Whoever picked up knows nothing of it: nobody rings there again."""
        self._finish_by_id(attempt_id, WRONG_NUMBER)

    def machine(self, attempt_id: str, is_sure: bool) -> datetime | None:
        """No person has answered, for all that one can hear; when it is tried again, None for never."""
        row = self._finish_by_id(attempt_id, MACHINE if is_sure else SILENT)
        return row.not_before if row else None

    def later(self, attempt_id: str, slot: datetime) -> str:
        """The caller asks for another time, by its beginning: postponed, slot_taken, or gone."""
        at = self.services.now()
        with self.line.transaction() as connection:
            held = self._hold(connection, attempt_id)
            if held is None or not held.attempt.is_open or held.callback.status != DIALLING:
                return "gone"
            chosen = self.room_at(connection, held.callback.centre, slot, at)
            if chosen is None:
                return "slot_taken"
            row = self._finish(connection, held, LATER, at, chosen)
            if row.source == CASE:
                book_later(connection, row, self.services.sealer, at)
        self._tell(held)
        return "postponed"

    def room_at(self, connection: Connection[Any], centre: str, since: datetime, at: datetime) -> Slot | None:
        """The half hour that begins then, if there is room in it; nobody else gets it until the commit."""
        callback_rows.hold_slots(connection, centre)
        return next((slot for slot in self.open_slots(connection, centre, at, most=200) if slot.since == since), None)

    def open_slots(self, connection: Connection[Any], centre: str, at: datetime, most: int = 3) -> list[Slot]:
        """The next half hours with room."""
        taken = callback_rows.taken_slots(connection, centre, at)
        capacity = self.line.callback_rules(centre).slot_capacity
        return open_slots(self.line.timetable.spans(centre, at), at, taken, capacity, most)

    def note_status(self, attempt_id: str, call_sid: str, status: str) -> None:
        """Take in the carrier's word for the call to the caller."""
        at = self.services.now()
        with self.line.transaction() as connection:
            held = self._hold(connection, attempt_id)
            if held is None:
                return
            if not callback_rows.note_attempt_leg(connection, held.attempt, call_sid):
                # Dialled twice, since the reply to the first was lost: one is enough.
                log.warning("second_leg_of_attempt", attempt=attempt_id, status=status)
                if status not in FINAL:
                    tasks.add_task(connection, tasks.END_CALLBACK, held.attempt.offer_id, at, call_sid)
                return
            if not held.attempt.is_open:
                if status not in FINAL and held.attempt.result not in (WRONG_NUMBER, MACHINE, SILENT, LATER):
                    # It ended before the carrier had told us of the call.
                    tasks.add_task(connection, tasks.END_CALLBACK, held.attempt.offer_id, at, call_sid)
                return
            self._take_in(connection, held, status, at)
        self._tell(held)

    def _take_in(self, connection: Connection[Any], held: Held, status: str, at: datetime) -> None:
        attempt = held.attempt
        if status in REACHED:
            callback_rows.raise_attempt(connection, attempt, REACHED[status], at)
        elif attempt.status != CONFIRMED:
            # Busy and the like say that it rang, should the earlier reports have been lost.
            if status != "canceled":
                attempt = callback_rows.raise_attempt(connection, attempt, "initiated", at)
            held = self._again(connection, held, attempt)
            self._finish(connection, held, result_of(status, attempt.status), at)

    def end(self, attempt_id: str, result: str) -> CallbackRow | None:
        """End an open attempt for a reason of ours or the carrier's."""
        return self._finish_by_id(attempt_id, result)

    def _finish_by_id(self, attempt_id: str, result: str) -> CallbackRow | None:
        at = self.services.now()
        with self.line.transaction() as connection:
            held = self._hold(connection, attempt_id)
            if held is None:
                return None
            if not held.attempt.is_open or held.attempt.status == CONFIRMED:
                return held.callback
            row = self._finish(connection, held, result, at)
        self._tell(held)
        return row

    def _finish(
        self, connection: Connection[Any], held: Held, result: str, at: datetime, chosen: Slot | None = None
    ) -> CallbackRow:
        """End the attempt, release the consultant, and move the request on."""
        self.release(connection, held, entries.MISSED, at)
        callback_rows.end_attempt(connection, held.attempt, result, at)
        if held.callback.status != DIALLING:
            return held.callback
        slot = {}
        if chosen is not None:
            slot = {"slot_from": chosen.since, "slot_until": chosen.until, "promised_until": chosen.until}
        rules, next_decent = self.line.callback_rules(held.callback.centre), self.line.next_decent(held.callback.centre)
        begins = chosen.since if chosen else None
        return follow(connection, held.callback, result, at, rules, next_decent, begins, slot)

    def release(self, connection: Connection[Any], held: Held, reason: str, at: datetime) -> None:
        """The reserved consultant is free again, and the request's place in the line ends."""
        if held.offer is not None and held.offer.is_open:
            rules = self.line.rules(held.offer.centre)
            offers.end_offer(connection, held.offer.id, "caller_left", "callback", at, rules)
        if held.entry is not None:
            entries.end_entry(connection, held.entry.id, reason, at)

    def _hold(self, connection: Connection[Any], attempt_id: str, call_sid: str = "") -> Held | None:
        """Lock an attempt with all that belongs to it, in the one order; None for one that is unknown or another's."""
        found = callback_rows.read_attempt(connection, attempt_id)
        if found is None or (call_sid and found.call_sid not in (None, call_sid)):
            return None
        entry = entries.lock_entry(connection, found.entry_id)
        if entry is not None and entry.status == entries.ENDED:
            entry = None
        locked = offers.lock_offer(connection, found.offer_id)
        offer = locked[1] if locked and locked[1].is_open else None
        row = callback_rows.lock_callback(connection, found.callback_id)
        attempt = callback_rows.lock_attempt(connection, attempt_id)
        if row is None or attempt is None:
            return None
        if call_sid and not callback_rows.note_attempt_leg(connection, attempt, call_sid):
            return None
        return Held(attempt, row, entry, offer)

    def _again(self, connection: Connection[Any], held: Held, attempt: Attempt) -> Held:
        """The same with the request as it is after the attempt has counted."""
        row = callback_rows.read_callback(connection, held.callback.id)
        return Held(attempt, row or held.callback, held.entry, held.offer)

    def _tell(self, held: Held) -> None:
        if held.offer is not None:
            self.line.offer_changed(held.offer)
        elif held.entry is not None:
            self.line.tell_entry(held.entry.id)
        self.line.wake(held.callback.centre)

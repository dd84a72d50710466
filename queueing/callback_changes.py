"""Callbacks as they are changed: cancelled, put off, rung now, or not needed because the caller rang in.

The rows decide, and whatever two people do at the same moment, a request has one ending. Redis and the consoles are
told after the commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection

from queueing import callback_rows, entries, tasks
from queueing.callback import (
    CALLER_CANCELLED,
    CANCELLED,
    CASE,
    DIALLING,
    JOINED,
    LATER,
    LIVE,
    SCHEDULED,
    STAFF_CANCELLED,
    WAITING,
)
from queueing.callback_attempts import CallbackAttempts, Held
from queueing.callback_booking import leave_line, stand_in_line
from queueing.callback_rows import CallbackRow
from queueing.callback_slots import Slot
from queueing.entries import Entry, Joining
from queueing.line import Look
from queueing.routing import rank

log = structlog.get_logger(__name__)
CALLER = "caller"
# Rung by a consultant's wish: before whoever came later, by as much as no wait is long.
CALL_NOW_RULE = "call_now"


class CallbackChanges(CallbackAttempts):
    """What a caller or a consultant does with a request that there is."""

    def cancel(self, callback_id: int, by: str = CALLER, note: str = "") -> str:
        """Not wanted any more: cancelled, talking (the caller is on the line), or gone (it had ended)."""
        reason = CALLER_CANCELLED if by == CALLER else STAFF_CANCELLED

        def end(connection: Connection[Any], row: CallbackRow, at: datetime) -> None:
            changes = {"end_reason": reason, "ended_by": by, "end_note": note}
            callback_rows.move(connection, row, "end", at, **changes)

        return self._take_out(callback_id, end, CANCELLED) or "cancelled"

    def postpone(self, callback_id: int, slot: datetime, by: str = CALLER) -> str:
        """Another half hour, by its beginning: postponed, slot_taken, talking, or gone."""
        taken = False

        def put_off(connection: Connection[Any], row: CallbackRow, at: datetime) -> None:
            nonlocal taken
            chosen = self.room_at(connection, row.centre, slot, at)
            if chosen is None:
                taken = True
                raise _Undo
            callback_rows.move(connection, row, "postpone", at, not_before=chosen.since, **slot_columns(chosen))
            log.info("callback_postponed", callback=row.id, by=by)

        if self._is_of_a_case(callback_id):
            return "gone"
        outcome = self._take_out(callback_id, put_off, LATER)
        return "slot_taken" if taken else outcome or "postponed"

    def _is_of_a_case(self, callback_id: int) -> bool:
        """Whether it is a call that answers a case, which stands for no promise of a time."""
        with self.services.database.pool.connection() as connection:
            row = callback_rows.read_callback(connection, callback_id)
        return row is not None and row.source == CASE

    def come(self, callback_id: int, joining: Joining, is_staffed: bool) -> Look:
        """Who was to be rung has rung in, and takes the place on the line: the request ends with that."""
        look: Look | None = None

        def join(connection: Connection[Any], row: CallbackRow, at: datetime) -> None:
            nonlocal look
            refusal = self.line.refusal(connection, row.centre, is_staffed, at)
            if refusal:
                look = Look(refusal)
                raise _Undo
            callback_rows.move(connection, row, "end", at, end_reason=JOINED, ended_by=CALLER)
            missed = row.attempts > 0
            rank_at, names = row.rank_at, row.rules
            if missed and not row.rules:
                rank_at, names = rank(
                    row.arrived_at, is_slow=row.is_slow, missed_callback=True, rules=self.line.rules(row.centre)
                )
            here = replace(joining, centre=row.centre, skill=row.skill or joining.skill)
            entries.insert_entry(connection, here, at, rank_at, list(names), row.arrived_at)
            # What was promised is still owed, should the caller hang up before anybody answers.
            entries.note_wants_callback(connection, here.call_sid)

        self._take_out(callback_id, join, JOINED)
        if look is not None:
            return look
        # Also when the request has ended meanwhile: then like any other caller.
        return self.line.join(joining, is_staffed)

    def call_now(self, callback_id: int, by: str) -> str:
        """Ring as soon as anybody is free: called, not_now (outside decent hours), waiting, talking, or gone."""
        at = self.services.now()
        with self.line.transaction() as connection:
            row = callback_rows.lock_callback(connection, callback_id)
            if row is None or row.status != SCHEDULED:
                return _why_not(row)
            if not self.line.timetable.is_decent(row.centre, at):
                return "not_now"
            rank_at, _ = rank(row.arrived_at, was_dropped=True, rules=self.line.rules(row.centre))
            changes = {"rank_at": rank_at, "rules": [*row.rules, CALL_NOW_RULE], "promised_until": None}
            entry = stand_in_line(connection, row, "call_now", at, **changes)
            log.info("callback_called_now", callback=row.id, by=by)
        self.line.entry_joined(entry)
        return "called"

    def clear(self, callback_id: int, by: str, reason: str) -> bool:
        """A supervisor has dealt with one that failed or came too late."""
        with self.services.database.pool.connection() as connection:
            return callback_rows.clear(connection, callback_id, by, reason, self.services.now())

    def _take_out(
        self, callback_id: int, change: Callable[[Connection[Any], CallbackRow, datetime], None], result: str
    ) -> str:
        """Change a request that nobody talks to, with its place and its attempt ended; "" when it was done.

        The place must be locked before the request, and may come or go meanwhile: then once more.
        """
        for _ in range(5):
            with self.services.database.pool.connection() as connection:
                row = callback_rows.read_callback(connection, callback_id)
            if row is None or row.status not in (SCHEDULED, WAITING, DIALLING):
                return _why_not(row)
            done = self._take_out_from(row, change, result)
            if done is not None:
                return done
        log.error("callback_lost_every_race", callback=callback_id)
        return "gone"

    def _take_out_from(
        self, seen: CallbackRow, change: Callable[[Connection[Any], CallbackRow, datetime], None], result: str
    ) -> str | None:
        """None when it was no longer in the state in which it was seen."""
        at = self.services.now()
        try:
            with self.line.transaction() as connection:
                held = self._hold_request(connection, seen)
                if held is None:
                    return None
                entry, attempt_held = held
                if attempt_held is not None:
                    self.release(connection, attempt_held, entries.CANCELLED, at)
                    callback_rows.end_attempt(connection, attempt_held.attempt, result, at)
                    tasks.add_task(connection, tasks.END_CALLBACK, attempt_held.attempt.offer_id, at)
                elif entry is not None:
                    entry = leave_line(connection, seen.id, entries.CANCELLED, at)
                row = callback_rows.read_callback(connection, seen.id)
                assert row is not None
                change(connection, row, at)
        except _Undo:
            return ""
        if attempt_held is not None:
            self._tell(attempt_held)
        if entry is not None:
            self.line.entry_gone(entry)
        self.line.wake(seen.centre)
        return ""

    def _hold_request(self, connection: Connection[Any], seen: CallbackRow) -> tuple[Entry | None, Held | None] | None:
        """Lock a request with its place and its attempt, if it is still as it was seen."""
        attempt = callback_rows.open_attempt(connection, seen.id)
        held = self._hold(connection, attempt.id) if attempt else None
        entry = entries.entry_of_callback(connection, seen.id)
        if entry is not None:
            entry = entries.lock_entry(connection, entry.id)
        row = callback_rows.lock_callback(connection, seen.id)
        is_same = row is not None and row.status == seen.status
        fits = (seen.status == DIALLING) == (held is not None) and (seen.status == SCHEDULED) == (entry is None)
        return (entry, held) if is_same and fits else None


class _Undo(Exception):
    """Nothing of the transaction shall stay."""


def slot_columns(chosen: Slot | None) -> dict[str, datetime | None]:
    if chosen is None:
        return {"slot_from": None, "slot_until": None, "promised_until": None}
    return {"slot_from": chosen.since, "slot_until": chosen.until, "promised_until": chosen.until}


def _why_not(row: CallbackRow | None) -> str:
    if row is None or not row.is_open:
        return "gone"
    return {WAITING: "waiting", LIVE: "talking", DIALLING: "talking"}.get(row.status, "gone")

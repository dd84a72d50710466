"""Callbacks as callers and staff ask for them, and as they stand.

The rows decide; Redis and the consoles are told after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection
from redis import RedisError

from integrations.phone_numbers import is_dialable
from queueing import callback_rows, entries, offers
from queueing.agent import IllegalMove
from queueing.callback import CASE, DESK, LATER, LIVE, SERVED, TALKED, TRIED, WAITING
from queueing.callback_booking import (
    GOODBYE,
    Number,
    Place,
    Subject,
    insert_request,
    subject_of,
)
from queueing.callback_changes import CallbackChanges, slot_columns
from queueing.callback_rows import CallbackRow
from queueing.callback_slots import Slot
from queueing.entries import Entry
from queueing.routing import rank

log = structlog.get_logger(__name__)
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class CallbackView:
    """A request as it stands. `ahead`: how many come first, while it stands in the line."""

    id: int
    centre: str
    skill: str
    status: str
    source: str
    number_tail: str
    asked_at: datetime
    arrived_at: datetime
    slot_from: datetime | None
    slot_until: datetime | None
    not_before: datetime | None
    promised_until: datetime | None
    attempts: int
    last_result: str | None
    ahead: int | None
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of the wish to be rung: booked, exists, slot_taken, bad_number, too_many, or too_late.

    `too_late`: a consultant has accepted the call, which is better than being rung. `callback` is the request that
    there is now.
    """

    kind: str
    callback: CallbackView | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks to be rung, and from which call. `number`: E.164; `caller_hash`: of the telephone that asks."""

    call_sid: str
    centre: str
    source: str
    number: str = ""
    skill: str = ""
    language: str = ""
    asked: str = ""
    is_slow: bool = False
    caller_hash: bytes | None = None
    owner_id: int | None = None
    note: str = ""


class Callbacks(CallbackChanges):
    """Built once per process, beside the waiting line."""

    # asking for it

    def book(self, asking: Asking, slot: datetime | None = None) -> Booked:
        """Promise to ring: at a half hour, by its beginning, or when the turn comes. The place in the line is kept."""
        if not is_dialable(asking.number):
            return Booked("bad_number")
        at, entry, offer = self.services.now(), None, None
        try:
            with self.line.transaction() as connection:
                found = entries.open_entry(connection, asking.call_sid) if asking.source != DESK else None
                entry = entries.lock_entry(connection, found.id) if found else None
                if entry is not None and entry.status in (entries.CONNECTED, entries.ENDED):
                    return Booked("too_late")
                offer = offers.open_offer_of_entry(connection, entry.id) if entry else None
                kind, row = self._book(connection, asking, entry, offer, slot, at)
        except IllegalMove:
            # Accepted at this very moment: nothing was changed.
            return Booked("too_late")
        if kind == "booked" and entry is not None:
            self.line.entry_gone(entry)
            self.line.offer_changed(offer)
        return Booked(kind, self.view(row.id) if row else None)

    def _book(
        self,
        connection: Connection[Any],
        asking: Asking,
        entry: Entry | None,
        offer: offers.Offer | None,
        slot: datetime | None,
        at: datetime,
    ) -> tuple[str, CallbackRow | None]:
        number = Number.of(asking.number, self.services.sealer)
        # Where the line itself ended, the place in it is kept all the same.
        place = entry or (entries.last_entry(connection, asking.call_sid) if asking.source == LIMIT else None)
        subject = subject_of(place) if place else _subject(asking)
        chosen = None
        if slot is not None:
            chosen = self.room_at(connection, subject.centre, slot, at)
            if chosen is None:
                return "slot_taken", None
        if entry is not None and entry.callback_id is not None:
            again = self._ask_again(connection, entry, offer, chosen, at)
            if again is not None:
                return again
            # The call was a case's; what is asked for now is a request like any other.
            entry = offer = None
        open_one = callback_rows.open_of_number(connection, number.hash, subject.centre, subject.skill)
        if open_one is not None and asking.source == DESK and open_one.status == LIVE:
            # They are talking: what was promised has been kept, and this is a new promise.
            open_one = self._end_as_served(connection, open_one, at)
        if open_one is not None:
            return ("booked" if open_one.call_sid == asking.call_sid else "exists"), open_one
        if self._asks_too_often(connection, asking, subject.centre):
            return "too_many", None
        row = insert_request(
            connection,
            subject,
            number,
            self._place(place, subject, at),
            asking.source,
            asking.call_sid,
            at,
            self.line.next_decent(subject.centre)(at + GOODBYE) or at + GOODBYE,
            chosen,
            asking.caller_hash,
            asking.owner_id,
            asking.note,
        )
        if row is None:
            return "exists", callback_rows.open_of_number(connection, number.hash, subject.centre, subject.skill)
        self._leave_for_callback(connection, entry, offer, at)
        return "booked", row

    def _ask_again(
        self,
        connection: Connection[Any],
        entry: Entry,
        offer: offers.Offer | None,
        chosen: Slot | None,
        at: datetime,
    ) -> tuple[str, CallbackRow | None] | None:
        """The caller of a callback waits on the line, and would rather be rung once more.

        None when it was a case's call, which ends with that.
        """
        self._leave_for_callback(connection, entry, offer, at)
        row = callback_rows.lock_callback(connection, entry.callback_id or 0)
        if row is None or row.status != LIVE:
            return "too_late", row
        attempt = callback_rows.open_attempt(connection, row.id)
        if attempt is not None:
            callback_rows.end_attempt(connection, attempt, LATER, at)
        if row.source == CASE:
            callback_rows.move(connection, row, "end", at, end_reason=TRIED)
            return None
        not_before = chosen.since if chosen else self.line.next_decent(row.centre)(at + GOODBYE) or at + GOODBYE
        return "booked", callback_rows.move(connection, row, "again", at, not_before=not_before, **slot_columns(chosen))

    def _end_as_served(self, connection: Connection[Any], seen: CallbackRow, at: datetime) -> CallbackRow | None:
        row = callback_rows.lock_callback(connection, seen.id)
        if row is None or row.status != LIVE:
            return row if row is not None and row.is_open else None
        place = entries.entry_of_callback(connection, row.id)
        if place is None or place.answered_at is None:
            # On the line, but nobody has spoken with them yet.
            return row
        attempt = callback_rows.open_attempt(connection, row.id)
        if attempt is not None:
            callback_rows.end_attempt(connection, attempt, TALKED, at)
        callback_rows.move(connection, row, "end", at, end_reason=SERVED)
        return None

    def _leave_for_callback(
        self, connection: Connection[Any], entry: Entry | None, offer: offers.Offer | None, at: datetime
    ) -> None:
        """Out of the line; whoever is rung for the caller is told. Raises IllegalMove when a consultant was first."""
        if offer is not None:
            offers.end_offer(connection, offer.id, "cancel", "caller", at, self.line.rules(offer.centre))
        if entry is not None:
            entries.end_entry(connection, entry.id, entries.TO_CALLBACK, at)

    def _asks_too_often(self, connection: Connection[Any], asking: Asking, centre: str) -> bool:
        if asking.caller_hash is None:
            return False
        most = self.line.callback_rules(centre).most_open_per_caller
        return callback_rows.count_open_of_asker(connection, asking.caller_hash) >= most

    def _place(self, entry: Entry | None, subject: Subject, at: datetime) -> Place:
        if entry is not None:
            return Place(entry.arrived_at, entry.rank_at, tuple(entry.rules))
        rank_at, names = rank(at, is_slow=subject.is_slow, rules=self.line.rules(subject.centre))
        return Place(at, rank_at, tuple(names))

    def want(self, call_sid: str) -> None:
        """The caller has asked for it and is being asked when and where: hanging up now is a yes."""
        with self.services.database.pool.connection() as connection:
            entries.note_wants_callback(connection, call_sid)

    # looking

    def fingerprint(self, number: str) -> bytes:
        """By what a number (E.164) is found again."""
        return self.services.sealer.fingerprint(number)

    def of_caller(self, number_hash: bytes, centre: str = "") -> CallbackView | None:
        """The newest open request to ring this number; of any centre without `centre`."""
        with self.services.database.pool.connection() as connection:
            row = callback_rows.open_of_number(connection, number_hash, centre)
            return self._view(connection, row) if row else None

    def view(self, callback_id: int) -> CallbackView | None:
        with self.services.database.pool.connection() as connection:
            row = callback_rows.read_callback(connection, callback_id)
            return self._view(connection, row) if row else None

    def _view(self, connection: Connection[Any], row: CallbackRow) -> CallbackView:
        entry = entries.entry_of_callback(connection, row.id) if row.status == WAITING else None
        ahead = None
        if entry is not None:
            try:
                ahead = self.line.live.ahead(entry.id)
            except RedisError:
                ahead = None
            ahead = entries.count_ahead(connection, entry) if ahead is None else ahead
        shared = {name: getattr(row, name) for name in CallbackView.__slots__ if name in CallbackRow.__slots__}
        return CallbackView(**shared, last_result=callback_rows.last_result(connection, row.id), ahead=ahead)

    def slots(self, centre: str, most: int = 3) -> list[Slot]:
        """The next half hours with room."""
        with self.services.database.pool.connection() as connection:
            return self.open_slots(connection, centre, self.services.now(), most)


def _subject(asking: Asking) -> Subject:
    return Subject(asking.centre, asking.skill, asking.language, asking.asked, asking.is_slow)

"""Callbacks in a simulated day: asked for, woken, dialled, tried again, ended, by the real table and rules.

Pure. What the rows decide in the running system (`queueing.callbacks`, `callback_booking`, `callback_talks`) is
followed here without them: this is the one place to look at when those change.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from queueing.callback import (
    JOINED,
    SCHEDULED,
    SERVED,
    TALKED,
    WAITING,
    next_status,
    next_step,
)
from queueing.callback_slots import Slot, next_decent_moment, open_slots
from queueing.replay import journal as facts
from queueing.replay.day import ANSWERED, Person, Ring, Try
from queueing.replay.places import Callback, Place
from queueing.replay.staff import Consultant
from queueing.routing import rank

if TYPE_CHECKING:
    from queueing.replay.simulation import Centre

# As `queueing.callback_booking`: who asks hears the goodbye first.
GOODBYE = timedelta(seconds=20)


class CallingBack:
    """The requests of one centre. One open request for each person, as the database has it for each number."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._rules = centre.setting.callbacks
        self._spans = centre.setting.decent_spans()
        self._taken: Counter[datetime] = Counter()
        self._tries: Counter[int] = Counter()
        self._made = 0
        self.open: dict[int, Callback] = {}
        self._open_of_first_day = 0

    @property
    def _moment(self) -> datetime:
        return self._centre.setting.moment(self._centre.now)

    def of(self, person: Person) -> Callback | None:
        return self.open.get(person.number)

    def owes_nobody_of_the_first_day(self) -> bool:
        return not self._open_of_first_day

    # asked for

    def book(self, person: Person, count: int, source: str, place: Place | None = None) -> None:
        """Asked for on the telephone: when the turn comes, or at a half hour of one's own choosing."""
        if self.of(person) is not None:
            return
        person_try = person.try_number(count)
        slots = self._slots() if person_try.wants_slot else []
        slot = slots[int(person_try.pick * len(slots))] if slots else None
        if place is not None:
            arrived, kept = place.waiting.arrived_at, (place.waiting.rank_at, place.waiting.rules)
        else:
            arrived, kept = self._moment, (self._moment, ())
        not_before = slot.since if slot else self._next_decent(self._moment + GOODBYE)
        self._enter(person, source, arrived, kept, not_before, slot)

    def ring_back_by_itself(self, place: Place, waited: float) -> None:
        """Who hung up after long waiting is rung without having asked; so is who had a promise and rang in."""
        limit = self._rules.abandoned_after_seconds
        source = "line" if place.is_owed_callback else "abandoned" if limit and waited >= limit else ""
        if source and self.of(place.person) is None:
            kept = place.waiting.rank_at, place.waiting.rules
            self._enter(place.person, source, place.waiting.arrived_at, kept, self._next_decent(self._moment), None)

    def _enter(
        self,
        person: Person,
        source: str,
        arrived: datetime,
        kept: tuple[datetime, tuple[str, ...]],
        not_before: datetime,
        slot: Slot | None,
    ) -> None:
        self._made += 1
        made = Callback(self._made, person, self._centre.now, arrived, *kept)
        self.open[person.number] = made
        self._open_of_first_day += person.day == 0
        self._note(facts.ASKED, made, source)
        if slot is not None:
            made.slot = slot.since
            self._taken[slot.since] += 1
        self._wake_at(made, not_before)

    def _slots(self) -> list[Slot]:
        return open_slots(self._spans, self._moment, self._taken, self._rules.slot_capacity)

    # its time comes

    def _wake_at(self, callback: Callback, moment: datetime) -> None:
        callback.not_before = self._centre.setting.seconds(moment)
        self._centre.timeline.plan(callback.not_before, lambda: self._wake(callback))

    def _wake(self, callback: Callback) -> None:
        if callback.status != SCHEDULED or callback.not_before > self._centre.now:
            return
        callback.status = next_status(callback.status, "wake")
        self._centre.line.join(callback.person, self._centre.now, callback.rank_at, callback.rules, 0, callback)
        if self._next_decent(self._moment) > self._moment:
            self._park(callback)
        else:
            self._centre.dispatch()

    def park(self) -> None:
        """Outside decent hours nobody is rung: those in the line wait for the next."""
        for callback in self._centre.line.waiting_callbacks():
            self._park(callback)

    def _park(self, callback: Callback) -> None:
        self._out_of_line(callback)
        callback.status = next_status(callback.status, "park")
        self._wake_at(callback, self._next_decent(self._moment))

    # rung

    def dial(self, place: Place, consultant: Consultant) -> None:
        """The consultant is reserved, the caller's telephone rings."""
        callback = place.callback
        assert callback is not None
        callback.status = next_status(callback.status, "dial")
        ring = callback.person.ring_number(self._tries[callback.person.number])
        self._tries[callback.person.number] += 1
        callback.attempts += 1
        began = self._centre.now
        seconds = float(self._rules.ring_seconds) if ring.seconds is None else ring.seconds
        self._centre.timeline.plan(began + seconds, lambda: self._rung(place, callback, consultant, ring, began))

    def _rung(self, place: Place, callback: Callback, consultant: Consultant, ring: Ring, began: float) -> None:
        if ring.result == ANSWERED:
            callback.status = next_status(callback.status, "confirm")
            seconds = min(callback.person.try_number(0).pick_up, self._centre.setting.line.ring_seconds)
            self._centre.timeline.plan(
                self._centre.now + seconds, lambda: self._talk(place, callback, consultant, began)
            )
            return
        self._centre.line.leave(place)
        self._note(facts.TRIED, callback, ring.result)
        step = next_step(ring.result, callback.attempts, self._rules, self._moment, self._decent_or_none)
        if step.at is None:
            self._end(callback, step.end_reason or "")
        else:
            callback.status = next_status(callback.status, "again")
            self._wake_at(callback, step.at)
        self._centre.staff.move(consultant, "release")

    def _talk(self, place: Place, callback: Callback, consultant: Consultant, began: float) -> None:
        self._centre.line.leave(place)
        self._note(facts.TALKED, callback, value=self._centre.now - callback.asked_at)
        self._centre.line.lately.note_answered(place.joined, self._centre.now)
        step = next_step(TALKED, callback.attempts, self._rules, self._moment, self._decent_or_none)
        self._end(callback, step.end_reason or SERVED)
        self._centre.talk(callback.person, consultant, self._centre.now - began)

    def _end(self, callback: Callback, reason: str) -> None:
        callback.status = next_status(callback.status, "end")
        del self.open[callback.person.number]
        self._open_of_first_day -= callback.person.day == 0
        if callback.slot is not None:
            self._taken[callback.slot] -= 1
        self._note(facts.ENDED, callback, reason)

    # rings in

    def can_come(self, callback: Callback, person_try: Try, is_open: bool) -> bool:
        """Told of the callback: waits for it, or would rather stand in the line now, as far as that is possible."""
        is_free = callback.status in (SCHEDULED, WAITING)
        return is_open and is_free and not person_try.keeps_callback

    def come(self, callback: Callback) -> tuple[datetime, tuple[str, ...]]:
        """Takes the place that was kept; the request ends with it. The rank, and the rules borne."""
        self._out_of_line(callback)
        self._end(callback, JOINED)
        if callback.attempts and not callback.rules:
            rank_at, names = rank(callback.arrived_at, missed_callback=True, rules=self._centre.setting.line)
            return rank_at, tuple(names)
        return callback.rank_at, callback.rules

    def _out_of_line(self, callback: Callback) -> None:
        place = self._centre.line.place_of(callback)
        if place is not None:
            self._centre.line.leave(place)

    # when

    def _decent_or_none(self, at: datetime) -> datetime | None:
        return next_decent_moment(self._spans, at)

    def _next_decent(self, at: datetime) -> datetime:
        return self._decent_or_none(at) or at

    def _note(self, kind: str, callback: Callback, word: str = "", value: float = 0.0) -> None:
        self._centre.journal.note(self._centre.now, kind, callback.person.number, callback.number, word, value)

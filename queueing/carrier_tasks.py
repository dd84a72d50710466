"""The outbox performed: each task asks the carrier once, and its outcome is written afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
from psycopg import Connection

from integrations.telephony.carrier_errors import CallGone, CarrierAway, CarrierRefused
from integrations.telephony.urls import CarrierUrls
from queueing import offers, tasks
from queueing.callback_tasks import CallbackTasks
from queueing.line import WaitingLine
from queueing.offer import ACCEPTED, CONNECTED, RESERVED
from queueing.offers import Offer
from queueing.seats import SeatRow, read_seat
from queueing.talk_check import check_talk, end_gone
from queueing.tasks import Task

log = structlog.get_logger(__name__)
FEW_ATTEMPTS = 5
# A caller who is left alone, and a talk that may be over, are worth asking for many minutes.
MOST_ATTEMPTS = {tasks.MOVE_CALLER: 100, tasks.CHECK_TALK: 100, tasks.END_LEG: 30}


class CarrierTasks:
    """Performs tasks; every kind may be performed twice, and by two processes at once."""

    def __init__(self, line: WaitingLine) -> None:
        self._line = line
        self._services = line.services
        self._carrier = line.services.carrier
        self._urls = CarrierUrls(line.services.settings.public_base_url)
        self._perform: dict[str, Callable[[Task, Offer], None]] = {
            tasks.DIAL_AGENT: self._dial_agent,
            tasks.END_LEG: self._end_leg,
            tasks.CONNECT_CALLER: self._connect_caller,
            tasks.MOVE_CALLER: self._move_caller,
            tasks.RECORD: self._record,
            tasks.FETCH_CALLER: self._fetch_caller,
            tasks.CHECK_TALK: self._check_talk,
        }
        self._callbacks = CallbackTasks(line)
        self._perform |= self._callbacks.kinds

    def perform(self, task: Task) -> None:
        """Do one task and settle it; never raises for anything that the carrier does."""
        with self._services.database.pool.connection() as connection:
            offer = offers.read_offer(connection, task.offer_id)
        assert offer is not None
        error = None
        try:
            self._perform[task.kind](task, offer)
        except CarrierAway as trouble:
            error = str(trouble) or type(trouble).__name__
            if task.attempts < MOST_ATTEMPTS.get(task.kind, FEW_ATTEMPTS):
                self._settle(partial(tasks.note_again, task=task, error=error))
                return
            self._give_up(task, offer)
        except CarrierRefused as trouble:
            error = str(trouble)
            self._give_up(task, offer)
        if error:
            log.warning("carrier_task_given_up", kind=task.kind, offer=task.offer_id, error=error)
        self._settle(partial(tasks.note_done, task=task, error=error))

    def _give_up(self, task: Task, offer: Offer) -> None:
        """The carrier will not have it: the caller must not wait for something that never comes."""
        if task.kind in (tasks.DIAL_AGENT, tasks.CONNECT_CALLER):
            self._end(offer, "fail", "carrier")
        elif task.kind == tasks.DIAL_CALLBACK:
            self._callbacks.give_up(offer)

    # the kinds

    def _dial_agent(self, task: Task, offer: Offer) -> None:
        if offer.status != RESERVED or offer.agent_call_sid:
            return
        seat = self._seat(offer)
        number = self._address(seat)
        if number is None:
            self._end(offer, "fail", "no_number")
            return
        leg = self._live_leg(number) if task.attempts > 1 else None
        if leg is None:
            leg = self._dial(offer, number)
        with self._transaction() as connection:
            status = offers.note_leg(connection, offer.id, leg)
        if status not in ("ringing", ACCEPTED, CONNECTED):
            # It ended while we dialled.
            self._hang_up(leg)
        self._line.offer_changed(offer)

    def _dial(self, offer: Offer, number: str) -> str:
        seconds = max(round((offer.ring_until - self._services.now()).total_seconds()), 1)
        return self._carrier.dial(
            to=number,
            url=self._urls.agent(offer.id),
            status_callback=self._urls.leg(offer.id),
            timeout_seconds=seconds,
            from_number=self._services.settings.carrier_number,
        )

    def _live_leg(self, number: str) -> str | None:
        """The reply to an earlier dial was lost: whatever rings there now is that leg, since a seat has one offer."""
        found = [sid for sid, _ in self._carrier.find_live_calls(number)]
        with self._services.database.pool.connection() as connection:
            known = offers.known_legs(connection, found)
        return next((sid for sid in found if sid not in known), None)

    def _end_leg(self, task: Task, offer: Offer) -> None:
        leg = offer.agent_call_sid or task.call_sid
        if leg:
            self._hang_up(leg)
            return
        seat = self._seat(offer)
        number = self._address(seat)
        if number is None:
            return
        # Never dialled, or dialled and the reply was lost. Asked first: a leg of the next offer is not among these
        # unless that offer is there by then.
        found = self._carrier.find_live_calls(number)
        if self._has_open_offer(seat):
            return
        for sid, _ in found:
            self._hang_up(sid)

    def _connect_caller(self, task: Task, offer: Offer) -> None:
        if offer.status != ACCEPTED:
            return
        try:
            self._carrier.redirect(offer.call_sid, self._urls.connect(offer.id))
        except CallGone:
            end_gone(self._line, offer.call_sid)

    def _fetch_caller(self, task: Task, offer: Offer) -> None:
        if offer.status != CONNECTED:
            return
        try:
            self._carrier.redirect(offer.call_sid, self._urls.connect(offer.id))
        except CallGone:
            end_gone(self._line, offer.call_sid)

    def _check_talk(self, task: Task, offer: Offer) -> None:
        check_talk(self._line, offer.id)

    def _move_caller(self, task: Task, offer: Offer) -> None:
        if self._is_elsewhere(offer):
            return
        try:
            self._carrier.redirect(offer.call_sid, self._urls.after(offer.id))
        except CallGone:
            end_gone(self._line, offer.call_sid)

    def _record(self, task: Task, offer: Offer) -> None:
        if offer.status != CONNECTED or not offer.agent_call_sid:
            return
        try:
            if task.attempts > 1 and self._carrier.recordings_of(offer.agent_call_sid):
                # The reply to the first try was lost.
                return
            self._carrier.start_recording(offer.agent_call_sid, self._urls.recording(offer.id))
        except CallGone:
            log.info("nothing_left_to_record", offer=offer.id)

    # helpers

    def _is_elsewhere(self, offer: Offer) -> bool:
        """The caller is in another talk already, or on the way to it: taking them out of it would end it."""
        with self._services.database.pool.connection() as connection:
            talk = offers.latest_talk(connection, offer.call_sid)
            current = offers.open_offer_of_entry(connection, offer.entry_id)
        is_old = talk is not None and talk.id != offer.id
        return is_old or (current is not None and current.status in (ACCEPTED, CONNECTED))

    def _hang_up(self, leg: str) -> None:
        try:
            self._carrier.hang_up(leg)
        except CallGone:
            pass

    def _end(self, offer: Offer, event: str, reason: str) -> None:
        with self._transaction() as connection:
            rules = self._line.rules(offer.centre)
            offers.end_offer(connection, offer.id, event, reason, self._services.now(), rules)
        self._line.offer_changed(offer)

    def _seat(self, offer: Offer) -> SeatRow | None:
        with self._services.database.pool.connection() as connection:
            return read_seat(connection, offer.agent_id)

    def _has_open_offer(self, seat: SeatRow | None) -> bool:
        if seat is None:
            return False
        with self._services.database.pool.connection() as connection:
            return offers.open_offer_of_agent(connection, seat.id) is not None

    def _address(self, seat: SeatRow | None) -> str | None:
        if seat is None:
            return None
        if seat.door == "browser":
            return f"client:{seat.client}"
        if seat.telephone_sealed is None:
            return None
        return self._services.sealer.open(bytes(seat.telephone_sealed), "agent.telephone")

    def _settle(self, note: Callable[..., None]) -> None:
        with self._services.database.pool.connection() as connection:
            note(connection, now=self._services.now())

    @contextmanager
    def _transaction(self) -> Iterator[Connection[Any]]:
        with self._services.database.pool.connection() as connection, connection.transaction():
            yield connection

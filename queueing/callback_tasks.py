"""What the carrier is asked for on behalf of callbacks; see `carrier_tasks` for how tasks are performed.

Each may be performed twice, and by two processes at once: a caller's telephone is looked for before it is rung again.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from integrations.telephony.carrier_errors import CallGone, CarrierRefused
from integrations.telephony.urls import CarrierUrls
from queueing import callback_rows, tasks
from queueing.callback import BAD_NUMBER, CARRIER, CLAIMED, CONFIRMED
from queueing.callback_attempts import CallbackAttempts
from queueing.callback_booking import NUMBER_CONTEXT
from queueing.callback_rows import Attempt, CallbackRow
from queueing.line import WaitingLine
from queueing.offers import Offer
from queueing.tasks import Task

log = structlog.get_logger(__name__)
# Twilio's words for a number that cannot be rung, by nobody and never.
BAD_NUMBER_CODES = (13223, 13224, 21211, 21214, 21217, 21421, 21219)


class CallbackTasks:
    """Dials callers, takes that back, and speaks to machines."""

    def __init__(self, line: WaitingLine) -> None:
        self._line = line
        self._services = line.services
        self._carrier = line.services.carrier
        self._urls = CarrierUrls(line.services.settings.public_base_url)
        self._attempts = CallbackAttempts(line)
        self.kinds: dict[str, Callable[[Task, Offer], None]] = {
            tasks.DIAL_CALLBACK: self._dial,
            tasks.END_CALLBACK: self._end,
            tasks.TELL_MACHINE: self._tell_machine,
        }

    def give_up(self, offer: Offer) -> None:
        """The carrier could not be had: the caller is rung a little later, and it does not count."""
        attempt = self._attempt(offer)
        if attempt is not None:
            self._attempts.end(attempt.id, CARRIER)

    def _dial(self, task: Task, offer: Offer) -> None:
        attempt, row = self._read(offer)
        if attempt is None or row is None or attempt.status != CLAIMED or attempt.call_sid:
            return
        number = self._number(row)
        # The reply to an earlier try was lost: what rings there now may be that call.
        leg = self._live_leg(number) if task.attempts > 1 else None
        if leg is None:
            leg = self._ring(attempt, row, number)
            if leg is None:
                return
        with self._line.transaction() as connection:
            locked = callback_rows.lock_attempt(connection, attempt.id)
            is_ours = locked is not None and callback_rows.note_attempt_leg(connection, locked, leg)
        if locked is None or not locked.is_open or not is_ours:
            # It was called off while we dialled, or somebody else has dialled as well.
            self._carrier.hang_up(leg)

    def _ring(self, attempt: Attempt, row: CallbackRow, number: str) -> str | None:
        rules = self._line.callback_rules(row.centre)
        status_url = self._urls.callback_status(attempt.id)
        try:
            return self._carrier.dial(
                to=number,
                url=self._urls.callback(attempt.id),
                status_callback=status_url,
                timeout_seconds=rules.ring_seconds,
                from_number=rules.shown_number or self._services.settings.carrier_number,
                machine_url=status_url,
                fallback_url=self._urls.fallback,
            )
        except CarrierRefused as refusal:
            log.warning("callback_not_dialled", callback=row.id, attempt=attempt.id, code=refusal.code)
            self._attempts.end(attempt.id, BAD_NUMBER if refusal.code in BAD_NUMBER_CODES else CARRIER)
            return None

    def _end(self, task: Task, offer: Offer) -> None:
        attempt, row = self._read(offer)
        leg = task.call_sid or (attempt.call_sid if attempt else None)
        if leg:
            self._carrier.hang_up(leg)
        elif row is not None:
            # Never dialled, or dialled and the reply was lost.
            leg = self._live_leg(self._number(row))
            if leg:
                self._carrier.hang_up(leg)

    def _tell_machine(self, task: Task, offer: Offer) -> None:
        attempt = self._attempt(offer)
        if attempt is None or not attempt.call_sid or not attempt.is_open or attempt.status == CONFIRMED:
            return
        try:
            self._carrier.redirect(attempt.call_sid, self._urls.callback(attempt.id, to_machine=True))
        except CallGone:
            log.info("machine_hung_up", attempt=attempt.id)

    def _live_leg(self, number: str) -> str | None:
        found = [sid for sid, _ in self._carrier.find_live_calls(number)]
        with self._services.database.pool.connection() as connection:
            known = callback_rows.known_attempt_legs(connection, found)
        return next((sid for sid in found if sid not in known), None)

    def _number(self, row: CallbackRow) -> str:
        return self._services.sealer.open(bytes(row.number_sealed), NUMBER_CONTEXT)

    def _attempt(self, offer: Offer) -> Attempt | None:
        with self._services.database.pool.connection() as connection:
            return callback_rows.attempt_of_offer(connection, offer.id)

    def _read(self, offer: Offer) -> tuple[Attempt | None, CallbackRow | None]:
        with self._services.database.pool.connection() as connection:
            attempt = callback_rows.attempt_of_offer(connection, offer.id)
            row = callback_rows.read_callback(connection, attempt.callback_id) if attempt else None
        return attempt, row

"""Messages: there from before the beep, on somebody's list with a date as soon as anything was said.

The row is committed first; recordings attach to it in whatever order the carrier tells of them, once each. Nothing
else is done here: what was said is fetched, checked, stored and transcribed by jobs, and none of them can lose it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, BinaryIO, TypeVar

import structlog
from psycopg import Connection

from integrations.phone_numbers import is_dialable, parse_caller
from integrations.services import Services
from integrations.storage import NotStored
from queueing.centre import Centre
from queueing.centre_file import read_centres
from queueing.recording_files import draft
from queueing.recording_told import COMPLETED, Told, told_by
from queueing.timetable import Timetable
from voicemail import message_rows as rows
from voicemail import take_rows as takes
from voicemail.anonymity import bind
from voicemail.case_clock import CaseClock
from voicemail.case_fields import NUMBER_CONTEXT
from voicemail.message_cases import case_for, crowded_case, note_comment, reopen_not_a_message, set_number
from voicemail.message_rows import COMMENT, KEPT, Kept, MessageRow
from voicemail.message_wake import wake

__all__ = ["Begin", "Kept", "Messages", "messages_of"]
log = structlog.get_logger(__name__)
# Silence, and whatever is shorter, is no message.
SHORTEST_SECONDS = 2
# What an anonymous report is kept without.
FINDS_A_PERSON = (
    "number_sealed", "number_hash", "number_tail", "caller_region", "person_hash",
)  # fmt: skip
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Begin:
    """What is known before the beep.

    `turn`: which of the call's messages. `kind`: message, complaint, report or comment. `number`: E.164, "" when it
    was withheld or cannot be rung. `id_number`: proven in this call; only its fingerprint is kept. `adds_to`: the case
    that the caller wants to add to. `offer_id`: of a comment, the talk that was judged. Of whoever wants to be unknown
    nothing is kept but the fingerprint of the telephone, by which the caller finds the case again.
    """

    call_sid: str
    turn: int
    kind: str
    centre: str
    source: str
    number: str = ""
    caller_hash: bytes | None = None
    region: str | None = None
    id_number: str = ""
    is_anonymous: bool = False
    adds_to: int | None = None
    asked: str = ""
    offer_id: str = ""


class Messages:
    """Built once per process, beside the line. Raises what the database raises; nothing is half done then."""

    def __init__(self, services: Services, centres: Callable[[], Mapping[str, Centre]], timetable: Timetable) -> None:
        self.services = services
        self.clock = CaseClock(centres, timetable)

    def begin(self, begin: Begin) -> int:
        """A message is about to be spoken; its id, the same for the same call and turn."""

        def enter(connection: Connection[Any]) -> int:
            adds_to = rows.low_rating_of(connection, begin.offer_id) if begin.kind == COMMENT else begin.adds_to
            return rows.insert_message(connection, self._values(begin) | {"adds_to": adds_to})

        return self._transaction(enter)

    def keep(self, message_id: int, recording_sid: str, seconds: int) -> Kept | None:
        """Something was said: the message is on a case, with its date. None when it was too short.

        The last take that was long enough counts. Said twice it changes nothing. Of a telephone that has opened too
        many cases within a day it is added to the newest of them.
        """
        now = self.services.now()
        told = Told(recording_sid, "", COMPLETED, seconds, now - timedelta(seconds=seconds), now)
        self._finish(message_id, told)
        return self.kept(message_id) if seconds >= SHORTEST_SECONDS else None

    def kept(self, message_id: int) -> Kept | None:
        """What may be said of a message; None unless it was kept."""
        return self._transaction(lambda connection: rows.read_kept(connection, message_id))

    def note_status(self, message_id: int, form: Mapping[str, str]) -> None:
        """Take in a recording status callback. Duplicates, late and strange ones change nothing.

        It also keeps a message of which nobody has said anything yet: the caller has hung up.
        """
        told = told_by(form, self.services.now())
        if told is None:
            log.warning("strange_message_status", message=message_id, status=form.get("RecordingStatus", "")[:20])
        else:
            self.note_told(message_id, told)

    def note_told(self, message_id: int, told: Told) -> None:
        """Take in what the carrier says of a recording, by itself or because it was asked."""
        if told.status == COMPLETED:
            self._finish(message_id, told)
        elif self._transaction(lambda connection: takes.note_began(connection, message_id, told)):
            log.info("message_recording_told", message=message_id, recording=told.sid, status=told.status)

    def change_number(self, message_id: int, number: str) -> Kept | None:
        """The answer shall go to another number (E.164); the case follows while nobody has replied."""

        def change(connection: Connection[Any]) -> None:
            locked = rows.lock_message(connection, message_id)
            if locked is None or locked[0].is_anonymous:
                return
            rows.set_number(connection, message_id, values)
            if locked[0].status == KEPT and locked[1] is not None:
                set_number(connection, locked[1], values, self.services.now())

        if is_dialable(number):
            values = self._number(number) | {"caller_region": parse_caller(number).region}
            self._transaction(change)
        return self.kept(message_id)

    def told(self, message_id: int) -> None:
        """The caller has heard number and date."""

        def note(connection: Connection[Any]) -> None:
            locked = rows.lock_message(connection, message_id)
            if locked is None or not rows.note_told(connection, message_id, now):
                return
            if locked[1] is not None:
                reopen_not_a_message(connection, locked[1], locked[0], self.clock, now)

        now = self.services.now()
        self._transaction(note)

    def abandon(self, message_id: int) -> None:
        """Nothing was said. What the carrier tells of all the same is kept all the same."""
        self._transaction(lambda connection: rows.note_empty(connection, message_id, self.services.now()))

    def take_of(self, message_id: int) -> tuple[str, str | None] | None:
        """(recording_sid, storage_key) of the take that counts, the key None while it is at the carrier only."""
        return self._transaction(lambda connection: takes.present_take(connection, message_id))

    def open_take(self, message_id: int) -> BinaryIO | None:
        """The sound of the take that counts, to read and to close; None when there is none.

        From our storage, or from the carrier by way of a file that goes when it is closed. Raises IntegrationError.
        """
        found = self.take_of(message_id)
        if found is None:
            return None
        if found[1] is not None:
            try:
                return self.services.storage.open(found[1])
            except NotStored:
                log.error("message_not_in_storage", message=message_id, recording=found[0])
        return self._from_carrier(found[0])

    # what follows a word of the carrier

    def _finish(self, message_id: int, told: Told) -> None:
        """A take is complete: keep it, or delete it when it is too short."""
        try:
            woken = self._transaction(lambda connection: self._attach(connection, message_id, told))
        except takes.ForeignTake:
            # It stays where it is, for somebody to look at.
            log.error("recording_of_another_message", message=message_id, recording=told.sid)
            return
        wake(self.services, woken)

    def _attach(self, connection: Connection[Any], message_id: int, told: Told) -> list[str]:
        """The takes that somebody has to do something about now."""
        locked = rows.lock_message(connection, message_id, crowded_case)
        if locked is None or (told.call_sid and told.call_sid != locked[0].call_sid):
            raise takes.ForeignTake
        message, case_id = locked
        told = replace(told, call_sid=message.call_sid)
        is_too_short = (told.seconds or 0) < SHORTEST_SECONDS
        if not takes.note_finished(connection, message_id, told, is_too_short):
            return []
        if is_too_short:
            return [told.sid]
        present, superseded = takes.supersede(connection, message_id)
        self._put_on_case(connection, message, case_id, told, present == told.sid)
        log.info("message_recording_kept", message=message_id, recording=told.sid, seconds=told.seconds)
        return [told.sid, *(sid for sid in superseded if sid != told.sid)]

    def _put_on_case(
        self, connection: Connection[Any], message: MessageRow, case_id: int | None, told: Told, is_present: bool
    ) -> None:
        if message.status != KEPT:
            case_id = case_for(connection, message, case_id, self.clock, self.services.now())
            rows.note_kept(connection, message.id, case_id, told.ended_at)
            if message.is_anonymous:
                bind(connection, self.services.sealer, message, case_id)
        if message.kind == COMMENT and is_present and case_id is not None:
            note_comment(connection, case_id, told.sid)

    def _from_carrier(self, recording_sid: str) -> BinaryIO:
        with draft(self.services) as path:
            self.services.carrier.fetch_recording(recording_sid, path)
            # Open, it can be read until it is closed, also without its name.
            return open(path, "rb")

    def _values(self, begin: Begin) -> dict[str, Any]:
        values = {
            "call_sid": begin.call_sid,
            "turn": begin.turn,
            "kind": begin.kind,
            "centre": begin.centre,
            "source": begin.source,
            "begun_at": self.services.now(),
            "is_anonymous": begin.is_anonymous,
            "asked": begin.asked,
            "caller_region": begin.region,
            "caller_hash": begin.caller_hash,
            "person_hash": self._person_hash(begin.id_number),
            **self._number(begin.number),
        }
        return values | dict.fromkeys(FINDS_A_PERSON) if begin.is_anonymous else values

    def _person_hash(self, id_number: str) -> bytes | None:
        return self.services.social_insurance.person_hash(id_number) if id_number else None

    def _number(self, number: str) -> dict[str, Any]:
        sealer = self.services.sealer
        return {
            "number_sealed": sealer.seal(number, NUMBER_CONTEXT) if number else None,
            "number_hash": sealer.fingerprint(number) if number else None,
            "number_tail": number[-4:] or None,
        }

    def _transaction(self, work: Callable[[Connection[Any]], Answer]) -> Answer:
        return rows.in_transaction(self.services.database, work)


def messages_of(services: Services) -> Messages:
    """Messages for a process without menus."""
    centres = read_centres(services.settings.config_dir)
    return Messages(services, lambda: centres, Timetable(services, lambda: centres))

"""Cards reported lost: frozen, or released, exactly once in effect, and never called done without the system's word.

A row is committed before the card system is asked; whoever finds one for the card, or one of the same call, writes
nothing. What was not answered is asked after, at once and then by `sweep`, until the card itself says how it stands;
meanwhile it is on the urgent list with the time by which its caller is told, and a callback is booked for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from integrations.services import Services
from integrations.social_insurance.contract import (
    Answer,
    CardAction,
    CardFile,
    Found,
    Insured,
    Kind,
    Purpose,
)
from integrations.work_calendar import in_shanghai
from queueing.callbacks import Asking, Callbacks
from voicemail.freeze import (
    ALREADY,
    DONE,
    LEASE,
    NOT_SENT,
    OPEN,
    UNKNOWN,
    WRITING,
    Told,
    answer_due,
    earliest_end,
    next_look,
    told_by,
    told_by_card,
)
from voicemail.freeze_rows import (
    NUMBER_CONTEXT,
    PERSON_CONTEXT,
    FreezeRow,
    begin_write,
    due_looks,
    end_write,
    make_unknown,
    newest_of_call,
    note_callback,
    note_look,
    open_of_person,
    read_freeze,
    without_callback,
)

log = structlog.get_logger(__name__)
SOURCE, SKILL = "card_loss", "card"
# Of the carrier's fifteen seconds: the write, then one look at what became of it.
WRITE_SECONDS, LOOK_SECONDS = 8.0, 4.0
MOST_AT_ONCE = 50
# Who could not be booked by then (too many requests, a number that cannot be rung) is on the urgent list all the same.
GIVE_UP_BOOKING = timedelta(days=1)
DATABASE_AWAY = (psycopg.Error, PoolTimeout)


@dataclass(frozen=True, slots=True)
class Report:
    """Who wants which card frozen or released, from which call and through which door (keypad, console).

    `number`: E.164 of the telephone that asks, "" when it cannot be rung. `asked_by`: "caller" or a user name.
    """

    centre: str
    action: CardAction
    person: Insured
    card: CardFile
    call_sid: str
    door: str
    asked_by: str
    why: str
    number: str = ""
    caller_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What came of a report. `is_repeat`: this very call had asked already; `is_others`: another one is under way.

    `is_known` False: the rows are out of reach, so nobody can say whether anything was sent.
    """

    row: FreezeRow | None
    is_repeat: bool = False
    is_others: bool = False
    is_known: bool = True

    @property
    def status(self) -> str:
        """See voicemail/freeze.py; "not_sent" as well when nothing could be written down."""
        return self.row.status if self.row else "not_sent"


class CardLoss:
    """Built once per process, beside the callbacks."""

    def __init__(self, services: Services, callbacks: Callbacks) -> None:
        self.services, self._callbacks = services, callbacks

    def report(self, report: Report) -> Reported:
        """Freeze or release a card; answers within about twelve seconds. Never raises."""
        try:
            with self._connection() as connection:
                row, other = begin_write(connection, self._values(report))
        except DATABASE_AWAY as error:
            # Nothing is written anywhere without a row that says so.
            log.error("freeze_not_begun", error=type(error).__name__)
            return Reported(None)
        if row is None:
            is_own = other is not None and other.call_sid == report.call_sid and other.action == report.action
            return Reported(other, is_repeat=is_own, is_others=other is not None and not is_own)
        log.info("freeze_begun", freeze=row.id, action=row.action, centre=row.centre, door=row.door)
        return Reported(self._write(row, report))

    def _write(self, row: FreezeRow, report: Report) -> FreezeRow:
        """Ask the card system, once, outside any transaction, and keep what it says."""
        purpose = Purpose(report.asked_by, report.call_sid, report.why, report.caller_hash)
        registry = self.services.social_insurance
        if row.lease_until is not None and self.services.now() >= row.lease_until:
            # This process stood still for so long that somebody may have told the caller how it ended.
            return self._end(row, Told(NOT_SENT))
        answer = registry.write_card(
            report.centre, report.action, report.person, report.card.ref, purpose, WRITE_SECONDS
        )
        told = self._with_its_day(told_by(answer), report)
        try:
            if told.status != UNKNOWN:
                return self._end(row, told)
            return self.look_after(self._mark_unknown(row, even_leased=True), LOOK_SECONDS)
        except DATABASE_AWAY as error:
            # The row stays at writing, and is asked after once its lease has run out.
            log.error("freeze_end_not_kept", freeze=row.id, status=told.status, error=type(error).__name__)
            return row

    def _with_its_day(self, told: Told, report: Report) -> Told:
        """The last day of a freeze, from the card itself where the write did not tell; as told, where it does not.

        A formal report has no last day: `is_formal`.
        """
        if told.status not in (DONE, ALREADY) or told.until is not None or report.action is not CardAction.FREEZE:
            return told
        purpose = Purpose(report.asked_by, report.call_sid, "card_day", report.caller_hash)
        found = self.services.social_insurance.look_up(report.centre, Kind.CARD, report.person, purpose, LOOK_SECONDS)
        card = _card_of(found, report.card.ref)
        return told if card is None else replace(told, until=card.frozen_until, is_formal=card.status == "lost")

    def look_after(self, row: FreezeRow, deadline_seconds: float = WRITE_SECONDS) -> FreezeRow:
        """Ask the card system how the card of an unknown write stands; the row as it is afterwards."""
        if row.status != UNKNOWN or row.person_sealed is None:
            return row
        id_number, _, card_ref = self.services.sealer.open(bytes(row.person_sealed), PERSON_CONTEXT).partition("/")
        purpose = Purpose(row.asked_by, row.call_sid, "card_after_unknown")
        found = self.services.social_insurance.look_up(
            row.centre, Kind.CARD, Insured(id_number), purpose, deadline_seconds
        )
        told = self._told_by_look(row, found, card_ref)
        if told is None:
            with self._connection() as connection:
                note_look(connection, row.id, next_look(row.looks, self.services.now()))
                return read_freeze(connection, row.id) or row
        return self._end(row, told)

    def _told_by_look(self, row: FreezeRow, found: Answer, card_ref: str) -> Told | None:
        card = _card_of(found, card_ref)
        if card is None:
            return None
        return told_by_card(CardAction(row.action), card, row.sent_at or row.asked_at, self.services.now())

    # while nobody knows

    def pending(self, person: Insured) -> FreezeRow | None:
        """The person's write of which nobody knows the end yet. Raises psycopg.Error, PoolTimeout."""
        with self._connection() as connection:
            return open_of_person(connection, self.services.social_insurance.person_hash(person.id_number))

    def state(self, call_sid: str) -> Reported:
        """What became of the write of a call that heard no answer: not known, unless the row says so by now."""
        try:
            with self._connection() as connection:
                row = newest_of_call(connection, call_sid)
            if row is not None and row.status == WRITING:
                # Whoever still writes may end it all the same.
                row = self._mark_unknown(row, even_leased=True)
            return Reported(self.promise(row) if row is not None and row.status == UNKNOWN else row)
        except DATABASE_AWAY as error:
            log.error("freeze_state_not_read", error=type(error).__name__)
            return Reported(None, is_known=False)

    def promise(self, row: FreezeRow) -> FreezeRow:
        """Book the call back that tells how it ended; once, and again only if it was not kept on record."""
        if row.callback_id is not None or row.number_sealed is None:
            return row
        if not self._callbacks.line.has_callbacks(row.centre):
            return row
        number = self.services.sealer.open(bytes(row.number_sealed), NUMBER_CONTEXT)
        asking = Asking(
            # Of its own: the caller's place in the line, or talk, goes on as it is.
            call_sid=f"card-freeze-{row.id}",
            centre=row.centre,
            source=SOURCE,
            number=number,
            skill=SKILL,
            asked=SOURCE,
            note=f"挂失核实：{row.bank or ''}卡尾号{row.card_tail or '不详'}，先看“挂失”页上的结果再说。",
        )
        booked = self._callbacks.book(asking)
        if booked.callback is None:
            return row
        with self._connection() as connection:
            note_callback(connection, row.id, booked.callback.id)
            return read_freeze(connection, row.id) or row

    def sweep(self) -> int:
        """Ask after everything that is due, and book what was promised and is not on record; how many were due."""
        now = self.services.now()
        with self._connection() as connection:
            due = due_looks(connection, now, MOST_AT_ONCE)
            unpromised = without_callback(connection, now - GIVE_UP_BOOKING, MOST_AT_ONCE)
        for row_id in due:
            self._for_itself(self._look_again, row_id)
        for row_id in unpromised:
            self._for_itself(self._promise_again, row_id)
        return len(due)

    def _for_itself(self, look: Callable[[int], None], row_id: int) -> None:
        """One that cannot be read (sealed with a key of before) keeps none of the others waiting."""
        try:
            look(row_id)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            log.error("freeze_not_looked_after", freeze=row_id, error=type(error).__name__)

    def _promise_again(self, row_id: int) -> None:
        if row := self._read(row_id):
            self.promise(row)

    def _look_again(self, row_id: int) -> None:
        row = self._read(row_id)
        if row is not None and row.status == WRITING:
            row = self._mark_unknown(row, even_leased=False)
        if row is not None and row.status == UNKNOWN:
            ended = self.look_after(row)
            log.info("freeze_looked_after", freeze=row_id, status=ended.status, looks=ended.looks)

    # what callers and staff are told

    def last_day(self, row: FreezeRow) -> tuple[date | None, bool]:
        """The last day of a freeze, and whether the system has said so; else the earliest one by the city's rule."""
        if row.until is not None:
            return row.until, True
        if row.status != DONE or row.is_formal or row.action != CardAction.FREEZE:
            return None, False
        return row.earliest or self.last_day_of(row.centre, in_shanghai(row.asked_at).date()), False

    def last_day_of(self, centre: str, frozen_on: date) -> date:
        """The last day of a freeze made on a day, by the rule of the centre's city."""
        rules = self.services.social_insurance.freeze_rules(centre)
        calendar = self._callbacks.line.timetable.calendar
        return earliest_end(frozen_on, rules.days, rules.counted, calendar.add_workdays)

    def due(self, centre: str) -> datetime:
        """By when somebody would tell a caller of this centre, were nothing known now."""
        now = self.services.now()
        return answer_due(now, self._callbacks.line.next_decent(centre)(now))

    def _mark_unknown(self, row: FreezeRow, even_leased: bool) -> FreezeRow:
        now = self.services.now()
        with self._connection() as connection:
            found = make_unknown(connection, row.id, now, next_look(0, now), self.due(row.centre), even_leased)
        if found is not None:
            log.warning("freeze_unknown", freeze=row.id, action=row.action, centre=row.centre)
        return found or self._read(row.id) or row

    def _end(self, row: FreezeRow, told: Told) -> FreezeRow:
        with self._connection() as connection:
            ended = end_write(connection, row.id, told, self.services.now())
            ended = ended or read_freeze(connection, row.id)
        if ended is not None and ended.status not in OPEN:
            log.info("freeze_ended", freeze=row.id, action=row.action, status=ended.status)
        return ended or row

    def _read(self, row_id: int) -> FreezeRow | None:
        with self._connection() as connection:
            return read_freeze(connection, row_id)

    def _values(self, report: Report) -> dict[str, Any]:
        sealer, now = self.services.sealer, self.services.now()
        person = f"{report.person.id_number}/{report.card.ref}"
        return {
            "centre": report.centre,
            "action": report.action.value,
            "person_hash": self.services.social_insurance.person_hash(report.person.id_number),
            "card_hash": sealer.fingerprint(f"card:{report.card.ref}"),
            "card_tail": report.card.number_tail,
            "bank": report.card.bank,
            "person_sealed": sealer.seal(person, PERSON_CONTEXT),
            "call_sid": report.call_sid,
            "door": report.door,
            "asked_by": report.asked_by,
            "number_sealed": sealer.seal(report.number, NUMBER_CONTEXT) if report.number else None,
            "number_tail": report.number[-4:] or None,
            "at": now,
            "lease_until": now + LEASE,
            "earliest": self._earliest(report, in_shanghai(now).date()),
        }

    def _earliest(self, report: Report, today: date) -> date | None:
        return self.last_day_of(report.centre, today) if report.action is CardAction.FREEZE else None

    def _connection(self) -> Any:
        return self.services.database.pool.connection()


def _card_of(found: Answer, card_ref: str) -> CardFile | None:
    items = found.items if isinstance(found, Found) else ()
    return next((item for item in items if isinstance(item, CardFile) and item.ref == card_ref), None)

"""What callers do with their cases by key: hear how they stand, urge, say that they were answered, ask again, judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from integrations.services import Services
from integrations.work_calendar import in_shanghai
from voicemail.anonymity import bound_hash
from voicemail.case_clock import CaseClock, case_clock_of
from voicemail.case_fields import COLUMNS, Case
from voicemail.case_moves import lock_present, note_delivered, take_up_again
from voicemail.case_rows import CALLER, add_event, change_case, read_case
from voicemail.work_order import (
    BY_CALLER,
    BY_DECISION,
    CLOSED,
    COMPLAINT,
    LOW_RATING,
    MESSAGE,
    REPLIED,
    REPORT,
    may_reopen,
)

# Callers know nothing of the others, which staff keep for themselves.
TOLD_KINDS = (MESSAGE, COMPLAINT, REPORT, LOW_RATING)
OF_PERSON_KINDS = (MESSAGE, COMPLAINT, REPORT)
MOST_TOLD = 20
_OF_PERSON = f"""
SELECT {COLUMNS} FROM work_order WHERE person_hash = %(hash)s AND NOT is_anonymous AND kind = ANY(%(kinds)s)
  AND (status IN ('open', 'owned') OR (status IN ('replied', 'closed') AND coalesce(replied_at, closed_at) > %(since)s))
ORDER BY opened_at DESC, id DESC LIMIT {MOST_TOLD}
"""
SCORES = range(1, 6)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its caller may hear of it."""

    id: int
    kind: str
    centre: str
    status: str
    opened_at: datetime
    due_at: datetime | None
    is_provisional: bool
    is_overdue: bool
    replied_at: datetime | None
    # "accepted" or "refused" where the decision itself is the answer: nobody could be told.
    decision: str | None
    can_reopen: bool
    urged_today: bool


class CaseLine:
    """Built once per process. Who may hear of a case is decided by finding it; the deeds take what was found."""

    def __init__(self, services: Services, clock: CaseClock) -> None:
        self.services, self.clock = services, clock

    # finding

    def of_number(self, case_id: int, caller_hash: bytes | None) -> CaseView | None:
        """The case of a number that was keyed, for the telephone that opened it or is to be answered.

        A case that is part of another one by now leads there. None for all others, whether they exist or not.
        """
        if caller_hash is None or not 0 < case_id < 2**63:
            return None
        with self.services.database.pool.connection() as connection:
            case = read_case(connection, case_id)
            if case is None or not self._is_telephone_of(case, caller_hash):
                return None
            while case is not None and case.merged_into is not None:
                case = read_case(connection, case.merged_into)
        return self._view(case) if case is not None and case.kind in TOLD_KINDS else None

    def _is_telephone_of(self, case: Case, caller_hash: bytes) -> bool:
        if case.is_anonymous:
            caller_hash = bound_hash(self.services.sealer, case.id, caller_hash)
        known = (found for found in (case.caller_hash, case.number_hash) if found is not None)
        return any(bytes(found) == caller_hash for found in known)

    def of_person(self, id_number: str) -> list[CaseView]:
        """The cases of a person who was proven, newest first: open ones, and those that can still be asked about."""
        now, found = self.services.now(), self.services.social_insurance.person_hash(id_number)
        longest = max((centre.messages.reopen_days for centre in self.clock.centres().values()), default=7)
        values = {"hash": found, "kinds": list(OF_PERSON_KINDS), "since": now - timedelta(days=longest + 1)}
        with (
            self.services.database.pool.connection() as connection,
            connection.cursor(row_factory=class_row(Case)) as cursor,
        ):
            cases = cursor.execute(_OF_PERSON, values).fetchall()
        return [view for case in cases if (view := self._view(case)).can_reopen or case.is_active]

    def _view(self, case: Case) -> CaseView:
        now = self.services.now()
        is_late = case.is_active and case.due_at is not None and now > case.due_at
        return CaseView(
            id=case.id,
            kind=case.kind,
            centre=case.centre,
            status=case.status,
            opened_at=case.opened_at,
            due_at=case.due_at,
            is_provisional=case.due_is_provisional,
            is_overdue=is_late,
            replied_at=case.replied_at,
            decision=case.decision if case.reply_kind == BY_DECISION else None,
            can_reopen=self._can_reopen(case, now),
            urged_today=_is_same_day(case.urged_at, now),
        )

    def _can_reopen(self, case: Case, now: datetime) -> bool:
        days = self.clock.rules(case.centre).reopen_days
        return may_reopen(case.status, case.replied_at or case.closed_at, now, days)

    # doing

    def urge(self, case_id: int, call_sid: str) -> bool:
        """Urge an answer; once a day (Shanghai) counts. False when it was urged today, or is not waiting any more."""
        with self.services.database.pool.connection() as connection, connection.transaction():
            case, at = lock_present(connection, case_id), self.services.now()
            if case is None or not case.is_active or _is_same_day(case.urged_at, at):
                return False
            change_case(connection, case, urges=case.urges + 1, urged_at=at)
            # Of who is not to be found the call would lead to the telephone.
            detail = None if case.is_anonymous else {"call": call_sid}
            add_event(connection, case.id, at, CALLER, "urged", detail=detail)
            return True

    def answered(self, case_id: int, call_sid: str) -> bool:
        """The caller says that the answer was given: the clock stops. False where there is nothing to be answered.

        Never of a report: on a telephone that many use it might be whoever was reported.
        """
        with self.services.database.pool.connection() as connection, connection.transaction():
            case = lock_present(connection, case_id)
            if case is None or case.kind == REPORT or (case.status == CLOSED and case.replied_at is None):
                return False
            note_delivered(connection, case.id, BY_CALLER, self.services.now(), CALLER)
            return True

    def reopen(self, case_id: int, call_sid: str) -> bool:
        """The answer was none: a new date, counted from now. False when it is too late for that, or still waiting."""
        with self.services.database.pool.connection() as connection, connection.transaction():
            case, at = lock_present(connection, case_id), self.services.now()
            if case is None or not self._can_reopen(case, at):
                return False
            take_up_again(connection, self.clock, case, CALLER, "来电人说没有解决", at)
            return True

    def rate(self, case_id: int, score: int) -> None:
        """The caller's judgement of the reply, 1 very satisfied to 5 very dissatisfied; the last one counts."""
        if score not in SCORES:
            return
        with self.services.database.pool.connection() as connection, connection.transaction():
            case = lock_present(connection, case_id)
            if case is not None and case.status in (REPLIED, CLOSED) and case.satisfaction != score:
                change_case(connection, case, satisfaction=score)
                add_event(connection, case.id, self.services.now(), CALLER, "satisfaction", detail={"score": score})


def case_line_of(services: Services) -> CaseLine:
    """The service for a process without menus."""
    return CaseLine(services, case_clock_of(services))


def _is_same_day(urged_at: datetime | None, now: datetime) -> bool:
    return urged_at is not None and in_shanghai(urged_at).date() == in_shanghai(now).date()

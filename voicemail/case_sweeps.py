"""What time does to cases: reminders, the supervisor's list, the province, the end; dates that a new calendar moves.

Any number of workers may sweep at once: each case is looked at under its lock, and what was done is in its row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import class_row
from psycopg_pool import PoolTimeout

from integrations.services import Services
from integrations.work_calendar import in_shanghai
from voicemail.case_clock import CaseClock, Promise
from voicemail.case_fields import COLUMNS, Case
from voicemail.case_moves import NOT_BREACHED, breach_columns, end_case
from voicemail.case_rows import (
    SYSTEM,
    Counted,
    add_event,
    change_case,
    counted_lines,
    counted_of,
    lock_case,
    read_counted,
)
from voicemail.deadline import REPLY, workdays_of
from voicemail.reminders import LEVELS, NOT_YET, OVERDUE, PROVINCE, level_at, next_look
from voicemail.work_order import ADOPTED_KINDS, ANSWERED, DECIDED_KINDS, OPEN, POLICY_OF, REPLIED, reopens_until

log = structlog.get_logger(__name__)
DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout)
MOST_AT_ONCE = 500
# One that cannot be looked at keeps none of the others waiting.
AGAIN_AFTER = timedelta(minutes=10)
# What is due at close of business is still said then, by a sweep that comes a little after it.
SWEEPS_LATE = timedelta(minutes=30)
_DUE_LOOKS = "SELECT id FROM work_order WHERE look_at <= %s ORDER BY look_at LIMIT %s"
_LATER = "UPDATE work_order SET look_at = %s WHERE id = %s AND look_at <= %s"
_COUNTED = f"""
SELECT {COLUMNS} FROM work_order
WHERE status IN ('open', 'owned') AND id > %s AND (due_policy IS NOT NULL OR due_at IS NULL) ORDER BY id LIMIT %s
"""
_DESK_STEPS = """
SELECT event FROM case_event
WHERE case_id = %s AND event IN ('overdue', 'escalated') AND detail->>'desk_due_at' = %s
"""
_STEP_EVENTS = {OVERDUE: "overdue", PROVINCE: "escalated"}
NOT_ASKED_AGAIN = "答复后{}天内没有再来问"
NEVER_DECIDED = "来电人说已经答复，没有作受理决定"


class CaseSweeper:
    """Everything that is due, found in the rows."""

    def __init__(self, services: Services, clock: CaseClock) -> None:
        self.services, self.clock = services, clock

    # reminders and escalation

    def sweep(self) -> int:
        """Look at every case whose time has come; how many got a step further.

        A case takes one step, the highest that has come: after a week in which nobody swept it is not reminded five
        times. Nobody is reminded at night or on a day off; that something is late is written down at any hour.
        """
        now, stepped = self.services.now(), 0
        while True:
            with self.services.database.pool.connection() as connection:
                due = [row[0] for row in connection.execute(_DUE_LOOKS, (now, MOST_AT_ONCE))]
            stepped += sum(self._for_itself(self._look_at, case_id, now) for case_id in due)
            # Every one of these is looked at later now.
            if len(due) < MOST_AT_ONCE:
                return stepped

    def _for_itself(self, look: Callable[[int, datetime], bool], case_id: int, now: datetime) -> int:
        try:
            return int(look(case_id, now))
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("case_not_looked_at", case=case_id)
            with self.services.database.pool.connection() as connection:
                connection.execute(_LATER, (now + AGAIN_AFTER, case_id, now))
            return 0

    def _look_at(self, case_id: int, now: datetime) -> bool:
        with self.services.database.pool.connection() as connection, connection.transaction():
            case = lock_case(connection, case_id)
            if case is None or case.look_at is None or case.look_at > now:
                return False
            if case.status == REPLIED:
                return self._look_at_answered(connection, case, now)
            if not case.is_active or case.due_at is None:
                change_case(connection, case, look_at=None)
                return False
            is_working = self.clock.next_work_moment(case.centre, now - SWEEPS_LATE) <= now
            handed, next_handed = self._look_at_handing(connection, case, now, is_working)
            stepped, next_step = self._look_at_due(connection, handed, now, is_working)
            nexts = [at for at in (next_handed, next_step) if at is not None]
            change_case(connection, stepped, look_at=min(nexts, default=None))
            return stepped is not case

    def _look_at_answered(self, connection: Connection[Any], case: Case, now: datetime) -> bool:
        """A case that was answered ends by itself when its caller can ask no longer; how long that is may change.

        What has a page of its own ends there.
        """
        if case.replied_at is None or case.kind in ADOPTED_KINDS:
            change_case(connection, case, look_at=None)
            return False
        days = self.clock.rules(case.centre).reopen_days
        until = reopens_until(case.replied_at, days)
        if now < until:
            change_case(connection, case, look_at=until)
            return False
        is_undecided = case.kind in DECIDED_KINDS and case.decision is None
        words = NEVER_DECIDED if is_undecided else NOT_ASKED_AGAIN.format(days)
        end_case(connection, case, ANSWERED, words, SYSTEM, now)
        return True

    def _look_at_due(
        self, connection: Connection[Any], case: Case, now: datetime, is_working: bool
    ) -> tuple[Case, datetime | None]:
        """A step towards the due date, or past it; and when the next one comes."""
        assert case.due_at is not None
        plan = self.clock.plan(case.centre, read_counted(connection, case).at, case.due_at)
        reached = level_at(plan, now)
        if not is_working and reached > case.level and reached != OVERDUE:
            # What tells somebody waits for the morning; that the date has passed does not.
            reached = OVERDUE if reached == PROVINCE and case.level < OVERDUE else NOT_YET
            return self._step(connection, case, reached, now), self.clock.next_work_moment(case.centre, now)
        return self._step(connection, case, reached, now), next_look(plan, max(reached, case.level))

    def _step(self, connection: Connection[Any], case: Case, reached: int, now: datetime) -> Case:
        if reached <= case.level:
            return case
        assert case.due_at is not None
        changes: dict[str, Any] = {"level": reached}
        if reached >= OVERDUE:
            changes |= breach_columns(case, case.due_at)
        stepped = change_case(connection, case, **changes)
        if reached == PROVINCE and not stepped.is_overdue:
            # A supervisor has said why already.
            return stepped
        detail = {"level": reached, "due_at": case.due_at.isoformat()}
        add_event(connection, case.id, now, SYSTEM, _STEP_EVENTS.get(reached, "reminded"), LEVELS[reached], detail)
        log.info("case_stepped", case=case.id, centre=case.centre, level=reached)
        return stepped

    def _look_at_handing(
        self, connection: Connection[Any], case: Case, now: datetime, is_working: bool
    ) -> tuple[Case, datetime | None]:
        """A case that was handed on and that nobody has taken: on the list there, then the province's."""
        if case.desk_due_at is None or case.status != OPEN:
            return case, None
        steps = (
            (OVERDUE, case.desk_due_at),
            (PROVINCE, self.clock.escalates_at(case.centre, case.desk_due_at)),
        )
        mark = case.desk_due_at.isoformat()
        done = {row[0] for row in connection.execute(_DESK_STEPS, (case.id, mark))}
        at_level = max((level for level, event in _STEP_EVENTS.items() if event in done), default=NOT_YET)
        reached = level_at(steps, now)
        if reached == PROVINCE and at_level < PROVINCE and not is_working:
            if at_level == OVERDUE:
                return case, self.clock.next_work_moment(case.centre, now)
            reached = OVERDUE
        if reached <= at_level:
            return case, next_look(steps, at_level)
        missed = change_case(connection, case, **breach_columns(case, case.desk_due_at))
        if missed.is_overdue:
            detail = {"level": reached, "desk_due_at": mark}
            add_event(connection, case.id, now, SYSTEM, _STEP_EVENTS[reached], "转办后没有按时接办", detail)
        return missed, next_look(steps, reached)

    # dates that move

    def reckon_anew(self) -> int:
        """Reckon every open due date by the calendar as it is now; how many moved, or are no longer provisional.

        A centre's hours may change as well: then the date stays, with the hour that was promised.
        """
        moved, last, now = 0, 0, self.services.now()
        while True:
            with (
                self.services.database.pool.connection() as connection,
                connection.cursor(row_factory=class_row(Case)) as cursor,
            ):
                found = cursor.execute(_COUNTED, (last, MOST_AT_ONCE)).fetchall()
                lines = counted_lines(connection, [case.id for case in found])
            if not found:
                return moved
            changed = [case.id for case in found if self._is_other(case, lines.get(case.id))]
            moved += sum(self._for_itself(self._reckon, case_id, now) for case_id in changed)
            last = found[-1].id

    def _is_other(self, case: Case, line: tuple[datetime, dict[str, Any]] | None) -> bool:
        """Whether it is worth its lock; one that cannot be reckoned is found out under it."""
        try:
            promise = self._promise_now(case, counted_of(line, case))
        except (KeyError, ValueError):
            return True
        is_provisional = promise.due_is_provisional
        return not _is_same_day(case.due_at, promise.due_at) or case.due_is_provisional != is_provisional

    def _reckon(self, case_id: int, now: datetime) -> bool:
        with self.services.database.pool.connection() as connection, connection.transaction():
            case = lock_case(connection, case_id)
            if case is None or not case.is_active or (case.due_policy is None and case.due_at is not None):
                return False
            promise = self._promise_now(case, read_counted(connection, case))
            if _is_same_day(case.due_at, promise.due_at):
                if case.due_is_provisional != promise.due_is_provisional:
                    change_case(connection, case, due_is_provisional=promise.due_is_provisional)
                return False
            self._move_due(connection, case, promise, now)
            return True

    def _promise_now(self, case: Case, counted: Counted) -> Promise:
        policy = case.due_policy or POLICY_OF.get(case.kind, REPLY)
        workdays = counted.workdays or workdays_of(policy, self.clock.rules(counted.centre))
        due = self.clock.due(counted.centre, counted.at, workdays)
        return Promise(due.at, policy, due.is_provisional, workdays)

    def _move_due(self, connection: Connection[Any], case: Case, promise: Promise, now: datetime) -> None:
        """The reminders begin anew where the new date has them; a date that has not come yet was never missed."""
        plan = self.clock.plan(case.centre, read_counted(connection, case).at, promise.due_at)
        reached = min(level_at(plan, now), OVERDUE - 1)
        changes = promise.columns | {"level": reached, "look_at": now}
        if case.breached_at is not None and case.breached_at == case.due_at and promise.due_at > now:
            changes |= NOT_BREACHED
        change_case(connection, case, **changes)
        before = case.due_at.isoformat() if case.due_at else None
        detail = {"from": before, "to": promise.due_at.isoformat(), "is_provisional": promise.due_is_provisional}
        add_event(connection, case.id, now, SYSTEM, "due_moved", "按最新的工作日历重算", detail)
        log.info("case_due_moved", case=case.id, before=before, after=promise.due_at.isoformat())


def _is_same_day(before: datetime | None, after: datetime) -> bool:
    return before is not None and in_shanghai(before).date() == in_shanghai(after).date()

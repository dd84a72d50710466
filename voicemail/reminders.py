"""Who is reminded of a deadline, and when: always on a working day, while the centre is there.

Pure. A case climbs these levels until it is answered; after an outage it takes the highest one that has come, and
those below are not made up for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from integrations.work_calendar import SHANGHAI, WorkCalendar, in_shanghai
from voicemail.deadline import TimeOfDay

NOT_YET, HALF, DAY_BEFORE, MORNING, OVERDUE, PROVINCE = range(6)
LEVELS = {
    NOT_YET: "还没提醒",
    HALF: "时间过半",
    DAY_BEFORE: "还有一个工作日",
    MORNING: "今天到期",
    OVERDUE: "已超期，交值班长",
    PROVINCE: "超期满一个工作日，报省厅",
}
# The reminder of the day before comes while there is still an hour in which something can be done.
BEFORE_CLOSE = timedelta(hours=1)
Look = tuple[int, datetime]


def look_plan(
    received_at: datetime, due_at: datetime, calendar: WorkCalendar, close_of: TimeOfDay, open_of: TimeOfDay
) -> tuple[Look, ...]:
    """(level, instant on the Shanghai clock) in order, for one case.

    Half of the working time; an hour before close one working day before; the opening of the day; the deadline
    itself; close of business a working day after it. A step that would not come before the next one, or not after the
    receipt, is left out: a deadline of one day has no middle. Raises ValueError for a time without a zone.
    """
    received, due = in_shanghai(received_at), in_shanghai(due_at)
    due_on = due.date()
    before = _workday_before(due_on, calendar)
    after = calendar.next_workday(due_on)
    steps = [
        (HALF, _middle(received, due, calendar, close_of, open_of)),
        (DAY_BEFORE, max(_at(before, close_of) - BEFORE_CLOSE, _at(before, open_of))),
        (MORNING, _at(due_on, open_of)),
        (OVERDUE, due),
    ]
    return (*_in_order(steps, received), (PROVINCE, _at(after, close_of)))


def next_look(plan: Sequence[Look], level: int) -> datetime | None:
    """When a case that has reached `level` is looked at next; None when it has reached them all."""
    return next((at for step, at in plan if step > level), None)


def level_at(plan: Sequence[Look], now: datetime) -> int:
    """The highest level that has come by `now`."""
    return max((step for step, at in plan if at <= now), default=NOT_YET)


def _in_order(steps: Sequence[Look], received: datetime) -> Iterator[Look]:
    for n, (level, at) in enumerate(steps):
        is_last = n == len(steps) - 1
        if is_last or received < at < min(later for _, later in steps[n + 1 :]):
            yield level, at


def _middle(
    received: datetime, due: datetime, calendar: WorkCalendar, close_of: TimeOfDay, open_of: TimeOfDay
) -> datetime:
    """When half of the working time between the two has passed; `due` when there is none."""
    spans = list(_working_time(received, due, calendar, close_of, open_of))
    left = sum((until - since for since, until in spans), timedelta()) / 2
    for since, until in spans:
        if left < until - since:
            return since + left
        left -= until - since
    return due


def _working_time(
    since: datetime, until: datetime, calendar: WorkCalendar, close_of: TimeOfDay, open_of: TimeOfDay
) -> Iterator[tuple[datetime, datetime]]:
    day = since.date()
    while day <= until.date():
        span = max(_at(day, open_of), since), min(_at(day, close_of), until)
        if calendar.is_workday(day) and span[0] < span[1]:
            yield span
        day += timedelta(days=1)


def _workday_before(day: date, calendar: WorkCalendar) -> date:
    day -= timedelta(days=1)
    while not calendar.is_workday(day):
        day -= timedelta(days=1)
    return day


def _at(day: date, time_of: TimeOfDay) -> datetime:
    return datetime.combine(day, time_of(day), SHANGHAI)

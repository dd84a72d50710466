"""By when a case is answered: so many working days, the day of receipt not counted (Civil Code art. 201).

Pure. Working days are the national calendar's, make-up Saturdays among them; the hour is the centre's close of
business. A deadline that rests on a year without a notice is provisional, and is reckoned anew when the notice comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from integrations.work_calendar import SHANGHAI, WorkCalendar, in_shanghai
from queueing.message_rules import MessageRules
from queueing.opening_hours import OpeningHours, Period, periods_on

REPLY, ACCEPT, TRANSFER = "reply", "accept", "transfer"
# Where a working day has no hours of its own, for example because the centre is closed exceptionally.
USUAL_OPENING, USUAL_CLOSE = time(9), time(17, 30)
LAST_MINUTE = time(23, 59)
TimeOfDay = Callable[[date], time]


@dataclass(frozen=True, slots=True)
class Policy:
    """A named promise: `title_zh` is done within so many working days."""

    name: str
    workdays: int
    title_zh: str


POLICIES = {
    policy.name: policy
    for policy in (
        # 12333 rule: replied within three working days.
        Policy(REPLY, 3, "答复"),
        # 劳动保障监察条例: complaints and reports are taken up, or refused, within five.
        Policy(ACCEPT, 5, "受理"),
        Policy(TRANSFER, 1, "接办"),
    )
}


@dataclass(frozen=True, slots=True)
class Due:
    """An instant on the Shanghai clock. `is_provisional`: a day that was counted has no notice yet."""

    at: datetime
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A deadline reckoned anew, and what it was. `later`: by how much it moved, below zero when it is earlier."""

    due: Due
    before: datetime

    @property
    def later(self) -> timedelta:
        return self.due.at - self.before

    @property
    def has_moved(self) -> bool:
        return self.due.at != self.before


def due_of(received_at: datetime, workdays: int, calendar: WorkCalendar, close_of: TimeOfDay) -> Due:
    """Close of business of the n-th working day after the one of receipt, on the Shanghai clock.

    Raises ValueError for a time without a zone, and for fewer than one day.
    """
    if workdays < 1:
        raise ValueError(f"期限至少一个工作日，不能是{workdays}")
    received_on = in_shanghai(received_at).date()
    due_on = calendar.add_workdays(received_on, workdays)
    counted = (received_on + timedelta(days=n) for n in range(1, (due_on - received_on).days + 1))
    is_provisional = any(calendar.is_provisional(day) for day in counted)
    return Due(datetime.combine(due_on, close_of(due_on), SHANGHAI), is_provisional)


def reckoned_anew(
    received_at: datetime, old: datetime, workdays: int, calendar: WorkCalendar, close_of: TimeOfDay
) -> Reckoned:
    """The deadline by the calendar as it is known now, beside the one that was told; for the case's history."""
    return Reckoned(due_of(received_at, workdays, calendar, close_of), in_shanghai(old))


def workdays_of(policy: str, rules: MessageRules) -> int:
    """How many working days a policy has by the centre's rules. Raises KeyError for one that there is not."""
    return {REPLY: rules.reply_workdays, ACCEPT: rules.accept_workdays, TRANSFER: rules.transfer_workdays}[policy]


def close_of_business(hours: OpeningHours, calendar: WorkCalendar, default: time = USUAL_CLOSE) -> TimeOfDay:
    """When the centre closes on a day: the end of its last period, `default` where it has none.

    A period that ends at midnight closes the day at 23:59, so that the deadline stays on its date.
    """

    def close_of(day: date) -> time:
        ends = [_end(period) for period in periods_on(hours, calendar, day)]
        return max(ends, default=default)

    return close_of


def opening_of_business(hours: OpeningHours, calendar: WorkCalendar, default: time = USUAL_OPENING) -> TimeOfDay:
    """When the centre opens on a day: the start of its first period, `default` where it has none."""

    def open_of(day: date) -> time:
        return min((period.start for period in periods_on(hours, calendar, day)), default=default)

    return open_of


def _end(period: Period) -> time:
    return period.end if period.start < period.end else LAST_MINUTE

"""When a case is due, and when it is looked at: policies by a centre's rules and hours, and the national calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from integrations.services import Services
from integrations.work_calendar import SHANGHAI, WorkCalendar, in_shanghai
from queueing.centre import Centre
from queueing.centre_file import read_centres
from queueing.message_rules import DEFAULT_MESSAGE_RULES, MessageRules
from queueing.timetable import Timetable
from voicemail.deadline import (
    TRANSFER,
    USUAL_CLOSE,
    USUAL_OPENING,
    Due,
    close_of_business,
    due_of,
    opening_of_business,
    workdays_of,
)
from voicemail.reminders import Look, look_plan
from voicemail.work_order import POLICY_OF

# Nobody is shut for longer; without a working day in sight it is done at once.
HORIZON_DAYS = 60


@dataclass(frozen=True, slots=True)
class Promise:
    """A due date with what it follows from, as a new case and the columns of a case want it."""

    due_at: datetime
    due_policy: str
    due_is_provisional: bool
    workdays: int

    @property
    def columns(self) -> dict[str, Any]:
        """What of it are columns of a case."""
        names = ("due_at", "due_policy", "due_is_provisional")
        return {name: getattr(self, name) for name in names}


class CaseClock:
    """Built once per process. `centres` is asked each time, and the calendar is the one in force."""

    def __init__(self, centres: Callable[[], Mapping[str, Centre]], timetable: Timetable) -> None:
        self.centres, self._timetable = centres, timetable

    @property
    def calendar(self) -> WorkCalendar:
        """Working days as they are known now."""
        return self._timetable.calendar

    def rules(self, centre: str) -> MessageRules:
        """How many days a centre has for what."""
        found = self.centres().get(centre)
        return found.messages if found else DEFAULT_MESSAGE_RULES

    def promise(self, kind: str, centre: str, received_at: datetime) -> Promise:
        """By when a case of this kind is due that was received then."""
        return self.promise_by(POLICY_OF[kind], centre, received_at)

    def promise_by(self, policy: str, centre: str, received_at: datetime) -> Promise:
        """By when something is due by one of the POLICIES."""
        workdays = workdays_of(policy, self.rules(centre))
        due = self.due(centre, received_at, workdays)
        return Promise(due.at, policy, due.is_provisional, workdays)

    def take_by(self, centre: str, handed_at: datetime) -> datetime:
        """By when whoever a case was handed to has to take it."""
        return self.promise_by(TRANSFER, centre, handed_at).due_at

    def due(self, centre: str, received_at: datetime, workdays: int) -> Due:
        """Close of business of the centre's n-th working day after the day of receipt."""
        return due_of(received_at, workdays, self.calendar, self.close_of(centre))

    def plan(self, centre: str, received_at: datetime, due_at: datetime) -> tuple[Look, ...]:
        """When somebody is reminded of a case, and told that it is overdue: (level, moment), in order."""
        return look_plan(received_at, due_at, self.calendar, self.close_of(centre), self.open_of(centre))

    def escalates_at(self, centre: str, missed_at: datetime) -> datetime:
        """When the province hears of what was missed then: at close of business a working day later."""
        return self.due(centre, missed_at, 1).at

    def next_work_moment(self, centre: str, at: datetime) -> datetime:
        """The first moment from then on at which the centre works: never at night, nor on a day off."""
        local = in_shanghai(at)
        opens_at, closes_at = self.open_of(centre), self.close_of(centre)
        for day in (local.date() + timedelta(days=n) for n in range(HORIZON_DAYS)):
            closes = datetime.combine(day, closes_at(day), SHANGHAI)
            if self.calendar.is_workday(day) and local < closes:
                return max(local, datetime.combine(day, opens_at(day), SHANGHAI))
        return at

    def close_of(self, centre: str) -> Callable[[date], time]:
        """When a centre's working day ends."""
        found = self.centres().get(centre)
        return close_of_business(found.hours, self.calendar) if found else lambda day: USUAL_CLOSE

    def open_of(self, centre: str) -> Callable[[date], time]:
        """When a centre's working day begins."""
        found = self.centres().get(centre)
        return opening_of_business(found.hours, self.calendar) if found else lambda day: USUAL_OPENING


def case_clock_of(services: Services) -> CaseClock:
    """The clock for a process without menus."""
    centres = read_centres(services.settings.config_dir)
    return CaseClock(lambda: centres, Timetable(services, lambda: centres))

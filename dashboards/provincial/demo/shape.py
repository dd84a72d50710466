"""How many people ring a centre in which hour of which day: the shape of the made-up history. Pure.

The peaks (28% of a day from nine to eleven, 26% from fourteen to sixteen) and the province desk's 180,000 calls a year
are the ones that were published; everything else is plausible and made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from integrations.work_calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class Scale:
    """A centre's calls on an ordinary working day, and the consultants who sit there then."""

    calls: int
    seats: int


SCALES: Mapping[str, Scale] = {
    "340000": Scale(560, 5),
    "340100": Scale(1500, 15),
    "340200": Scale(520, 6),
    "340300": Scale(360, 4),
    "340400": Scale(290, 4),
    "340500": Scale(310, 5),
    "340600": Scale(240, 3),
    "340700": Scale(170, 2),
    "340800": Scale(480, 5),
    "341000": Scale(150, 2),
    "341100": Scale(400, 5),
    "341200": Scale(820, 6),
    "341300": Scale(560, 4),
    "341500": Scale(500, 6),
    "341600": Scale(520, 4),
    "341700": Scale(140, 2),
    "341800": Scale(270, 3),
}
# Of a hundred calls of a working day.
HOURS = (
    0.2,
    0.1,
    0.1,
    0.1,
    0.1,
    0.2,
    0.6,
    1.8,
    9.6,
    14.8,
    13.2,
    8.4,
    3.2,
    4.0,
    12.6,
    13.4,
    9.4,
    4.6,
    1.4,
    1.0,
    0.6,
    0.3,
    0.2,
    0.1,
)
WEEKDAYS = (1.18, 1.06, 1.0, 0.98, 0.92, 0.16, 0.13)
HOLIDAY, MAKE_UP_DAY = 0.07, 0.84
# Contributions of residents are collected from September on; benefits are adjusted in summer.
MONTHS = (1.05, 0.9, 1.08, 1.0, 0.97, 0.98, 1.12, 1.06, 1.04, 1.02, 1.06, 1.12)
# When pensions are paid, and the day after.
PAYDAYS = {10: 1.22, 11: 1.12, 20: 1.14, 25: 1.1}
AFTER_A_HOLIDAY = 1.3
# A policy took effect and everybody asked.
SURGES = {(1, 2): 1.5, (7, 16): 2.3, (11, 3): 1.7}
# Subject, of a hundred talks, seconds of talk. "": the consultant noted none.
SUBJECTS = (
    ("", 7, 150),
    ("pension-benefit", 17, 205),
    ("pension-payment", 15, 190),
    ("pension-retirement", 11, 240),
    ("pension-eligibility", 7, 130),
    ("card-loss", 9, 120),
    ("card-apply", 12, 140),
    ("medical-reimburse", 8, 210),
    ("unemployment-benefit", 9, 200),
    ("pension-transfer", 5, 225),
)


def calls_of_day(centre: str, day: date, calendar: WorkCalendar) -> float:
    """How many calls are to be expected that day."""
    factor = MONTHS[day.month - 1] * SURGES.get((day.month, day.day), 1.0)
    if not calendar.is_workday(day):
        return SCALES[centre].calls * factor * (HOLIDAY if calendar.holiday_name(day) else WEEKDAYS[day.weekday()])
    of_week = WEEKDAYS[day.weekday()] if day.weekday() < 5 else MAKE_UP_DAY
    yesterday = day.fromordinal(day.toordinal() - 1)
    after = AFTER_A_HOLIDAY if calendar.holiday_name(yesterday) else 1.0
    return SCALES[centre].calls * factor * of_week * PAYDAYS.get(day.day, 1.0) * after


def share_of_hour(hour: int) -> float:
    """Of a day's calls, those of this hour."""
    return HOURS[hour] / sum(HOURS)

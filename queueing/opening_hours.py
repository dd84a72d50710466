"""Whether a centre's human service is there at an instant, and when it opens next.

Pure. Opening hours decide routing only; deadlines count working days, a card freeze its own. All is decided
on the Shanghai clock; the opening instant counts as open, the closing instant as closed.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from integrations.work_calendar import SHANGHAI, DayKind, WorkCalendar, in_shanghai

HORIZON_DAYS = 60
Span = tuple[datetime, datetime]


class HoursState(StrEnum):
    """What a caller is told about the hour; each has its own announcement."""

    OPEN = "open"
    MAKEUP_DAY = "makeup_day"
    CLOSING_SOON = "closing_soon"
    NOON_CLOSED = "noon_closed"
    NOON_DUTY = "noon_duty"
    NIGHT = "night"
    NIGHT_DUTY = "night_duty"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CLOSED_EXCEPTIONALLY = "closed_exceptionally"

    @property
    def is_staffed(self) -> bool:
        """Somebody answers; on night duty, urgent matters only."""
        return self in ("open", "makeup_day", "closing_soon", "noon_duty", "night_duty")


@dataclass(frozen=True)
class Period:
    """From `start` up to but not including `end`; an end of 00:00 is midnight at the end of the day."""

    start: time
    end: time

    def on(self, day: date) -> Span:
        """The instants of the period that begins on `day`; it ends the next day when end <= start."""
        last = day if self.end > self.start else day + timedelta(days=1)
        return datetime.combine(day, self.start, SHANGHAI), datetime.combine(last, self.end, SHANGHAI)

    def crosses_midnight(self) -> bool:
        """True also when the end equals the start; a period that ends at midnight does not cross it."""
        return self.end <= self.start and self.end != time(0)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True)
class Season:
    """The hours of working days from `since` (month, day) until the next season begins."""

    since: tuple[int, int]
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class ExceptionalDay:
    """One date with hours of its own; no periods: closed all day. `reason` is spoken."""

    periods: tuple[Period, ...]
    reason: str


@dataclass(frozen=True)
class OpeningHours:
    """A centre's hours. The last season of the year runs on until the first one of the next.

    `noon_duty`: somebody answers between the day's periods. `night_duty`: urgent matters only, on the
    evenings of working days; a duty across midnight runs to its end, whatever the next day is.
    `sunday_periods`: None for the same as Saturday. `exceptional` days beat holidays, weekends and seasons.
    """

    seasons: tuple[Season, ...]
    noon_duty: bool = False
    night_duty: Period | None = None
    weekend_periods: tuple[Period, ...] = ()
    sunday_periods: tuple[Period, ...] | None = None
    exceptional: Mapping[date, ExceptionalDay] = field(default_factory=dict)


@dataclass(frozen=True)
class Closing:
    """A supervisor's exceptional closing: holds from `since`, ends by itself at `until` (aware times)."""

    since: datetime
    until: datetime
    reason: str

    def __post_init__(self) -> None:
        if in_shanghai(self.until) <= in_shanghai(self.since):
            raise ValueError("临时停止服务的结束时间要晚于开始时间")


@dataclass(frozen=True)
class HoursAt:
    """The answer for one instant.

    `is_staffed`: somebody answers, under `urgent_only` (night duty) urgent matters alone.
    `next_opening`: when ordinary service next begins; while open, when it begins again after the present
    stretch; None when not within 60 days. `closes_in_minutes`: whole minutes, rounded up, to the end of
    the present stretch of ordinary service, be it for noon, for the day or by a supervisor; else None.
    `reason`: of an exceptional day or closing. `provisional`: today or the next opening has no notice yet.
    """

    state: HoursState
    is_staffed: bool
    urgent_only: bool
    next_opening: datetime | None
    closes_in_minutes: int | None
    holiday: str | None
    reason: str | None
    provisional: bool


def hours_at(
    hours: OpeningHours,
    calendar: WorkCalendar,
    at: datetime,
    closings: Sequence[Closing] = (),
    closing_soon_minutes: int = 10,
) -> HoursAt:
    """What holds at `at`. Raises ValueError for a time without a zone.

    Closing soon means that nobody comes back the same day: ten minutes before a noon break the state
    stays open, since what is said at closing ("tomorrow morning") would be untrue.
    """
    now = in_shanghai(at)
    today = now.date()
    closes_at, next_opening = _present_and_next(hours, calendar, now, closings)
    minutes = None if closes_at is None else -((now - closes_at) // timedelta(minutes=1))
    back_today = next_opening is not None and next_opening.date() == today
    closing = next((c for c in closings if c.since <= now < c.until), None)
    exceptional = hours.exceptional.get(today)
    if closing or (exceptional and not exceptional.periods):
        state = HoursState.CLOSED_EXCEPTIONALLY
    elif minutes is not None and minutes <= closing_soon_minutes and not back_today:
        state = HoursState.CLOSING_SOON
    else:
        state = _state(hours, calendar, now)
    special = closing or exceptional
    ahead = next_opening.date() if next_opening else today
    return HoursAt(
        state=state,
        is_staffed=state.is_staffed,
        urgent_only=state is HoursState.NIGHT_DUTY,
        next_opening=next_opening,
        closes_in_minutes=minutes,
        holiday=calendar.holiday_name(today),
        reason=special.reason if special else None,
        provisional=calendar.is_provisional(today) or calendar.is_provisional(ahead),
    )


def periods_on(hours: OpeningHours, calendar: WorkCalendar, day: date) -> tuple[Period, ...]:
    """The day's periods of ordinary service; () when closed. Supervisors' closings are not looked at."""
    if day in hours.exceptional:
        return hours.exceptional[day].periods
    kind = calendar.kind(day)
    if kind is DayKind.HOLIDAY:
        return ()
    if kind is DayKind.WEEKEND:
        sunday = hours.sunday_periods if day.weekday() == 6 else None
        return hours.weekend_periods if sunday is None else sunday
    return season_on(hours, day).periods


def season_on(hours: OpeningHours, day: date) -> Season:
    """The season in force on a day. Raises ValueError when there is none at all."""
    ordered = sorted(hours.seasons, key=lambda season: season.since)
    begun = [season for season in ordered if season.since <= (day.month, day.day)]
    return max(begun or ordered, key=lambda season: season.since)


def _state(hours: OpeningHours, calendar: WorkCalendar, now: datetime) -> HoursState:
    """The state of a day that is not closed exceptionally, leaving aside whether it closes soon."""
    today = now.date()
    kind = calendar.kind(today)
    spans = sorted(period.on(today) for period in periods_on(hours, calendar, today))
    if any(start <= now < end for start, end in spans):
        return HoursState.MAKEUP_DAY if kind is DayKind.MAKEUP else HoursState.OPEN
    if spans and spans[0][0] <= now < spans[-1][1]:
        return HoursState.NOON_DUTY if hours.noon_duty else HoursState.NOON_CLOSED
    if _on_night_duty(hours, calendar, now):
        return HoursState.NIGHT_DUTY
    if kind is DayKind.HOLIDAY:
        return HoursState.HOLIDAY
    return HoursState.WEEKEND if kind is DayKind.WEEKEND else HoursState.NIGHT


def _on_night_duty(hours: OpeningHours, calendar: WorkCalendar, now: datetime) -> bool:
    for day in (now.date(), now.date() - timedelta(days=1)):
        start, end = hours.night_duty.on(day) if hours.night_duty else (now, now)
        if start <= now < end and calendar.is_workday(day) and periods_on(hours, calendar, day):
            return True
    return False


def _present_and_next(
    hours: OpeningHours, calendar: WorkCalendar, now: datetime, closings: Sequence[Closing]
) -> tuple[datetime | None, datetime | None]:
    """The end of the present stretch of ordinary service (None: none, or no end in sight); the next start."""
    ends = None
    for start, end in stretches(hours, calendar, now.date(), closings):
        if start > now:
            return ends, start
        if end > now:
            ends = end
    horizon = datetime.combine(now.date() + timedelta(days=HORIZON_DAYS + 1), time(0), SHANGHAI)
    return (None if ends and ends >= horizon else ends), None


def stretches(hours: OpeningHours, calendar: WorkCalendar, first: date, closings: Sequence[Closing]) -> Iterator[Span]:
    """Ordinary service from the day `first` to the horizon, in order, touching spans joined, closings cut out."""
    pending: Span | None = None
    for n in range(HORIZON_DAYS + 1):
        for start, end in _cut(_service(hours, calendar, first + timedelta(days=n)), closings):
            if pending and start <= pending[1]:
                pending = pending[0], max(pending[1], end)
                continue
            if pending:
                yield pending
            pending = start, end
    if pending:
        yield pending


def _service(hours: OpeningHours, calendar: WorkCalendar, day: date) -> list[Span]:
    spans = sorted(period.on(day) for period in periods_on(hours, calendar, day))
    return [(spans[0][0], spans[-1][1])] if spans and hours.noon_duty else spans


def _cut(spans: list[Span], closings: Sequence[Closing]) -> list[Span]:
    for closing in closings:
        since, until = in_shanghai(closing.since), in_shanghai(closing.until)
        before = [(start, min(end, since)) for start, end in spans]
        after = [(max(start, until), end) for start, end in spans]
        spans = sorted((start, end) for start, end in before + after if start < end)
    return spans


def validate_hours(hours: OpeningHours) -> list[str]:
    """All that is wrong with a centre's hours, as Chinese sentences for the person who wrote them."""
    problems = [] if hours.seasons else ["没有写任何季节的上班时间"]
    since = [season.since for season in hours.seasons]
    problems += [f"有两个季节都从{m}月{d}日开始" for m, d in sorted({s for s in since if since.count(s) > 1})]
    for season in hours.seasons:
        name = "{}月{}日起的季节".format(*season.since)
        problems += _period_problems(name, season.periods, hours.night_duty)
        problems += [] if _is_month_day(season.since) else [f"{name}: 没有这一天"]
        problems += [] if season.periods else [f"{name}: 没有写上班时段"]
    problems += _period_problems("周末", hours.weekend_periods, None)
    problems += _period_problems("星期日", hours.sunday_periods or (), None)
    for day, exceptional in sorted(hours.exceptional.items()):
        problems += _period_problems(day.isoformat(), exceptional.periods, None)
        problems += [] if exceptional.reason.strip() else [f"{day.isoformat()}: 没有写原因"]
    if hours.night_duty and hours.night_duty.start == hours.night_duty.end:
        problems.append(f"夜间值班 {hours.night_duty}: 开始和结束是同一时刻")
    return problems


def _is_month_day(month_day: tuple[int, int]) -> bool:
    month, day = month_day
    return 1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1]  # 2024: 29 February is a day


def _period_problems(name: str, periods: tuple[Period, ...], night_duty: Period | None) -> list[str]:
    backward = [period for period in periods if period.crosses_midnight()]
    problems = [f"{name}: {period} 的结束不晚于开始" for period in backward]
    ordered = sorted((p for p in periods if p not in backward), key=lambda period: period.start)
    overlapping = [(a, b) for a, b in pairwise(ordered) if _overlap(a, b)]
    problems += [f"{name}: {a} 和 {b} 重叠" for a, b in overlapping]
    if night_duty:
        clashing = [period for period in ordered if _overlap(night_duty, period)]
        problems += [f"{name}: 夜间值班 {night_duty} 和上班时段 {period} 重叠" for period in clashing]
    return problems


def _overlap(a: Period, b: Period) -> bool:
    """Whether two periods, the first perhaps across midnight, share a minute of the clock."""
    day = date(2024, 1, 1)
    start, end = b.on(day)
    spans = [a.on(day), a.on(day - timedelta(days=1))]
    return any(since < end and start < until for since, until in spans)

"""When a caller may be rung, and which half hours can still be promised.

Pure. Decent is what lies inside the centre's ordinary service (calendar, closings) and inside the hours of its
callback rules. Everything is aware and on the Shanghai clock; a night duty is for urgent matters, and rings nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.work_calendar import WorkCalendar, in_shanghai
from queueing.callback_rules import SLOT_MINUTES, CallbackRules
from queueing.opening_hours import Closing, OpeningHours, Period, Span, stretches

__all__ = ["SLOT_MINUTES", "Slot", "decent_spans", "next_decent_moment", "open_slots"]
_SLOT = timedelta(minutes=SLOT_MINUTES)


@dataclass(frozen=True, slots=True)
class Slot:
    """A half hour that is promised, on the Shanghai clock; `until` does not belong to it any more."""

    since: datetime
    until: datetime


def decent_spans(
    hours: OpeningHours,
    calendar: WorkCalendar,
    rules: CallbackRules,
    at: datetime,
    closings: Sequence[Closing] = (),
) -> Iterator[Span]:
    """When callers may be rung, in order, from `at` to 60 days ahead; a span that has begun is cut to `at`.

    Each span lies within one day. Raises ValueError for a time without a zone.
    """
    now = in_shanghai(at)
    window = Period(rules.first_time, rules.last_time)
    for since, until in stretches(hours, calendar, now.date(), closings):
        day = max(since, now).date()
        while day <= until.date():
            first, last = window.on(day)
            span = max(since, first, now), min(until, last)
            if span[0] < span[1]:
                yield span
            day += timedelta(days=1)


def next_decent_moment(spans: Iterable[Span], at: datetime) -> datetime | None:
    """The first moment from `at` on at which a caller may be rung, `at` itself if it is one; None without any.

    `spans` are in order. Raises ValueError for a time without a zone.
    """
    now = in_shanghai(at)
    return next((max(since, now) for since, until in spans if until > now), None)


def open_slots(
    spans: Iterable[Span],
    now: datetime,
    taken: Mapping[datetime, int],
    capacity: int,
    most: int = 3,
    lead_minutes: int = 10,
) -> list[Slot]:
    """The next half hours with room, at most `most`, beginning on the hour or the half hour.

    Each lies inside one of the `spans` (which are in order) and begins `lead_minutes` from now or later. `taken` are
    the callbacks promised by the beginning of their slot, any zone; missing is none. ValueError without a zone.
    """
    earliest = in_shanghai(now) + timedelta(minutes=lead_minutes)
    found: list[Slot] = []
    for slot in _half_hours(spans, earliest):
        if len(found) >= most:
            break
        if taken.get(slot.since, 0) < capacity:
            found.append(slot)
    return found


def _half_hours(spans: Iterable[Span], earliest: datetime) -> Iterator[Slot]:
    for since, until in spans:
        begins = _on_the_half_hour(max(in_shanghai(since), earliest))
        while begins + _SLOT <= until:
            yield Slot(begins, begins + _SLOT)
            begins += _SLOT


def _on_the_half_hour(at: datetime) -> datetime:
    """The next beginning of a half hour on the clock; `at` itself when it is one."""
    begun = at.replace(minute=at.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
    return begun if begun == at else begun + _SLOT

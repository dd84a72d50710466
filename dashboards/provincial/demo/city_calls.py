"""Made-up calls of a city with a system of its own, one by one, as that system would tell them. The same every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from dashboards.provincial.demo.shape import SUBJECTS, calls_of_day, share_of_hour
from dashboards.provincial.demo.staffing import midnight, staffed_share
from integrations.work_calendar import WorkCalendar
from queueing.centre import Centre

# Of a hundred, while somebody answers and while nobody does.
OPEN_OUTCOMES = {
    "answered": 58,
    "self_served": 27,
    "abandoned_in_queue": 4,
    "short_abandon": 1,
    "human_unavailable": 1,
    "voicemail": 1,
    "abandoned_in_menu": 8,
}
CLOSED_OUTCOMES = {"after_hours": 54, "self_served": 35, "voicemail": 11}
SCORES = {None: 62, 1: 24, 2: 8, 3: 4, 4: 1, 5: 1}


def calls_of(centre: Centre, day: date, calendar: WorkCalendar) -> list[dict[str, Any]]:
    """The day's calls in their order; rows as a batch of calls has them, with moments as ISO text."""
    chance = Random(f"{centre.code} {day}")
    expected = calls_of_day(centre.code, day, calendar)
    moments = sorted(moment for hour in range(24) for moment in _moments(day, hour, expected, chance))
    return [_call(centre, calendar, at, number, chance) for number, at in enumerate(moments, 1)]


def _moments(day: date, hour: int, expected: float, chance: Random) -> Iterator[datetime]:
    mean = expected * share_of_hour(hour)
    # The whole part always comes, the rest by chance, and a few more or less.
    count = max(0, round(chance.gauss(mean, mean**0.5)) if mean > 2 else int(mean + chance.random()))
    begin = midnight(day) + timedelta(hours=hour)
    yield from (begin + timedelta(seconds=chance.randrange(3600)) for _ in range(count))


def _call(centre: Centre, calendar: WorkCalendar, at: datetime, number: int, chance: Random) -> dict[str, Any]:
    local_day = at.date()
    is_open = chance.random() < staffed_share(centre, calendar, local_day, at.hour)
    outcome = _choose(OPEN_OUTCOMES if is_open else CLOSED_OUTCOMES, chance)
    row: dict[str, Any] = {
        "call_id": f"C{local_day:%y%m%d}-{number:04d}",
        "started_at": at.isoformat(),
        "outcome": outcome,
    }
    seconds = 20 + chance.randrange(60)
    if outcome == "answered":
        row |= _talk(chance)
        seconds += sum(row[name] for name in ("wait_seconds", "talk_seconds", "hold_seconds"))
    elif outcome in ("abandoned_in_queue", "short_abandon"):
        row["wait_seconds"] = 5 + chance.randrange(150) if outcome == "abandoned_in_queue" else chance.randrange(5)
        seconds += row["wait_seconds"]
    return {**row, "ended_at": (at + timedelta(seconds=seconds)).isoformat()}


def _talk(chance: Random) -> dict[str, Any]:
    subject, _, usual = chance.choices(SUBJECTS, weights=[share for _, share, _ in SUBJECTS])[0]
    talk: dict[str, Any] = {
        "subject": subject,
        "wait_seconds": int(chance.expovariate(1 / 12)),
        "talk_seconds": 15 + int(chance.expovariate(1 / usual)),
        "hold_seconds": chance.choice((0, 0, 0, 20, 45)),
        "wrap_up_seconds": 15 + chance.randrange(40),
    }
    score = _choose(SCORES, chance)
    return talk if score is None else {**talk, "score": score}


def _choose(weights: Mapping[Any, int], chance: Random) -> Any:
    return chance.choices(list(weights), weights=list(weights.values()))[0]

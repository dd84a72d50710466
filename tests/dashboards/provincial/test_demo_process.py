"""The two cities of a demo: what they push in the day, at midnight, at night and after a long rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from dashboards.provincial.cities.push_client import Answer, Sender
from dashboards.provincial.demo.city_calls import calls_of
from dashboards.provincial.demo.process import CITIES, City, enter_cities, told_until, totals_of
from integrations.services import Services
from integrations.work_calendar import SHANGHAI, WorkCalendar
from ivr.keeper import LibraryKeeper
from queueing.seed import seed_centres

HUANGSHAN, _ = CITIES
CALENDAR = WorkCalendar()
FRIDAY = date(2026, 11, 20)
DAY = timedelta(days=1)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Door(Sender):
    """Takes everything, and remembers it."""

    taken: list[tuple[str, list[Mapping[str, Any]]]] = field(default_factory=list)

    def send(self, kind: str, rows: list[Mapping[str, Any]], *, partial: bool) -> Answer:
        self.taken.append((kind, rows))
        return Answer(200, {})

    def calls(self) -> list[str]:
        return sorted(row["call_id"] for kind, rows in self.taken if kind == "calls" for row in rows)

    def totals(self) -> dict[str, int]:
        return {row["day"]: row["received"] for kind, rows in self.taken if kind == "totals" for row in rows}


@pytest.fixture
def door() -> Door:
    return Door("", HUANGSHAN, "", b"")


@pytest.fixture
def city(keeper: LibraryKeeper, door: Door) -> City:
    return City(keeper.library().centres[HUANGSHAN], CALENDAR, door)


def ids(city: City, *days: date) -> list[str]:
    return sorted(call["call_id"] for day in days for call in calls_of(city.centre, day, CALENDAR))


def test_a_demo_that_stood_still_for_weeks_makes_up_for_all_of_them(city: City, door: Door) -> None:
    city.tell_earlier_days(shanghai("11-20 12:00:00"), date(2026, 11, 6))
    days = [date(2026, 11, day) for day in range(6, 20)]
    assert door.calls() == ids(city, *days)
    assert door.totals() == {day.isoformat(): len(calls_of(city.centre, day, CALENDAR)) for day in days}


def test_who_ends_it_meanwhile_does_not_wait(city: City, door: Door) -> None:
    city.tell_earlier_days(shanghai("11-20 12:00:00"), date(2026, 1, 1), lambda: bool(door.taken))
    assert len(door.totals()) == 1


def test_over_midnight_every_call_is_told_and_the_day_s_total(city: City, door: Door) -> None:
    city.tell_today(shanghai("11-19 23:50:00"))
    city.tell_today(shanghai("11-20 00:00:05"))
    city.tell_today(shanghai("11-20 03:00:00"))
    assert set(ids(city, FRIDAY - DAY)) <= set(door.calls())
    assert door.totals() == {"2026-11-19": totals_of(calls_of(city.centre, FRIDAY - DAY, CALENDAR))["received"]}


def test_begun_after_midnight_it_tells_of_the_calls_of_the_evening(city: City, door: Door) -> None:
    begun = shanghai("11-20 00:00:05")
    city.tell_earlier_days(begun, FRIDAY)
    assert all(
        datetime.fromisoformat(row["ended_at"]) <= begun for kind, rows in door.taken if kind == "calls" for row in rows
    )
    city.tell_today(begun)
    city.tell_today(begun + timedelta(hours=1))
    assert set(ids(city, FRIDAY - DAY)) <= set(door.calls())


def test_at_night_a_city_says_that_nothing_has_happened(city: City, door: Door) -> None:
    at = shanghai("11-20 03:00:00")
    for seconds in range(0, 1200, 15):
        city.tell_today(at + timedelta(seconds=seconds))
    words = [kind for kind, _ in door.taken]
    assert 4 <= len(words) <= 8 and set(words) == {"calls"}


def test_a_city_goes_on_where_it_has_stopped(services: Services, keeper: LibraryKeeper) -> None:
    seed_centres(services.database, keeper.library().centres)
    since = enter_cities(services, CITIES)
    assert told_until(services, CITIES) == since
    with services.database.pool.connection() as connection:
        connection.execute(
            "UPDATE city_system SET newest_at = since + interval '9 days' WHERE centre = %s", (HUANGSHAN,)
        )
    assert told_until(services, CITIES)[HUANGSHAN] == since[HUANGSHAN] + 9 * DAY

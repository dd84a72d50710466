"""A city's own daily totals beside what arrived: listed until they agree or somebody says why they do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from app import periodic
from dashboards.console.errors import Refused
from dashboards.provincial.cities.reconciliation import DAYS, Listed, Seen, explain, read_days, read_listed, reconcile
from dashboards.provincial.cities.reconciliation_jobs import reconcile_cities
from dashboards.provincial.cities.reconciliation_rules import (
    AGREES,
    DIFFERS,
    EMPTY,
    EXPLAINED,
    NO_TOTAL,
    OPEN,
    Day,
    Difference,
    compare,
    state_of,
)
from dashboards.provincial.measures import MEASURES
from integrations.task_queue import set_job_settings
from integrations.work_calendar import SHANGHAI
from tests.dashboards.console_app import ConsoleApp

HEFEI, WUHU = "340100", "340200"
FRIDAY = date(2026, 11, 20)
YESTERDAY = FRIDAY - timedelta(days=1)


def test_only_what_the_city_told_can_differ() -> None:
    assert compare({"received": 10, "answered": 7}, {"received": 10, "answered": 7, "failed": 3}) == ()
    found = compare({"answered": 7, "received": 10}, {"received": 9, "failed": 9})
    assert found == (Difference("received", 10, 9), Difference("answered", 7, 0))


def test_a_measure_that_nobody_knows_is_not_compared() -> None:
    assert compare({"received": 1, "moonshine": 5}, {"received": 1}) == ()


@pytest.mark.parametrize(
    ("claimed", "arrived", "unexplained", "listed", "is_due", "state"),
    [
        ({"received": 3}, 3, 0, 0, False, AGREES),
        ({"received": 3}, 2, 1, 1, False, DIFFERS),
        ({"received": 3}, 2, 0, 0, False, DIFFERS),
        ({"received": 3}, 2, 0, 1, False, EXPLAINED),
        ({"received": 3}, 2, 1, 2, True, OPEN),
        ({"received": 0}, 0, 0, 0, False, AGREES),
        (None, 2, 0, 0, False, NO_TOTAL),
        (None, 0, 0, 0, False, EMPTY),
    ],
)
def test_a_day_stands_as_its_list_says(
    claimed: dict[str, int] | None, arrived: int, unexplained: int, listed: int, is_due: bool, state: str
) -> None:
    day = Day(HEFEI, YESTERDAY, claimed, {"received": arrived}, is_due)
    assert state_of(day, unexplained, listed) == state


class City:
    """Hefei with a system of its own since October, over the test database."""

    def __init__(self, app: ConsoleApp) -> None:
        self.app = app
        self._batches = self._versions = 0
        self.register(HEFEI)

    def register(self, centre: str, since: str = "2026-10-01 00:00+08") -> None:
        self.app.write("INSERT INTO city_system (centre, since) VALUES (%s, %s)", centre, since)

    def tell(self, day: date, centre: str = HEFEI, **measures: int) -> None:
        """The city's total of a day, in the place of an earlier one."""
        self._versions += 1
        self.app.write("UPDATE city_total SET is_current = false WHERE centre = %s AND day = %s", centre, day)
        self.app.write(
            "INSERT INTO city_total (centre, day, version, batch, is_current, measures) "
            "VALUES (%s, %s, %s, %s, true, %s)",
            *(centre, day, self._versions, self._batch(centre), Jsonb(measures)),
        )

    def arrive(self, day: date, centre: str = HEFEI, channel: str = "phone", source: str = "city", **sums: int) -> None:
        """The facts of a day."""
        names = ["received", *(name for name in sums if name != "received")]
        assert set(names) <= set(MEASURES)
        columns, marks = ", ".join(names), ", ".join(["%s"] * len(names))
        self.app.write(
            f"INSERT INTO fact (grain, subject, at, centre, channel, source, {columns}) "
            f"VALUES ('day', '*', %s, %s, %s, %s, {marks}) ON CONFLICT (grain, subject, at, centre, channel, source) "
            f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names)}",
            *(midnight(day), centre, channel, source, *(sums.get(name, 0) for name in names)),
        )

    def due(self, day: date, is_due: bool = True) -> None:
        self.app.write(
            "INSERT INTO fact_day (day, built_at, is_due) VALUES (%s, now(), %s) "
            "ON CONFLICT (day) DO UPDATE SET is_due = excluded.is_due",
            *(day, is_due),
        )

    def reconcile(self, **more: Any) -> int:
        with self.app.services.database.pool.connection() as connection, connection.transaction():
            return reconcile(connection, self.app.clock(), **more)

    def listed(self, *centres: str) -> list[Listed]:
        with self.app.services.database.pool.connection() as connection:
            return read_listed(connection, centres or (HEFEI,))

    def numbers(self) -> list[tuple[str, int, int]]:
        return [(row.measure, row.claimed, row.arrived) for row in self.listed()]

    def explain(self, row: Listed, words: str = "停电两小时") -> None:
        with self.app.services.database.pool.connection() as connection, connection.transaction():
            seen = [Seen(row.id, row.claimed, row.arrived)]
            explain(connection, row.centre, row.day, seen, words, "hefei", self.app.clock())

    def _batch(self, centre: str) -> int:
        self._batches += 1
        row = self.app.rows(
            "INSERT INTO city_batch (centre, batch_id, kind, via, digest, received_at, status, rows, accepted, "
            "unchanged, refused, sent_by) VALUES (%s, %s, 'totals', 'push', '', %s, 'accepted', 1, 1, 0, 0, 'ck-1') "
            "RETURNING id",
            *(centre, f"b{self._batches}", self.app.clock()),
        )
        return int(row[0][0])


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


@pytest.fixture
def city(console: ConsoleApp) -> City:
    return City(console)


def test_a_day_that_agrees_is_not_listed(city: City) -> None:
    city.tell(YESTERDAY, received=10, answered=7)
    city.arrive(YESTERDAY, received=6, answered=5, failed=1)
    city.arrive(YESTERDAY, channel="web", received=4, answered=2, failed=2)
    assert city.reconcile() == 0 and city.listed() == []


def test_every_measure_that_differs_is_listed_once_however_often_it_is_looked_at(city: City) -> None:
    city.tell(YESTERDAY, received=10, answered=7, failed=0)
    city.arrive(YESTERDAY, received=9, answered=7)
    city.tell(YESTERDAY - timedelta(days=1), received=3)
    assert [city.reconcile(), city.reconcile()] == [2, 2]
    assert city.numbers() == [("received", 10, 9), ("received", 3, 0)]


def test_calls_to_this_hotline_and_made_up_history_are_not_what_the_city_sent(city: City) -> None:
    city.tell(YESTERDAY, received=5)
    city.arrive(YESTERDAY, source="own", received=5)
    city.arrive(YESTERDAY, source="demo", received=5)
    city.reconcile()
    assert city.numbers() == [("received", 5, 0)]


def test_it_goes_off_the_list_when_both_agree_and_comes_anew_when_they_part(city: City) -> None:
    city.tell(YESTERDAY, received=10)
    city.arrive(YESTERDAY, received=9)
    city.reconcile()
    first = city.listed()[0].id
    city.arrive(YESTERDAY, received=10)
    assert city.reconcile() == 0 and city.listed() == []
    (agreed_at,) = city.app.rows("SELECT agreed_at FROM city_difference WHERE id = %s", first)[0]
    assert agreed_at == city.app.clock()
    city.tell(YESTERDAY, received=11)
    assert city.reconcile() == 1 and city.listed()[0].id != first


def test_an_explanation_holds_for_its_numbers_and_for_no_others(city: City) -> None:
    city.tell(YESTERDAY, received=10)
    city.arrive(YESTERDAY, received=9)
    city.reconcile()
    city.app.clock.forward(minutes=1)
    city.explain(city.listed()[0])
    assert city.reconcile() == 0 and city.listed()[0].is_explained
    city.app.clock.forward(minutes=5)
    city.arrive(YESTERDAY, received=8)
    assert city.reconcile() == 1
    (row,) = city.listed()
    assert (row.is_explained, row.explanation, row.found_at) == (False, "停电两小时", city.app.clock())
    city.explain(row, "又少了一个")
    assert city.reconcile() == 0 and city.listed()[0].explanation == "又少了一个"


def test_what_was_explained_while_the_job_was_counting_was_explained_for_the_numbers_before(city: City) -> None:
    city.tell(YESTERDAY, received=10)
    city.arrive(YESTERDAY, received=9)
    city.reconcile()
    city.app.clock.forward(seconds=30)
    city.explain(city.listed()[0])
    # The job took its time before, and finds other numbers.
    city.app.clock.forward(seconds=-10)
    city.arrive(YESTERDAY, received=8)
    assert city.reconcile() == 1 and not city.listed()[0].is_explained


def test_nobody_explains_numbers_that_are_not_so_any_more(city: City) -> None:
    city.tell(YESTERDAY, received=10)
    city.arrive(YESTERDAY, received=9)
    city.reconcile()
    seen = city.listed()[0]
    city.arrive(YESTERDAY, received=8)
    city.reconcile()
    with pytest.raises(Refused) as refused:
        city.explain(seen)
    assert refused.value.http_status == 409 and city.listed()[0].explanation is None


def test_a_day_that_is_still_being_counted_is_left_as_it_is(city: City) -> None:
    city.tell(YESTERDAY, received=10)
    city.due(YESTERDAY)
    assert city.reconcile() == 0
    city.due(YESTERDAY, is_due=False)
    assert city.reconcile() == 1
    # A correction came and is not counted yet: nothing is taken off the list by it.
    city.due(YESTERDAY)
    city.tell(YESTERDAY, received=0)
    assert city.reconcile() == 1


def test_today_is_not_over_and_is_not_compared(city: City) -> None:
    city.tell(FRIDAY, received=10)
    assert city.reconcile() == 0
    city.app.clock.forward(hours=14)
    assert city.reconcile() == 1


def test_what_nobody_explained_stays_listed_beyond_the_month_and_may_still_agree(city: City) -> None:
    city.tell(YESTERDAY, received=10)
    city.reconcile()
    city.app.clock.forward(days=DAYS + 5)
    assert city.reconcile() == 1
    city.arrive(YESTERDAY, received=10)
    assert city.reconcile() == 0 and city.listed() == []


def test_a_total_that_was_taken_back_cannot_differ(city: City) -> None:
    city.tell(YESTERDAY, received=10, answered=3)
    city.arrive(YESTERDAY, received=9)
    city.reconcile()
    city.tell(YESTERDAY, received=9)
    assert city.reconcile() == 0


def test_every_day_of_a_city_is_there_with_and_without_a_total(city: City) -> None:
    city.register(WUHU, since="2026-11-18 09:00+08")
    city.tell(YESTERDAY, received=10)
    city.arrive(YESTERDAY, centre=WUHU, received=4)
    with city.app.services.database.pool.connection() as connection:
        days = {(day.centre, day.day): day for day in read_days(connection, city.app.clock())}
        assert read_days(connection, city.app.clock(), centres=()) == []
        of_wuhu = read_days(connection, city.app.clock(), centres=(WUHU,))
    assert len([centre for centre, _ in days if centre == HEFEI]) == DAYS
    assert [day.day.day for day in of_wuhu] == [18, 19]
    assert days[WUHU, YESTERDAY].claimed is None and days[WUHU, YESTERDAY].arrived["received"] == 4
    assert days[HEFEI, YESTERDAY].claimed == {"received": 10} and max(day for _, day in days) == YESTERDAY


def test_two_jobs_at_once_leave_one_list(city: City) -> None:
    for ago in range(1, 20):
        city.tell(FRIDAY - timedelta(days=ago), received=ago)
    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(city.reconcile) for _ in range(4)]:
            job.result()
    assert len(city.listed()) == 19 and city.reconcile() == 19


def test_the_clock_starts_the_job_and_it_may_run_twice(city: City) -> None:
    assert (reconcile_cities, 300) in [(job.func, job.interval_seconds) for job in periodic()]
    city.tell(YESTERDAY, received=10)
    set_job_settings(city.app.services.settings, city.app.services)
    reconcile_cities()
    reconcile_cities()
    assert city.numbers() == [("received", 10, 0)]

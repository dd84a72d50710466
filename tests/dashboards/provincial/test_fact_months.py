"""Long periods are read from months and years, and say the same as their days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from dashboards.provincial.facts import rows as fact_rows
from dashboards.provincial.facts.build import build_day
from dashboards.provincial.facts.rows import Slice
from tests.dashboards.provincial.figures_app import HEFEI, WUHU, Figures
from tests.dashboards.staff_app import StaffApp

# The end of a month, two whole ones, the beginning of another.
LONG = Slice(date(2026, 7, 20), date(2026, 10, 6), (HEFEI, WUHU))
DAYS = ("2026-07-31", "2026-08-01", "2026-08-31", "2026-09-15", "2026-10-01")


@pytest.fixture
def figures(staff: StaffApp) -> Iterator[Figures]:
    """A call of each city around the edges of months, as the raw rows have them and as facts."""
    office = Figures(staff)
    for n, day in enumerate(DAYS):
        office.own_call(f"CA{n}", f"{day} 00:30")
        office.city_call(f"w{n}", f"{day} 23:30", subject="card-loss")
        build_day(staff.services.database, date.fromisoformat(day), staff.clock())
    yield office


def read(figures: Figures, what: str, piece: Slice = LONG) -> Any:
    with figures.staff.services.database.pool.connection() as connection:
        return getattr(fact_rows, what)(connection, piece)


def received(sums: dict[Any, dict[str, int]]) -> dict[Any, int]:
    return {key: one["received"] for key, one in sums.items()}


def test_months_are_made_with_their_days(figures: Figures) -> None:
    rows = figures.staff.rows(
        "SELECT (at AT TIME ZONE 'Asia/Shanghai')::date::text, sum(received) FROM fact "
        "WHERE grain = 'month' AND subject = '*' GROUP BY 1 ORDER BY 1"
    )
    assert rows == [("2026-07-01", 2), ("2026-08-01", 4), ("2026-09-01", 2), ("2026-10-01", 2)]


def test_a_long_period_says_the_same_by_months_as_by_days(figures: Figures) -> None:
    by_months = {what: read(figures, what) for what in ("sums", "by_centre", "by_subject", "by_month", "by_channel")}
    assert by_months["sums"]["received"] == 10
    assert received(by_months["by_centre"]) == {HEFEI: 5, WUHU: 5}
    assert received(by_months["by_subject"]) == {"": 5, "card-loss": 5}
    assert received(by_months["by_channel"]) == {"phone": 5, "web": 5}
    assert list(received(by_months["by_month"]).values()) == [2, 4, 2, 2]
    assert read(figures, "sources") == {"own", "city"}
    figures.staff.write("DELETE FROM fact WHERE grain = 'month'")
    assert {what: read(figures, what) for what in by_months} == by_months


def test_a_call_that_was_withdrawn_is_gone_from_its_month(figures: Figures) -> None:
    figures.staff.write("UPDATE city_call SET is_withdrawn = true WHERE call_id = 'w1'")
    build_day(figures.staff.services.database, date(2026, 8, 1), figures.staff.clock())
    assert received(read(figures, "by_centre")) == {HEFEI: 5, WUHU: 4}
    august = Slice(date(2026, 8, 1), date(2026, 9, 1), (WUHU,))
    assert read(figures, "sums", august)["received"] == 1


def test_each_part_of_a_period_is_read_once(figures: Figures) -> None:
    with figures.staff.services.database.pool.connection() as connection:
        parts = [(grain, part.since, part.until) for grain, part in fact_rows._parts(connection, LONG)]
        short = fact_rows._parts(connection, Slice(date(2026, 8, 10), date(2026, 9, 8), (HEFEI,)))
    assert sorted(parts, key=lambda part: part[1]) == [
        ("day", date(2026, 7, 20), date(2026, 8, 1)),
        ("month", date(2026, 8, 1), date(2026, 10, 1)),
        ("day", date(2026, 10, 1), date(2026, 10, 6)),
    ]
    assert [grain for grain, _ in short] == ["day"]


class Years:
    """Calls of three years; one that stands at nine on a Wednesday in each, others around the ends of the years."""

    WHOLE = Slice(date(2024, 12, 1), date(2026, 3, 1), (HEFEI, WUHU))
    YEAR_ENDS = ("2024-12-31", "2025-01-01", "2025-06-18", "2025-12-31", "2026-01-01")

    def __init__(self, staff: StaffApp) -> None:
        self.figures = Figures(staff)
        for n, day in enumerate(self.YEAR_ENDS):
            self.figures.own_call(f"CA{n}", f"{day} 09:00")
            self.figures.city_call(f"w{n}", f"{day} 23:30", subject="card-loss")
            self.build(day)

    def build(self, day: str) -> None:
        staff = self.figures.staff
        build_day(staff.services.database, date.fromisoformat(day), staff.clock())

    def cells(self, piece: Slice = WHOLE) -> dict[tuple[int, int], int]:
        return received(read(self.figures, "by_cell", piece))

    def grains(self, piece: Slice = WHOLE) -> list[tuple[str, date, date]]:
        with self.figures.staff.services.database.pool.connection() as connection:
            parts = fact_rows._cell_parts(connection, "day", piece)
        return sorted(((grain, part.since, part.until) for grain, part in parts), key=lambda part: part[1])


@pytest.fixture
def years(staff: StaffApp) -> Years:
    return Years(staff)


def test_hours_of_the_week_are_read_from_the_years_that_are_over(years: Years) -> None:
    assert years.grains() == [
        ("cell", date(2024, 12, 1), date(2025, 1, 1)),
        ("year", date(2025, 1, 1), date(2026, 1, 1)),
        ("cell", date(2026, 1, 1), date(2026, 3, 1)),
    ]
    # A Tuesday, three Wednesdays and a Thursday.
    expected = {(1, 9): 1, (1, 23): 1, (2, 9): 3, (2, 23): 3, (3, 9): 1, (3, 23): 1}
    card = Slice(date(2025, 1, 1), date(2026, 1, 1), (HEFEI, WUHU), ("card-loss",))
    assert (years.cells(), years.cells(card)) == (expected, {(2, 23): 3})
    years.figures.staff.write("DELETE FROM fact WHERE grain = 'year'")
    assert (years.cells(), years.cells(card)) == (expected, {(2, 23): 3})


def test_a_year_that_still_goes_on_is_not_summed_up(years: Years) -> None:
    rows = years.figures.staff.rows("SELECT DISTINCT extract(year FROM at AT TIME ZONE 'Asia/Shanghai') FROM fact "
                                    "WHERE grain = 'year' ORDER BY 1")  # fmt: skip
    assert [int(row[0]) for row in rows] == [2024, 2025]


def test_a_year_of_which_not_every_weekday_is_summed_up_is_read_from_its_months(years: Years) -> None:
    before = years.cells()
    years.figures.staff.write("DELETE FROM fact WHERE grain = 'year' AND at = '2025-01-01 09:00+08'")
    assert [grain for grain, _, _ in years.grains()] == ["cell"]
    assert years.cells() == before


def test_a_call_that_was_withdrawn_is_gone_from_its_year(years: Years) -> None:
    years.figures.staff.write("UPDATE city_call SET is_withdrawn = true WHERE call_id = 'w2'")
    years.build("2025-06-18")
    assert [grain for grain, _, _ in years.grains()] == ["cell", "year", "cell"]
    assert years.cells()[2, 23] == 2

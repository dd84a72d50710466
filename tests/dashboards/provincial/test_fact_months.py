"""Long periods are read from months, and say the same as their days."""

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

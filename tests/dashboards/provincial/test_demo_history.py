"""The made-up year: labelled, believable, adding up, and the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from dashboards.provincial.demo.history import days_to_fill, fill_in, fill_today, hour_rows, months_of, write_days
from dashboards.provincial.demo.model import Hours, draw
from dashboards.provincial.demo.shape import SCALES, SUBJECTS, calls_of_day
from dashboards.provincial.demo.staffing import staffed_share
from dashboards.provincial.measures import LEFT_WAITS, SERVED_WAITS
from integrations.database import Database
from integrations.work_calendar import WorkCalendar
from ivr.keeper import LibraryKeeper
from ivr.library import Library
from ivr.outcome import PRECEDENCE
from queueing.centre import Centre
from queueing.seed import seed_centres
from voicemail.subjects_file import load_subjects

CALENDAR = WorkCalendar()
TUESDAY = date(2026, 11, 17)
NOON = datetime(2026, 11, 20, 4, 20, tzinfo=UTC)


@pytest.fixture
def library(keeper: LibraryKeeper) -> Library:
    return keeper.library()


@pytest.fixture
def centres(library: Library, database: Database) -> Mapping[str, Centre]:
    seed_centres(database, library.centres)
    return library.centres


def rows(database: Database, query: str, *values: Any) -> list[Any]:
    with database.pool.connection() as connection:
        return connection.execute(query, values).fetchall()


def write(database: Database, centres: Mapping[str, Centre], days: list[date]) -> None:
    with database.pool.connection() as connection, connection.transaction():
        write_days(connection, centres, CALENDAR, days)


def test_every_centre_has_a_size_and_every_subject_is_in_the_tree(library: Library) -> None:
    assert SCALES.keys() == library.centres.keys()
    tree = load_subjects(None, library.content.pieces())
    assert {key for key, _, _ in SUBJECTS} - {""} <= tree.by_key.keys()


def test_paydays_and_mondays_are_full_and_holidays_quiet() -> None:
    def calls(*day: int) -> float:
        return calls_of_day("340100", date(*day), CALENDAR)

    assert calls(2026, 11, 16) > calls(2026, 11, 19)
    assert calls(2026, 11, 10) > calls(2026, 11, 17)
    assert calls(2026, 10, 3) < calls(2026, 10, 12) / 10
    # The day after a holiday, and a make-up Saturday.
    assert calls(2026, 10, 8) > calls(2026, 10, 15) and calls(2026, 10, 10) > calls(2026, 10, 17) * 4


def test_made_up_measures_add_up_like_measured_ones() -> None:
    expected = np.array([0.0, 4.0, 60.0, 400.0])
    found, shifts = draw(Hours(expected, np.array([0.0, 0.5, 1.0, 1.0]), 6), np.random.default_rng(7))
    assert (found["received"] == sum(found[name] for name in PRECEDENCE)).all()
    assert (sum(found[name] for name in SERVED_WAITS) == found["answered"]).all()
    left = found["abandoned_in_queue"] + found["short_abandon"] + found["callback_requested"]
    assert (sum(found[name] for name in LEFT_WAITS) == left).all()
    parts = shifts["handling_seconds"] + shifts["available_seconds"] + shifts["break_seconds"]
    assert (parts == shifts["signed_in_seconds"]).all() and (shifts["available_seconds"] >= 0).all()
    assert found["answered"][0].sum() == 0


def test_the_more_callers_for_each_seat_the_more_give_up() -> None:
    """Abandonment follows staffing."""

    def gave_up(seats: int) -> float:
        hours = Hours(np.full(200, 80.0), np.ones(200), seats)
        found, _ = draw(hours, np.random.default_rng(11))
        return float(found["abandoned_in_queue"].sum() / found["offered"].sum())

    assert gave_up(3) > gave_up(5) > gave_up(10)


def test_a_centre_at_noon_is_staffed_for_no_part_of_the_hour(library: Library) -> None:
    hefei = library.centre("340100")
    shares = [staffed_share(hefei, CALENDAR, TUESDAY, hour) for hour in (3, 10, 14)]
    assert shares[0] == 0 and shares[1] == 1 and 0 < shares[2] <= 1


def test_the_history_is_labelled_and_every_grain_is_the_sum_of_its_hours(
    database: Database, centres: Mapping[str, Centre]
) -> None:
    write(database, centres, [TUESDAY, TUESDAY - timedelta(days=1)])
    assert rows(database, "SELECT DISTINCT source FROM fact") == [("demo",)]
    sums = rows(database, "SELECT subject = '*', grain, sum(received), sum(talk_seconds) FROM fact GROUP BY 1, 2")
    assert len({row[2:] for row in sums}) == 1 and len(sums) == 8 and sums[0][2] > 1000
    assert rows(database, "SELECT count(DISTINCT centre) FROM fact") == [(17,)]


def test_a_year_that_is_over_has_its_hours_of_the_week(database: Database, centres: Mapping[str, Centre]) -> None:
    assert fill_in(database, centres, CALENDAR, date(2026, 1, 3), 5, {}, lambda *_: None) == 5
    cells = """
        SELECT subject, extract(isodow FROM at AT TIME ZONE 'Asia/Shanghai'), at::time, centre, sum(received) FROM fact
        WHERE grain = %s AND at >= '2025-01-01 00:00+08' AND at < '2026-01-01 00:00+08'
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """
    of_year = rows(database, cells, "year")
    assert len(of_year) > 100 and of_year == rows(database, cells, "cell")
    first_week = "SELECT min(at), max(at) < '2025-01-08 00:00+08' FROM fact WHERE grain = 'year'"
    # The first Monday is that of the year, whatever week was made up.
    assert rows(database, first_week) == [(datetime(2024, 12, 31, 16, tzinfo=UTC), True)]


def test_the_same_days_are_the_same_for_everybody(library: Library) -> None:
    hefei = library.centre("340100")
    assert list(hour_rows(hefei, CALENDAR, [TUESDAY])) == list(hour_rows(hefei, CALENDAR, [TUESDAY]))


def test_what_is_there_is_not_made_again(database: Database, centres: Mapping[str, Centre]) -> None:
    write(database, centres, [TUESDAY])
    with database.pool.connection() as connection:
        missing = days_to_fill(connection, date(2026, 11, 20), 365)
    assert missing[:3] == [date(2026, 11, 19), date(2026, 11, 18), date(2026, 11, 16)] and len(missing) == 364
    assert [len(month) for month in months_of(missing)][:2] == [18, 31]


def test_of_today_only_the_hours_that_are_over_are_made_and_once(
    database: Database, centres: Mapping[str, Centre]
) -> None:
    assert fill_today(database, centres, CALENDAR, NOON, ["341000"]) > 100
    assert fill_today(database, centres, CALENDAR, NOON, ["341000"]) == 0
    newest = rows(database, "SELECT max(at), count(DISTINCT centre) FROM fact")
    # 11 o'clock in Hefei; the city that tells of itself has nothing made up.
    assert newest == [(datetime(2026, 11, 20, 3, tzinfo=UTC), 16)]
    assert fill_today(database, centres, CALENDAR, NOON + timedelta(hours=1), ["341000"]) > 0
    # The day itself replaces its beginning.
    write(database, centres, [date(2026, 11, 20)])
    doubled = rows(
        database,
        "SELECT sum(received) FILTER (WHERE grain = 'hour'), sum(received) FILTER (WHERE grain = 'day') FROM fact",
    )
    assert doubled[0][0] == doubled[0][1]


def test_two_hotlines_on_one_database_write_each_day_once(database: Database, centres: Mapping[str, Centre]) -> None:
    with ThreadPoolExecutor(2) as pool:
        filling = [
            pool.submit(fill_in, database, centres, CALENDAR, date(2026, 11, 20), 3, {}, lambda *_: None)
            for _ in range(2)
        ]
        assert sorted(one.result(timeout=30) for one in filling) == [0, 3]


def test_whoever_ends_the_demo_waits_for_no_year(database: Database, centres: Mapping[str, Centre]) -> None:
    told: list[int] = []
    written = fill_in(
        *(database, centres, CALENDAR, date(2026, 11, 3), 365, {}),
        progress=lambda done, months: told.append(done),
        is_over=lambda: bool(told),
    )
    assert written == 2 and told == [0]

"""Decent hours by the file and by what people set, on the real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from threading import Barrier
from typing import Any

import pytest
from structlog.testing import capture_logs

from integrations.services import Services
from integrations.work_calendar import SHANGHAI
from queueing.centre import Centre
from queueing.centre_file import read_centres
from queueing.seed import seed_centres
from queueing.timetable import LOOK_EVERY, Timetable

PROVINCE, WUHU, HUANGSHAN = "340000", "340200", "341000"
MONDAY_TEN = datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
_CLOSE = """
INSERT INTO exceptional_closing (centre, since, until, reason, signed_by, created_at)
VALUES (%s, %s, %s, '停电', '王芳', now())
"""
# A notice without them cannot be right.
STATUTORY = ("01-01", "02-16", "02-17", "02-18", "02-19", "04-05", "05-01", "05-02", "06-19", "09-25")
NATIONAL = ("10-01", "10-02", "10-03")
_NOTICE = "INSERT INTO calendar_notice (year, days, entered_by, entered_at) VALUES (%s, %s, '李强', now())"


class Town:
    """The centres as shipped, their timetable, and a clock that tests set."""

    def __init__(self, services: Services) -> None:
        self.now = MONDAY_TEN
        self.services = replace(services, now=lambda: self.now)
        self.centres: dict[str, Centre] = read_centres(None)
        seed_centres(services.database, self.centres)
        self.timetable = Timetable(self.services, lambda: self.centres)

    def run(self, sql: str, *values: Any) -> None:
        with self.services.database.pool.connection() as connection:
            connection.execute(sql, values)

    def close(self, centre: str, since: datetime, hours: int) -> None:
        self.run(_CLOSE, centre, since, since + timedelta(hours=hours))

    @contextmanager
    def database_away(self) -> Iterator[None]:
        database = self.services.database
        good = database.url
        database.close()
        database.url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
        yield
        database.close()
        database.url = good


@pytest.fixture
def town(services: Services) -> Town:
    return Town(services)


def test_hours_are_those_of_the_centre_and_of_its_callback_rules(town: Town) -> None:
    noon = MONDAY_TEN.replace(hour=13)
    assert town.timetable.is_decent(PROVINCE, MONDAY_TEN)
    assert not town.timetable.is_decent(PROVINCE, noon)
    assert town.timetable.next_decent(PROVINCE, noon) == MONDAY_TEN.replace(hour=14, minute=30)
    assert town.timetable.is_decent(HUANGSHAN, noon)  # somebody is in at noon
    rules = replace(town.centres[WUHU].callbacks, first_time=time(11))
    town.centres[WUHU] = replace(town.centres[WUHU], callbacks=rules)
    assert not town.timetable.is_decent(WUHU, MONDAY_TEN)
    assert town.timetable.next_decent(WUHU, MONDAY_TEN) == MONDAY_TEN.replace(hour=11)


def test_spans_begin_at_the_moment_that_is_asked_about_on_the_shanghai_clock(town: Town) -> None:
    found = town.timetable.spans(PROVINCE, MONDAY_TEN.astimezone(UTC))
    since, until = next(found)
    assert (since, until) == (MONDAY_TEN, MONDAY_TEN.replace(hour=12))
    assert since.tzinfo is SHANGHAI
    assert next(found) == (MONDAY_TEN.replace(hour=14, minute=30), MONDAY_TEN.replace(hour=17, minute=30))


def test_a_centre_that_is_no_longer_in_the_file_rings_nobody(town: Town) -> None:
    assert list(town.timetable.spans("349999", MONDAY_TEN)) == []
    assert not town.timetable.is_decent("349999", MONDAY_TEN)
    assert town.timetable.next_decent("349999", MONDAY_TEN) is None


def test_a_closing_counts_for_its_centre_alone_and_ends_by_itself(town: Town) -> None:
    town.close(WUHU, MONDAY_TEN, hours=1)
    assert not town.timetable.is_decent(WUHU, MONDAY_TEN)
    assert town.timetable.next_decent(WUHU, MONDAY_TEN) == MONDAY_TEN + timedelta(hours=1)
    assert town.timetable.is_decent(PROVINCE, MONDAY_TEN)


def test_a_closing_that_was_withdrawn_does_not_count(town: Town) -> None:
    town.close(WUHU, MONDAY_TEN, hours=1)
    town.run("UPDATE exceptional_closing SET withdrawn_at = now()")
    assert town.timetable.is_decent(WUHU, MONDAY_TEN)


def test_a_closing_set_elsewhere_counts_within_ten_seconds(town: Town) -> None:
    assert town.timetable.is_decent(WUHU, MONDAY_TEN)
    town.close(WUHU, MONDAY_TEN, hours=1)
    town.now += LOOK_EVERY - timedelta(seconds=1)
    assert town.timetable.is_decent(WUHU, MONDAY_TEN)
    town.now += timedelta(seconds=1)
    assert not town.timetable.is_decent(WUHU, MONDAY_TEN)


def test_the_years_holiday_notice_counts(town: Town) -> None:
    tuesday = MONDAY_TEN + timedelta(days=1)
    saturday = MONDAY_TEN + timedelta(days=5)
    assert town.timetable.is_decent(PROVINCE, tuesday)
    town.now += LOOK_EVERY
    days: dict[str, Any] = {
        "off": {f"2026-{day}": "节日" for day in STATUTORY + NATIONAL} | {"2026-11-24": "本省放假"},
        "work": ["2026-11-28"],
    }
    town.run(_NOTICE, 2026, json.dumps(days))
    assert not town.timetable.is_decent(PROVINCE, tuesday)
    assert town.timetable.is_decent(PROVINCE, saturday)  # worked instead
    assert town.timetable.next_decent(PROVINCE, tuesday) == datetime(2026, 11, 25, 9, tzinfo=SHANGHAI)


def test_a_notice_that_cannot_be_right_is_left_out_and_told_once(town: Town) -> None:
    town.run(_NOTICE, 2026, json.dumps({"off": {"2026-11-24": "本省放假"}, "work": []}))
    with capture_logs() as lines:
        for _ in range(3):
            assert town.timetable.is_decent(PROVINCE, MONDAY_TEN + timedelta(days=1))
            town.now += LOOK_EVERY
    assert [line["event"] for line in lines] == ["calendar_notice_unusable"]


def test_a_database_that_is_away_leaves_the_last_look_in_force(town: Town) -> None:
    town.close(WUHU, MONDAY_TEN, hours=1)
    assert not town.timetable.is_decent(WUHU, MONDAY_TEN)
    with town.database_away():
        town.now += timedelta(minutes=1)
        with capture_logs() as lines:
            assert not town.timetable.is_decent(WUHU, MONDAY_TEN)
            assert town.timetable.is_decent(PROVINCE, MONDAY_TEN)
    # It was asked once for both.
    assert [line["event"] for line in lines] == ["timetable_not_refreshed"]
    town.run("UPDATE exceptional_closing SET withdrawn_at = now()")
    town.now += LOOK_EVERY
    assert town.timetable.is_decent(WUHU, MONDAY_TEN)


def test_a_process_that_starts_without_a_database_goes_by_the_plain_calendar(town: Town) -> None:
    with town.database_away():
        assert town.timetable.is_decent(WUHU, MONDAY_TEN)
        assert not town.timetable.is_decent(WUHU, MONDAY_TEN.replace(hour=22))
        holiday = datetime(2026, 10, 1, 10, tzinfo=SHANGHAI)
        assert town.timetable.next_decent(WUHU, holiday) == datetime(2026, 10, 8, 9, tzinfo=SHANGHAI)


def test_nobody_is_told_of_plain_hours_while_another_looks_for_the_first_time(town: Town) -> None:
    town.close(WUHU, MONDAY_TEN, hours=1)
    together = Barrier(8)

    def ask(_: int) -> bool:
        together.wait()
        return town.timetable.is_decent(WUHU, MONDAY_TEN)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == [False] * 8


def test_a_time_without_a_zone_is_refused(town: Town) -> None:
    with pytest.raises(ValueError, match="时区"):
        town.timetable.next_decent(WUHU, datetime(2026, 11, 23, 10))

"""Alarms as rows: one at a time, over when they are, and never forgotten when a call may have been lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from psycopg import Connection

from dashboards.provincial.alarms.keeping import Row, clear, find_alarm, keep, open_alarms, past_alarms
from dashboards.provincial.alarms.rules import URGENT, WARNING, Found
from integrations.services import Services
from queueing.seed import seed_centres
from tests.dashboards.staff_app import FRIDAY

HEFEI, WUHU = "340100", "340200"
EVERYBODY = ("340000", HEFEI, WUHU)
LATE = Found("overdue", HEFEI, "", WARNING, "1件超期")
FIVE, FIFTEEN = timedelta(seconds=5), timedelta(seconds=15)


def lost(*calls: str, about: str = "2026-11-20T01:00:00+00:00") -> Found:
    detail = {"calls": [{"call": call, "centre": HEFEI, "what": "lost"} for call in calls], "difference": None}
    return Found("carrier", HEFEI, about, URGENT, f"{len(calls)}个来电对不上", detail, must_clear=True)


class Alarms:
    """A look every so often."""

    def __init__(self, services: Services) -> None:
        self._pool = services.database.pool
        self.now = FRIDAY

    @contextmanager
    def _at_once(self) -> Iterator[Connection[Any]]:
        with self._pool.connection() as connection, connection.transaction():
            yield connection

    def look(self, *found: Found, after: timedelta = FIVE, rules: tuple[str, ...] = ("overdue", "carrier")) -> None:
        self.now += after
        with self._at_once() as connection:
            keep(connection, found, self.now, rules)

    def clear(self, reason: str = "是测试电话") -> None:
        with self._at_once() as connection:
            [row] = [row for row in self.listed() if row["must_clear"]]
            alarm = find_alarm(connection, row["id"])
            assert alarm is not None
            clear(connection, alarm, "sheng", reason, self.now)

    def listed(self, *centres: str) -> list[Row]:
        with self._at_once() as connection:
            return open_alarms(connection, centres or EVERYBODY)

    def past(self, *centres: str) -> list[Row]:
        with self._at_once() as connection:
            return past_alarms(connection, centres or EVERYBODY, self.now)

    def rows(self, sql: str) -> list[Any]:
        with self._at_once() as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def alarms(services: Services, keeper: Any) -> Alarms:
    seed_centres(services.database, keeper.library().centres)
    return Alarms(services)


def test_an_alarm_is_one_row_while_it_lasts_and_says_the_newest(alarms: Alarms) -> None:
    alarms.look(LATE)
    began = alarms.now
    alarms.look(Found("overdue", HEFEI, "", URGENT, "6件超期"))
    [row] = alarms.listed()
    assert (row["words"], row["severity"], row["began_at"]) == ("6件超期", URGENT, began)


def test_an_alarm_is_over_when_it_was_not_found_in_two_looks_far_enough_apart(alarms: Alarms) -> None:
    alarms.look(LATE)
    # However long nobody looked: once may be a hiccup.
    alarms.look(after=timedelta(minutes=10))
    assert alarms.listed()
    alarms.look()
    assert alarms.listed()
    alarms.look(after=timedelta(seconds=10))
    assert alarms.listed() == []
    [row] = alarms.past()
    assert row["ended_at"] == alarms.now and row["cleared_at"] is None


def test_an_alarm_that_is_found_again_meanwhile_goes_on(alarms: Alarms) -> None:
    alarms.look(LATE)
    for _ in range(3):
        alarms.look()
        alarms.look(LATE, after=FIFTEEN)
    assert len(alarms.listed()) == 1 and alarms.past() == []


def test_what_comes_again_later_is_another_alarm(alarms: Alarms) -> None:
    alarms.look(LATE)
    alarms.look()
    alarms.look(after=FIFTEEN)
    alarms.look(LATE)
    assert len(alarms.listed()) == 1 and len(alarms.past()) == 1


def test_one_of_another_centre_or_matter_is_another_alarm(alarms: Alarms) -> None:
    province = Found("overdue", None, "", WARNING, "全省")
    alarms.look(
        LATE, Found("overdue", WUHU, "", WARNING, "1件超期"), province, Found("overdue", HEFEI, "2", WARNING, "x")
    )
    assert len(alarms.listed()) == 4


def test_what_other_rules_have_found_is_left_alone(alarms: Alarms) -> None:
    alarms.look(LATE, lost("CA1"))
    for _ in range(4):
        alarms.look(LATE, after=FIFTEEN, rules=("overdue",))
    assert len(alarms.listed()) == 2


def test_a_lost_call_stays_on_the_list_when_it_is_over_until_somebody_has_cleared_it(alarms: Alarms) -> None:
    alarms.look(lost("CA1"))
    for _ in range(3):
        alarms.look(after=FIFTEEN)
    [row] = alarms.listed()
    assert row["ended_at"] is not None and alarms.past() == []
    alarms.clear("查清了，账目已经改对")
    assert alarms.listed() == []
    [row] = alarms.past()
    assert (row["cleared_by"], row["cleared_reason"]) == ("sheng", "查清了，账目已经改对")
    [entry] = alarms.rows("SELECT username, action, centre, subject FROM audit_entry")
    assert entry == ("sheng", "alarm_cleared", HEFEI, f"alarm {row['id']}: carrier")


def test_what_was_cleared_comes_again_only_with_another_call(alarms: Alarms) -> None:
    alarms.look(lost("CA1", "CA2"))
    alarms.clear()
    alarms.look(lost("CA1", "CA2"))
    alarms.look(lost("CA2"))
    assert alarms.listed() == []
    alarms.look(lost("CA1", "CA2", "CA3"))
    assert len(alarms.listed()) == 1 and len(alarms.past()) == 1
    alarms.look(lost("CA1", about="2026-11-20T02:00:00+00:00"))
    assert len(alarms.listed()) == 2


def test_a_sum_that_was_cleared_comes_again_only_when_it_is_off_by_another_number(alarms: Alarms) -> None:
    def off_by(number: int) -> Found:
        return Found("identity", WUHU, "2026-11-20", URGENT, "对不上", {"difference": number, "calls": []}, True)

    alarms.look(off_by(1))
    alarms.clear()
    alarms.look(off_by(1))
    assert alarms.listed() == []
    alarms.look(off_by(2))
    assert len(alarms.listed()) == 1


def test_a_city_sees_its_own_and_what_of_the_province_is_about_it(alarms: Alarms) -> None:
    shared = Found("connector", None, "省养老", URGENT, "连不上", {"centres": [HEFEI, "340000"]})
    behind = Found("figures_behind", None, "", URGENT, "没有更新")
    alarms.look(LATE, shared, behind)

    def seen(rows: list[Row]) -> set[str]:
        return {row["rule"] for row in rows}

    assert seen(alarms.listed(HEFEI)) == {"overdue", "connector"} and alarms.listed(WUHU) == []
    assert seen(alarms.listed()) == {"overdue", "connector", "figures_behind"}
    for _ in range(2):
        alarms.look(after=FIFTEEN, rules=("overdue", "connector", "figures_behind"))
    assert seen(alarms.past(HEFEI)) == {"overdue", "connector"} and alarms.past(WUHU) == []
    assert seen(alarms.past()) == {"overdue", "connector", "figures_behind"}


def test_history_goes_back_thirty_days(alarms: Alarms) -> None:
    alarms.look(LATE)
    for _ in range(2):
        alarms.look(after=FIFTEEN)
    alarms.now += timedelta(days=29)
    assert len(alarms.past()) == 1
    alarms.now += timedelta(days=2)
    assert alarms.past() == []

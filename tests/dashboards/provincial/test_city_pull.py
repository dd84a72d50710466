"""Reading a city's exchange table: in pieces, again, with gaps, with rubbish, and when nobody is there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from dashboards.provincial.cities import jobs as city_jobs
from dashboards.provincial.cities import pull as city_pull
from dashboards.provincial.cities.pull import (
    CANNOT_CONNECT,
    CANNOT_READ,
    SEALED_FOR,
    STARTED_ANEW,
    CityPull,
    Line,
    settled,
)
from dashboards.provincial.cities.store import Receipt
from integrations.database_url import psycopg_url
from integrations.services import Services
from integrations.task_queue import set_job_settings
from ivr.keeper import LibraryKeeper
from tests.dashboards.provincial.city_app import TONGLING, CityApp, build_city_app, call

TABLE = """
CREATE TABLE hotline_exchange (seq bigserial PRIMARY KEY, kind text, payload jsonb, written_at timestamptz
                               DEFAULT now() - interval '1 hour')
"""


class Exchange:
    """The city, and what it writes down for us."""

    def __init__(self, city: CityApp) -> None:
        self.city = city
        self.pull = CityPull(city.services)

    def at(self, address: str) -> None:
        sealed = self.city.services.sealer.seal(address, SEALED_FOR)
        with self.city.services.database.pool.connection() as connection:
            connection.execute("UPDATE city_system SET exchange_sealed = %s WHERE centre = %s", (sealed, TONGLING))

    def write(self, *payloads: Any, kind: str = "calls", written: str = "2026-11-20T02:00:00Z") -> None:
        with self.city.services.database.pool.connection() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO hotline_exchange (kind, payload, written_at) VALUES (%s, %s, %s)",
                [(kind, Jsonb(each), written) for each in payloads],
            )

    def state(self) -> tuple[Any, ...]:
        sql = "SELECT pulled_to, pull_problem FROM city_system WHERE centre = %s"
        return tuple(self.city.rows(sql, TONGLING)[0])


def rows_of(receipt: Receipt) -> str:
    """A batch's name without the time at which its first row was written."""
    return receipt.batch_id.rpartition("-")[0]


@pytest.fixture
def exchange(services: Services, keeper: LibraryKeeper) -> Iterator[Exchange]:
    exchange = Exchange(build_city_app(services, keeper))
    exchange.at(psycopg_url(services.database.url))
    with psycopg.connect(psycopg_url(services.database.url), autocommit=True) as connection:
        connection.execute(TABLE)
        yield exchange
        connection.execute("DROP TABLE hotline_exchange")


def test_what_is_new_is_taken_once(exchange: Exchange) -> None:
    exchange.write(call(), call("C-2"))
    receipts = exchange.pull.pull(TONGLING)
    assert [(rows_of(receipt), receipt.accepted) for receipt in receipts] == [("pull-1-2", 2)]
    assert exchange.state() == (2, None)
    exchange.write(call(version=2, talk_seconds=7))
    assert [rows_of(receipt) for receipt in exchange.pull.pull(TONGLING)] == ["pull-3-3"]
    assert exchange.city.current("call_id, version, talk_seconds") == [("C-1", 2, 7), ("C-2", 1, 200)]
    assert exchange.pull.pull(TONGLING) == []


def test_a_pull_that_died_before_it_noted_how_far_changes_nothing(exchange: Exchange) -> None:
    exchange.write(call(), call("C-2"))
    exchange.pull.pull(TONGLING)
    with exchange.city.services.database.pool.connection() as connection:
        connection.execute("UPDATE city_system SET pulled_to = 0")
    assert [receipt.is_repeated for receipt in exchange.pull.pull(TONGLING)] == [True]
    exchange.write(call("C-3"))
    with exchange.city.services.database.pool.connection() as connection:
        connection.execute("UPDATE city_system SET pulled_to = 0")
    receipt = exchange.pull.pull(TONGLING)[0]
    assert (rows_of(receipt), receipt.accepted, receipt.unchanged) == ("pull-1-3", 1, 2)


def test_a_long_table_is_read_in_pieces(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city_pull, "MOST_ROWS", 4)
    monkeypatch.setattr(city_pull, "MOST_BATCHES", 2)
    exchange.write(*(call(f"C-{n}") for n in range(10)))
    assert [rows_of(receipt) for receipt in exchange.pull.pull(TONGLING)] == ["pull-1-4", "pull-5-8"]
    assert [rows_of(receipt) for receipt in exchange.pull.pull(TONGLING)] == ["pull-9-10"]


def test_kinds_are_kept_apart_and_rubbish_is_named(exchange: Exchange) -> None:
    exchange.write(call(), call("C-2", outcome="lost"), "rubbish", call("C-3", extra="x" * 30_000))
    exchange.write({"day": "2026-11-19", "received": 1}, kind="totals")
    exchange.write({}, kind="faxes")
    receipts = exchange.pull.pull(TONGLING)
    assert [(rows_of(each), each.status) for each in receipts] == [("pull-1-4", "partial"), ("pull-5-5", "accepted")]
    assert [(each.line, each.field) for each in receipts[0].problems] == [(2, "outcome"), (3, ""), (4, "")]
    pulled_to, problem = exchange.state()
    assert pulled_to == 6 and "“faxes”" in problem and "第 2 行" in problem
    # It stays to be read until other rows come.
    exchange.pull.pull(TONGLING)
    assert exchange.state() == (6, problem)
    exchange.write(call("C-4"))
    exchange.pull.pull(TONGLING)
    assert exchange.state() == (7, None)


def test_what_cannot_be_read_is_told_without_the_address(exchange: Exchange) -> None:
    exchange.write(call())
    url = psycopg_url(exchange.city.services.database.url)
    exchange.at("postgresql://city:geheim@127.0.0.1:1/exchange")
    assert exchange.pull.pull(TONGLING) == [] and exchange.state() == (0, CANNOT_CONNECT)
    with exchange.city.services.database.pool.connection() as connection:
        connection.execute("ALTER TABLE hotline_exchange RENAME COLUMN payload TO content")
    exchange.at(url)
    assert exchange.pull.pull(TONGLING) == [] and exchange.state() == (0, CANNOT_READ)
    with exchange.city.services.database.pool.connection() as connection:
        connection.execute("ALTER TABLE hotline_exchange RENAME COLUMN content TO payload")
    assert len(exchange.pull.pull(TONGLING)) == 1 and exchange.state() == (1, None)


def test_a_table_whose_numbers_start_anew_is_read_from_its_beginning(exchange: Exchange) -> None:
    exchange.write(*(call(f"C-{n}") for n in range(5)))
    exchange.pull.pull(TONGLING)
    with exchange.city.services.database.pool.connection() as connection:
        connection.execute("TRUNCATE hotline_exchange RESTART IDENTITY")
    # Emptied after it was read: nothing to be told.
    assert exchange.pull.pull(TONGLING) == [] and exchange.state() == (5, None)
    exchange.write(call("C-7"), call("C-8"), written="2026-11-20T03:00:00Z")
    assert [receipt.accepted for receipt in exchange.pull.pull(TONGLING)] == [2]
    assert exchange.state() == (2, STARTED_ANEW)
    assert exchange.pull.pull(TONGLING) == []
    exchange.write(call("C-9"))
    assert [receipt.accepted for receipt in exchange.pull.pull(TONGLING)] == [1]
    assert exchange.state() == (3, None)
    assert len(exchange.city.current()) == 8


def test_a_table_that_lost_its_last_rows_is_read_once_more_and_not_for_ever(exchange: Exchange) -> None:
    exchange.write(*(call(f"C-{n}") for n in range(5)))
    exchange.pull.pull(TONGLING)
    with exchange.city.services.database.pool.connection() as connection:
        connection.execute("DELETE FROM hotline_exchange WHERE seq > 3")
    assert [(rows_of(each), each.unchanged) for each in exchange.pull.pull(TONGLING)] == [("pull-1-3", 3)]
    assert exchange.state() == (3, STARTED_ANEW) and exchange.pull.pull(TONGLING) == []


def test_the_job_of_a_city_pulls_it(exchange: Exchange) -> None:
    exchange.write(call())
    services = exchange.city.services
    set_job_settings(services.settings, services)
    city_jobs.pull_exchanges()
    city_jobs.pull_exchange(TONGLING)
    city_jobs.pull_exchange("340200")
    assert exchange.city.current() == [("C-1", 1)]


def line(seq: int, seconds: float) -> Line:
    return Line(seq, "calls", "{}", timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("lines", "after", "taken"),
    [
        ([], 0, []),
        ([line(1, 0), line(2, 0)], 0, [1, 2]),
        # 3 is still being written, or never was.
        ([line(2, 30), line(4, 20)], 1, [2]),
        ([line(2, 300), line(4, 200)], 1, [2, 4]),
        ([line(8, 5)], 1, []),
        # A clock that was set.
        ([line(2, 30), line(4, -3600)], 1, [2, 4]),
    ],
)
def test_a_missing_number_is_waited_for_two_minutes(lines: list[Line], after: int, taken: list[int]) -> None:
    assert [each.seq for each in settled(lines, after)] == taken


def test_a_row_deeper_than_can_be_written_again_holds_up_no_other(exchange: Exchange) -> None:
    deep: Any = []
    for _ in range(600):
        deep = [deep]
    exchange.write(call(), call("C-2", subject=deep), call("C-3"))
    assert [(receipt.accepted, receipt.refused) for receipt in exchange.pull.pull(TONGLING)] == [(2, 1)]
    pulled_to, problem = exchange.state()
    assert pulled_to == 3 and "第 2 行" in problem

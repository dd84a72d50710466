"""The exchange tables as a client of the reading role finds them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from integrations.sandbox.exchange import reader_url
from integrations.sandbox.people import Population
from integrations.sandbox.records import yuan
from tests.integrations.sandbox_process import SandboxProcess
from tests.waiting import eventually

LI_QIANG = "340102195806159993"
PENSION = "SELECT * FROM exchange.pension WHERE aac147 = %s AND batch_no = %s"


@pytest.fixture
def reader(sandbox: SandboxProcess) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with connect(sandbox) as connection:
        yield connection


def connect(sandbox: SandboxProcess) -> psycopg.Connection[dict[str, Any]]:
    assert sandbox.reader_url is not None
    url = sandbox.reader_url.replace("+psycopg", "")
    options = "-c statement_timeout=5000"
    return psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row, options=options)


def batches(reader: psycopg.Connection[dict[str, Any]]) -> list[tuple[str, str]]:
    rows = reader.execute("SELECT batch_date, state FROM exchange.batch ORDER BY batch_no").fetchall()
    return [(row["batch_date"], row["state"]) for row in rows]


def rows_of(reader: psycopg.Connection[dict[str, Any]], id_number: str) -> list[dict[str, Any]]:
    """The person's rows in the newest finished batch."""
    newest = "SELECT batch_no FROM exchange.batch WHERE state = '1' ORDER BY batch_date DESC LIMIT 1"
    batch = reader.execute(newest).fetchone()
    return reader.execute(PENSION, (id_number, batch["batch_no"])).fetchall() if batch else []


def compact(day: date) -> str:
    return f"{day:%Y%m%d}"


def yesterday(sandbox: SandboxProcess) -> date:
    return sandbox.today - timedelta(days=1)


def test_there_is_one_finished_batch_of_yesterday(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    assert batches(reader) == [(compact(yesterday(sandbox)), "1")]
    batch = reader.execute("SELECT * FROM exchange.batch").fetchone()
    counted = reader.execute("SELECT count(*) FROM exchange.pension").fetchone()
    assert batch and counted and batch["rows_announced"] == counted["count"] > 4000
    assert batch["finished_at"] > batch["begun_at"]


def test_the_rows_are_those_of_the_made_up_people(
    reader: psycopg.Connection[dict[str, Any]], population: Population
) -> None:
    for person in population.people[:100]:
        rows = sorted(rows_of(reader, person.id_number), key=lambda row: (row["aae140"], row["aab301"], row["aae201"]))
        made_up = sorted(person.pensions, key=lambda p: (p.scheme, p.place, str(p.months_paid)))
        assert [(r["aae140"], r["aab301"], r["aac008"], r["aac031"], r["aic268"]) for r in rows] == [
            (p.scheme, p.place, p.aac008, p.aac031, yuan(p.account_fen)) for p in made_up
        ]
        assert all(r["aic268_date"] == compact(p.account_as_of) for r, p in zip(rows, made_up, strict=True))


def test_a_benefit_is_told_for_whoever_draws_one(reader: psycopg.Connection[dict[str, Any]]) -> None:
    row = reader.execute("SELECT * FROM exchange.benefit WHERE aac147 = %s", (LI_QIANG,)).fetchone()
    assert row and (row["aae019"], row["aae145"], row["aab301"]) == ("4867.50", "1", "340000")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM exchange.pension",
        "UPDATE exchange.batch SET state = '1'",
        "INSERT INTO exchange.benefit (batch_no, aac147) VALUES ('1', '1')",
        "SELECT * FROM exchange.pension_rows",
        "SELECT * FROM exchange.delay_ms",
        "SELECT setval('exchange.delay_ms', 1000)",
        "CREATE TABLE exchange.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "SELECT * FROM public.alembic_version",
        "SET ROLE postgres",
    ],
)
def test_the_role_reads_three_views_and_nothing_else(
    reader: psycopg.Connection[dict[str, Any]], statement: str
) -> None:
    reader.execute("SET default_transaction_read_only = off")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
        reader.execute(statement)


def test_a_stale_batch_says_how_old_it_is(sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]) -> None:
    sandbox.turn("exchange", "stale", days=12)
    assert batches(reader) == [(compact(sandbox.today - timedelta(days=12)), "1")]
    assert len(rows_of(reader, LI_QIANG)) == 1


def test_half_a_batch_is_not_finished_and_lacks_people(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]], population: Population
) -> None:
    sandbox.turn("exchange", "half")
    assert batches(reader) == [(compact(yesterday(sandbox)), "0")]
    assert rows_of(reader, LI_QIANG) == []
    told = reader.execute("SELECT b.*, (SELECT count(*) FROM exchange.pension) AS n FROM exchange.batch b").fetchone()
    assert told and told["finished_at"] is None and 0 < told["n"] < told["rows_announced"]
    insured = next(person for person in reversed(population.people) if person.pensions)
    assert reader.execute("SELECT 1 FROM exchange.pension WHERE aac147 = %s", (insured.id_number,)).fetchone() is None


def test_the_finished_batch_may_still_stand_beside_the_half_one(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    sandbox.turn("exchange", "half_kept")
    day = yesterday(sandbox)
    assert batches(reader) == [(compact(day - timedelta(days=1)), "1"), (compact(day), "0")]
    assert len(rows_of(reader, LI_QIANG)) == 1


def test_wrong_rows_have_figures_that_are_none(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    sandbox.turn("exchange", "wrong")
    [row] = rows_of(reader, LI_QIANG)
    assert (row["aic268"], row["aac031"], row["aic268_date"]) == ("不详", "不详", "不详")


def test_slow_tables_wait_once_for_a_query_and_not_for_each_row(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    sandbox.turn("exchange", "slow", ms=400)
    begun = time.monotonic()
    reader.execute("SELECT aac147 FROM exchange.pension LIMIT 50").fetchall()
    assert 0.4 <= time.monotonic() - begun < 15


def test_hanging_tables_end_by_the_reader_s_own_time_out(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    sandbox.turn("exchange", "hang")
    reader.execute("SET statement_timeout = 300")
    with pytest.raises(psycopg.errors.QueryCanceled):
        rows_of(reader, LI_QIANG)
    sandbox.turn("exchange", "normal")
    assert len(rows_of(reader, LI_QIANG)) == 1


def test_whoever_hangs_is_served_when_the_switch_is_turned_back(sandbox: SandboxProcess) -> None:
    sandbox.turn("exchange", "hang")
    with connect(sandbox) as waiting, ThreadPoolExecutor(1) as pool:
        # A reader in one snapshot sees nothing that happens meanwhile, and is let go all the same.
        waiting.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        answer = pool.submit(rows_of, waiting, LI_QIANG)
        with connect(sandbox) as watching:
            running = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
            eventually(lambda: watching.execute(running, (waiting.info.backend_pid,)).fetchone())
        sandbox.turn("exchange", "normal")
        assert len(answer.result(timeout=10)) == 1


def test_tables_that_are_down_end_the_session_and_refuse_the_next(
    sandbox: SandboxProcess, reader: psycopg.Connection[dict[str, Any]]
) -> None:
    sandbox.turn("exchange", "down")
    with pytest.raises(psycopg.OperationalError):
        reader.execute("SELECT * FROM exchange.batch")
    with connect(sandbox) as again, pytest.raises(psycopg.errors.InsufficientPrivilege):
        again.execute("SELECT * FROM exchange.batch")
    sandbox.turn("exchange", "normal")
    with connect(sandbox) as again:
        assert len(batches(again)) == 1


def test_a_second_sandbox_on_the_same_database_finds_everything_made(
    sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> None:
    # As after a sandbox that was killed while its readers hung.
    sandbox.turn("exchange", "hang")
    with connect(sandbox) as waiting, ThreadPoolExecutor(1) as pool:
        waiting.execute("SET statement_timeout = 0")
        answer = pool.submit(batches, waiting)
        second = SandboxProcess(tmp_path_factory.mktemp("second"), postgres_url)
        try:
            assert len(answer.result(timeout=10)) == 1
            with connect(second) as reader:
                assert len(batches(reader)) == 1
        finally:
            second.end()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://postgres@/hotline?host=/run/a@b", "postgresql+psycopg://R@/hotline?host=/run/a@b"),
        (
            "postgresql://who:secret%40@db.example.cn:5433/hotline",
            "postgresql://R:secret%40@db.example.cn:5433/hotline",
        ),
        ("postgres:///hotline", "postgres://R@/hotline"),
    ],
)
def test_the_reader_s_address_is_the_same_with_the_other_name(url: str, expected: str) -> None:
    assert reader_url(url) == expected.replace("R", "exchange_reader", 1)

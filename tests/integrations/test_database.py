"""The two ways to the database, over a restart of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from integrations.database import Database
from integrations.embedded import EmbeddedPostgres
from integrations.migrations import migrate


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.prepare()
    server.start()
    server.wait_ready()
    yield server
    server.stop()


def ask(database: Database) -> object:
    with database.pool.connection() as connection:
        return connection.execute("SELECT 1").fetchone()


def test_after_a_restart_no_request_meets_a_dead_connection(server: EmbeddedPostgres) -> None:
    database = Database(server.url, pool_size=6)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: ask(database), range(60)))
    with database.session() as session:
        session.execute(text("SELECT 1"))
    server.stop()
    assert not database.is_alive()
    server.start()
    server.wait_ready()
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda _: ask(database), range(60))) == [(1,)] * 60
    with database.session() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1
    database.close()


def test_a_slow_statement_is_cut_off(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.pool.connection() as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("4s",)
        assert connection.autocommit
        connection.execute("SET statement_timeout = 50")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(5)")
        connection.execute("RESET statement_timeout")


def test_a_session_commits_when_it_ends_well_and_rolls_back_when_not(database: Database) -> None:
    with database.session() as session:
        session.execute(text("CREATE TABLE scratch (id int)"))
    try:
        with pytest.raises(RuntimeError), database.session() as session:
            session.execute(text("INSERT INTO scratch VALUES (1)"))
            raise RuntimeError
        with database.session() as session:
            assert session.execute(text("SELECT count(*) FROM scratch")).scalar() == 0
            session.execute(text("INSERT INTO scratch VALUES (2)"))
        with database.pool.connection() as connection:
            assert connection.execute("SELECT id FROM scratch").fetchall() == [(2,)]
    finally:
        with database.session() as session:
            session.execute(text("DROP TABLE scratch"))


def test_many_processes_may_migrate_at_once(postgres_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: migrate(postgres_url), range(4))) == [None] * 4


def test_a_database_does_not_show_its_password() -> None:
    assert "hidden" not in repr(Database("postgresql://u:hidden@h/d"))

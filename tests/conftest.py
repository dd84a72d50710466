"""The real database and the real Redis, one of each for every test process."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from integrations.database import Database
from integrations.database_url import psycopg_url
from integrations.demo_keys import DemoKeys
from integrations.embedded import EmbeddedPostgres, EmbeddedValkey
from integrations.live_store import build_live_store
from integrations.migrations import migrate
from integrations.sealer import Sealer
from integrations.services import Services, utc_now
from integrations.settings import Settings
from integrations.social_insurance.registry import SocialInsurance
from integrations.storage import build_storage
from integrations.telephony.client import CarrierClient
from integrations.text_messages import LogTextSender
from tests import speech_model
from tests.leaks import everybody, find_leaks

# Longest first: one that began last would run alone at the end.
SLOWEST_FIRST = (
    "journeys/test_line_faults.py",
    "journeys/test_callbacks.py",
    "journeys/test_talks.py",
    "journeys/test_query.py",
    "journeys/test_card_loss.py",
    "journeys/test_messages.py",
    "journeys/test_message_faults.py",
    "journeys/test_callback_faults.py",
    "journeys/test_phone_is_rung.py",
    "integrations/test_runner.py",
    "journeys/test_rung_phone.py",
    "journeys/test_short_soak.py",
    "journeys/test_phone_in_the_browser.py",
    "journeys/test_calls_on_the_running_system.py",
    "journeys/test_two_gateways.py",
)
TESTS = Path(__file__).parent
TABLES = """
SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
# Not that of messages to the medical platform, which refuses a number that it has seen.
USED_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> 'medical_message'
"""
TEST_KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """xdist hands out files in the order of their first tests."""
    places = {TESTS / name: place for place, name in enumerate(SLOWEST_FIRST)}
    if unknown := [str(path) for path in places if not path.is_file()]:
        raise pytest.UsageError(f"SLOWEST_FIRST names what is not there: {unknown}")
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skipped test is a letter that nobody sees."""
    if not speech_model.is_there:
        terminalreporter.write_line(speech_model.ABSENT, yellow=True)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database: embedded, or a new one on TEST_DATABASE_URL's server."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        url = _new_database(given)
        migrate(url)
        yield url
        return
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres") / "data", durable=False)
    server.prepare()
    server.start()
    server.wait_ready()
    migrate(server.url)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty Redis: embedded, or TEST_REDIS_URL (which is emptied)."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield given
        return
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey") / "data")
    server.prepare()
    server.start()
    server.wait_ready()
    yield server.url
    server.stop()


@pytest.fixture
def settings(postgres_url: str, redis_url: str, tmp_path: Path) -> Settings:
    env = {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "VAR_DIR": str(tmp_path / "var"),
        "LOG_JSON": "1",
        "DEMO_HISTORY_DAYS": "0",
    }
    return Settings.from_env(env, load_demo_keys=lambda var_dir: TEST_KEYS)


def empty_tables(connection: psycopg.Connection[Any]) -> None:
    """No rows, and every number counts from one again.

    Only what is not empty is touched: a TRUNCATE of all tables takes a tenth of a second, more than most tests.
    """
    names = [row[0] for row in connection.execute(TABLES)]
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
    with connection.transaction():
        # Without it the order in which tables refer to each other would matter; the database of a test is its own.
        connection.execute("SET LOCAL session_replication_role = replica")
        for row in connection.execute(filled).fetchall():
            connection.execute(f"DELETE FROM {row[0]}")
        connection.execute(USED_SEQUENCES)


@pytest.fixture(scope="session")
def _shared_database(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url, pool_size=8)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _caretaker(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Looks through the tables and empties them: a connection that knows them already is much the quicker."""
    with psycopg.connect(psycopg_url(postgres_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(_shared_database: Database, _caretaker: psycopg.Connection[Any]) -> Iterator[Database]:
    """The database, emptied after the test."""
    yield _shared_database
    empty_tables(_caretaker)


@pytest.fixture
def services(
    settings: Settings, database: Database, redis_url: str, _caretaker: psycopg.Connection[Any]
) -> Iterator[Services]:
    """The adapters over the test database and an emptied Redis, with the real clock."""
    live_store = build_live_store(redis_url)
    live_store.flushdb()
    sealer = Sealer(TEST_KEYS.data_key, TEST_KEYS.hash_key)
    services = Services(
        settings,
        database,
        live_store,
        sealer,
        carrier=CarrierClient(settings),
        storage=build_storage(settings),
        texts=LogTextSender(),
        social_insurance=SocialInsurance(settings, database, live_store, sealer, utc_now),
    )
    yield services
    services.social_insurance.close()
    # Before both are emptied: whatever a test is about, nobody's number may be left in the clear.
    leaks = find_leaks(everybody(), connection=_caretaker, live_store=live_store)
    live_store.close()
    services.carrier.close()
    services.storage.close()
    assert not leaks, f"an ID number, card number or PIN stands in the clear: {leaks}"


def _new_database(server_url: str) -> str:
    name = f"hotline_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(psycopg_url(server_url), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    address, _, options = server_url.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{'?' + options if options else ''}"

"""The pension exchange tables (前置库): read-only SQL, filled anew every night with the state of the evening before.

Schema `exchange` of the given database, for the role `exchange_reader`, which may read three views and nothing else:

    exchange.batch    batch_no, batch_date (yyyyMMdd: the day the rows are true for), state ("0" being written,
                      "1" finished), rows_announced (of pension), begun_at, finished_at
    exchange.pension  batch_no, aac147 (ID number), aac003, aae140, aab301, aac008, aac031, aac084, aae200, aae201,
                      eac047, aic268 (yuan), aic268_date
    exchange.benefit  batch_no, aac147, aae140, aab301, eac064 (yyyyMM), aae019 (yuan), aae145

Everything but the two times is text; the codes are those of `pension_bus`. A row is true only if its batch is finished;
the newest finished batch counts. The role has the password of the database's own user, if that has one, so a client's
address is the same one with the other name.

Modes (see `switches` for those of the other systems): normal; slow and hang (every read waits); down (the role loses
the schema and its sessions are ended); wrong (figures and codes that are none); half (a new batch being written, half
of its rows, and the old one gone); half_kept (the same, beside the finished one of the day before); stale (the last
batch is `days` old).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from integrations.sandbox.pension_bus import benefit_row, pension_row
from integrations.sandbox.people import Population
from integrations.sandbox.wire import SHANGHAI

READER = "exchange_reader"
SETUP = Path(__file__).with_name("exchange.sql")
NORMAL, SLOW, HANG, DOWN, WRONG = "normal", "slow", "hang", "down", "wrong"
HALF, HALF_KEPT, STALE = "half", "half_kept", "stale"
MODES = (NORMAL, SLOW, HANG, DOWN, WRONG, HALF, HALF_KEPT, STALE)
HANG_MS = 3_600_000
# When the night's batch is written, Shanghai.
FILLED_AT = time(2, 30)
PENSION = ("aae140", "aab301", "aac008", "aac031", "aac084", "aae200", "aae201", "eac047", "aic268", "aic268_date")
BENEFIT = ("aae140", "aab301", "eac064", "aae019", "aae145")
FINISHED, WRITING = "1", "0"
# Two clients that set up at the same time wait for each other; any number will do.
LOCK = 12333_2


@dataclass(frozen=True, slots=True)
class ExchangeMode:
    """How the tables stand: one of MODES, and what it needs."""

    mode: str = NORMAL
    ms: int = 3000
    days: int = 9


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows true for one day; `share` of them written, each `is_wrong` in every figure."""

    day: date
    state: str = FINISHED
    share: float = 1.0
    is_wrong: bool = False

    @property
    def number(self) -> str:
        return f"{self.day:%Y%m%d}{'01' if self.state == FINISHED else '02'}"


class ExchangeTables:
    """Sets up, fills and spoils the tables. Every method talks to the database and may raise psycopg.Error."""

    def __init__(self, url: str, population: Population) -> None:
        self._url = "postgresql://" + url.split("://", 1)[1]
        self._people = population.people

    def set_up(self) -> None:
        """Make the schema and the role, if they are not there yet."""
        self._let_hanging_readers_go()
        with self._connect() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            connection.execute(SETUP.read_bytes())
            self._make_reader(connection)

    def apply(self, mode: ExchangeMode, today: date) -> None:
        """Let the tables stand as `mode` says, with the batch that a nightly run before `today` would have left."""
        with self._connect() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            self._fill(connection, list(_batches(mode, today)))
            self._open(connection, is_open=mode.mode != DOWN)
            delay = {SLOW: mode.ms, HANG: HANG_MS}.get(mode.mode, 0)
            connection.execute("SELECT setval('exchange.delay_ms', %s)", (delay,))
        if mode.mode == DOWN:
            self._end_sessions()

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self._url, connect_timeout=3, options="-c timezone=UTC -c lock_timeout=20000")

    def _let_hanging_readers_go(self) -> None:
        """Of a sandbox that was killed while they hung: they would keep the views from being made anew."""
        with self._connect() as connection:
            row = connection.execute("SELECT to_regclass('exchange.delay_ms')").fetchone()
            if row and row[0]:
                connection.execute("SELECT setval('exchange.delay_ms', 0)")

    def _make_reader(self, connection: psycopg.Connection) -> None:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,)).fetchone()
        if not known:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(READER)))
            connection.execute(f"ALTER ROLE {READER} SET default_transaction_read_only = on")
            connection.execute(f"ALTER ROLE {READER} SET client_connection_check_interval = '2s'")
        if password := urlsplit(self._url).password:
            words = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(READER), unquote(password))
            connection.execute(words)
        connection.execute(f"GRANT SELECT ON exchange.batch, exchange.pension, exchange.benefit TO {READER}")

    def _fill(self, connection: psycopg.Connection, batches: list[_Batch]) -> None:
        # Rows are replaced, not emptied by force: whoever reads meanwhile sees the old ones to the end.
        for table in ("batch_rows", "pension_rows", "benefit_rows"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("exchange", table)))
        for batch in batches:
            self._write_batch(connection, batch)

    def _write_batch(self, connection: psycopg.Connection, batch: _Batch) -> None:
        pensions = list(self._pensions(batch))
        benefits = list(self._benefits(batch))
        begun = datetime.combine(batch.day + timedelta(days=1), FILLED_AT, SHANGHAI).astimezone(UTC)
        finished = begun + timedelta(minutes=20) if batch.state == FINISHED else None
        connection.execute(
            "INSERT INTO exchange.batch_rows VALUES (%s, %s, %s, %s, %s, %s)",
            (batch.number, f"{batch.day:%Y%m%d}", batch.state, len(pensions), begun, finished),
        )
        _copy(connection, "pension_rows", ("batch_no", "aac147", "aac003", *PENSION), _share(pensions, batch.share))
        _copy(connection, "benefit_rows", ("batch_no", "aac147", *BENEFIT), _share(benefits, batch.share))

    def _pensions(self, batch: _Batch) -> Iterator[tuple[str, ...]]:
        for person in self._people:
            for pension in person.pensions:
                values = pension_row(pension).values()
                told = ["不详"] * len(PENSION) if batch.is_wrong else values
                yield (batch.number, person.id_number, person.name, *told)

    def _benefits(self, batch: _Batch) -> Iterator[tuple[str, ...]]:
        for person in self._people:
            for pension in person.pensions:
                if pension.benefit:
                    told = ["不详"] * len(BENEFIT) if batch.is_wrong else benefit_row(pension).values()
                    yield (batch.number, person.id_number, *told)

    def _open(self, connection: psycopg.Connection, is_open: bool) -> None:
        verb, way = ("GRANT", "TO") if is_open else ("REVOKE", "FROM")
        connection.execute(f"{verb} USAGE ON SCHEMA exchange {way} {READER}")

    def _end_sessions(self) -> None:
        with self._connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = %s AND datname = current_database()",
                (READER,),
            )


def reader_url(url: str) -> str:
    """The address of the same database for the reading role, in the form of the given one."""
    scheme, rest = url.split("://", 1)
    address, mark, options = rest.partition("?")
    login, _, place = address.rpartition("@")
    _, colon, password = login.partition(":")
    return f"{scheme}://{READER}{colon}{password}@{place}{mark}{options}"


def _batches(mode: ExchangeMode, today: date) -> Iterator[_Batch]:
    yesterday = today - timedelta(days=1)
    if mode.mode == STALE:
        yield _Batch(today - timedelta(days=mode.days))
    elif mode.mode == HALF_KEPT:
        yield _Batch(yesterday - timedelta(days=1))
        yield _Batch(yesterday, WRITING, share=0.5)
    elif mode.mode == HALF:
        yield _Batch(yesterday, WRITING, share=0.5)
    else:
        yield _Batch(yesterday, is_wrong=mode.mode == WRONG)


def _share(rows: list[tuple[str, ...]], share: float) -> list[tuple[str, ...]]:
    return rows[: int(len(rows) * share)]


def _copy(connection: psycopg.Connection, table: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    words = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier("exchange", table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor().copy(words) as copy:
        for row in rows:
            copy.write_row(row)

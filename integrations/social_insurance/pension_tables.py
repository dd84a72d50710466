"""The pension exchange tables (前置库): read-only SQL on views that are filled anew every night.

`batch` (batch_no, batch_date, state, rows_announced) says what may be read: rows of the newest finished batch alone,
and they are true for its date, however old that is. `pension` and `benefit` hold a row for each insurance, named as on
the bus. A batch with fewer or more rows than it announced is half a batch, and who is not in it may well exist. Batch
and rows are read in one snapshot, so a refill between two statements is never seen in half.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, Select, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.sql import column, table

from integrations.database import ANSWER_SECONDS, KEEPALIVES, BoundedConnection
from integrations.database_url import psycopg_url
from integrations.social_insurance import fields
from integrations.social_insurance.contract import Answer, Away, Insured, Unknown
from integrations.social_insurance.fields import Unreadable
from integrations.social_insurance.pension_answer import Row, read_files
from integrations.social_insurance.system_shape import System

PROBE_SECONDS = 2.0
# The server is to end a slow statement before the connection gives up on a server that hangs.
LONGEST_STATEMENT_SECONDS = ANSWER_SECONDS - 0.5
INSURANCE = ("aae140", "aab301")
PENSION = (*INSURANCE, "aac008", "aac031", "aac084", "aae200", "aae201", "eac047", "aic268", "aic268_date")
BENEFIT = (*INSURANCE, "eac064", "aae019", "aae145")
BATCH = ("batch_no", "batch_date", "state", "rows_announced")
OPTIONS = "-c default_transaction_read_only=on -c idle_in_transaction_session_timeout=20000"
# SQLSTATE: cancelled by the statement time-out; what it will not let us do, or does not have.
CANCELLED, NOT_ALLOWED = "57014", ("28", "42")


class PensionTablesConnector:
    """Reads the views. Thread-safe; connects when first used."""

    def __init__(self, system: System, address: str) -> None:
        """`address` is the database's, with its password where it needs one."""
        self.name, self.kind = system.name, system.kind
        self._system = system
        schema = system.settings["schema"]
        self._batch = table("batch", *map(column, BATCH), schema=schema)
        self._pension = table("pension", column("batch_no"), column("aac147"), *map(column, PENSION), schema=schema)
        self._benefit = table("benefit", column("batch_no"), column("aac147"), *map(column, BENEFIT), schema=schema)
        self._address = psycopg_url(address)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._whole_batches: set[str] = set()
        self._as_of: date | None = None

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        ends_at = time.monotonic() + deadline_seconds
        try:
            answer: Answer = self._within(ends_at, lambda connection: self._look_up(connection, person))
            return answer
        except Unreadable as problem:
            return Unknown(self.name, str(problem))

    def probe(self) -> bool:
        try:
            self._within(time.monotonic() + PROBE_SECONDS, self._newest_batch)
        except (Away, Unreadable):
            return False
        return True

    def note(self) -> str:
        """Until when the data goes, as far as this process has seen."""
        return f"数据截至{self._as_of:%Y-%m-%d}" if self._as_of else ""

    def close(self) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _look_up(self, connection: Connection, person: Insured) -> Answer:
        batch, as_of = self._newest_batch(connection)
        rows = self._rows(connection, self._of(self._pension, PENSION, batch, person))
        benefits = self._rows(connection, self._of(self._benefit, BENEFIT, batch, person))
        return read_files(self._system, rows, benefits, as_of)

    def _newest_batch(self, connection: Connection) -> tuple[str, date]:
        """Number and date of the newest finished batch, which is a whole one. Raises Away when there is none."""
        finished = self._system.settings["finished_state"]
        newest = (
            select(self._batch)
            .where(self._batch.c.state == finished)
            .order_by(self._batch.c.batch_date.desc(), self._batch.c.batch_no.desc())
            .limit(1)
        )
        found = connection.execute(newest).mappings().first()
        if found is None:
            raise Away("down", "no finished batch")
        if found["batch_no"] not in self._whole_batches:
            self._count(connection, found["batch_no"], found["rows_announced"])
        self._as_of = fields.needed_day(found["batch_date"], "batch_date")
        return found["batch_no"], self._as_of

    def _count(self, connection: Connection, batch_no: str, announced: int) -> None:
        rows = select(func.count()).select_from(self._pension).where(self._pension.c.batch_no == batch_no)
        if connection.execute(rows).scalar_one() != announced:
            raise Away("down", "half a batch")
        # Counted once: a finished batch does not change.
        self._whole_batches = {batch_no}

    def _of(self, source: Any, names: tuple[str, ...], batch: str, person: Insured) -> Select[Any]:
        wanted = (source.c[name] for name in names)
        return select(*wanted).where(source.c.batch_no == batch, source.c.aac147 == person.id_number)

    def _rows(self, connection: Connection, query: Select[Any]) -> list[Row]:
        return [{name.upper(): value for name, value in row.items()} for row in connection.execute(query).mappings()]

    def _within(self, ends_at: float, work: Callable[[Connection], Any]) -> Any:
        """Do something in one read-only snapshot that ends in time. Raises Away."""
        try:
            with self._ready().connect() as connection, connection.begin():
                left = min(LONGEST_STATEMENT_SECONDS, ends_at - time.monotonic())
                if left <= 0:
                    raise Away("slow", "no time left after connecting")
                connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}"))
                return work(connection)
        except SQLAlchemyError as error:
            # The error's own text holds the statement and whom it was about.
            raise _away(error) from None

    def _ready(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = create_engine(
                    "postgresql+psycopg://",
                    creator=self._connect,
                    isolation_level="REPEATABLE READ",
                    pool_size=self._system.at_once,
                    max_overflow=0,
                    pool_timeout=1.0,
                    pool_pre_ping=True,
                    hide_parameters=True,
                )
            return self._engine

    def _connect(self) -> psycopg.Connection[Any]:
        # A server that hangs cannot time our statements out, so the connection itself gives up.
        more: dict[str, Any] = {**KEEPALIVES, "options": OPTIONS}
        if self._system.settings["user"]:
            more["user"] = self._system.settings["user"]
        return BoundedConnection.connect(self._address, **more)


def _away(error: SQLAlchemyError) -> Away:
    name = type(error).__name__
    if isinstance(error, NoConnectionLeft):
        return Away("busy", name)
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    if state == CANCELLED:
        return Away("slow", name)
    if state is not None and state.startswith(NOT_ALLOWED):
        return Away("refused", f"{name} {state}")
    # A statement that ran into a broken connection changed nothing: it may be asked again.
    return Away("down", name, is_connection=True)

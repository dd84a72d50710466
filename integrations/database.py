"""PostgreSQL: an ORM session for ordinary work, a pool of raw connections for the webhooks."""

import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import Engine, MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase, Session

from integrations.database_url import psycopg_url, sqlalchemy_url

POOL_WAIT_SECONDS = 2.0
# A carrier gives up on a webhook after 15 s; ours must have answered, or apologised, long before.
WEBHOOK_STATEMENT_TIMEOUT_MS = 4000
# A little more than that, for a server that cannot even say that the time is up.
ANSWER_SECONDS = 5.0
# Reports and jobs may take longer, but nothing runs for ever.
SESSION_STATEMENT_TIMEOUT_MS = 30000
KEEPALIVES = {
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10000,
}
NAMING_CONVENTION = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of all models; names of constraints are the same on every installation."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up on a server which has stopped answering at all.

    The server's own statement timeout does not fire on a machine that hangs, and a Unix socket has no TCP timeout.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval=interval, timeout=timeout or ANSWER_SECONDS)
        except psycopg.errors._WaitTimeout as error:
            # What the server still sends would be taken for the answer to the next question.
            self.pgconn.finish()
            raise psycopg.OperationalError("the database did not answer in time") from error


class WebhookPool(ConnectionPool[psycopg.Connection]):
    """A pool that never hands out a connection whose server has gone.

    The pool's own check costs a round trip on every request and waits between attempts. Looking
    whether the server has hung up costs a microsecond, so after a restart of the database the next
    request simply gets a new connection.
    """

    def getconn(self, timeout: float | None = None) -> psycopg.Connection:
        for _ in range(self.max_size + 1):
            connection = super().getconn(timeout)
            if not is_hung_up(connection):
                return connection
            connection.close()
            self.putconn(connection)
        raise PoolTimeout("every connection of the pool was lost")


def is_hung_up(connection: psycopg.Connection) -> bool:
    """True when an idle connection has something to read: its server said goodbye or is gone."""
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))


class Database:
    """Both ways to one database, each opened when first used (so after a fork, never before)."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = sqlalchemy_url(url)
        self._pool_size = pool_size
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._pool: WebhookPool | None = None

    def __repr__(self) -> str:
        return f"Database(pool_size={self._pool_size})"

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for models, reports and jobs."""
        with self._lock:
            if self._engine is None:
                self._engine = self._build_engine()
            return self._engine

    @property
    def pool(self) -> WebhookPool:
        """Raw connections in autocommit mode, for webhooks: `with database.pool.connection() as c`.

        Waits at most 2 s for a connection (psycopg_pool.PoolTimeout) and 4 s for a statement
        (psycopg.errors.QueryCanceled). Several statements as one: `with c.transaction():`.
        """
        if self._pool is None:
            with self._lock:
                if self._pool is None:
                    self._pool = self._open_pool()
        return self._pool

    @contextmanager
    def session(self) -> Iterator[Session]:
        """An ORM session: commits when the block ends well, rolls back when it raises."""
        with Session(self.engine) as session, session.begin():
            yield session

    def is_alive(self) -> bool:
        """True when the database answers a trivial question within about a second."""
        try:
            with self.pool.connection(timeout=1.0) as connection:
                connection.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout):
            return False
        return True

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
            engine, self._engine = self._engine, None
        if pool is not None:
            pool.close(timeout=2.0)
        if engine is not None:
            engine.dispose()

    def _build_engine(self) -> Engine:
        return create_engine(
            self.url,
            pool_size=self._pool_size,
            max_overflow=self._pool_size,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_pre_ping=True,
            connect_args={**KEEPALIVES, "options": _options(SESSION_STATEMENT_TIMEOUT_MS)},
        )

    def _open_pool(self) -> WebhookPool:
        # With a short reconnect_timeout the pool gives up after a second and tries anew for the
        # next request; its default would wait longer and longer, minutes after a long outage.
        return WebhookPool(
            psycopg_url(self.url),
            connection_class=BoundedConnection,
            kwargs={**KEEPALIVES, "autocommit": True, "options": _options(WEBHOOK_STATEMENT_TIMEOUT_MS)},
            min_size=1,
            max_size=self._pool_size,
            timeout=POOL_WAIT_SECONDS,
            reconnect_timeout=1.0,
            open=True,
        )


def _options(statement_timeout_ms: int) -> str:
    # A session that forgot to end its transaction must not hold its locks for ever.
    limits = f"-c statement_timeout={statement_timeout_ms} -c idle_in_transaction_session_timeout=60000"
    # Pages are in memory or on an SSD, where years of sums are best found by their index, and no statement of ours runs
    # so long that compiling it would pay.
    return f"-c timezone=UTC {limits} -c random_page_cost=1.1 -c jit=off"

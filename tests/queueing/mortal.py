"""A process that can die at any instant: between two statements to the database, before and after the carrier is asked.

What a death leaves is what a killed process leaves: all that was committed, and nobody told of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from redis import Redis

from integrations.database import Database
from integrations.settings import Settings
from integrations.telephony.client import CarrierClient


class Killed(BaseException):
    """Nothing may catch it, as nothing catches a `kill -9`."""


class Fate:
    """Counts the instants at which one can die; `die_after` so many of them."""

    def __init__(self) -> None:
        self._left = math.inf

    def die_after(self, instants: float) -> None:
        self._left = instants

    def live_on(self) -> None:
        self._left = math.inf

    def instant(self) -> None:
        """One of them. Raises Killed."""
        self._left -= 1
        if self._left < 0:
            self.live_on()
            raise Killed


class _MortalPool:
    def __init__(self, database: Database, fate: Fate) -> None:
        self._database, self._fate = database, fate

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection[Any]]:
        self._fate.instant()
        with self._database.pool.connection(timeout) as connection:
            yield connection
        # All is committed by now.
        self._fate.instant()


class MortalDatabase(Database):
    """A database at whose door one may die, going in or coming out."""

    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database.url)
        self._mortal_pool = _MortalPool(database, fate)

    @property
    def pool(self) -> Any:
        return self._mortal_pool


class MortalCarrier(CarrierClient):
    """What was asked for may have been done, and nobody is left to hear of it."""

    def __init__(self, settings: Settings, fate: Fate) -> None:
        super().__init__(settings)
        self._fate = fate

    @contextmanager
    def _asking(self, asked: str, **more: bool) -> Iterator[None]:
        self._fate.instant()
        with super()._asking(asked, **more):
            yield
        self._fate.instant()


class AtOnce(ThreadPoolExecutor):
    """Work is done where it is handed over: the same seed makes the same order."""

    def submit(self, work: Callable[..., Any], /, *values: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*values, **more))
        except Exception as error:
            future.set_exception(error)
        return future


def take_away(live_store: Redis, on: bool) -> None:
    """A Redis that does not answer, for this process."""
    live_store._rests_until = math.inf if on else 0.0  # type: ignore[attr-defined]

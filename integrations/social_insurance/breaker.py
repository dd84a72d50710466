"""Resting from a system that is down: pybreaker's states, kept where all processes see them.

Two things that pybreaker's own Redis storage does not do are done here. While Redis is away every process has a breaker
of its own (pybreaker would take every call for the first one and never rest). And of all callers who come when the rest
is over, one alone tries the system (pybreaker lets them all through, to wait for a system that may still hang).
Not used: `CircuitBreaker.call`, which holds a lock while the system is asked, so that one slow answer delays the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pybreaker import (
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    CircuitBreaker,
    CircuitBreakerError,
    CircuitBreakerStorage,
    CircuitMemoryStorage,
)
from redis import Redis, RedisError

from integrations.social_insurance.system_shape import System

PREFIX = "connector:"
# Longer than any rest: nothing of a system that was renamed stays for ever.
KEPT_SECONDS = 24 * 3600
Value = TypeVar("Value")


class Resting(Exception):
    """The system is not asked; `until` is when the next one may try."""

    def __init__(self, until: datetime | None) -> None:
        super().__init__("resting")
        self.until = until


class Failed(Exception):
    """Raised within `Breaker.asking` for an answer that counts against the system."""


class SharedStorage(CircuitBreakerStorage):
    """A hash in Redis; what this process knows of it counts while Redis is away."""

    def __init__(self, live_store: Redis, name: str) -> None:
        super().__init__(name)
        self._redis, self._key = live_store, PREFIX + name
        self._own = CircuitMemoryStorage(STATE_CLOSED)

    @property
    def state(self) -> str:
        return self._read("state", _state, STATE_CLOSED, lambda: str(self._own.state))

    @state.setter
    def state(self, state: str) -> None:
        self._own.state = state
        self._write("state", state)

    @property
    def counter(self) -> int:
        return self._read("failures", int, 0, lambda: self._own.counter)

    def increment_counter(self) -> None:
        self._own.increment_counter()
        self._increase("failures")

    def reset_counter(self) -> None:
        self._own.reset_counter()
        self._write("failures", "0")

    @property
    def success_counter(self) -> int:
        return self._read("successes", int, 0, lambda: self._own.success_counter)

    def increment_success_counter(self) -> None:
        self._own.increment_success_counter()
        self._increase("successes")

    def reset_success_counter(self) -> None:
        self._own.reset_success_counter()
        self._write("successes", "0")

    @property
    def opened_at(self) -> datetime | None:
        return self._read("opened_at", _instant, None, lambda: self._own.opened_at)

    @opened_at.setter
    def opened_at(self, at: datetime) -> None:
        self._own.opened_at = at
        self._write("opened_at", repr(at.timestamp()))

    def take_trial(self, seconds: float) -> bool | None:
        """True for the one who may try the system, False for everybody else; None while Redis is away."""
        try:
            return bool(self._redis.set(f"{self._key}:trial", 1, nx=True, px=max(1, int(seconds * 1000))))
        except RedisError:
            return None

    def end_trial(self) -> None:
        """Only called by the one who took it; its time runs out by itself if nobody does."""
        try:
            self._redis.delete(f"{self._key}:trial")
        except RedisError:
            pass

    def _read(self, field: str, kind: Callable[[str], Value], unset: Value, own: Callable[[], Value]) -> Value:
        try:
            value = self._redis.hget(self._key, field)
            return unset if value is None else kind(value.decode() if isinstance(value, bytes) else str(value))
        except (RedisError, ValueError):
            return own()

    def _write(self, field: str, value: str) -> None:
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(self._key, field, value)
                pipe.expire(self._key, KEPT_SECONDS)
                pipe.execute()
        except RedisError:
            pass

    def _increase(self, field: str) -> None:
        try:
            self._redis.hincrby(self._key, field, 1)
        except RedisError:
            pass


class Breaker:
    """One system's. Thread-safe; talks to Redis when first used, so after a fork. Times are the real clock's."""

    def __init__(self, live_store: Redis, system: System) -> None:
        self._system = system
        self._storage = SharedStorage(live_store, system.name)
        self._lock = threading.Lock()
        self._own_trial = threading.Lock()
        self._built: CircuitBreaker | None = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask within the block; raise Failed in it when the answer counts against the system.

        Raises Resting when the system is not to be asked. Everything else counts as an answer, and so for the system.
        """
        breaker = self._breaker()
        trial = None if breaker.current_state == STATE_CLOSED else self._take_trial()
        try:
            with breaker.calling():
                yield
        except CircuitBreakerError:
            raise Resting(self.resting_until()) from None
        finally:
            if trial is not None:
                trial()

    def resting_until(self) -> datetime | None:
        """When one may try again, perhaps a moment ago; None when nobody rests."""
        if self._breaker().current_state == STATE_CLOSED:
            return None
        opened_at = self._storage.opened_at
        return None if opened_at is None else opened_at + timedelta(seconds=self._system.rest_seconds)

    def _breaker(self) -> CircuitBreaker:
        with self._lock:
            if self._built is None:
                self._built = CircuitBreaker(
                    fail_max=self._system.failures_until_rest,
                    reset_timeout=self._system.rest_seconds,
                    exclude=[lambda error: not isinstance(error, Failed)],
                    state_storage=self._storage,
                    throw_new_error_on_trip=False,
                )
            return self._built

    def _take_trial(self) -> Callable[[], None]:
        """What ends the trial. Raises Resting for all but the first, and before the rest is over."""
        until = self.resting_until()
        if until is not None and until > datetime.now(UTC):
            raise Resting(until)
        is_mine = self._storage.take_trial(self._system.timeout_seconds + 2)
        if is_mine:
            return self._storage.end_trial
        if is_mine is None and self._own_trial.acquire(blocking=False):
            return self._own_trial.release
        raise Resting(until)


def _state(written: str) -> str:
    if written not in (STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN):
        raise ValueError("no state")
    return written


def _instant(written: str) -> datetime:
    return datetime.fromtimestamp(float(written), UTC)

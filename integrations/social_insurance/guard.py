"""What stands around every business system, so that one which hangs costs nobody else anything.

A deadline over everything, one more try where a question changes nothing and only the connection broke, a rest for a
system that is down (`breaker`, shared by all processes), and so many questions at once and no more. Each system is
asked on threads of its own: the caller's thread leaves at the deadline, and the one that still waits keeps its place
taken until its own time-outs end it. No exception comes out of here, and none of their texts into the log.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from contextvars import copy_context
from typing import Any, TypeVar

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from integrations.social_insurance.breaker import Breaker, Failed, Resting
from integrations.social_insurance.contract import (
    Answer,
    Away,
    CardAction,
    CardWriter,
    Connector,
    Insured,
    PinChecker,
    PinVerdict,
    Unavailable,
    Unknown,
    WriteAnswer,
)
from integrations.social_insurance.counters import RESTS, RETRIES
from integrations.social_insurance.health import CachedProbe
from integrations.social_insurance.system_shape import System

# With less there is no point in asking.
SHORTEST_SECONDS = 0.2
PAUSE_SECONDS = 0.05
# What counts against a system; refusing us, or having too much to do, is an answer.
COUNTED = ("slow", "down")
Given = TypeVar("Given")
log = structlog.get_logger(__name__)


class Guarded:
    """One business system, to be asked by any number of threads."""

    def __init__(
        self,
        system: System,
        connector: Connector,
        breaker: Breaker,
        pins: PinChecker | None = None,
        writer: CardWriter | None = None,
    ) -> None:
        self.system = system
        self.breaker = breaker
        self.is_there = CachedProbe(connector.probe)
        self._connector, self._pins, self._writer = connector, pins, writer
        self._places = threading.BoundedSemaphore(system.at_once)
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def __repr__(self) -> str:
        return f"Guarded({self.system.name})"

    def look_up(self, person: Insured, deadline_seconds: float) -> Answer:
        """Ask for a person; answers within the deadline, whatever the system does."""
        return self._ask(
            lambda seconds: self._connector.look_up(person, seconds),
            deadline_seconds,
            may_repeat=_only_connection_broke,
        )

    def check(self, person: Insured, pin: str, deadline_seconds: float) -> PinVerdict | Unavailable | Unknown:
        """Ask whether a PIN is right. Asked again only if it was certainly not heard: the system may count as well."""
        pins = self._pins
        if pins is None:
            return Unavailable(self.system.name, "closed")
        return self._ask(lambda seconds: pins.check(person, pin, seconds), deadline_seconds, may_repeat=_was_not_heard)

    def write(self, action: CardAction, person: Insured, card_ref: str, deadline_seconds: float) -> WriteAnswer:
        """Freeze or release a card: asked once, whatever happens."""
        writer = self._writer
        if writer is None:
            return Unavailable(self.system.name, "closed")
        return self._ask(
            lambda seconds: writer.write(action, person, card_ref, seconds), deadline_seconds, may_repeat=_never
        )

    @property
    def takes_writes(self) -> bool:
        return self._writer is not None

    @property
    def note(self) -> str:
        """What staff should know besides, in Chinese; "" for nothing."""
        return self._connector.note()

    def close(self) -> None:
        """Close its connections; questions under way end by themselves."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)
        self._connector.close()

    def _ask(
        self,
        question: Callable[[float], Given],
        deadline_seconds: float,
        may_repeat: Callable[[BaseException], bool],
    ) -> Given | Unavailable | Unknown:
        if deadline_seconds < SHORTEST_SECONDS:
            return Unavailable(self.system.name, "slow")
        ends_at = time.monotonic() + min(deadline_seconds, self.system.timeout_seconds)
        if not self._places.acquire(blocking=False):
            return Unavailable(self.system.name, "busy")
        place = _Place(self._places)
        try:
            with self.breaker.asking():
                return self._on_its_threads(question, ends_at, may_repeat, place)
        except Failed as failed:
            return self._gone(failed.args[0])
        except Away as away:
            return self._gone(away)
        except Resting as resting:
            RESTS.labels(self.system.name).inc()
            return Unavailable(self.system.name, "down", resting.until)
        except Exception as error:
            # Its text may hold anything, so only its kind is told.
            log.error("connector_broke", system=self.system.name, error=type(error).__name__)
            return Unknown(self.system.name, "connector broke")
        finally:
            place.leave()

    def _on_its_threads(
        self,
        question: Callable[[float], Given],
        ends_at: float,
        may_repeat: Callable[[BaseException], bool],
        place: _Place,
    ) -> Given:
        running: Future[Given] | None = None
        try:
            running = self._pool().submit(copy_context().run, self._with_one_more_try, question, ends_at, may_repeat)
            return running.result(timeout=max(0.0, ends_at - time.monotonic()))
        except NotInTime:
            raise Failed(Away("slow", "deadline")) from None
        except Away as away:
            if away.reason in COUNTED:
                raise Failed(away) from None
            raise
        finally:
            if running is not None and not running.done():
                place.stay_until(running)

    def _with_one_more_try(
        self, question: Callable[[float], Given], ends_at: float, may_repeat: Callable[[BaseException], bool]
    ) -> Given:
        def count(state: RetryCallState) -> None:
            RETRIES.labels(self.system.name).inc()
            log.warning("connector_asked_again", system=self.system.name)

        def is_worth_it(error: BaseException) -> bool:
            return may_repeat(error) and ends_at - time.monotonic() > SHORTEST_SECONDS + PAUSE_SECONDS

        tries = Retrying(
            stop=stop_after_attempt(2),
            wait=wait_fixed(PAUSE_SECONDS),
            retry=retry_if_exception(is_worth_it),
            before_sleep=count,
            reraise=True,
        )
        return tries(lambda: question(_left(ends_at)))

    def _gone(self, away: Away) -> Unavailable:
        log.warning("connector_away", system=self.system.name, reason=away.reason, detail=away.detail)
        until = self.breaker.resting_until() if away.reason in COUNTED else None
        return Unavailable(self.system.name, away.reason, until, may_have_heard=away.was_sent)

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.system.at_once, thread_name_prefix=f"ask-{self.system.name}")
            return self._threads


class _Place:
    """One of the places at a system: left when the caller goes, or when the thread that still asks is done."""

    def __init__(self, places: threading.BoundedSemaphore) -> None:
        self._places = places
        self._is_kept = False

    def stay_until(self, running: Future[Any]) -> None:
        self._is_kept = True
        running.add_done_callback(lambda done: self._places.release())

    def leave(self) -> None:
        if not self._is_kept:
            self._places.release()


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left < SHORTEST_SECONDS:
        raise Away("slow", "no time left to ask")
    return left


def _only_connection_broke(error: BaseException) -> bool:
    return isinstance(error, Away) and error.is_connection


def _never(error: BaseException) -> bool:
    return False


def _was_not_heard(error: BaseException) -> bool:
    return isinstance(error, Away) and error.is_connection and not error.was_sent

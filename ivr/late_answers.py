"""Answers that take longer than a caller should hear nothing: asked on threads, collected by a later webhook.

A webhook waits a second. What comes later is told to the next webhook of the call, whichever process it reaches: the
answer waits for it in Redis, sealed, for two minutes. While Redis is away the webhook waits for the answer itself.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context

import orjson
import structlog
from redis import Redis, RedisError

from integrations.sealer import Sealer
from ivr.commands import Answer

log = structlog.get_logger(__name__)
# The caller hears nothing so long; then a sentence that we are looking.
PATIENCE_SECONDS = 1.0
# Of a business system and all that stands around it, with some to spare; the carrier gives a webhook fifteen.
LONGEST_SECONDS = 10.0
LOOK_SECONDS = 0.1
KEPT_SECONDS = 120
# Each system has a bound of its own (`at_once`), so that they cannot take all of these.
THREADS = 64


class LateAnswers:
    """Asks and collects. Built once per process; its threads begin when first used. Thread-safe."""

    def __init__(self, live_store: Redis, sealer: Sealer, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._live_store, self._sealer, self._patience = live_store, sealer, patience_seconds
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        # With the time until which an answer is kept here.
        self._asked: OrderedDict[str, tuple[float, Future[Answer]]] = OrderedDict()

    def ask(self, call_sid: str, command_id: str, perform: Callable[[], Answer]) -> Answer | None:
        """The answer if it comes soon; None: say that we are looking, and `collect` with the next webhook."""
        key = _key(call_sid, command_id)
        running = self._pool().submit(copy_context().run, self._perform, key, perform)
        self._remember(key, running)
        soon = _wait(running, self._patience)
        if soon is not None or self._can_wait_there():
            return soon
        return _wait(running, LONGEST_SECONDS)

    def collect(self, call_sid: str, command_id: str) -> Answer | None:
        """The answer if it is there, or comes within a second; None: not yet. May be collected more than once."""
        key = _key(call_sid, command_id)
        with self._lock:
            kept_here = self._asked.get(key)
        if kept_here is not None:
            return _wait(kept_here[1], self._patience)
        gives_up_at = time.monotonic() + self._patience
        try:
            # Looked for now and then: a read that blocks would be taken for a Redis that hangs.
            while not isinstance(kept := self._live_store.get(key), bytes):
                if time.monotonic() >= gives_up_at:
                    return None
                time.sleep(LOOK_SECONDS)
        except RedisError as error:
            log.warning("late_answer_out_of_reach", error=type(error).__name__)
            return None
        return self._read(key, kept)

    def close(self) -> None:
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)

    def _perform(self, key: str, perform: Callable[[], Answer]) -> Answer:
        try:
            answer = perform()
        except Exception as error:
            # Its text may hold anything that was asked for.
            log.error("late_answer_failed", error=type(error).__name__)
            answer = Answer("")
        try:
            self._live_store.set(key, self._write(key, answer), ex=KEPT_SECONDS)
        except RedisError as error:
            log.warning("late_answer_not_kept", error=type(error).__name__)
        return answer

    def _can_wait_there(self) -> bool:
        try:
            return bool(self._live_store.ping())
        except RedisError:
            return False

    def _write(self, key: str, answer: Answer) -> bytes:
        plain = {"name": answer.name, "words": dict(answer.words), "private": dict(answer.private)}
        return self._sealer.seal(orjson.dumps(plain).decode(), key)

    def _read(self, key: str, kept: bytes) -> Answer:
        plain = orjson.loads(self._sealer.open(kept, key))
        return Answer(plain["name"], plain["words"], plain["private"])

    def _remember(self, key: str, running: Future[Answer]) -> None:
        now = time.monotonic()
        with self._lock:
            self._asked[key] = (now + KEPT_SECONDS, running)
            while next(iter(self._asked.values()))[0] < now:
                self._asked.popitem(last=False)

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="late-answer")
            return self._threads


def _key(call_sid: str, command_id: str) -> str:
    return f"answer:{call_sid}:{command_id}"


def _wait(running: Future[Answer], seconds: float) -> Answer | None:
    try:
        return running.result(seconds)
    except NotYet:
        return None

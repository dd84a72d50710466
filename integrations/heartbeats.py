"""Signs of life of the processes that RQ knows nothing of, for whoever asks whether everything is up."""

from __future__ import annotations

import os
import secrets
import socket
import time
from contextlib import suppress

from redis import Redis, RedisError

from integrations.task_queue import Heartbeat

DISPATCHER, TRANSCRIBER = "dispatcher", "transcriber"
BEAT_SECONDS = 5.0
# Of a process that was killed the last beat tells since when; nobody asks after an hour.
KEPT_SECONDS = 3600


class Pulse:
    """Of one process. `beat` as often as one likes: it tells at most every BEAT_SECONDS, and never raises."""

    def __init__(self, live_store: Redis, kind: str) -> None:
        self._live_store = live_store
        self._key = _key(kind)
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._next = 0.0

    def beat(self) -> None:
        """Still here."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        now = time.time()
        with suppress(RedisError), self._live_store.pipeline(transaction=False) as pipeline:
            pipeline.zadd(self._key, {self._name: now})
            pipeline.zremrangebyscore(self._key, "-inf", now - KEPT_SECONDS)
            pipeline.execute()

    def stop(self) -> None:
        """Gone on purpose."""
        with suppress(RedisError):
            self._live_store.zrem(self._key, self._name)


def newest_beat(live_store: Redis, kind: str) -> Heartbeat:
    """The newest sign of life of this kind of process. Raises redis.RedisError."""
    beats = [score for _, score in live_store.zrange(_key(kind), 0, -1, withscores=True)]
    return Heartbeat(len(beats), max(0.0, time.time() - max(beats)) if beats else None)


def _key(kind: str) -> str:
    return f"hotline:alive:{kind}"

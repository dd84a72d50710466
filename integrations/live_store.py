"""The Redis protocol: what is live and can be rebuilt from the database."""

import time
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError
from redis import TimeoutError as RedisTimeoutError
from redis.backoff import ConstantBackoff
from redis.retry import Retry

CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 1.0
REST_SECONDS = 3.0


class RestingRedis(Redis):
    """After a time-out it fails at once for a while: a server that hangs must not cost every request seconds."""

    _rests_until = 0.0

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if time.monotonic() < self._rests_until:
            raise RedisConnectionError("the live store did not answer a moment ago")
        try:
            return super().execute_command(*args, **options)
        except RedisTimeoutError:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise


def build_live_store(url: str) -> Redis:
    """A client for requests: it gives up within about a second, since a caller is listening.

    One retry replaces a connection lost in a restart of Redis. Raises redis.RedisError from any
    command; whoever calls goes on without the live store.
    """
    return RestingRedis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        health_check_interval=30,
        retry=Retry(ConstantBackoff(0.02), 1),
    )


def build_worker_connection(url: str) -> Redis:
    """A client for the job worker and the clock: patient through a restart of Redis (about 5 s).

    RQ sets its own socket timeout on it, longer than its blocking read.
    """
    return Redis.from_url(url, socket_connect_timeout=2, retry=Retry(ConstantBackoff(0.5), 10))


def is_alive(live_store: Redis) -> bool:
    """True when the live store answers."""
    try:
        return bool(live_store.ping())
    except RedisError:
        return False

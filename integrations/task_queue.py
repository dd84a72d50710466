"""Background jobs: RQ as a wake-up call.

The database is the truth. A job takes ids only, reloads, checks again and may run twice; a wake-up
that is lost is found by a sweep that the clock starts.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from redis import Redis, RedisError
from rq import Queue, Retry
from rq.cron_scheduler_registry import get_registry_key
from rq.utils import as_text, utcparse
from rq.worker_registration import REDIS_WORKER_KEYS

from integrations.services import Services
from integrations.settings import Settings

log = structlog.get_logger(__name__)

DEFAULT_QUEUE = "default"
# Large files to be moved, which may take long.
FILES_QUEUE = "files"
# Every worker listens on all of these in turn: a message is fetched however much else there is to do.
QUEUES = (DEFAULT_QUEUE, FILES_QUEUE)

JOB_SECONDS = 120
# A talk of four hours is half a gigabyte.
FILES_SECONDS = 900
FAILURE_KEPT_SECONDS = 7 * 86400
HEARTBEAT_SECONDS = 15
# Three missed heartbeats.
STALE_AFTER_SECONDS = 3 * HEARTBEAT_SECONDS
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
# A number of this length could be an ID number, which never travels through Redis.
_LONGEST_NUMBER = 11

JobFunction = Callable[..., Any]


@dataclass(frozen=True)
class Periodic:
    """A job the clock starts every so many seconds, without arguments; the function must be importable."""

    func: JobFunction
    interval_seconds: int
    queue: str = DEFAULT_QUEUE


@dataclass(frozen=True)
class Heartbeat:
    """How many of a kind are registered, and seconds since the newest sign of life (None: never)."""

    count: int
    age_seconds: float | None

    @property
    def state(self) -> str:
        """ok, stale (silent for long) or down (none there)."""
        if self.age_seconds is None:
            return "down"
        return "ok" if self.age_seconds <= STALE_AFTER_SECONDS else "stale"


def enqueue(live_store: Redis, queue: str, func: JobFunction, *ids: int | str, retries: int = 0) -> bool:
    """Wake a worker to run `func(*ids)`; call it after the commit.

    False, with a warning in the log, when Redis is away: the sweep will find what was not woken.
    `retries` are immediate. Raises ValueError for an unknown queue or anything that is not an id.
    """
    if queue not in QUEUES:
        raise ValueError(f"no worker listens on queue {queue!r}")
    for one in ids:
        _require_id(one)
    try:
        Queue(queue, connection=live_store).enqueue_call(
            func,
            args=ids,
            timeout=FILES_SECONDS if queue == FILES_QUEUE else JOB_SECONDS,
            result_ttl=0,
            failure_ttl=FAILURE_KEPT_SECONDS,
            description=func.__name__,
            retry=Retry(max=retries) if retries else None,
        )
    except RedisError as error:
        log.warning("job_not_woken", job=func.__name__, reason=type(error).__name__)
        return False
    return True


def worker_alive(live_store: Redis) -> Heartbeat:
    """The job workers' newest heartbeat. Raises redis.RedisError."""
    keys = [as_text(key) for key in live_store.smembers(REDIS_WORKER_KEYS)]
    with live_store.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hget(key, "last_heartbeat")
        beats = [utcparse(as_text(beat)).timestamp() for beat in pipeline.execute() if beat]
    return Heartbeat(len(beats), max(0.0, time.time() - max(beats)) if beats else None)


def clock_alive(live_store: Redis) -> Heartbeat:
    """The clocks' newest heartbeat. Raises redis.RedisError."""
    beats = [score for _, score in live_store.zrange(get_registry_key(), 0, -1, withscores=True)]
    return Heartbeat(len(beats), max(0.0, time.time() - max(beats)) if beats else None)


class _JobServices:
    """The adapters of one job process. RQ forks for every job, and connections do not survive a fork."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self._services: Services | None = None
        self._pid = 0

    def get(self) -> Services:
        if self._services is None or self._pid != os.getpid():
            if self.settings is None:
                raise RuntimeError("job_services() outside a job: call set_job_settings() first")
            self._services = Services.build(self.settings)
            self._pid = os.getpid()
        return self._services

    def set(self, settings: Settings, services: Services | None) -> None:
        self.settings, self._services, self._pid = settings, services, os.getpid()


_job_services = _JobServices()


def job_services() -> Services:
    """The adapters, for a job function: RQ calls it with ids only."""
    return _job_services.get()


def set_job_settings(settings: Settings, services: Services | None = None) -> None:
    """Say what job_services() builds from; tests pass their own services to run a job in-process."""
    _job_services.set(settings, services)


def _require_id(one: object) -> None:
    is_number = isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**63
    is_text = isinstance(one, str) and _SAFE_ID.match(one) is not None
    if is_text and str(one).isdigit() and len(str(one)) > _LONGEST_NUMBER:
        is_text = False
    if not (is_number or is_text):
        raise ValueError("jobs take ids only: whole numbers or short plain words")

"""The job worker and the clock: RQ's own, made to outlive a restart of Redis."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError
from rq import Queue, Worker, worker_registration
from rq.cron import CronScheduler
from rq.exceptions import SchedulerNotFound, StopRequested
from rq.job import Job
from rq.worker import DequeueStrategy

from integrations.live_store import build_worker_connection
from integrations.processes import die_with_parent
from integrations.task_queue import (
    FAILURE_KEPT_SECONDS,
    HEARTBEAT_SECONDS,
    JOB_SECONDS,
    QUEUES,
    Periodic,
)

log = structlog.get_logger(__name__)

CLOCK_TICK_SECONDS = 5.0
RETRY_SECONDS = 1.0


class HotlineWorker(Worker):
    """RQ's worker with a steady heartbeat and no orphans."""

    max_connection_wait_time = 5.0
    is_stopping = False

    def run(self) -> None:
        """Work until a stop is asked for, or until RQ gives up; after each job the other queue comes first."""
        self.work(dequeue_strategy=DequeueStrategy.ROUND_ROBIN)

    def request_stop(self, signum: int, frame: object) -> None:
        self.is_stopping = True
        super().request_stop(signum, frame)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Also write the whole registration anew: Redis may have been replaced by an empty one."""
        super().heartbeat(timeout, pipeline=pipeline)
        connection = pipeline if pipeline is not None else self.connection
        connection.hset(self.key, mapping=self.serialize())
        worker_registration.register(self, pipeline)

    def subscribe(self) -> None:
        """We send no remote commands, and the listening thread ends in a traceback when Redis does."""

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self._parent_pid = os.getpid()
        super().fork_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        """A job ends with its worker: the record is in the database and a sweep starts it again."""
        super().setup_work_horse_signals()
        die_with_parent(signal.SIGKILL, self._parent_pid)


class HotlineClock(CronScheduler):
    """RQ's clock with a heartbeat at least every few seconds."""

    is_stopping = False

    def run(self) -> None:
        """Start jobs until a stop is asked for."""
        self.start()

    def _request_stop(self, signum: int, frame: object) -> None:
        self.is_stopping = True
        super()._request_stop(signum, frame)

    def calculate_sleep_interval(self) -> float:
        return min(super().calculate_sleep_interval(), CLOCK_TICK_SECONDS)


def build_worker(connection: Redis) -> HotlineWorker:
    """A worker that listens on every queue. Raises redis.RedisError when Redis is away."""
    # The blocking read lasts worker_ttl - 15 s, and a heartbeat follows each.
    return HotlineWorker(
        list(QUEUES),
        connection=connection,
        worker_ttl=HEARTBEAT_SECONDS + 15,
        job_monitoring_interval=HEARTBEAT_SECONDS,
        log_job_description=False,
    )


def build_clock(connection: Redis, periodic: Sequence[Periodic]) -> HotlineClock:
    """A clock that starts the given jobs, each at once and then at its interval.

    Several clocks may run: a job started twice does its work once.
    """
    clock = HotlineClock(connection=connection)
    for job in periodic:
        # A start nobody could take is worth nothing once the next one is due.
        clock.register(
            job.func,
            queue_name=job.queue,
            interval=job.interval_seconds,
            job_timeout=JOB_SECONDS,
            result_ttl=0,
            ttl=max(60, 2 * job.interval_seconds),
            failure_ttl=FAILURE_KEPT_SECONDS,
        )
    return clock


def run_worker(redis_url: str) -> None:
    """Work until SIGTERM or SIGINT; while Redis is away, wait for it."""
    _run_patiently("worker", redis_url, build_worker)


def run_clock(redis_url: str, periodic: Sequence[Periodic]) -> None:
    """Start periodic jobs until SIGTERM or SIGINT; while Redis is away, wait for it."""
    _run_patiently("clock", redis_url, lambda connection: build_clock(connection, periodic))


class _StopSwitch:
    """Remembers that a stop was asked for before RQ's own handlers are in place, or after them."""

    def __init__(self) -> None:
        self.is_on = False

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.is_on = True
        raise StopRequested()


def _run_patiently(name: str, redis_url: str, build: Callable[[Redis], HotlineWorker | HotlineClock]) -> None:
    switch = _StopSwitch()
    switch.install()
    while not switch.is_on:
        connection = build_worker_connection(redis_url)
        try:
            process = build(connection)
            switch.is_on = _run_until_stopped(process)
            switch.install()
        except StopRequested:
            return
        except RedisError as error:
            log.warning(f"{name}_waits_for_redis", reason=type(error).__name__)
            _sleep_unless_stopped(switch)
        finally:
            connection.close()


def _run_until_stopped(process: HotlineWorker | HotlineClock) -> bool:
    """True when a stop was asked for; False when Redis went away and RQ gave up by itself."""
    try:
        process.run()
    except (RedisError, SchedulerNotFound):
        if not process.is_stopping:
            raise RedisConnectionError("lost while working") from None
    return process.is_stopping


def _sleep_unless_stopped(switch: _StopSwitch) -> None:
    switch.install()
    try:
        time.sleep(RETRY_SECONDS)
    except StopRequested:
        pass

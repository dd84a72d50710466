"""Job functions for the tests; RQ imports them by name."""

import os
import signal

from integrations.task_queue import job_services


def note(number: int) -> None:
    """Leave a mark in Redis, through the adapters a job gets."""
    job_services().live_store.rpush("test:notes", number)


def tick() -> None:
    """A periodic job."""
    job_services().live_store.incr("test:ticks")


def work_for_ever() -> None:
    """A job in the middle of its work: leaves its process id and stays."""
    job_services().live_store.set("test:job_pid", os.getpid())
    signal.pause()

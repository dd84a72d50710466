"""The minute of the exchange tables: RQ wakes, one job for each city that is read. May run twice, at once, or late."""

from __future__ import annotations

from dashboards.provincial.cities.pull import CityPull
from integrations.task_queue import DEFAULT_QUEUE, Periodic, enqueue, job_services

PULL_EVERY_SECONDS = 60


def pull_exchanges() -> None:
    """Wake a job for each city with an exchange table, so that one that hangs holds up nobody else."""
    services = job_services()
    for centre in CityPull(services).cities():
        enqueue(services.live_store, DEFAULT_QUEUE, pull_exchange, centre)


def pull_exchange(centre: str) -> None:
    """Read what is new in one city's exchange table."""
    CityPull(job_services()).pull(centre)


PERIODIC = (Periodic(pull_exchanges, PULL_EVERY_SECONDS),)

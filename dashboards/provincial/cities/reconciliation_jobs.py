"""The job that compares the cities' own totals with what arrived. May run twice, at once, or late."""

from __future__ import annotations

from dashboards.provincial.cities.reconciliation import reconcile
from integrations.task_queue import Periodic, job_services

RECONCILE_EVERY_SECONDS = 300


def reconcile_cities() -> None:
    """Bring the list of differences up to date; what arrived is counted by the jobs of the facts."""
    services = job_services()
    with services.database.pool.connection() as connection, connection.transaction():
        reconcile(connection, services.now())


PERIODIC = (Periodic(reconcile_cities, RECONCILE_EVERY_SECONDS),)

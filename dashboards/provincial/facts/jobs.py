"""The jobs of the province's figures: RQ wakes, the rows say what is to be made. May run twice, at once, or never."""

from __future__ import annotations

from dashboards.provincial.facts.keeper import FactKeeper
from integrations.task_queue import Periodic, job_services

DUE_EVERY_SECONDS = 30
LAST_EVERY_SECONDS = 3600


def rebuild_due_facts() -> None:
    """Make today's facts anew, and those of days that were corrected."""
    services = job_services()
    FactKeeper(services).rebuild_due(services.now())


def rebuild_last_facts() -> None:
    """Make the last days anew: what came late, and who called again within a week."""
    services = job_services()
    FactKeeper(services).rebuild_last(services.now())


PERIODIC = (
    Periodic(rebuild_due_facts, DUE_EVERY_SECONDS),
    Periodic(rebuild_last_facts, LAST_EVERY_SECONDS),
)

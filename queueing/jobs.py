"""Work of the clock for the line: what was settled long ago is forgotten."""

from __future__ import annotations

from datetime import timedelta

import structlog

from integrations.task_queue import Periodic, job_services
from queueing.callback_jobs import PERIODIC as OF_CALLBACKS
from queueing.tasks import purge_done
from queueing.text_messages import PERIODIC as OF_TEXTS

log = structlog.get_logger(__name__)
# Long enough to look into a complaint about a talk.
KEPT_FOR = timedelta(days=30)


def purge_carrier_tasks() -> None:
    """Delete carrier tasks that were settled over a month ago."""
    services = job_services()
    with services.database.pool.connection() as connection:
        count = purge_done(connection, services.now() - KEPT_FOR)
    if count:
        log.info("carrier_tasks_purged", count=count)


PERIODIC = (Periodic(purge_carrier_tasks, 6 * 3600), *OF_CALLBACKS, *OF_TEXTS)

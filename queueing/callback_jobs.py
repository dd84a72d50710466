"""Waking callbacks: RQ is the alarm clock, the rows say who is due. Every job may run twice, or never.

What no worker wakes, because it was killed or Redis was away, is woken by the dispatchers a little later.
"""

from __future__ import annotations

import structlog
from redis import Redis, RedisError

from integrations.services import Services
from integrations.task_queue import DEFAULT_QUEUE, Periodic, enqueue, job_services
from queueing.callback_booking import wake
from queueing.callback_rows import due_callbacks
from queueing.entries import Entry
from queueing.line_base import waiting_entry
from queueing.live_queue import LiveQueue
from queueing.notices import publish

log = structlog.get_logger(__name__)
LOOK_EVERY_SECONDS = 5
MOST_AT_ONCE = 200


def wake_callback(callback_id: int) -> None:
    """Let one request stand in the line, if it is due and nobody has let it."""
    services = job_services()
    with services.database.pool.connection() as connection, connection.transaction():
        entry = wake(connection, callback_id, services.now())
    if entry is not None:
        _tell(services, entry)


def wake_due_callbacks() -> None:
    """Wake a worker for every request that is due."""
    services = job_services()
    with services.database.pool.connection() as connection:
        due = due_callbacks(connection, services.now(), MOST_AT_ONCE)
    for callback_id in due:
        wake_later(services.live_store, callback_id)


def wake_later(live_store: Redis, callback_id: int) -> bool:
    """Have a request looked at now; False when Redis is away, and the dispatchers will do it."""
    return enqueue(live_store, DEFAULT_QUEUE, wake_callback, callback_id, retries=2)


def _tell(services: Services, entry: Entry) -> None:
    try:
        LiveQueue(services.live_store).join(waiting_entry(entry))
    except RedisError as error:
        log.warning("line_not_told", entry=entry.id, error=type(error).__name__)
    publish(services.live_store, entry.centre, None)


PERIODIC = (Periodic(wake_due_callbacks, LOOK_EVERY_SECONDS),)

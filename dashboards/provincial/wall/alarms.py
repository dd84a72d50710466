"""Alarms as the wallboard's leader sees them: what its snapshot shows to be wrong is entered and ended."""

from __future__ import annotations

from datetime import datetime

import structlog

from dashboards.provincial.alarms.keeping import keep
from dashboards.provincial.alarms.rules import find_alarms
from dashboards.provincial.wall.snapshot import Snapshot
from integrations.errors import HotlineError
from ivr.service import Line

log = structlog.get_logger(__name__)


def note_alarms(line: Line, snapshot: Snapshot, now: datetime) -> None:
    """Enter what is wrong and end what is not any more, in a transaction of its own.

    Never raises: an alarm that cannot be entered must not stop the figures, and is told in the log with an error id.
    """
    try:
        found = find_alarms(snapshot)
        with line.services.database.pool.connection() as connection, connection.transaction():
            keep(connection, found, now)
    except Exception as error:
        log.error("alarms_not_noted", error_id=HotlineError().error_id, error=type(error).__name__, exc_info=True)

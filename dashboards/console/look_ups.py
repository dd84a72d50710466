"""Whoever sees a caller's data leaves a trace: one entry for each person and talk, however often the page shows it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

CALLER_SHOWN = "caller_shown"
RECORDING_HEARD = "recording_heard"
COMMENT_HEARD = "comment_heard"
MOST_REMEMBERED = 5000
# Playing on after a pause is the same listening.
SAME_LISTENING = timedelta(minutes=10)

_NOTE = """
INSERT INTO audit_entry (at, username, action, centre, subject)
SELECT %(at)s, look.username, %(action)s::text, look.centre, look.subject
FROM unnest(%(usernames)s::text[], %(centres)s::text[], %(subjects)s::text[]) AS look(username, centre, subject)
WHERE NOT EXISTS (
    SELECT 1 FROM audit_entry earlier WHERE earlier.at >= %(since)s AND earlier.action = %(action)s::text
    AND earlier.username = look.username AND earlier.subject = look.subject)
"""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Who looked at what, and which centre's caller it was."""

    username: str
    centre: str
    subject: str


def note_look_ups(
    connection: Connection[Any], action: str, look_ups: Collection[LookUp], at: datetime, since: datetime
) -> int:
    """Enter look-ups in the trail that are not there since `since`; how many were new. `subject` names no person."""
    if not look_ups:
        return 0
    entered = connection.execute(
        _NOTE,
        {
            "at": at,
            "since": since,
            "action": action,
            "usernames": [look.username for look in look_ups],
            "centres": [look.centre for look in look_ups],
            "subjects": [look.subject for look in look_ups],
        },
    )
    return entered.rowcount


class ShownCallers:
    """Enters that a caller's data was shown; what this process has entered is not asked for again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: OrderedDict[LookUp, None] = OrderedDict()

    def note(self, connection: Connection[Any], look_ups: Collection[LookUp], at: datetime, since: datetime) -> None:
        """`since`: when the oldest of these talks was offered."""
        with self._lock:
            fresh = [look for look in dict.fromkeys(look_ups) if look not in self._noted]
        note_look_ups(connection, CALLER_SHOWN, fresh, at, since)
        with self._lock:
            self._noted.update(dict.fromkeys(fresh))
            while len(self._noted) > MOST_REMEMBERED:
                self._noted.popitem(last=False)

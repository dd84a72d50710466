"""Whoever reports somebody may stay unknown: the number goes out of the message and out of its case, for good."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from integrations.services import Services
from voicemail.case_rows import CALLER, add_event
from voicemail.message_rows import Moved, lock_message, set_number

_NOBODY = {"number_sealed": None, "number_hash": None, "number_tail": None, "caller_region": None}
_MESSAGE = "UPDATE message SET is_anonymous = true, person_hash = NULL WHERE id = %s"
_CASE = """
UPDATE work_order SET is_anonymous = true, person_hash = NULL, number_sealed = NULL, number_hash = NULL,
    number_tail = NULL, caller_region = NULL
WHERE id = %s AND NOT is_anonymous
"""
MOST_TRIES = 5
UNKNOWN = "举报人不想让人找到，号码没有留"


def make_anonymous(services: Services, message_id: int) -> bool:
    """Forget who left a message. Only the telephone that called, and the case's number, find the case again.

    False when there is no such message. May be repeated.
    """
    for _ in range(MOST_TRIES):
        try:
            with services.database.pool.connection() as connection, connection.transaction():
                return _forget(connection, services, message_id)
        except Moved:
            continue
    return False


def _forget(connection: Connection[Any], services: Services, message_id: int) -> bool:
    found = lock_message(connection, message_id)
    if found is None:
        return False
    case_id = found[1]
    set_number(connection, message_id, _NOBODY)
    connection.execute(_MESSAGE, (message_id,))
    if case_id is not None and connection.execute(_CASE, (case_id,)).rowcount:
        add_event(connection, case_id, services.now(), CALLER, "noted", UNKNOWN)
    return True

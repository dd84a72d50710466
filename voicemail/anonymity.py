"""Whoever reports somebody may stay unknown: nothing of the telephone stays with the message and its case, for good.

What is left is a fingerprint that only this case's number together with this telephone gives again: it leads to no
other case and to no call.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from integrations.sealer import Sealer
from integrations.services import Services
from voicemail.case_rows import CALLER, add_event
from voicemail.message_rows import MessageRow, in_transaction, lock_message, set_number

_NOBODY = {"number_sealed": None, "number_hash": None, "number_tail": None, "caller_region": None}
_MESSAGE = "UPDATE message SET is_anonymous = true, person_hash = NULL, caller_hash = NULL WHERE id = %s"
_BIND = "UPDATE work_order SET caller_hash = %s WHERE id = %s AND is_anonymous AND caller_hash = %s"
_CASE = """
UPDATE work_order SET is_anonymous = true, person_hash = NULL, number_sealed = NULL, number_hash = NULL,
    number_tail = NULL, caller_region = NULL
WHERE id = %s AND NOT is_anonymous
"""
UNKNOWN = "举报人不想让人找到，号码没有留"


def bound_hash(sealer: Sealer, case_id: int, caller_hash: bytes) -> bytes:
    """By what the telephone of an anonymous case finds it again, 32 bytes."""
    return sealer.fingerprint(f"case {case_id} {bytes(caller_hash).hex()}")


def make_anonymous(services: Services, message_id: int) -> bool:
    """Forget who left a message. False when there is no such message. May be repeated."""
    return in_transaction(services.database, lambda connection: _forget(connection, services, message_id))


def bind(connection: Connection[Any], sealer: Sealer, message: MessageRow, case_id: int) -> None:
    """A message that was anonymous from the start is on this case now, in the caller's transaction."""
    if message.caller_hash is None:
        return
    telephone = bytes(message.caller_hash)
    connection.execute(_BIND, (bound_hash(sealer, case_id, telephone), case_id, telephone))
    connection.execute(_MESSAGE, (message.id,))


def _forget(connection: Connection[Any], services: Services, message_id: int) -> bool:
    found = lock_message(connection, message_id)
    if found is None:
        return False
    message, case_id = found
    set_number(connection, message_id, _NOBODY)
    if case_id is not None and connection.execute(_CASE, (case_id,)).rowcount:
        add_event(connection, case_id, services.now(), CALLER, "noted", UNKNOWN)
    if case_id is not None:
        bind(connection, services.sealer, message, case_id)
    connection.execute(_MESSAGE, (message_id,))
    return True

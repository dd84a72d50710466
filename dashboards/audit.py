"""The trail of who did what: one append-only row a deed, written in the transaction of the deed itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection

_ENTER = "INSERT INTO audit_entry (at, username, action, centre, subject) VALUES (%s, %s, %s, %s, %s)"


def enter_audit(
    connection: Connection[Any], at: datetime, username: str, action: str, centre: str | None, subject: str
) -> None:
    """Enter one deed. `subject` names no person: ids and masked numbers only. `centre` None: not one centre's."""
    connection.execute(_ENTER, (at, username, action, centre, subject))

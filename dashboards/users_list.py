"""Users and their seats as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from dashboards.models import ADMINISTRATOR
from dashboards.sign_in import centres_in_scope
from dashboards.staff import StaffMember
from integrations.database import Database

MOST_ROWS = 300
_ROWS = """
SELECT u.id, u.username, u.name, u.role, u.centre, u.is_active, u.locked_until, u.must_change_password, u.totp_since,
       u.agent_id, a.number, a.skills, a.languages, a.door, a.telephone_tail, md5(a.telephone_sealed) AS telephone_mark,
       a.state
FROM staff_user u LEFT JOIN agent a ON a.id = u.agent_id
"""
_LIST = f"""{_ROWS}
WHERE (%(sees_all)s OR (u.centre = ANY(%(centres)s) AND u.role = 'consultant'))
AND (%(words)s = '' OR strpos(lower(concat_ws(' ', u.username, u.name, a.number)), lower(%(words)s)) > 0)
AND (%(centre)s = '' OR u.centre = %(centre)s) AND (%(role)s = '' OR u.role = %(role)s)
AND CASE %(state)s WHEN 'inactive' THEN NOT u.is_active WHEN 'locked' THEN u.is_active AND u.locked_until > %(now)s
    WHEN 'all' THEN true ELSE u.is_active END
ORDER BY u.centre NULLS FIRST, u.role DESC, a.number NULLS LAST, u.username LIMIT {MOST_ROWS + 1}
"""
_FIND = f"{_ROWS} WHERE u.id = %s"


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with the seat, if there is one. `state` is the seat's."""

    id: int
    username: str
    name: str
    role: str
    centre: str | None
    is_active: bool
    locked_until: datetime | None
    must_change_password: bool
    totp_since: datetime | None
    agent_id: int | None
    number: str | None
    skills: list[str] | None
    languages: list[str] | None
    door: str | None
    telephone_tail: str | None
    telephone_mark: str | None
    state: str | None

    @property
    def profile_version(self) -> str:
        """Changes with what the profile's form shows: a form with another one is stale."""
        return _mark(self.name, self.role, self.centre)

    @property
    def seat_version(self) -> str:
        return _mark(self.number, self.skills, self.languages, self.door, self.telephone_mark)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which users a list shows; an empty text is any. `state`: active, inactive, locked or all."""

    words: str = ""
    centre: str = ""
    role: str = ""
    state: str = ""


def read_user(connection: Connection[Any], user_id: int) -> UserRow | None:
    """A user by id, active or not."""
    return next(iter(_rows(connection, _FIND, (user_id,))), None)


def list_users(
    database: Database, by: StaffMember, wanted: Filter, centres: Sequence[str], now: datetime
) -> tuple[list[UserRow], bool]:
    """At most 300 users, and whether there are more: all for an administrator, else the scope's consultants."""
    values = {
        "words": wanted.words, "centre": wanted.centre, "role": wanted.role, "state": wanted.state, "now": now,
        "centres": list(centres_in_scope(by, centres)), "sees_all": by.role == ADMINISTRATOR,
    }  # fmt: skip
    with database.pool.connection() as connection:
        rows = _rows(connection, _LIST, values)
    return rows[:MOST_ROWS], len(rows) > MOST_ROWS


def _rows(connection: Connection[Any], sql: str, values: Any) -> list[UserRow]:
    with connection.cursor(row_factory=class_row(UserRow)) as cursor:
        return cursor.execute(sql, values).fetchall()


def _mark(*values: Any) -> str:
    return sha256(repr(values).encode()).hexdigest()[:16]

"""Who signs in: reading staff, and counting wrong passwords, each in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.audit import enter_audit
from dashboards.models import ADMINISTRATOR, CONSULTANT, PROVINCIAL, SUPERVISOR
from integrations.database import Database

MOST_WRONG_PASSWORDS = 5
LOCKED_FOR = timedelta(minutes=15)
ROLE_NAMES = {CONSULTANT: "咨询员", SUPERVISOR: "值班长", PROVINCIAL: "省级", ADMINISTRATOR: "管理员"}

_FIELDS = "id, username, name, role, centre, session_epoch"
_BY_ID = f"SELECT {_FIELDS} FROM staff_user WHERE id = %s AND is_active"
_HASH = "SELECT id, password_hash FROM staff_user WHERE username = %s AND is_active"
# The condition repeats the lock, so that guesses made at the same time cannot get around it.
_NOT_LOCKED = "(locked_until IS NULL OR locked_until <= %(now)s)"
_RIGHT = f"""
UPDATE staff_user SET failed_logins = 0, locked_until = NULL
WHERE id = %(id)s AND is_active AND {_NOT_LOCKED} RETURNING {_FIELDS}
"""
_WRONG = f"""
UPDATE staff_user SET
    failed_logins = CASE WHEN failed_logins + 1 >= %(most)s THEN 0 ELSE failed_logins + 1 END,
    locked_until = CASE WHEN failed_logins + 1 >= %(most)s THEN %(until)s END
WHERE id = %(id)s AND {_NOT_LOCKED} RETURNING username, centre, locked_until
"""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody signed in. `centre` is None for those who see all centres."""

    id: int
    username: str
    name: str
    role: str
    centre: str | None
    session_epoch: int

    @property
    def role_name(self) -> str:
        return ROLE_NAMES[self.role]

    @property
    def sees_all(self) -> bool:
        return self.role in (PROVINCIAL, ADMINISTRATOR)


class StaffStore:
    """Reads and writes staff on the pool of raw connections."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, user_id: int) -> StaffMember | None:
        """An active member by id."""
        with self._database.pool.connection() as connection:
            row = connection.execute(_BY_ID, (user_id,)).fetchone()
        return StaffMember(*row) if row else None

    def password_hash(self, username: str) -> tuple[int, str] | None:
        """Id and password hash of an active member."""
        with self._database.pool.connection() as connection:
            row = connection.execute(_HASH, (username,)).fetchone()
        return (row[0], row[1]) if row else None

    def note_right_password(self, user_id: int, now: datetime) -> StaffMember | None:
        """Sign in unless locked: wrong passwords are forgotten. None while the account is locked."""
        with self._database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_RIGHT, {"id": user_id, "now": now}).fetchone()
            if row is None:
                return None
            member = StaffMember(*row)
            enter_audit(connection, now, member.username, "login", member.centre, f"staff_user {member.id}")
        return member

    def note_wrong_password(self, user_id: int, now: datetime) -> None:
        """Count a wrong password; the fifth in a row locks the account. While locked nothing is counted."""
        values = {"id": user_id, "now": now, "most": MOST_WRONG_PASSWORDS, "until": now + LOCKED_FOR}
        with self._database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_WRONG, values).fetchone()
            if row and row[2] is not None:
                enter_audit(connection, now, row[0], "login_locked", row[1], f"staff_user {user_id}")

    def note_logout(self, member: StaffMember, now: datetime) -> None:
        """Enter in the trail that somebody left."""
        with self._database.pool.connection() as connection:
            enter_audit(connection, now, member.username, "logout", member.centre, f"staff_user {member.id}")

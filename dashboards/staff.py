"""Who signs in: reading staff, and counting wrong passwords and codes, each in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.models import ADMINISTRATOR, CONSULTANT, PROVINCIAL, SUPERVISOR
from integrations.database import Database

MOST_WRONG_PASSWORDS = 5
LOCKED_FOR = timedelta(minutes=15)
ROLE_NAMES = {CONSULTANT: "咨询员", SUPERVISOR: "值班长", PROVINCIAL: "省级", ADMINISTRATOR: "管理员"}

FIELDS = "id, username, name, role, centre, session_epoch, agent_id, must_change_password, totp_sealed IS NOT NULL"
_BY_ID = f"SELECT {FIELDS} FROM staff_user WHERE id = %s AND is_active"
_HASH = "SELECT id, password_hash FROM staff_user WHERE username = %s AND is_active"
# The condition repeats the lock, so that guesses made at the same time cannot get around it.
NOT_LOCKED = "(locked_until IS NULL OR locked_until <= %(now)s)"
# Nothing has changed since the password was checked, and nobody has locked the account meanwhile.
STILL_THE_SAME = f"id = %(id)s AND is_active AND session_epoch = %(epoch)s AND {NOT_LOCKED}"
_UNLOCKED = f"""
SELECT {FIELDS} FROM staff_user WHERE id = %(id)s AND is_active AND password_hash = %(hash)s AND {NOT_LOCKED}
"""
_LOGIN = f"""
UPDATE staff_user SET failed_logins = 0, locked_until = NULL WHERE {STILL_THE_SAME} RETURNING {FIELDS}
"""
_WRONG = f"""
UPDATE staff_user SET
    failed_logins = CASE WHEN failed_logins + 1 >= %(most)s THEN 0 ELSE failed_logins + 1 END,
    locked_until = CASE WHEN failed_logins + 1 >= %(most)s THEN %(until)s END
WHERE id = %(id)s AND {NOT_LOCKED} RETURNING username, centre, locked_until
"""
_NEW_PASSWORD = f"""
UPDATE staff_user SET password_hash = %(new)s, must_change_password = false, failed_logins = 0,
    session_epoch = session_epoch + 1
WHERE {STILL_THE_SAME} AND password_hash = %(old)s RETURNING {FIELDS}
"""
_END_SESSIONS = "UPDATE staff_user SET session_epoch = session_epoch + 1 WHERE id = %s"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody signed in. `centre` is None for those who see all centres, `agent_id` for who has no seat."""

    id: int
    username: str
    name: str
    role: str
    centre: str | None
    session_epoch: int
    agent_id: int | None = None
    must_change_password: bool = False
    has_second_factor: bool = False

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

    def find_unlocked(self, user_id: int, password_hash: str, now: datetime) -> StaffMember | None:
        """An active member by id, who still has this password; None while the account is locked."""
        with self._database.pool.connection() as connection:
            values = {"id": user_id, "hash": password_hash, "now": now}
            row = connection.execute(_UNLOCKED, values).fetchone()
        return StaffMember(*row) if row else None

    def note_login(self, member: StaffMember, now: datetime) -> StaffMember | None:
        """Everything asked for was right: what was wrong before is forgotten. None when the account was locked."""
        with self._database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_LOGIN, same(member, now)).fetchone()
            if row is None:
                return None
            enter_own_deed(connection, member, "login", now)
        return StaffMember(*row)

    def note_wrong(self, user_id: int, now: datetime) -> None:
        """Count a wrong password or code; the fifth in a row locks the account. While locked nothing is counted."""
        values = {"id": user_id, "now": now, "most": MOST_WRONG_PASSWORDS, "until": now + LOCKED_FOR}
        with self._database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_WRONG, values).fetchone()
            if row and row[2] is not None:
                enter_audit(connection, now, row[0], "login_locked", row[1], f"staff_user {user_id}")

    def note_logout(self, member: StaffMember, now: datetime) -> None:
        """Enter in the trail that somebody left."""
        with self._database.pool.connection() as connection:
            enter_own_deed(connection, member, "logout", now)

    def change_password(self, member: StaffMember, old: str, new: str, now: datetime) -> StaffMember | None:
        """Replace one hash by another and end all sessions; None when it was replaced meanwhile, or locked."""
        with self._database.pool.connection() as connection, connection.transaction():
            row = connection.execute(_NEW_PASSWORD, {**same(member, now), "old": old, "new": new}).fetchone()
            if row is None:
                return None
            enter_own_deed(connection, member, "password_changed", now)
        return StaffMember(*row)

    def end_sessions(self, member: StaffMember, now: datetime) -> None:
        """Sign somebody out wherever they are signed in."""
        with self._database.pool.connection() as connection, connection.transaction():
            connection.execute(_END_SESSIONS, (member.id,))
            enter_own_deed(connection, member, "sessions_ended", now)


def same(member: StaffMember, now: datetime) -> dict[str, Any]:
    """The values of STILL_THE_SAME."""
    return {"id": member.id, "epoch": member.session_epoch, "now": now}


def enter_own_deed(connection: Connection[Any], member: StaffMember, action: str, now: datetime) -> None:
    """Enter what somebody did with their own account."""
    enter_audit(connection, now, member.username, action, member.centre, f"staff_user {member.id}")

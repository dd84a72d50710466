"""Users and their seats as rows: each change, what it does to the seat and its audit entry in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation

from dashboards.audit import enter_audit
from dashboards.models import ADMINISTRATOR, CONSULTANT
from dashboards.staff import StaffMember
from dashboards.user_rules import TELEPHONE, NewSeat, NewUser, Profile
from dashboards.users_list import UserRow, read_user
from integrations.services import Services
from queueing.agent import IllegalMove
from queueing.seats import lock_seat, move_seat

TELEPHONE_SEALED_FOR = "agent.telephone"

_LOCK = "SELECT 1 FROM staff_user WHERE id = %s FOR UPDATE"
# Two administrators who take each other's rights away come one after the other.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('staff_users'))"
_IS_ADMINISTRATOR = "SELECT 1 FROM staff_user WHERE id = %s AND is_active AND role = 'administrator'"
_OTHER_ADMINISTRATOR = "SELECT 1 FROM staff_user WHERE id <> %s AND is_active AND role = 'administrator' LIMIT 1"
_ADD = """
INSERT INTO staff_user (username, name, role, centre, password_hash, created_at, is_active, failed_logins,
                        session_epoch, must_change_password)
VALUES (%s, %s, %s, %s, %s, %s, true, 0, 0, true) ON CONFLICT (username) DO NOTHING RETURNING id
"""
# Rights are those of the session's user at once, but a second factor is asked for only at the sign-in.
_PROFILE = "UPDATE staff_user SET name = %s, role = %s, centre = %s, session_epoch = session_epoch + %s WHERE id = %s"
_ACTIVE = "UPDATE staff_user SET is_active = %s, session_epoch = session_epoch + 1 WHERE id = %s"
_PASSWORD = """
UPDATE staff_user SET password_hash = %s, must_change_password = true, failed_logins = 0, locked_until = NULL,
    session_epoch = session_epoch + 1 WHERE id = %s
"""
NO_SECOND_FACTOR = """
UPDATE staff_user SET totp_sealed = NULL, totp_since = NULL, totp_last_step = NULL, session_epoch = session_epoch + 1
WHERE id = %s AND totp_sealed IS NOT NULL
"""
_UNLOCK = "UPDATE staff_user SET failed_logins = 0, locked_until = NULL WHERE id = %s AND locked_until IS NOT NULL"
_ADD_SEAT = """
INSERT INTO agent (number, name, centre, skills, languages, door, telephone_sealed, telephone_tail, state_since)
VALUES (%(number)s, %(name)s, %(centre)s, %(skills)s, %(languages)s, %(door)s, %(sealed)s, %(tail)s, %(now)s)
ON CONFLICT (number) DO NOTHING RETURNING id
"""
_TAKE_SEAT = "UPDATE staff_user SET agent_id = %s WHERE id = %s"
# The number stays as it is when none was typed, and is forgotten when it is no longer rung.
_SEAT = """
UPDATE agent SET number = %(number)s, skills = %(skills)s, languages = %(languages)s, door = %(door)s,
    telephone_sealed = CASE WHEN %(is_rung)s THEN coalesce(%(sealed)s, telephone_sealed) END,
    telephone_tail = CASE WHEN %(is_rung)s THEN coalesce(%(tail)s, telephone_tail) END
WHERE id = %(id)s
"""
_SEAT_OF = "UPDATE agent SET name = %s, centre = coalesce(%s, centre), is_active = %s WHERE id = %s"
NOT_YOURSELF = "自己的账号不能在这里{deed}，请到“我的账号”，或者请另一位管理员操作。"
LAST_ADMINISTRATOR = "这是最后一位在用的管理员，不能{deed}，否则没有人能管理用户了。"
IN_A_TALK = "这位咨询员正在振铃或通话，等这通电话结束再{deed}。要让他马上退出登录，可以先重置密码。"
NO_LONGER_YOURS = "您的权限刚刚变了，这次没有生效。"


class Refused(Exception):
    """A rule forbids the deed; nothing was changed. `sentence` says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Taken(Exception):
    """Somebody else has this username or seat number already. `field` is the form's."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class UsersStore:
    """Writes what an administrator decides about users."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def add(self, new: NewUser, password_hash: str, by: StaffMember) -> int:
        """Enter somebody with a one-time password. Raises Taken, Refused."""
        who = new.profile
        with self._deed(by) as (connection, now):
            values = (new.username, who.name, who.role, who.centre, password_hash, now)
            row = connection.execute(_ADD, values).fetchone()
            if row is None:
                raise Taken("username")
            enter_audit(connection, now, by.username, "user_added", who.centre, f"staff_user {row[0]}: {who.role}")
        return int(row[0])

    def change(self, user_id: int, version: str, to: Profile, by: StaffMember) -> bool:
        """Change name, role and centre; False when somebody else changed them since `version`. Raises Refused.

        Another role or centre ends the user's sessions, and takes the seat out of the line.
        """
        with self._deed(by) as (connection, now):
            user = self._locked(connection, user_id)
            if user.profile_version != version:
                return False
            if user.role == ADMINISTRATOR != to.role:
                _refuse_losing_rights(connection, user, by, "改角色")
            moves = (user.role, user.centre) != (to.role, to.centre)
            if moves:
                _take_out_of_line(connection, user, now, "改")
            connection.execute(_PROFILE, (to.name, to.role, to.centre, int(moves), user_id))
            is_seated = user.is_active and to.role == CONSULTANT
            connection.execute(_SEAT_OF, (to.name, to.centre, is_seated, user.agent_id))
            if changes := _changes(user, to):
                _enter(connection, user, by, "user_changed", now, changes, to.centre)
        return True

    def set_active(self, user_id: int, is_active: bool, by: StaffMember) -> bool:
        """Let somebody sign in, or no longer; False when it is so already. Raises Refused."""
        with self._deed(by) as (connection, now):
            user = self._locked(connection, user_id)
            if user.is_active == is_active:
                return False
            if not is_active:
                _refuse_losing_rights(connection, user, by, "停用")
                _take_out_of_line(connection, user, now, "停用")
            connection.execute(_ACTIVE, (is_active, user_id))
            connection.execute(_SEAT_OF, (user.name, None, is_active and user.role == CONSULTANT, user.agent_id))
            _enter(connection, user, by, "user_activated" if is_active else "user_deactivated", now)
        return True

    def reset_password(self, user_id: int, password_hash: str, by: StaffMember) -> None:
        """Give a one-time password, unlock, and end all sessions. Raises Refused."""
        self._one_update(user_id, by, "password_reset", _PASSWORD, (password_hash, user_id), "重置密码")

    def reset_second_factor(self, user_id: int, by: StaffMember) -> bool:
        """Forget the second factor, for somebody who lost the telephone, and end all sessions. Raises Refused.

        False when there is none.
        """
        return self._one_update(user_id, by, "second_factor_reset", NO_SECOND_FACTOR, (user_id,), "重设两步验证")

    def unlock(self, user_id: int, by: StaffMember) -> bool:
        """Forget the wrong passwords; False when the account is not locked. Raises Refused."""
        return self._one_update(user_id, by, "user_unlocked", _UNLOCK, (user_id,))

    def save_seat(self, user_id: int, version: str, seat: NewSeat, by: StaffMember) -> bool:
        """Give a consultant a seat, or change it; False when somebody else changed it since. Raises Taken, Refused."""
        with self._deed(by) as (connection, now):
            user = self._locked(connection, user_id)
            if user.role != CONSULTANT or user.seat_version != version:
                return False
            values = self._seat_values(seat)
            if user.agent_id is None:
                _add_seat(connection, user, {**values, "name": user.name, "centre": user.centre, "now": now})
            else:
                _change_seat(connection, {**values, "id": user.agent_id})
            what = f"skills {','.join(seat.skills) or '-'}, languages {','.join(seat.languages) or '-'}, {seat.door}"
            _enter(connection, user, by, "seat_changed" if user.agent_id else "seat_added", now, what)
        return True

    def _seat_values(self, seat: NewSeat) -> dict[str, Any]:
        number = seat.telephone
        return {
            "number": seat.number,
            "skills": list(seat.skills),
            "languages": list(seat.languages),
            "door": seat.door,
            "is_rung": seat.door == TELEPHONE,
            "sealed": self._services.sealer.seal(number, TELEPHONE_SEALED_FOR) if number else None,
            "tail": number[-4:] if number else None,
        }

    def _one_update(
        self, user_id: int, by: StaffMember, action: str, sql: str, values: tuple[Any, ...], not_oneself: str = ""
    ) -> bool:
        with self._deed(by) as (connection, now):
            user = self._locked(connection, user_id)
            if not_oneself and user.id == by.id:
                raise Refused(NOT_YOURSELF.format(deed=not_oneself))
            is_done = connection.execute(sql, values).rowcount > 0
            if is_done:
                _enter(connection, user, by, action, now)
        return is_done

    @contextmanager
    def _deed(self, by: StaffMember) -> Iterator[tuple[Connection[Any], datetime]]:
        with self._services.database.pool.connection() as connection, connection.transaction():
            connection.execute(_ONE_AT_A_TIME)
            if connection.execute(_IS_ADMINISTRATOR, (by.id,)).fetchone() is None:
                raise Refused(NO_LONGER_YOURS)
            yield connection, self._services.now()

    def _locked(self, connection: Connection[Any], user_id: int) -> UserRow:
        connection.execute(_LOCK, (user_id,))
        user = read_user(connection, user_id)
        if user is None:
            raise Refused("没有这个用户。")
        return user


def _refuse_losing_rights(connection: Connection[Any], user: UserRow, by: StaffMember, deed: str) -> None:
    if user.id == by.id:
        raise Refused(NOT_YOURSELF.format(deed=deed))
    if user.role == ADMINISTRATOR and connection.execute(_OTHER_ADMINISTRATOR, (user.id,)).fetchone() is None:
        raise Refused(LAST_ADMINISTRATOR.format(deed=deed))


def _take_out_of_line(connection: Connection[Any], user: UserRow, now: datetime, deed: str) -> None:
    """Sign the seat out, so that no caller is offered to somebody who has gone."""
    seat = lock_seat(connection, user.agent_id) if user.agent_id else None
    if seat is None:
        return
    try:
        move_seat(connection, seat, "sign_out", now)
    except IllegalMove:
        raise Refused(IN_A_TALK.format(deed=deed)) from None


def _add_seat(connection: Connection[Any], user: UserRow, values: dict[str, Any]) -> None:
    row = connection.execute(_ADD_SEAT, values).fetchone()
    if row is None:
        raise Taken("number")
    connection.execute(_TAKE_SEAT, (row[0], user.id))


def _change_seat(connection: Connection[Any], values: dict[str, Any]) -> None:
    try:
        connection.execute(_SEAT, values)
    except UniqueViolation:
        raise Taken("number") from None


def _enter(
    connection: Connection[Any], user: UserRow, by: StaffMember, action: str, now: datetime, what: str = "",
    centre: str | None = None,
) -> None:  # fmt: skip
    subject = f"staff_user {user.id}" + (f": {what}" if what else "")
    enter_audit(connection, now, by.username, action, centre or user.centre, subject)


def _changes(user: UserRow, to: Profile) -> str:
    parts = ["name"] if user.name != to.name else []
    for field, before, after in (("role", user.role, to.role), ("centre", user.centre, to.centre)):
        if before != after:
            parts.append(f"{field} {before or '-'} -> {after or '-'}")
    return ", ".join(parts)

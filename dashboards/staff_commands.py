"""`python app.py staff ...`: the first administrator of an installation, and the way back in for the last one.

Whoever can run this has the machine and its database already; each deed is in the trail all the same.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from psycopg import Connection

from dashboards.audit import enter_audit
from dashboards.models import ADMINISTRATOR
from dashboards.passwords import hash_password, one_time_password
from dashboards.user_rules import check_new_user
from integrations.services import Services

# Who did it, in the trail.
OPERATOR = "(command line)"
NOBODY = "没有“{username}”这个在用的用户。"

_ADD = """
INSERT INTO staff_user (username, name, role, centre, password_hash, created_at, is_active, failed_logins,
                        session_epoch, must_change_password)
VALUES (%s, %s, 'administrator', NULL, %s, %s, true, 0, 0, true) ON CONFLICT (username) DO NOTHING RETURNING id
"""
_RESET_SECOND_FACTOR = """
UPDATE staff_user SET totp_sealed = NULL, totp_since = NULL, totp_last_step = NULL, failed_logins = 0,
    locked_until = NULL, session_epoch = session_epoch + 1
WHERE username = %s AND is_active RETURNING id, centre
"""
_RESET_PASSWORD = """
UPDATE staff_user SET password_hash = %s, must_change_password = true, failed_logins = 0, locked_until = NULL,
    session_epoch = session_epoch + 1
WHERE username = %s AND is_active RETURNING id, centre
"""


def staff_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of `staff` and what each is told."""
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="新建一个管理员，显示一次性密码")
    add.add_argument("username", help="用户名，例如 wangfang")
    add.add_argument("--name", default="管理员", help="姓名，例如 王芳")
    for action, words in (("reset-second-factor", "重设两步验证"), ("reset-password", "重置密码，显示一次性密码")):
        actions.add_parser(action, help=f"{words}（没有别的管理员可以帮忙时用）").add_argument(
            "username", help="用户名"
        )


def run_staff_command(services: Services, arguments: argparse.Namespace) -> int:
    """Do it and say so; 2 and a sentence when it cannot be done."""
    actions = {"add": _add, "reset-second-factor": _reset_second_factor, "reset-password": _reset_password}
    with services.database.pool.connection() as connection, connection.transaction():
        said, is_done = actions[arguments.action](connection, services, arguments)
    print(said, file=sys.stdout if is_done else sys.stderr)
    return 0 if is_done else 2


def _add(connection: Connection[Any], services: Services, arguments: argparse.Namespace) -> tuple[str, bool]:
    checked = check_new_user(
        {"username": arguments.username, "name": arguments.name, "role": ADMINISTRATOR, "centre": ""}, ()
    )
    if checked.value is None:
        return "；".join(checked.errors.values()), False
    password, new = one_time_password(), checked.value
    values = (new.username, new.profile.name, hash_password(password), services.now())
    row = connection.execute(_ADD, values).fetchone()
    if row is None:
        return f"用户名“{new.username}”已经有人用了。", False
    enter_audit(connection, services.now(), OPERATOR, "user_added", None, f"staff_user {row[0]}: {ADMINISTRATOR}")
    return f"管理员 {new.username} 已建好，{_one_time(password)}", True


def _reset_second_factor(
    connection: Connection[Any], services: Services, arguments: argparse.Namespace
) -> tuple[str, bool]:
    row = connection.execute(_RESET_SECOND_FACTOR, (arguments.username,)).fetchone()
    if row is None:
        return NOBODY.format(username=arguments.username), False
    enter_audit(connection, services.now(), OPERATOR, "second_factor_reset", row[1], f"staff_user {row[0]}")
    return f"{arguments.username} 的两步验证已重设，下次登录时重新设置。", True


def _reset_password(connection: Connection[Any], services: Services, arguments: argparse.Namespace) -> tuple[str, bool]:
    password = one_time_password()
    row = connection.execute(_RESET_PASSWORD, (hash_password(password), arguments.username)).fetchone()
    if row is None:
        return NOBODY.format(username=arguments.username), False
    enter_audit(connection, services.now(), OPERATOR, "password_reset", row[1], f"staff_user {row[0]}")
    return f"{arguments.username} 的密码已重置，{_one_time(password)}", True


def _one_time(password: str) -> str:
    return f"一次性密码（只显示这一次）：\n\n    {password}\n\n登录后要先换成自己的密码。"

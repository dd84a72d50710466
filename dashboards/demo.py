"""Users to try the pages with, on this machine only, and the seats of the consultants among them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from dashboards.models import ADMINISTRATOR, CONSULTANT, PROVINCIAL, SUPERVISOR
from dashboards.passwords import hash_password
from dashboards.staff import ROLE_NAMES
from integrations.services import Services

DEMO_PASSWORD = "12333-demo"
# Username, name, role, centre.
DEMO_USERS = (
    ("xinxi", "王芳", PROVINCIAL, None),
    ("guanli", "李强", ADMINISTRATOR, None),
    ("shengji", "张敏", SUPERVISOR, "340000"),
    ("hefei", "刘洋", SUPERVISOR, "340100"),
    ("wuhu", "陈静", SUPERVISOR, "340200"),
    ("shengji01", "孙丽", CONSULTANT, "340000"),
    ("hefei01", "赵磊", CONSULTANT, "340100"),
    ("hefei02", "吴涛", CONSULTANT, "340100"),
    ("wuhu01", "郑洁", CONSULTANT, "340200"),
    ("wuhu02", "冯娟", CONSULTANT, "340200"),
    ("wuhu03", "钱伟", CONSULTANT, "340200"),
)
# Number, skills, languages. Between them the seats of a centre can do everything.
DEMO_SEATS = {
    "shengji01": ("3001", ["pension", "medical", "card", "employment", "labour"], ["english"]),
    "hefei01": ("1001", ["pension", "medical", "card"], ["hefei"]),
    "hefei02": ("1002", ["employment", "labour", "card"], []),
    "wuhu01": ("2001", ["pension", "medical"], ["wuhu"]),
    "wuhu02": ("2002", ["card", "employment"], []),
    "wuhu03": ("2003", ["labour", "pension"], ["wuhu", "english"]),
}
PLACES = {None: "全省", "340000": "省本级", "340100": "合肥", "340200": "芜湖"}


def _login_line(username: str, role: str, centre: str | None) -> str:
    seat = DEMO_SEATS.get(username)
    return f"{username}（{PLACES[centre]}{ROLE_NAMES[role]}{f'，工号{seat[0]}' if seat else ''}）"


DEMO_LOGINS = "\n".join(
    [
        *(_login_line(username, role, centre) for username, _, role, centre in DEMO_USERS),
        f"密码都是 {DEMO_PASSWORD}",
    ]
)

_KNOWN = "SELECT username FROM staff_user WHERE username = ANY(%s)"
_ENTER = """
INSERT INTO staff_user
    (username, name, role, centre, password_hash, is_active, failed_logins, session_epoch, created_at)
SELECT %s, %s, %s, %s, %s, true, 0, 0, %s
WHERE %s::text IS NULL OR EXISTS (SELECT 1 FROM centre WHERE code = %s)
ON CONFLICT (username) DO NOTHING
"""
# Somebody who was changed by hand keeps what they have.
_SEAT = """
WITH seat AS (
    INSERT INTO agent (number, name, centre, skills, languages, state_since)
    SELECT %(number)s, name, centre, %(skills)s, %(languages)s, %(now)s FROM staff_user
    WHERE username = %(username)s AND role = 'consultant' AND is_active AND agent_id IS NULL
    ON CONFLICT (number) DO NOTHING RETURNING id
)
UPDATE staff_user SET agent_id = seat.id FROM seat WHERE username = %(username)s
"""


def seed_demo_users(services: Services) -> None:
    """Enter the demo users and seats that are missing, in a demo only; those of centres not configured are left out."""
    if not services.settings.demo:
        return
    with services.database.pool.connection() as connection, connection.transaction():
        _enter_users(connection, services)
        for username, (number, skills, languages) in DEMO_SEATS.items():
            values = {"number": number, "skills": skills, "languages": languages, "now": services.now()}
            connection.execute(_SEAT, {**values, "username": username})


def _enter_users(connection: Connection[Any], services: Services) -> None:
    names = [user[0] for user in DEMO_USERS]
    known = {row[0] for row in connection.execute(_KNOWN, (names,)).fetchall()}
    missing = [user for user in DEMO_USERS if user[0] not in known]
    # Made slowly on purpose; the password is published, so one hash does for all.
    password_hash = hash_password(DEMO_PASSWORD) if missing else ""
    for username, name, role, centre in missing:
        connection.execute(_ENTER, (username, name, role, centre, password_hash, services.now(), centre, centre))

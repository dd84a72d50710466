"""Users to try the pages with, on this machine only."""

from __future__ import annotations

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
    ("hefei01", "赵磊", CONSULTANT, "340100"),
)
PLACES = {None: "全省", "340000": "省本级", "340100": "合肥", "340200": "芜湖"}
DEMO_LOGINS = "\n".join(
    [
        *(f"{username}（{PLACES[centre]}{ROLE_NAMES[role]}）" for username, _, role, centre in DEMO_USERS),
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


def seed_demo_users(services: Services) -> None:
    """Enter the demo users that are missing, in a demo only; those whose centre is not configured are left out."""
    if not services.settings.demo:
        return
    with services.database.pool.connection() as connection, connection.transaction():
        names = [user[0] for user in DEMO_USERS]
        known = {row[0] for row in connection.execute(_KNOWN, (names,)).fetchall()}
        for username, name, role, centre in DEMO_USERS:
            if username not in known:
                password_hash = hash_password(DEMO_PASSWORD)
                values = (username, name, role, centre, password_hash, services.now(), centre, centre)
                connection.execute(_ENTER, values)

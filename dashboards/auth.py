"""Signing in and out. Sessions, roles and scope are in `dashboards.sign_in`, offered here as well."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, redirect, render_template, request, session, url_for

from dashboards.code_pages import add_code_pages
from dashboards.demo import DEMO_LOGINS, DEMO_PASSWORD
from dashboards.guards import public
from dashboards.models import CONSULTANT, ROLES
from dashboards.passwords import is_right_password, warm_up
from dashboards.second_factor import must_have_one
from dashboards.sign_in import (
    begin_halfway,
    begin_session,
    centres_in_scope,
    current_user,
    require_centre,
    roles_allowed,
    signed_in,
)
from dashboards.staff import StaffMember, StaffStore
from dashboards.staff_area import staff_blueprint
from integrations.services import Services

__all__ = ["auth_blueprint", "centres_in_scope", "current_user", "require_centre", "roles_allowed", "signed_in"]
log = structlog.get_logger(__name__)
HOME = "/status"
DESK = "/console"
LONGEST_USERNAME = 64
# One sentence for an unknown name, a wrong password and a locked account: it must not tell which names exist.
REFUSED = "用户名或密码不对。连续输错5次，账号会锁定15分钟，期间密码对了也登录不了。"


def auth_blueprint(services: Services) -> Blueprint:
    """/login with the pages of the second factor, and /logout."""
    bp = staff_blueprint("auth", services)
    store = StaffStore(services.database)
    warm_up()
    add_code_pages(bp, services)

    @bp.get("/login")
    @public
    def login() -> Any:
        """The form; somebody who is signed in goes on at once."""
        user = current_user()
        return redirect(_target(user)) if user else _form()

    @bp.post("/login")
    @public
    def log_in() -> Any:
        """Check name and password; a code comes next for those who have a second factor or must have one."""
        username = request.form.get("username", "").strip()
        member = check_password(services, username, request.form.get("password", ""))
        if member and (member.has_second_factor or must_have_one(member, services.settings)):
            begin_halfway(member, _target(member))
            return redirect(url_for("auth.code" if member.has_second_factor else "auth.set_up"), 303)
        member = store.note_login(member, services.now()) if member else None
        if member is None:
            log.info("login_refused")
            return _form(username=username[:LONGEST_USERNAME], error=REFUSED), 401
        begin_session(member)
        log.info("login", user_id=member.id, role=member.role)
        return redirect(_target(member), 303)

    @bp.post("/logout")
    @roles_allowed(*ROLES, before_new_password=True)
    def log_out() -> Any:
        """Leave, in this browser."""
        store.note_logout(signed_in(), services.now())
        session.clear()
        return redirect(url_for("auth.login"), 303)

    def _form(username: str = "", error: str = "") -> str:
        hint = DEMO_LOGINS if services.settings.demo else ""
        return render_template("login.html", username=username, error=error, next=_wanted(), demo_logins=hint)

    return bp


def check_password(services: Services, username: str, password: str) -> StaffMember | None:
    """The member whose name and password these are; None when they are not, or while the account is locked.

    Wrong ones are counted; what was counted is forgotten only when the whole sign-in is done.
    """
    store, now = StaffStore(services.database), services.now()
    is_name = 0 < len(username) <= LONGEST_USERNAME and "\x00" not in username
    found = store.password_hash(username) if is_name else None
    is_right = is_right_password(password, found[1] if found else None)
    if password == DEMO_PASSWORD and not services.settings.demo:
        # It is published: whoever still has it from a demo has no password.
        is_right = False
    if found is None:
        return None
    if is_right:
        return store.find_unlocked(*found, now)
    store.note_wrong(found[0], now)
    return None


def _target(member: StaffMember) -> str:
    """Where somebody wanted to go; else a consultant's own desk, or what everybody may see."""
    return _wanted() or (DESK if member.role == CONSULTANT else HOME)


def _wanted() -> str:
    wanted = request.values.get("next", "")
    return wanted if is_local_path(wanted) else ""


def is_local_path(path: str) -> bool:
    """Whether an address surely leads back to this site: `/duty` does, `//other`, `/\\other`, `http:` do not."""
    parts = urlsplit(path)
    is_plain = path.isprintable() and "\\" not in path and not path.startswith("//")
    return path.startswith("/") and is_plain and not parts.scheme and not parts.netloc

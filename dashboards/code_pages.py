"""The pages between the right password and the session: the code of the second factor, or setting it up."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from markupsafe import Markup

from dashboards.guards import guarded_by
from dashboards.second_factor import SecondFactor, in_groups, matching_step, new_secret, qr_code
from dashboards.sign_in import begin_session, current_user, halfway_member, staff_services
from dashboards.staff import StaffMember, StaffStore
from integrations.services import Services

log = structlog.get_logger(__name__)
# One sentence for a wrong code, a used one and a locked account.
REFUSED = "验证码不对，或者已经用过，请等下一个。连续输错5次，账号会锁定15分钟，期间验证码对了也登录不了。"
WRONG_FIRST_CODE = "验证码不对。请看手机上现在显示的6位数字；一直不对，多半是手机的时间不准，请设成自动。"
TOO_LATE = "登录没有完成，请从密码重新开始。"
# The secret that is being set up travels with the visitor, sealed, until its first code was right.
_OFFERED = "offered_secret"
_OFFERED_FOR = "staff.totp.offered"


def add_code_pages(bp: Blueprint, services: Services) -> None:
    """/login/code and /login/set-up."""
    factor, store = SecondFactor(services), StaffStore(services.database)

    @bp.get("/login/code")
    @after_password
    def code(member: StaffMember) -> Any:
        """Ask for the code."""
        return _code_page() if member.has_second_factor else redirect(url_for("auth.set_up"))

    @bp.post("/login/code")
    @after_password
    def check_code(member: StaffMember) -> Any:
        """Begin the session when the code is right."""
        is_right = factor.accept(member, request.form.get("code", ""))
        if is_right and (known := store.note_login(member, services.now())):
            return _signed_in(known)
        log.info("code_refused", user_id=member.id)
        return _code_page(REFUSED), 401

    @bp.get("/login/set-up")
    @after_password
    def set_up(member: StaffMember) -> Any:
        """Show a new secret, to those who have none."""
        return redirect(url_for("auth.code")) if member.has_second_factor else _set_up_page(member)

    @bp.post("/login/set-up")
    @after_password
    def check_first_code(member: StaffMember) -> Any:
        """Keep the secret and begin the session when its first code is right."""
        if member.has_second_factor:
            return redirect(url_for("auth.code"))
        secret = offered_secret(member)
        step = matching_step(secret, request.form.get("code", ""), services.now())
        if step is None:
            return _set_up_page(member, WRONG_FIRST_CODE), 422
        known = factor.set_up(member, secret, step)
        known = store.note_login(known, services.now()) if known else None
        if known is None:
            return _start_again()
        return _signed_in(known)


def after_password(view: Callable[..., Any]) -> Callable[..., Any]:
    """Guard a view: only right after the right password; it is called with whose that was."""

    @guarded_by("password")
    @wraps(view)
    def guarded() -> Any:
        if current_user():
            return redirect(url_for("auth.login"))
        member = halfway_member()
        return view(member) if member else _start_again()

    return guarded


def offered_secret(member: StaffMember) -> str:
    """The secret offered to this visitor: the same one until it is set up or another sign-in begins."""
    sealer, purpose = staff_services().sealer, f"{_OFFERED_FOR}:{member.id}"
    if _OFFERED not in session:
        session[_OFFERED] = b64encode(sealer.seal(new_secret(), purpose)).decode()
    return sealer.open(b64decode(session[_OFFERED]), purpose)


def offered_words(member: StaffMember) -> dict[str, Any]:
    """What the page that sets it up shows."""
    secret = offered_secret(member)
    return {"qr": Markup(qr_code(secret, member.username)), "secret": in_groups(secret)}


def _signed_in(member: StaffMember) -> Any:
    target = session.get("target", "/")
    begin_session(member)
    log.info("login", user_id=member.id, role=member.role)
    return redirect(target, 303)


def _start_again() -> Any:
    session.clear()
    flash(TOO_LATE)
    return redirect(url_for("auth.login"), 303)


def _code_page(error: str = "") -> str:
    return render_template("second_factor.html", error=error)


def _set_up_page(member: StaffMember, error: str = "") -> str:
    return render_template("second_factor.html", error=error, **offered_words(member))

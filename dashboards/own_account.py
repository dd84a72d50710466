"""One's own account: the password, the second factor, and signing out everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from flask import Blueprint, flash, redirect, render_template, request, session, url_for

from dashboards.code_pages import WRONG_FIRST_CODE, offered_secret, offered_words
from dashboards.models import ROLES
from dashboards.password_rules import LEAST_CHARACTERS, check_new_password
from dashboards.passwords import hash_password, is_right_password
from dashboards.second_factor import SecondFactor, matching_step, must_have_one
from dashboards.sign_in import begin_session, roles_allowed, signed_in
from dashboards.staff import StaffMember, StaffStore
from dashboards.staff_area import staff_blueprint
from integrations.services import Services

log = structlog.get_logger(__name__)
WRONG_PASSWORD = "现在的密码不对。连续输错5次，账号会锁定15分钟。"
WRONG_CODE = "验证码不对，或者已经用过，请等下一个"
SAME_PASSWORD = "和现在的密码一样，请换一个"
CHANGED_MEANWHILE = "账号刚在别处改过，这次没有生效，请重新登录。"
OTHERS_ENDED = "在别的电脑和手机上的登录都已退出。"


def account_blueprint(services: Services) -> Blueprint:
    """/account and what can be changed there."""
    bp = staff_blueprint("account", services)
    own = _OwnAccount(services)

    @bp.get("/account")
    @roles_allowed(*ROLES, before_new_password=True)
    def page() -> Any:
        """Who one is, and the forms."""
        return own.page()

    @bp.post("/account/password")
    @roles_allowed(*ROLES, before_new_password=True)
    def change_password() -> Any:
        """Choose a new password; every other session ends."""
        return own.change_password()

    @bp.get("/account/second-factor")
    @roles_allowed(*ROLES)
    def second_factor() -> Any:
        """A new secret, for the first time or in place of an earlier one."""
        return own.second_factor_page()

    @bp.post("/account/second-factor")
    @roles_allowed(*ROLES)
    def set_second_factor() -> Any:
        """Keep the new secret."""
        return own.set_second_factor()

    @bp.post("/account/second-factor/remove")
    @roles_allowed(*ROLES)
    def remove_second_factor() -> Any:
        """Ask for no code any more, where none must be asked for."""
        return own.remove_second_factor()

    @bp.post("/account/sign-out-everywhere")
    @roles_allowed(*ROLES, before_new_password=True)
    def sign_out_everywhere() -> Any:
        """End every session, this one too."""
        return own.sign_out_everywhere()

    return bp


class _OwnAccount:
    """The forms. Each asks for the present password again: a browser may be left unattended."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = StaffStore(services.database)
        self._factor = SecondFactor(services)

    def page(self, form: str = "", errors: Mapping[str, str] | None = None) -> Any:
        words = {"least": LEAST_CHARACTERS, "must_have_one": must_have_one(signed_in(), self._services.settings)}
        return render_template("account.html", sent=form, errors={form: errors or {}}, **words), 422 if errors else 200

    def change_password(self) -> Any:
        user, form = signed_in(), request.form
        new = form.get("new", "")
        errors = check_new_password(new, form.get("again", ""), user.username)
        if not errors and new == form.get("old", ""):
            errors = {"new": SAME_PASSWORD}
        old_hash = None if errors else self._password_hash(user, form.get("old", ""))
        if old_hash is None:
            return self.page("password", errors or {"old": WRONG_PASSWORD})
        known = self._store.change_password(user, old_hash, hash_password(new), self._services.now())
        return self._done(known, f"密码已经换好，{OTHERS_ENDED}")

    def second_factor_page(self, errors: Mapping[str, str] | None = None) -> Any:
        words = offered_words(signed_in())
        return render_template("second_factor.html", own=True, wrong=errors or {}, **words), 422 if errors else 200

    def set_second_factor(self) -> Any:
        user, form = signed_in(), request.form
        secret = offered_secret(user)
        step = matching_step(secret, form.get("code", ""), self._services.now())
        errors = {} if step is not None else {"code": WRONG_FIRST_CODE}
        errors = errors or self._confirm(user)
        if errors or step is None:
            return self.second_factor_page(errors)
        return self._done(self._factor.set_up(user, secret, step), f"两步验证已经设好，{OTHERS_ENDED}")

    def remove_second_factor(self) -> Any:
        user = signed_in()
        if must_have_one(user, self._services.settings) or not user.has_second_factor:
            return redirect(url_for("account.page"), 303)
        if errors := self._confirm(user):
            return self.page("remove", errors)
        return self._done(self._factor.remove(user), "以后登录只要密码，不再要验证码。")

    def sign_out_everywhere(self) -> Any:
        self._store.end_sessions(signed_in(), self._services.now())
        session.clear()
        flash("所有电脑和手机上的登录都已退出。", "done")
        return redirect(url_for("auth.login"), 303)

    def _confirm(self, user: StaffMember) -> dict[str, str]:
        """The present password, and the present code of those who have a second factor; what is wrong, by field."""
        if self._password_hash(user, request.form.get("old", "")) is None:
            return {"old": WRONG_PASSWORD}
        if user.has_second_factor and not self._factor.accept(user, request.form.get("old_code", "")):
            return {"old_code": WRONG_CODE}
        return {}

    def _password_hash(self, user: StaffMember, password: str) -> str | None:
        """The hash of the present password when this is it; a wrong one is counted as at the sign-in.

        None while the account is locked too, or whoever found a session could go on guessing.
        """
        now = self._services.now()
        found = self._store.password_hash(user.username)
        if found and is_right_password(password, found[1]):
            return found[1] if self._store.find_unlocked(*found, now) else None
        self._store.note_wrong(user.id, now)
        return None

    def _done(self, known: StaffMember | None, sentence: str) -> Any:
        """Go on in this browser with the new state of the account; the others have lost theirs."""
        if known is None:
            flash(CHANGED_MEANWHILE)
            return redirect(url_for("account.page"), 303)
        begin_session(known)
        log.info("account_changed", user_id=known.id)
        flash(sentence, "done")
        return redirect(url_for("account.page"), 303)

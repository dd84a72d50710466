"""Users: who may sign in, as what and where, with which seat. Administrators change it, supervisors look."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import structlog
from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for

from dashboards.models import ADMINISTRATOR, SUPERVISOR
from dashboards.passwords import hash_password, one_time_password
from dashboards.sign_in import centres_in_scope, roles_allowed, signed_in
from dashboards.staff_area import staff_blueprint
from dashboards.user_rules import check_new_user, check_profile, check_seat
from dashboards.users_list import UserRow, list_users, read_user
from dashboards.users_store import Refused, Taken, UsersStore
from dashboards.users_view import NO_FORM, Filled, list_words, read_filter, user_words
from ivr.service import Line

log = structlog.get_logger(__name__)
ANY_USER = "/users/<int(max=2147483647):user_id>"
TAKEN = {"username": "这个用户名已经有人用了", "number": "这个工号已经有人用了"}
_ONE_TIME = "one_time_password"
_ONE_TIME_FOR = "staff.one_time_password"
DONE = {
    "activate": "已启用，现在可以登录。",
    "deactivate": "已停用，不能再登录，坐席也不再接电话。",
    "unlock": "已解除锁定。",
    "reset-second-factor": "两步验证已重设，所有登录都已退出。",
}


def users_blueprint(line: Line) -> Blueprint:
    """/users and one page for each user."""
    bp = staff_blueprint("users", line.services)
    users = _Users(line)

    @bp.get("/users")
    @roles_allowed(SUPERVISOR, ADMINISTRATOR)
    def listing() -> Any:
        """The list, with a filter."""
        return users.listing()

    @bp.get("/users/new")
    @roles_allowed(ADMINISTRATOR)
    def new() -> Any:
        """The empty form."""
        return users.page(None)

    @bp.post("/users")
    @roles_allowed(ADMINISTRATOR)
    def add() -> Any:
        """Enter somebody, with a one-time password."""
        return users.add()

    @bp.get(ANY_USER)
    @roles_allowed(ADMINISTRATOR)
    def page(user_id: int) -> Any:
        """One user and everything that can be set."""
        return users.page(users.row(user_id))

    @bp.post(f"{ANY_USER}/profile")
    @roles_allowed(ADMINISTRATOR)
    def change(user_id: int) -> Any:
        """Name, role and centre."""
        return users.change(users.row(user_id))

    @bp.post(f"{ANY_USER}/seat")
    @roles_allowed(ADMINISTRATOR)
    def save_seat(user_id: int) -> Any:
        """A consultant's seat."""
        return users.save_seat(users.row(user_id))

    @bp.post(f"{ANY_USER}/reset-password")
    @roles_allowed(ADMINISTRATOR)
    def reset_password(user_id: int) -> Any:
        """A one-time password, shown once."""
        return users.reset_password(users.row(user_id))

    @bp.post(f"{ANY_USER}/<any(activate, deactivate, unlock, 'reset-second-factor'):deed>")
    @roles_allowed(ADMINISTRATOR)
    def act(user_id: int, deed: str) -> Any:
        """What needs no form."""
        return users.act(users.row(user_id), deed)

    return bp


class _Users:
    """The forms, each: check fields, write unless somebody else was quicker, say what came of it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._services = line.services
        self._store = UsersStore(line.services)

    def row(self, user_id: int) -> UserRow:
        with self._services.database.pool.connection() as connection:
            found = read_user(connection, user_id)
        return found or abort(404)

    def listing(self) -> Any:
        user, centres = signed_in(), self._line.keeper.library().centres
        wanted = read_filter(request.args, centres_in_scope(user, centres))
        now = self._services.now()
        rows, has_more = list_users(self._services.database, user, wanted, tuple(centres), now)
        return render_template("users.html", **list_words(user, centres, wanted, rows, now), has_more=has_more)

    def page(self, row: UserRow | None, filled: Filled = NO_FORM, status: int = 200) -> Any:
        centres, now = self._line.keeper.library().centres, self._services.now()
        shown_once = self._handed_over(row) if row else ""
        words = user_words(row, centres, filled, now, signed_in())
        return render_template("user.html", **words, one_time_password=shown_once), status

    def add(self) -> Any:
        form = request.form.to_dict()
        checked = check_new_user(form, self._line.keeper.library().centres)
        if checked.value is None:
            return self.page(None, Filled("profile", form, checked.errors), 422)
        password = one_time_password()
        try:
            user_id = self._store.add(checked.value, hash_password(password), signed_in())
        except Taken as taken:
            return self.page(None, Filled("profile", form, {taken.field: TAKEN[taken.field]}), 422)
        except Refused as refused:
            return self._refused(refused, url_for("users.listing"))
        self._hand_over(user_id, password)
        flash(f"{checked.value.profile.name}已加入。", "done")
        return redirect(url_for("users.page", user_id=user_id), 303)

    def change(self, row: UserRow) -> Any:
        form = request.form.to_dict()
        checked = check_profile(form, self._line.keeper.library().centres)
        if checked.value is None:
            return self.page(row, Filled("profile", form, checked.errors), 422)
        try:
            is_saved = self._store.change(row.id, form.get("version", ""), checked.value, signed_in())
        except Refused as refused:
            return self._refused(refused, self._address(row))
        return self._saved(row, "资料已保存。") if is_saved else self._stale(row, Filled("profile", form))

    def save_seat(self, row: UserRow) -> Any:
        form = request.form.to_dict()
        lists = {field: request.form.getlist(field) for field in ("skills", "languages")}
        filled = Filled("seat", {**form, **lists})
        checked = check_seat(form, lists["skills"], lists["languages"], row.telephone_tail is not None)
        if checked.value is None:
            return self.page(row, Filled("seat", filled.values, checked.errors), 422)
        try:
            is_saved = self._store.save_seat(row.id, form.get("version", ""), checked.value, signed_in())
        except Taken as taken:
            return self.page(row, Filled("seat", filled.values, {taken.field: TAKEN[taken.field]}), 422)
        except Refused as refused:
            return self._refused(refused, self._address(row))
        return self._saved(row, "坐席已保存，从下一个电话起生效。") if is_saved else self._stale(row, filled)

    def reset_password(self, row: UserRow) -> Any:
        password = one_time_password()
        try:
            self._store.reset_password(row.id, hash_password(password), signed_in())
        except Refused as refused:
            return self._refused(refused, self._address(row))
        self._hand_over(row.id, password)
        return self._saved(row, "密码已重置，所有登录都已退出。")

    def act(self, row: UserRow, deed: str) -> Any:
        by = signed_in()
        try:
            if deed in ("activate", "deactivate"):
                is_done = self._store.set_active(row.id, deed == "activate", by)
            elif deed == "unlock":
                is_done = self._store.unlock(row.id, by)
            else:
                is_done = self._store.reset_second_factor(row.id, by)
        except Refused as refused:
            return self._refused(refused, self._address(row))
        if is_done:
            return self._saved(row, DONE[deed])
        flash("已经是这样了，可能刚有人操作过。")
        return redirect(self._address(row), 303)

    def _stale(self, row: UserRow, filled: Filled) -> Any:
        """Show what was typed again, with what somebody else has made of it meanwhile."""
        return self.page(self.row(row.id), Filled(filled.name, filled.values, is_stale=True), 409)

    def _saved(self, row: UserRow, sentence: str) -> Any:
        flash(sentence, "done")
        return redirect(self._address(row), 303)

    def _refused(self, refused: Refused, address: str) -> Any:
        flash(refused.sentence)
        return redirect(address, 303)

    def _address(self, row: UserRow) -> str:
        return url_for("users.page", user_id=row.id)

    def _hand_over(self, user_id: int, password: str) -> None:
        """Take a one-time password along to the next page, sealed: the page after a form can be loaded again."""
        sealed = self._services.sealer.seal(password, f"{_ONE_TIME_FOR}:{user_id}")
        session[_ONE_TIME] = [user_id, b64encode(sealed).decode()]

    def _handed_over(self, row: UserRow) -> str:
        user_id, sealed = session.pop(_ONE_TIME, (0, ""))
        return self._services.sealer.open(b64decode(sealed), f"{_ONE_TIME_FOR}:{row.id}") if user_id == row.id else ""

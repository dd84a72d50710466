"""The duty desk: urgent notices, exceptional closings, keys, and the year's holidays, set while the system runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from dashboards.duty_rules import (
    ALL_CENTRES,
    check_closing,
    check_key,
    check_notice,
    check_year,
    notice_problem,
    spoken_text,
)
from dashboards.duty_store import WITHDRAWABLE, DutyStore
from dashboards.duty_view import NO_FORM, Filled, duty_words, key_facts, preview_words
from dashboards.models import ADMINISTRATOR
from dashboards.sign_in import centres_in_scope, require_centre, roles_allowed, signed_in
from dashboards.staff_area import SETS_DUTY, shanghai_text, staff_blueprint
from ivr.service import Line
from queueing.features import FEATURES

SOON = "十秒内在所有来电中生效"


def duty_blueprint(line: Line) -> Blueprint:
    """/duty and what can be set there."""
    bp = staff_blueprint("duty", line.services)
    store = DutyStore(line.services)
    desk = _Desk(line, store)

    @bp.get("/duty")
    @roles_allowed(*SETS_DUTY)
    def page() -> Any:
        """Everything that is set in the user's centres, and the forms."""
        return desk.page()

    @bp.post("/duty/notices")
    @roles_allowed(*SETS_DUTY)
    def add_notice() -> Any:
        """Set an urgent notice, or only look how it would sound."""
        return desk.add_notice()

    @bp.post("/duty/closings")
    @roles_allowed(*SETS_DUTY)
    def add_closing() -> Any:
        """Close a centre's human service for a time."""
        return desk.add_closing()

    @bp.post("/duty/<any(notices, closings):kind>/<int:row_id>/withdraw")
    @roles_allowed(*SETS_DUTY)
    def withdraw(kind: str, row_id: int) -> Any:
        """End one of them now."""
        return desk.withdraw(kind, row_id)

    @bp.post("/duty/keys")
    @roles_allowed(*SETS_DUTY)
    def set_key() -> Any:
        """Open or close a key."""
        return desk.set_key()

    @bp.post("/duty/calendar")
    @roles_allowed(ADMINISTRATOR)
    def save_year() -> Any:
        """Enter a year's holiday notice."""
        return desk.save_year()

    return bp


class _Desk:
    """The forms, each: check scope, check fields, write, forget what was known, say from when it counts."""

    def __init__(self, line: Line, store: DutyStore) -> None:
        self._line = line
        self._store = store

    def page(self, filled: Filled = NO_FORM, status: int = 200) -> Any:
        # Another process may have set something a second ago: this page shows it at once.
        self._line.duty.forget()
        words = duty_words(self._line, self._store, signed_in(), filled, request.args)
        return render_template("duty.html", **words), status

    def add_notice(self) -> Any:
        form, user = request.form.to_dict(), signed_in()
        self._refuse_other_centres(form)
        checked = check_notice(form, self._line.services.now(), self._scope(), user.sees_all)
        if form.get("do") == "preview":
            return self._preview(form)
        if checked.value is None:
            return self.page(Filled("notice", form, checked.errors), 422)
        notice = checked.value
        if not self._store.add_notice(notice, user):
            flash("同样的通知已经有一条了，没有重复添加。")
            return self._done("notices")
        starts = "现在开始播" if notice.since <= self._line.services.now() else f"{shanghai_text(notice.since)}开始播"
        return self._done("notices", f"通知已保存，{SOON}，{starts}，{shanghai_text(notice.until)}自动停。")

    def _preview(self, form: dict[str, str]) -> Any:
        problem = notice_problem(form.get("text", ""))
        text = spoken_text(form.get("text", ""))
        words = preview_words(self._line, text) if text else None
        return self.page(Filled("notice", form, {"text": problem} if problem else {}, words), 422 if problem else 200)

    def add_closing(self) -> Any:
        form, user = request.form.to_dict(), signed_in()
        self._refuse_other_centres(form)
        checked = check_closing(form, self._line.services.now(), self._scope())
        if checked.value is None:
            return self.page(Filled("closing", form, checked.errors), 422)
        closing = checked.value
        if not self._store.add_closing(closing, user):
            flash("同样的停止已经有一条了，没有重复添加。")
            return self._done("closings")
        centre = self._line.keeper.library().centre(closing.centre).short_name
        until = shanghai_text(closing.until)
        return self._done("closings", f"{centre}人工服务的停止已保存，{SOON}，{until}自动恢复。")

    def withdraw(self, kind: str, row_id: int) -> Any:
        found = self._store.centre_of(kind, row_id)
        if found is None or kind not in WITHDRAWABLE:
            abort(404)
        user = signed_in()
        if found[0] is None:
            if not user.sees_all:
                abort(403)
        elif found[0] not in self._scope():
            abort(403)
        if not self._store.withdraw(kind, row_id, user):
            flash("这一条已经结束，或者已经有人撤回了。")
            return self._done(kind)
        return self._done(kind, f"已撤回，{SOON}。")

    def set_key(self) -> Any:
        form, user = request.form.to_dict(), signed_in()
        self._refuse_other_centres(form)
        self._line.duty.forget()
        codes = self._scope()
        obstacles, states = key_facts(self._line, codes, self._line.services.now())
        checked = check_key(form, codes, FEATURES, obstacles, states)
        if checked.value is None:
            return self.page(Filled("key", form, checked.errors), 422)
        change = checked.value
        self._store.set_key(change, user)
        centre = self._line.keeper.library().centre(change.centre).short_name
        done = "开通" if change.is_open else "关闭"
        return self._done("keys", f"{centre}的“{FEATURES[change.feature]}”已{done}，{SOON}。")

    def save_year(self) -> Any:
        form = request.form.to_dict()
        checked = check_year(form)
        if checked.value is None:
            return self.page(Filled("calendar", form, checked.errors), 422)
        self._store.save_year(checked.value, signed_in())
        notice = checked.value
        days = f"放假{len(notice.off)}天，调休上班{len(notice.work)}天"
        return self._done("calendar", f"{notice.year}年放假安排已保存（{days}），{SOON}。")

    def _scope(self) -> tuple[str, ...]:
        return centres_in_scope(signed_in(), self._line.keeper.library().centres)

    def _refuse_other_centres(self, form: dict[str, str]) -> None:
        """A centre that exists and is not theirs is no slip of the hand: the page offers none."""
        codes, centre = self._line.keeper.library().centres, form.get("centre", "")
        if centre in codes:
            require_centre(signed_in(), centre, codes)
        if centre == ALL_CENTRES and not signed_in().sees_all:
            abort(403)

    def _done(self, section: str, sentence: str = "") -> Any:
        self._line.duty.forget()
        if sentence:
            flash(sentence, "done")
        return redirect(url_for("duty.page", _anchor=section), 303)

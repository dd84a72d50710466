"""The addresses of callbacks: the page with the list, and the JSON behind it and behind the desk's form."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from dashboards.console.api import json_body, json_roles, seat_of, text_of
from dashboards.console.callback_deeds import FEW_SLOTS, MANY_SLOTS, CallbackDeeds, slots_json
from dashboards.console.callback_list import CallbackList
from dashboards.console.callback_list_rows import CENTRE, MINE, TABS, TO_DO, Wanted, read_badge
from dashboards.console.callback_words import CANCEL_REASONS, CLEAR_REASONS, NEEDS_WORDS
from dashboards.console.desk_bookings import DeskBookings
from dashboards.models import CONSULTANT, ROLES, SUPERVISOR
from dashboards.sign_in import centres_in_scope, require_centre, roles_allowed, signed_in
from dashboards.staff import StaffMember
from dashboards.staff_area import SETS_DUTY
from ivr.service import Line

# Whoever works at a centre does something about its callbacks; the province looks.
ACTS = (CONSULTANT, SUPERVISOR)
CLEARS = (SUPERVISOR,)
PAGE, MOST_ROWS = 200, 2000
_ID = "<int(max=9223372036854775807):callback_id>"
_TAIL = re.compile(r"\d{4}")


def add_callback_page(bp: Blueprint, line: Line) -> None:
    """/callbacks: the list of whoever is signed in."""

    @bp.get("/callbacks")
    @roles_allowed(*ROLES)
    def callbacks() -> str:
        """The callbacks of the user's centres."""
        library, member = line.keeper.library(), signed_in()
        codes = centres_in_scope(member, library.centres)
        centres = [{"key": code, "name": library.centre(code).short_name} for code in codes]
        return render_template("callbacks.html", callbacks_config=_config(member, centres), centres=centres)


def _config(member: StaffMember, centres: list[dict[str, str]]) -> dict[str, Any]:
    tabs = [*([MINE] if member.agent_id else []), CENTRE, *([TO_DO] if member.role in SETS_DUTY else [])]
    return {
        "tabs": tabs,
        "centres": centres,
        "page": PAGE,
        "most": MOST_ROWS,
        "cancel_reasons": _listed(CANCEL_REASONS),
        "clear_reasons": _listed(CLEAR_REASONS),
    }


def _listed(names: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "name": name, "needs_words": key == NEEDS_WORDS} for key, name in names.items()]


class CallbackAddresses:
    """The JSON of callbacks."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._list = CallbackList(line)
        self._deeds = CallbackDeeds(line)
        self._bookings = DeskBookings(line)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        looks = {"data": self._data, "badge": self._badge}
        for name, look in looks.items():
            bp.get(f"/console/callbacks/{name}", endpoint=f"callbacks_{name}")(json_roles(*ROLES)(look))
        of_one = f"/console/callbacks/{_ID}"
        bp.get(f"{of_one}/slots", endpoint="callback_slots")(json_roles(*ACTS)(self._slots))
        deeds = {"call-now": self._call_now, "postpone": self._postpone, "cancel": self._cancel}
        for name, deed in deeds.items():
            bp.post(f"{of_one}/{name}", endpoint=f"callback_{name.replace('-', '_')}")(json_roles(*ACTS)(deed))
        bp.post(f"{of_one}/clear", endpoint="callback_clear")(json_roles(*CLEARS)(self._clear))
        bp.get("/console/booking", endpoint="booking_form")(json_roles(*ACTS)(self._form))
        bp.post("/console/book", endpoint="book")(json_roles(*ACTS)(self._book))

    def _data(self) -> Response:
        member = signed_in()
        may_act, may_clear = member.role in ACTS, member.role in CLEARS
        return jsonify(self._list.look(self._wanted(member), member, may_act, may_clear) | {"badge": self._counts()})

    def _wanted(self, member: StaffMember) -> Wanted:
        codes = self._line.keeper.library().centres
        scope = centres_in_scope(member, codes)
        tab, centre, tail = (request.args.get(name, "") for name in ("tab", "centre", "tail"))
        if tab not in TABS or (tail and not _TAIL.fullmatch(tail)):
            abort(404)
        if tab == TO_DO and member.role not in SETS_DUTY:
            abort(403)
        if centre:
            scope = (require_centre(member, centre, codes),)
        most = min(MOST_ROWS, max(PAGE, request.args.get("most", PAGE, type=int)))
        return Wanted(tab, scope, member.agent_id, request.args.get("ended") == "1", tail, most)

    def _badge(self) -> Response:
        return jsonify(self._counts())

    def _counts(self) -> dict[str, Any]:
        """What the navigation shows, of all centres in scope."""
        member, services = signed_in(), self._line.services
        scope = centres_in_scope(member, self._line.keeper.library().centres)
        with services.database.pool.connection() as connection:
            counts = dict(read_badge(connection, scope, services.now()))
        return counts if member.role in SETS_DUTY else counts | {"todo": 0}

    def _slots(self, callback_id: int) -> Response:
        return jsonify(slots=slots_json(self._deeds.slots(callback_id, signed_in(), _how_many())))

    def _call_now(self, callback_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.call_now(callback_id, signed_in()))

    def _postpone(self, callback_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.postpone(callback_id, json_body(), signed_in()))

    def _cancel(self, callback_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.cancel(callback_id, json_body(), signed_in()))

    def _clear(self, callback_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.clear(callback_id, json_body(), signed_in()))

    def _form(self) -> Response:
        return jsonify(self._bookings.form(seat_of(signed_in()), text_of(request.args, "offer"), _how_many()))

    def _book(self) -> Response:
        member = signed_in()
        return jsonify(ok=True, said=self._bookings.book(seat_of(member), member, json_body()))


def _how_many() -> int:
    return MANY_SLOTS if request.args.get("more") == "1" else FEW_SLOTS

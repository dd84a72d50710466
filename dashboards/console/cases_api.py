"""The addresses of cases: the list, the page of one, and the JSON behind them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from dashboards.call_counts import shanghai_day
from dashboards.console.api import json_body, json_roles
from dashboards.console.case_bulk import BulkDeeds
from dashboards.console.case_deeds import CaseDeeds
from dashboards.console.case_doers import case_desk
from dashboards.console.case_list import BULK, CaseList
from dashboards.console.case_list_rows import MINE, TABS, Wanted, read_badge
from dashboards.console.case_page import CasePage
from dashboards.console.case_scope import find_case, reader_of
from dashboards.console.errors import Refused
from dashboards.console.initials import initials
from dashboards.models import ROLES
from dashboards.sign_in import centres_in_scope, require_centre, roles_allowed, signed_in
from dashboards.staff import StaffMember
from ivr.service import Line
from queueing.routing import SKILLS
from voicemail.case_calls import CaseCalls
from voicemail.case_texts import CaseTexts
from voicemail.subjects import SubjectTree
from voicemail.work_order import CLOSE_REASONS_ZH, DECISIONS_ZH, KINDS_ZH, NEEDS_WORDS

PAGE = 100
_ID = "<int(max=9223372036854775807):case_id>"
_SEARCH = re.compile(r"\d{4,18}")
_AFTER = re.compile(r"(?P<at>[0-9T:.+-]*)~(?P<id>\d{1,18})")
_AGENTS = """
SELECT id, number, name FROM agent WHERE centre = ANY(%s) AND is_active ORDER BY number
"""


def add_case_pages(bp: Blueprint, line: Line, tree: SubjectTree) -> None:
    """/cases and /cases/<number>."""

    @bp.get("/cases")
    @roles_allowed(*ROLES)
    def cases() -> str:
        """The cases of the user's centres."""
        config = cases_config(line, tree, signed_in())
        return render_template("cases.html", cases_config=config, centres=config["centres"])

    @bp.get(f"/cases/{_ID}")
    @roles_allowed(*ROLES)
    def case(case_id: int) -> str:
        """One case, for whoever may see it."""
        member, services = signed_in(), line.services
        centres = centres_in_scope(member, line.keeper.library().centres)
        with services.database.pool.connection() as connection:
            try:
                find_case(connection, case_id, reader_of(connection, member, centres, services.now()))
            except Refused:
                abort(404)
        return render_template("case.html", case_id=case_id, case_config=case_config(line, tree, case_id))


def cases_config(line: Line, tree: SubjectTree, member: StaffMember) -> dict[str, Any]:
    """What the list is told once."""
    library = line.keeper.library()
    codes = centres_in_scope(member, library.centres)
    return {
        "tabs": [tab for tab in TABS if tab != MINE or member.agent_id],
        "centres": [{"key": code, "name": library.centre(code).short_name} for code in codes],
        "all_centres": _centres(line),
        "kinds": _listed(KINDS_ZH),
        "desks": _listed(SKILLS),
        "subjects": subjects_json(tree),
        "page": PAGE,
    }


def case_config(line: Line, tree: SubjectTree, case_id: int) -> dict[str, Any]:
    """What the page of a case is told once."""
    return {
        "id": case_id,
        "centres": _centres(line),
        "desks": _listed(SKILLS),
        "subjects": subjects_json(tree),
        "close_reasons": _reasons(CLOSE_REASONS_ZH),
        "decisions": _listed(DECISIONS_ZH),
    }


def subjects_json(tree: SubjectTree) -> list[dict[str, Any]]:
    """The tree with what a subject can be found by."""
    return [
        {
            "key": group.key,
            "name": group.name,
            "subjects": [
                {"key": one.key, "name": one.name, "keywords": list(one.keywords), "initials": initials(one.name)}
                for one in group.subjects
            ],
        }
        for group in tree.groups
    ]


def _centres(line: Line) -> list[dict[str, str]]:
    library = line.keeper.library()
    return [{"key": code, "name": library.centre(code).short_name} for code in library.centres]


def _listed(names: Any) -> list[dict[str, str]]:
    return [{"key": key, "name": name} for key, name in names.items()]


def _reasons(names: Any) -> list[dict[str, Any]]:
    return [{"key": key, "name": name, "needs_words": key in NEEDS_WORDS} for key, name in names.items()]


class CaseAddresses:
    """The JSON of cases."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        desk = case_desk(line)
        self._line = line
        self._tree = tree
        self._list = CaseList(line, tree)
        calls = CaseCalls(line.services, line.waiting, line.callbacks)
        self._page = CasePage(line, tree, calls)
        self._deeds = CaseDeeds(line, tree, desk, calls, CaseTexts(line.services, desk.clock))
        self._bulk = BulkDeeds(self._deeds)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        everybody = json_roles(*ROLES)
        for name, look in {"data": self._data, "badge": self._badge, "agents": self._agents}.items():
            bp.get(f"/console/cases/{name}", endpoint=f"cases_{name}")(everybody(look))
        bp.post("/console/cases/bulk", endpoint="cases_bulk")(everybody(self._do_all))
        bp.get(f"/console/cases/{_ID}/data", endpoint="case_data")(everybody(self._case))
        bp.post(f"/console/cases/{_ID}/number", endpoint="case_number")(everybody(self._number))
        bp.post(f"/console/cases/{_ID}/do/<deed>", endpoint="case_deed")(everybody(self._do))

    def _scope(self) -> tuple[str, ...]:
        return centres_in_scope(signed_in(), self._line.keeper.library().centres)

    def _data(self) -> Response:
        member, scope = signed_in(), self._scope()
        if centre := request.args.get("centre", ""):
            scope = (require_centre(member, centre, self._line.keeper.library().centres),)
        return jsonify(self._list.look(self._wanted(), member, scope))

    def _wanted(self) -> Wanted:
        tab, kind, subject, desk, search = (
            request.args.get(name, "") for name in ("tab", "kind", "subject", "desk", "search")
        )
        is_known = tab in TABS and (not kind or kind in KINDS_ZH) and (not desk or desk in SKILLS)
        if not is_known or (subject and not self._tree.knows(subject)) or (search and not _SEARCH.fullmatch(search)):
            abort(404)
        most = min(10 * PAGE, max(1, request.args.get("most", PAGE, type=int)))
        return Wanted(tab, kind, subject, desk, search, _after(request.args.get("after", "")), most)

    def _badge(self) -> Response:
        member, services = signed_in(), self._line.services
        now = services.now()
        _, midnight = shanghai_day(now)
        with services.database.pool.connection() as connection:
            reader = reader_of(connection, member, self._scope(), now)
            return jsonify(read_badge(connection, reader, midnight, now))

    def _agents(self) -> Response:
        """Whom a supervisor may give a case to."""
        centre = request.args.get("centre", "")
        codes = (require_centre(signed_in(), centre, self._line.keeper.library().centres),) if centre else self._scope()
        with self._line.services.database.pool.connection() as connection:
            rows = connection.execute(_AGENTS, (list(codes),)).fetchall()
        return jsonify(agents=[{"id": row[0], "number": row[1], "name": row[2]} for row in rows])

    def _case(self, case_id: int) -> Response:
        return jsonify(self._page.look(case_id, signed_in(), self._scope(), request.args.get("seen", "")))

    def _number(self, case_id: int) -> Response:
        return jsonify(ok=True, number=self._deeds.number(case_id, signed_in(), self._scope()))

    def _do(self, case_id: int, deed: str) -> Response:
        return jsonify(ok=True, said=self._deeds.do(deed, case_id, json_body(), signed_in(), self._scope()))

    def _do_all(self) -> Response:
        body = json_body()
        if body.get("deed") not in BULK:
            raise Refused(422, "请求的内容不完整或格式不对。", "deed")
        return jsonify(ok=True, **self._bulk.do(body, signed_in(), self._scope()))


def _after(written: str) -> tuple[datetime | None, int] | None:
    """Where the page before ended; 404 for what no page of ours said."""
    if not written:
        return None
    # A plus in an address may come as a space.
    found = _AFTER.fullmatch(written.replace(" ", "+"))
    if found is None:
        abort(404)
    try:
        at = datetime.fromisoformat(found["at"]) if found["at"] else None
    except ValueError:
        abort(404)
    if at is not None and at.tzinfo is None:
        abort(404)
    return at, int(found["id"])

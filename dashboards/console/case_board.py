"""The supervisors' page of cases: what is due and overdue, who has how much, and how many were answered in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from dashboards.console.api import json_roles
from dashboards.console.case_board_figures import (
    by_day,
    centre_figures,
    figures_together,
    named_centres,
    person_json,
)
from dashboards.console.case_board_rows import Row, read_board, read_names
from dashboards.console.case_figures import DEFINITIONS
from dashboards.console.case_scope import SEES_REPORTS
from dashboards.sign_in import centres_in_scope, require_centre, roles_allowed, signed_in
from ivr.library import Library
from ivr.service import Line
from voicemail.reminders import PROVINCE
from voicemail.subjects import SubjectTree
from voicemail.work_order import KINDS_ZH, STATUSES_ZH

LISTS = ("overdue", "to_decide", "due_today", "handed", "unowned")
# Which count says how long a list is, where it is not the list's own.
TOTALS = {"overdue": "late_list"}
# Why an answer came late, or does not come.
CLEAR_REASONS = {
    "answered": "已经答复",
    "waiting": "在等别的部门，已告诉来电人",
    "unreachable": "联系不上来电人",
    "no_staff": "人手不够，已安排",
    "other": "其他",
}
NEEDS_WORDS = "other"


def add_board_page(bp: Blueprint, line: Line) -> None:
    """/cases/board."""

    @bp.get("/cases/board")
    @roles_allowed(*SEES_REPORTS)
    def case_board() -> str:
        """How the cases of the user's centres stand."""
        library = line.keeper.library()
        codes = centres_in_scope(signed_in(), library.centres)
        centres = [{"key": code, "name": library.centre(code).short_name} for code in codes]
        return render_template("case_board.html", board_config=board_config(centres), centres=centres)


def board_config(centres: list[dict[str, str]]) -> dict[str, Any]:
    """What the page is told once."""
    return {
        "centres": centres,
        "definitions": DEFINITIONS,
        "clear_reasons": [
            {"key": key, "name": name, "needs_words": key == NEEDS_WORDS} for key, name in CLEAR_REASONS.items()
        ],
    }


class CaseBoard:
    """Builds the page's data. Shared by all threads of a process."""

    def __init__(self, line: Line, tree: SubjectTree) -> None:
        self._line = line
        self._tree = tree

    def register(self, bp: Blueprint) -> None:
        """Add the address to the JSON blueprint."""
        bp.get("/console/cases/board/data", endpoint="case_board_data")(json_roles(*SEES_REPORTS)(self._data))

    def _data(self) -> Response:
        member, codes, centre = signed_in(), self._line.keeper.library().centres, request.args.get("centre", "")
        wanted = (require_centre(member, centre, codes),) if centre else centres_in_scope(member, codes)
        return jsonify(self.look(wanted))

    def look(self, centres: Sequence[str]) -> dict[str, Any]:
        """How the cases of these centres stand now, reports too. No person's number is in it."""
        services, library = self._line.services, self._line.keeper.library()
        now = services.now()
        with services.database.pool.connection() as connection:
            board = read_board(connection, centres, now)
            names = read_names(connection, [row["cleared_by"] or "" for row in board.lists["overdue"]])
        figures = [centre_figures(code, board) for code in centres]
        together = figures_together(figures)
        shown = {name: [self._case(row, names, library) for row in board.lists[name]] for name in LISTS}
        return {
            "now": now.isoformat(),
            "all": together,
            "centres": named_centres(figures, library) if len(centres) > 1 else [],
            "days": by_day(board.due, now),
            "people": [person_json(row, board, library) for row in board.people] if len(centres) == 1 else [],
            "lists": {name: {"total": together[TOTALS.get(name, name)], "rows": shown[name]} for name in LISTS},
        }

    def _case(self, row: Row, names: Mapping[str, str], library: Library) -> dict[str, Any]:
        return {
            "id": row["id"],
            "kind_zh": KINDS_ZH[row["kind"]],
            "subject_zh": self._tree.name_of(row["subject"]) or "",
            "centre_name": library.centre(row["centre"]).short_name,
            "status_zh": STATUSES_ZH[row["status"]],
            "owner": f"{row['owner_number']}{row['owner_name']}" if row["owner_number"] else "",
            "opened_at": row["opened_at"].isoformat(),
            "due_at": _iso(row["due_at"]),
            "is_provisional": row["due_is_provisional"],
            "desk_due_at": _iso(row["desk_due_at"]),
            "replied_at": _iso(row["replied_at"]),
            "urges": row["urges"],
            "is_supervised": row["supervised_at"] is not None,
            "is_with_province": row["level"] == PROVINCE and row["cleared_at"] is None,
            "cleared_by": names.get(row["cleared_by"] or "", row["cleared_by"] or ""),
            "cleared_reason": row["cleared_reason"] or "",
            "may_clear": row["breached_at"] is not None and row["cleared_at"] is None,
        }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

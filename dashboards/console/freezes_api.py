"""The addresses of freezes: the page, and the JSON behind it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from dashboards.console.api import json_body, json_roles
from dashboards.console.callbacks_api import ACTS
from dashboards.console.freeze_deeds import FreezeDeeds
from dashboards.console.freeze_list import FreezeList
from dashboards.console.freeze_list_rows import Wanted, read_badge
from dashboards.console.freeze_words import ACTIONS, CLEAR_REASONS, STATUSES
from dashboards.models import ROLES
from dashboards.sign_in import centres_in_scope, require_centre, roles_allowed, signed_in
from ivr.service import Line
from voicemail.card_loss import CardLoss

PAGE, MOST_ROWS = 100, 1000
# The reason that says nothing by itself.
NEEDS_WORDS = "other"
_ID = "<int(max=9223372036854775807):freeze_id>"


def add_freeze_page(bp: Blueprint, line: Line) -> None:
    """/freezes."""

    @bp.get("/freezes")
    @roles_allowed(*ROLES)
    def freezes() -> str:
        """The freezes of the user's centres."""
        library = line.keeper.library()
        codes = centres_in_scope(signed_in(), library.centres)
        centres = [{"key": code, "name": library.centre(code).short_name} for code in codes]
        return render_template("freezes.html", freezes_config=freezes_config(centres), centres=centres)


def freezes_config(centres: list[dict[str, str]]) -> dict[str, Any]:
    """What the page is told once."""
    return {
        "centres": centres,
        "page": PAGE,
        "most": MOST_ROWS,
        "statuses": [{"key": key, "name": words[0]} for key, words in STATUSES.items()],
        "actions": [{"key": key, "name": name} for key, name in ACTIONS.items()],
        "clear_reasons": [
            {"key": key, "name": name, "needs_words": key == NEEDS_WORDS} for key, name in CLEAR_REASONS.items()
        ],
    }


class FreezeAddresses:
    """The JSON of freezes."""

    def __init__(self, line: Line) -> None:
        loss = CardLoss(line.services, line.callbacks)
        self._line = line
        self._list = FreezeList(line, loss)
        self._deeds = FreezeDeeds(line, loss)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        bp.get("/console/freezes/data", endpoint="freezes_data")(json_roles(*ROLES)(self._data))
        bp.get("/console/freezes/badge", endpoint="freezes_badge")(json_roles(*ROLES)(self._badge))
        deeds = {"look": self._look, "clear": self._clear, "reminded": self._reminded}
        for name, deed in deeds.items():
            bp.post(f"/console/freezes/{_ID}/{name}", endpoint=f"freeze_{name}")(json_roles(*ACTS)(deed))

    def _scope(self) -> tuple[str, ...]:
        return centres_in_scope(signed_in(), self._line.keeper.library().centres)

    def _data(self) -> Response:
        member, scope = signed_in(), self._scope()
        centre, status, action = (request.args.get(name, "") for name in ("centre", "status", "action"))
        if (status and status not in STATUSES) or (action and action not in ACTIONS):
            abort(404)
        centres = (require_centre(member, centre, self._line.keeper.library().centres),) if centre else scope
        most = min(MOST_ROWS, max(PAGE, request.args.get("most", PAGE, type=int)))
        return jsonify(self._list.look(Wanted(centres, status, action, most), member, scope, member.role in ACTS))

    def _badge(self) -> Response:
        services = self._line.services
        with services.database.pool.connection() as connection:
            return jsonify(read_badge(connection, self._scope(), services.now()))

    def _look(self, freeze_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.look_again(freeze_id, signed_in()))

    def _clear(self, freeze_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.clear(freeze_id, json_body(), signed_in()))

    def _reminded(self, freeze_id: int) -> Response:
        return jsonify(ok=True, said=self._deeds.reminded(freeze_id, signed_in()))

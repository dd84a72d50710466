"""The page of the cities' data: how fresh it is, what came, uploading, reconciliation, and the keys of the cities."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from dashboards.audit import enter_audit
from dashboards.console.api import api_blueprint, json_body, json_roles
from dashboards.console.errors import Refused
from dashboards.console.wrap_up import without_secrets
from dashboards.provincial.cities.desk import DECIDES, LEAST_MINUTES, MOST_MINUTES, CityDesk
from dashboards.provincial.cities.fields import KINDS_ZH
from dashboards.provincial.cities.reconciliation import Seen, explain
from dashboards.provincial.cities.reconciliation_view import NO_SUCH_DAY, ReconciliationView
from dashboards.provincial.cities.uploads import LARGEST_BYTES, CityUploads
from dashboards.provincial.cities.view import NO_SUCH_BATCH, CityView
from dashboards.provincial.cities.words import DEFINITIONS, KIND_HINTS
from dashboards.provincial.scope import SEES_FIGURES, centres_of, require_one
from dashboards.sign_in import roles_allowed, signed_in
from dashboards.staff_area import staff_blueprint
from integrations.masking import mask_text
from ivr.service import Line

LONGEST_EXPLANATION = 300
MOST_SEEN = 100
NO_WORDS = "请写一句为什么对不上。"
TOO_LONG = f"说明最多{LONGEST_EXPLANATION}个字。"
NOTHING_SEEN = "请从对不上的里面选一天。"
INCOMPLETE = "请求的内容不完整或格式不对。"
_API = "/province/api/cities"
_BATCH = "<int(max=9223372036854775807):batch>"


def cities_blueprints(line: Line) -> tuple[Blueprint, Blueprint]:
    """/province/cities, and the JSON behind it."""
    return _pages(line), _addresses(line)


def _pages(line: Line) -> Blueprint:
    bp = staff_blueprint("cities", line.services)

    @bp.get("/province/cities")
    @roles_allowed(*SEES_FIGURES)
    def cities() -> str:
        """The data of the user's centres."""
        member, library = signed_in(), line.keeper.library()
        centres = [{"key": code, "name": library.centre(code).short_name} for code in centres_of(member, library)]
        config = cities_config(centres, member.role in DECIDES)
        return render_template("cities.html", cities_config=config, centres=centres)

    return bp


def cities_config(centres: list[dict[str, str]], decides: bool) -> dict[str, Any]:
    """What the page is told once."""
    return {
        "centres": centres,
        "kinds": [{"key": key, "name": name, "hint": KIND_HINTS[key]} for key, name in KINDS_ZH.items()],
        "definitions": DEFINITIONS,
        "largest_bytes": LARGEST_BYTES,
        "longest_explanation": LONGEST_EXPLANATION,
        "decides": decides,
        "least_minutes": LEAST_MINUTES,
        "most_minutes": MOST_MINUTES,
    }


def _addresses(line: Line) -> Blueprint:
    bp = api_blueprint("cities_api", line.services)
    CityAddresses(line).register(bp)
    CityUploads(line).register(bp)
    CityDesk(line).register(bp)
    return bp


class CityAddresses:
    """What is read, and the explanation of a day that differs."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._days = ReconciliationView(line)
        self._view = CityView(line, self._days)

    def register(self, bp: Blueprint) -> None:
        """Add the addresses to the JSON blueprint."""
        guard = json_roles(*SEES_FIGURES)
        bp.get(_API, endpoint="look")(guard(self._look))
        bp.get(f"{_API}/batches", endpoint="batches")(guard(self._batches))
        bp.get(f"{_API}/batches/{_BATCH}", endpoint="batch")(guard(self._batch))
        bp.get(f"{_API}/days/<centre>/<day>", endpoint="day")(guard(self._day))
        bp.post(f"{_API}/days/<centre>/<day>/explain", endpoint="explain")(guard(self._explain))

    def _look(self) -> Response:
        return jsonify(self._view.look(self._asked(), signed_in().role in DECIDES))

    def _batches(self) -> Response:
        before = request.args.get("before", type=int)
        if "before" in request.args and (before is None or not 0 < before < 2**63):
            raise Refused(404, NO_SUCH_BATCH)
        return jsonify(self._view.batches(self._asked(), before, request.args.get("bad") == "1"))

    def _batch(self, batch: int) -> Response:
        return jsonify(self._view.batch(self._asked(), batch))

    def _day(self, centre: str, day: str) -> Response:
        code = require_one(signed_in(), self._line.keeper.library(), centre)
        return jsonify(self._days.day(code, read_day(day)))

    def _explain(self, centre: str, day: str) -> Response:
        services, member = self._line.services, signed_in()
        code, of_day = require_one(member, self._line.keeper.library(), centre), read_day(day)
        body = json_body()
        seen, words, now = read_seen(body.get("seen")), read_words(body.get("words")), services.now()
        with services.database.pool.connection() as connection, connection.transaction():
            explain(connection, code, of_day, seen, words, member.username, now)
            about = f"reconciliation of {of_day.isoformat()}: differences {', '.join(str(one.id) for one in seen)}"
            enter_audit(connection, now, member.username, "city_explained", code, about)
        return jsonify(ok=True, said="记下了。数字再变时，这一天会重新列出来。")

    def _asked(self) -> tuple[str, ...]:
        """The centre that was asked for, or all of the user's."""
        centre = request.args.get("centre", "")
        return centres_of(signed_in(), self._line.keeper.library(), (centre,) if centre else ())


def read_day(written: str) -> date:
    """A day such as 2026-11-19. Raises Refused (404)."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refused(404, NO_SUCH_DAY) from None


def read_words(written: object) -> str:
    """The explanation, without numbers that belong to a person. Raises Refused (422)."""
    words = mask_text(without_secrets(written)).strip() if isinstance(written, str) else ""
    if not words:
        raise Refused(422, NO_WORDS)
    if len(words) > LONGEST_EXPLANATION:
        raise Refused(422, TOO_LONG)
    return words


def read_seen(written: object) -> list[Seen]:
    """The differences as they were on the page. Raises Refused (422)."""
    if not isinstance(written, list) or not 0 < len(written) <= MOST_SEEN:
        raise Refused(422, NOTHING_SEEN)
    seen = [Seen(*(_whole(one, name) for name in ("id", "claimed", "arrived"))) for one in written]
    # Always locked in the same order.
    return sorted(seen, key=lambda one: one.id)


def _whole(one: object, name: str) -> int:
    value = one.get(name) if isinstance(one, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise Refused(422, INCOMPLETE, name)
    return value

"""The addresses behind the page of figures: the answers as JSON, and the single calls of a slice."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from dashboards.console.api import api_blueprint, json_roles
from dashboards.provincial.explore.answers import PARTS, Explore
from dashboards.provincial.explore.call_list import CallList, read_wanted
from dashboards.provincial.explore.query import BadQuery, Query, read_query
from dashboards.provincial.scope import SEES_FIGURES, centres_of
from dashboards.sign_in import signed_in
from integrations.work_calendar import in_shanghai
from ivr.service import Line
from voicemail.subjects import SubjectTree

NO_SUCH_PART = "没有“{}”这一部分。"


def explore_addresses(line: Line, tree: SubjectTree) -> Blueprint:
    """/province/api/explore and /province/api/calls."""
    bp = api_blueprint("province_explore_api", line.services)
    explore, calls = Explore(line, tree), CallList(line, tree)
    bp.register_error_handler(BadQuery, _bad_query)

    @bp.get("/province/api/explore")
    @json_roles(*SEES_FIGURES)
    def figures() -> Response:
        """What the page shows, or the parts of it that are asked for (`part=ranking,trend`)."""
        query, centres = asked_query(line, tree)
        return jsonify(explore.look(query, centres, _parts()))

    @bp.get("/province/api/calls")
    @json_roles(*SEES_FIGURES)
    def single_calls() -> Response:
        """A page of the calls that the figures of a slice are made of, the newest first."""
        query, centres = asked_query(line, tree)
        return jsonify(calls.look(query, centres, read_wanted(request.args)))

    return bp


def asked_query(line: Line, tree: SubjectTree) -> tuple[Query, tuple[str, ...]]:
    """The question of this request, and the centres that it is about. Raises BadQuery, and Refused out of scope."""
    query = read_query(request.args, in_shanghai(line.services.now()).date(), tree)
    return query, centres_of(signed_in(), line.keeper.library(), query.centres)


def _parts() -> tuple[str, ...]:
    asked = [part for part in request.args.get("part", "").split(",") if part]
    wrong = [part for part in asked if part not in PARTS]
    if wrong:
        raise BadQuery([NO_SUCH_PART.format(wrong[0][:20])])
    return tuple(asked) or PARTS


def _bad_query(error: BadQuery) -> tuple[Response, int]:
    answer: dict[str, Any] = {"error": error.problems[0], "problems": error.problems, "error_id": None}
    return jsonify(answer), 400

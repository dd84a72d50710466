"""The status page: what callers of each centre hear now, which keys are open, and what today brought."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, url_for

from dashboards.call_counts import DEFINITIONS, NOW_DEFINITION, OUTCOME_NAMES, count_calls
from dashboards.models import ROLES
from dashboards.sign_in import centres_in_scope, require_centre, roles_allowed, signed_in
from dashboards.staff_area import staff_blueprint
from dashboards.status_view import centre_now, closed_keys, coming, waiting_events
from dashboards.systems_page import add_systems_page
from integrations.work_calendar import in_shanghai
from ivr.draw import draw
from ivr.service import Line
from ivr.words import calendar_day
from queueing.features import FEATURES
from queueing.opening_hours import periods_on, season_on


def status_blueprint(line: Line) -> Blueprint:
    """/, /status and, for each centre, its page and the picture of its menu; /systems."""
    bp = staff_blueprint("status", line.services)

    @bp.get("/")
    @roles_allowed(*ROLES)
    def home() -> Any:
        """The status page is the first page."""
        return redirect(url_for("status.overview"))

    @bp.get("/status")
    @roles_allowed(*ROLES)
    def overview() -> str:
        """All centres in the user's scope."""
        return render_template("status.html", **_overview(line))

    @bp.get("/status/<code>")
    @roles_allowed(*ROLES)
    def centre(code: str) -> str:
        """One centre with its hours, keys and menu."""
        require_centre(signed_in(), code, line.keeper.library().centres)
        return render_template("centre.html", **_centre(line, code))

    @bp.get("/status/<code>/menu.svg")
    @roles_allowed(*ROLES)
    def menu(code: str) -> Response:
        """The menu as callers of this centre find it now."""
        library = line.keeper.library()
        require_centre(signed_in(), code, library.centres)
        moment = line.almanac.moment(code, line.services.now())
        flow = library.flow(code)
        title = f"{library.centres[code].short_name}：{flow.title}菜单"
        return Response(draw(flow, moment, title), content_type="image/svg+xml; charset=utf-8")

    add_systems_page(bp, line)
    return bp


def _overview(line: Line) -> dict[str, Any]:
    now = line.services.now()
    library, board = line.keeper.library(), line.duty.board(now)
    codes = centres_in_scope(signed_in(), library.centres)
    centres = [centre_now(line, code, now) for code in codes]
    local = in_shanghai(now)
    shelf = library.content.shelf(local.date())
    return {
        "now": f"{calendar_day(local.date())} {local:%H:%M}",
        "centres": centres,
        "staffed": sum(c.moment.hours.is_staffed for c in centres),
        "features": FEATURES,
        "closed_keys": closed_keys(centres),
        "is_provisional": any(c.moment.hours.provisional for c in centres),
        "year": local.year,
        "notices": _unique(c.notice for c in centres),
        "coming": coming(board, codes, now),
        "shelf": shelf,
        "silent": sum(reason.startswith("不播") for _, reason in shelf),
        "problems": line.keeper.rejected,
        "counts": count_calls(line.services.database, codes, now),
        "definitions": DEFINITIONS,
        "outcome_names": OUTCOME_NAMES,
        "now_definition": NOW_DEFINITION,
        "waiting": waiting_events(line),
    }


def _centre(line: Line, code: str) -> dict[str, Any]:
    now = line.services.now()
    found = centre_now(line, code, now)
    today = in_shanghai(now).date()
    hours = found.centre.hours
    counts = count_calls(line.services.database, [code], now)
    return {
        "c": found,
        "now": f"{calendar_day(today)} {in_shanghai(now):%H:%M}",
        "today_periods": periods_on(hours, line.duty.board(now).calendar, today),
        "season": season_on(hours, today),
        "hours": hours,
        "counts": counts,
        "definitions": DEFINITIONS,
        "outcome_names": OUTCOME_NAMES,
        "now_definition": NOW_DEFINITION,
        "menu_title": line.keeper.library().flow(code).title,
    }


def _unique(notices: Any) -> list[Any]:
    return list(dict.fromkeys(notice for notice in notices if notice))

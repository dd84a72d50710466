"""The page of figures, its exports, and one call's timeline."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request

from dashboards.audit import enter_audit
from dashboards.console.errors import Refused
from dashboards.metrics import FIGURES, figure_json
from dashboards.provincial.explore.answers import Explore
from dashboards.provincial.explore.api import asked_query, explore_addresses
from dashboards.provincial.explore.call_page import add_call_pages
from dashboards.provincial.explore.exports_csv import CsvExport
from dashboards.provincial.explore.exports_xlsx import XlsxExport
from dashboards.provincial.explore.parts import SMALL_SAMPLE
from dashboards.provincial.explore.query import (
    DEFAULT_FIGURE,
    DEFAULT_PERIOD,
    MOST_DAYS,
    NOT_NOTED,
    BadQuery,
    Query,
)
from dashboards.provincial.measures import CHANNELS_ZH, WAIT_BOUNDS
from dashboards.provincial.periods import COMPARISONS_ZH, NAMED, NOTHING
from dashboards.provincial.scope import SEES_FIGURES, centres_of
from dashboards.sign_in import roles_allowed, signed_in
from dashboards.staff_area import staff_blueprint
from integrations.work_calendar import in_shanghai
from ivr.library import Library
from ivr.outcome import NAMES_ZH
from ivr.service import Line
from voicemail.subjects import SubjectTree
from voicemail.subjects_file import load_subjects

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
EXPORTED_XLSX, EXPORTED_CSV = "figures_exported_xlsx", "figures_exported_csv"


def explore_blueprints(line: Line) -> tuple[Blueprint, Blueprint]:
    """/province/explore, /province/export.*, /province/calls/*: the pages, and the JSON addresses behind them."""
    tree = load_subjects(line.services.settings.config_dir, line.keeper.library().content.pieces())
    return _pages(line, tree), explore_addresses(line, tree)


def _pages(line: Line, tree: SubjectTree) -> Blueprint:
    bp = staff_blueprint("province_explore", line.services)
    bp.register_error_handler(BadQuery, _bad_query)
    bp.register_error_handler(Refused, _refused)

    @bp.get("/province/explore")
    @roles_allowed(*SEES_FIGURES)
    def explore() -> str:
        """Figures of a period, by centre, subject and channel."""
        library = line.keeper.library()
        # An address of somebody else's scope is told here, before the page asks for its parts.
        centres_of(signed_in(), library, _asked_centres(library))
        config = explore_config(line, tree)
        return render_template("explore.html", explore_config=config, centres=config["centres"])

    look = Explore(line, tree)
    _add_exports(bp, line, tree, look)
    add_call_pages(bp, line, tree)
    return bp


def _asked_centres(library: Library) -> tuple[str, ...]:
    asked = (code.strip() for code in request.args.get("centres", "").split(","))
    return tuple(code for code in asked if code in library.centres)


def _add_exports(bp: Blueprint, line: Line, tree: SubjectTree, look: Explore) -> None:
    xlsx, csv = XlsxExport(line, look), CsvExport(line, look)

    @bp.get("/province/export.xlsx")
    @roles_allowed(*SEES_FIGURES)
    def export_xlsx() -> Response:
        """The page as a workbook."""
        query, centres = asked_query(line, tree)
        book = xlsx.make(query, centres, signed_in())
        _note(line, EXPORTED_XLSX, query)
        return _download(Response(book, mimetype=XLSX), query, "xlsx")

    @bp.get("/province/export.csv")
    @roles_allowed(*SEES_FIGURES)
    def export_csv() -> Response:
        """The sums behind the page: a row for each centre, day, subject and channel."""
        query, centres = asked_query(line, tree)
        lines = csv.lines(query, centres)
        _note(line, EXPORTED_CSV, query)
        return _download(Response(lines, content_type=CSV), query, "csv")


def _note(line: Line, action: str, query: Query) -> None:
    member = signed_in()
    with line.services.database.pool.connection() as connection:
        enter_audit(connection, line.services.now(), member.username, action, member.centre, query.address())


def _download(response: Response, query: Query, ending: str) -> Response:
    period = query.period
    name = f"12333-{period.first:%Y%m%d}-{period.last:%Y%m%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def explore_config(line: Line, tree: SubjectTree) -> dict[str, Any]:
    """What the page is told once: figures with their definitions, the own centres, subjects, channels, defaults."""
    library, today = line.keeper.library(), in_shanghai(line.services.now()).date()
    usual = NAMED[DEFAULT_PERIOD][1](today)
    return {
        "today": today.isoformat(),
        "figures": [figure_json(figure) for figure in FIGURES.values()],
        "centres": [
            {"key": code, "name": library.centre(code).short_name} for code in centres_of(signed_in(), library)
        ],
        "subjects": subjects_config(tree),
        "channels": listed(CHANNELS_ZH),
        "outcomes": listed({**NAMES_ZH, "in_progress": "还没挂断"}),
        "periods": [
            {"key": key, "name": name, "since": found.first.isoformat(), "until": found.last.isoformat()}
            for key, (name, find) in NAMED.items()
            for found in (find(today),)
        ],
        "comparisons": listed(COMPARISONS_ZH),
        "wait_bounds": list(WAIT_BOUNDS),
        "small_sample": SMALL_SAMPLE,
        "most_days": MOST_DAYS,
        "defaults": {
            "since": usual.first.isoformat(),
            "until": usual.last.isoformat(),
            "centres": [],
            "subjects": [],
            "channels": [],
            "figure": DEFAULT_FIGURE,
            "compare": NOTHING,
        },
    }


def subjects_config(tree: SubjectTree) -> list[dict[str, Any]]:
    """The groups with their subjects; calls whose subject nobody noted stand at the end."""
    groups = [
        {"key": group.key, "name": group.name, "subjects": [{"key": s.key, "name": s.name} for s in group.subjects]}
        for group in tree.groups
    ]
    return [*groups, {"key": NOT_NOTED, "name": "没有记下主题", "subjects": []}]


def listed(names: dict[str, str]) -> list[dict[str, str]]:
    """Keys with their names, in their order."""
    return [{"key": key, "name": name} for key, name in names.items()]


def _bad_query(error: BadQuery) -> tuple[str, int]:
    return render_template("error.html", title="这个地址看不出要什么", sentence=" ".join(error.problems)), 400


def _refused(error: Refused) -> tuple[str, int]:
    title = "您没有权限看这一页" if error.http_status == 403 else "没有这一页"
    return render_template("error.html", title=title, sentence=error.sentence), error.http_status

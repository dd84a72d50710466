"""The console's addresses: the two pages, the JSON behind them, and the ticket of the page's telephone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, jsonify, render_template, request

from dashboards.console.actions import HAS_SEAT, Actions
from dashboards.console.api import api_blueprint, json_body, json_roles, seat_of
from dashboards.console.callbacks_api import CallbackAddresses, add_callback_page
from dashboards.console.caller_look_ups import DeskLookUps
from dashboards.console.case_board import CaseBoard, add_board_page
from dashboards.console.case_doers import case_desk
from dashboards.console.cases import close_case
from dashboards.console.cases_api import CaseAddresses, add_case_pages
from dashboards.console.deputies_api import Deputies
from dashboards.console.desk_freezes import DeskFreezes
from dashboards.console.desk_view import DeskView
from dashboards.console.errors import NO_SEAT, Refused
from dashboards.console.figures import DEFINITIONS
from dashboards.console.floor_view import FloorView
from dashboards.console.freezes_api import FreezeAddresses, add_freeze_page
from dashboards.console.guides_api import Guides
from dashboards.console.initials import initials
from dashboards.console.look_ups import LookUp, ShownCallers
from dashboards.console.marks import Scope, clear_mark
from dashboards.console.message_sound import MessageSounds
from dashboards.console.recordings import Recordings
from dashboards.console.tickets import phone_ticket
from dashboards.console.wrap_up import DISPOSITIONS
from dashboards.phone.page import origin_of
from dashboards.phone.token_limit import is_over_limit
from dashboards.sign_in import centres_in_scope, roles_allowed, signed_in
from dashboards.staff import StaffMember
from dashboards.staff_area import SETS_DUTY, staff_blueprint
from integrations.settings import Settings, is_loopback
from ivr.library import Library
from ivr.service import Line
from queueing.agent import BREAK_REASONS
from queueing.desk import AgentDesk
from queueing.routing import LANGUAGES, SKILLS
from voicemail.subjects import SubjectTree
from voicemail.subjects_file import load_subjects

EVENTS_PATH = "/events"
# Where the SDK of Twilio's pages talks to.
TWILIO_SOURCES = "https://*.twilio.com wss://*.twilio.com"


def console_blueprints(line: Line) -> tuple[Blueprint, Blueprint]:
    """/console, /console/floor, /callbacks and /freezes: the pages, and the JSON addresses behind them."""
    tree = load_subjects(line.services.settings.config_dir, line.keeper.library().content.pieces())
    return _pages(line, tree), _addresses(line, tree)


def _pages(line: Line, tree: SubjectTree) -> Blueprint:
    bp = staff_blueprint("console", line.services)

    @bp.get("/console")
    @roles_allowed(*HAS_SEAT)
    def page() -> Any:
        """The consultant's desk; a sentence for who has no seat."""
        if signed_in().agent_id is None:
            return render_template("error.html", title="还没有坐席", sentence=NO_SEAT), 403
        config = console_config(line, tree)
        g.connect_src = _connect_src(line.services.settings, config["stream_url"])
        return render_template("console.html", console_config=config)

    @bp.get("/console/floor")
    @roles_allowed(*SETS_DUTY)
    def floor() -> str:
        """The supervisor's floor."""
        library = line.keeper.library()
        url = stream_url(line.services.settings) + "?floor=1"
        centres = _names(library, centres_in_scope(signed_in(), library.centres))
        g.connect_src = origin_of(url)
        return render_template("floor.html", floor_config={"stream_url": url, "centres": centres}, centres=centres)

    add_callback_page(bp, line)
    add_freeze_page(bp, line)
    add_board_page(bp, line)
    add_case_pages(bp, line, tree)
    return bp


def _addresses(line: Line, tree: SubjectTree) -> Blueprint:
    services = line.services
    bp = api_blueprint("console_api", services)
    desks, floors, shown = DeskView(line, tree), FloorView(line, tree), ShownCallers()

    def show_desk(member: StaffMember) -> Mapping[str, Any]:
        seat = seat_of(member)
        look = desks.look([seat])
        found = look.desk(seat)
        if found is None:
            raise Refused(409, "这个坐席已经停用，请联系值班长。")
        offer = look.shown.get(seat)
        if offer is not None:
            with services.database.pool.connection() as connection:
                seen = LookUp(member.username, offer.centre, f"offer {offer.id}")
                shown.note(connection, [seen], look.now, offer.made_at)
        return found

    @bp.get("/console/desk")
    @json_roles(*HAS_SEAT)
    def own_desk() -> Response:
        """The desk now."""
        return jsonify(show_desk(signed_in()))

    @bp.post("/console/phone-token")
    @json_roles(*HAS_SEAT)
    def phone_token() -> Response:
        """What the page's telephone registers with."""
        member = signed_in()
        seat = seat_of(member)
        if is_over_limit(services.live_store, f"staff:{member.id}", services.now()):
            abort(429)
        return jsonify(phone_ticket(services, seat))

    @bp.get("/console/floor/data")
    @json_roles(*SETS_DUTY)
    def floor_data() -> Response:
        """The floor now."""
        scope = scope_of(signed_in(), line.keeper.library())
        return jsonify(floors.floor(floors.look(scope.centres), scope))

    @bp.post("/console/cases/<int(max=2147483647):case_id>/close")
    @json_roles(*SETS_DUTY)
    def end_case(case_id: int) -> Response:
        """Take a dissatisfied caller's case off the list, with a reason."""
        member = signed_in()
        close_case(services, case_id, json_body().get("reason"), member, scope_of(member, line.keeper.library()))
        return jsonify(ok=True)

    @bp.post("/console/marks/<int(max=2147483647):mark_id>/clear")
    @json_roles(*SETS_DUTY)
    def end_mark(mark_id: int) -> Response:
        """Take a guide off its owner's list, with a reason."""
        member, library = signed_in(), line.keeper.library()
        clear_mark(services, library, mark_id, json_body().get("reason"), member, scope_of(member, library))
        return jsonify(ok=True)

    Actions(line, AgentDesk(line.waiting), tree, show_desk).register(bp)
    Guides(line, tree).register(bp)
    Recordings(line).register(bp)
    CallbackAddresses(line).register(bp)
    DeskLookUps(line).register(bp)
    DeskFreezes(line).register(bp)
    FreezeAddresses(line).register(bp)
    cases = case_desk(line)
    MessageSounds(line, cases).register(bp)
    Deputies(line, cases).register(bp)
    CaseBoard(line, tree).register(bp)
    CaseAddresses(line, tree).register(bp)
    return bp


def console_config(line: Line, tree: SubjectTree) -> dict[str, Any]:
    """What the desk's page is told once."""
    library = line.keeper.library()
    return {
        "stream_url": stream_url(line.services.settings),
        "subjects": [_group(group) for group in map(asdict, tree.groups)],
        "dispositions": _listed(DISPOSITIONS),
        "break_reasons": _listed(BREAK_REASONS),
        "skills": _listed(SKILLS),
        "centres": _names(library, library.centres),
        "languages": _listed(LANGUAGES),
        "figures": DEFINITIONS,
    }


def scope_of(member: StaffMember, library: Library) -> Scope:
    """The centres whose floor somebody sees."""
    return Scope(centres_in_scope(member, library.centres), member.sees_all)


def stream_url(settings: Settings) -> str:
    """Where this page reaches the event stream: on one's own machine under the same name as the page itself.

    The session's cookie belongs to the name in the address bar, and 127.0.0.1 and localhost are two names.
    """
    url = settings.stream_url.rstrip("/")
    parts, host = urlsplit(url), urlsplit(request.host_url).hostname or ""
    if is_loopback(parts.hostname or "") and is_loopback(host):
        url = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or 80}{parts.path}"
    return url + EVENTS_PATH


def _connect_src(settings: Settings, stream: str) -> str:
    telephone = origin_of(settings.gateway_url) if settings.carrier_is_gateway else TWILIO_SOURCES
    return f"{origin_of(stream)} {telephone}"


def _group(group: dict[str, Any]) -> dict[str, Any]:
    subjects = [
        {"key": row["key"], "name": row["name"], "keywords": row["keywords"], "initials": initials(row["name"])}
        for row in group["subjects"]
    ]
    return {"key": group["key"], "name": group["name"], "skill": group["skill"], "subjects": subjects}


def _listed(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "name": name} for key, name in names.items()]


def _names(library: Library, codes: Any) -> list[dict[str, str]]:
    return [{"key": code, "name": library.centre(code).short_name} for code in codes]

"""The wallboard's page and the newest snapshot behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Blueprint, Response, g, jsonify, render_template
from psycopg_pool import PoolTimeout

from dashboards.console.api import api_blueprint, json_roles
from dashboards.console.page import stream_url
from dashboards.metrics import FIGURES, figure_json
from dashboards.phone.page import origin_of
from dashboards.provincial.scope import SEES_FIGURES, centres_of
from dashboards.provincial.wall.keeper import DIRECT_SECONDS, NO_DATABASE, read_newest
from dashboards.provincial.wall.snapshot import DIRECT, Snapshot, Wall, cut_to
from dashboards.provincial.wall.words import DEFINITIONS
from dashboards.sign_in import roles_allowed, signed_in
from dashboards.staff import StaffMember
from dashboards.staff_area import staff_blueprint
from ivr.service import Line

log = structlog.get_logger(__name__)
# The leader makes one a second: it is gone, or cannot.
OLD = timedelta(seconds=DIRECT_SECONDS)


def wall_blueprints(line: Line) -> tuple[Blueprint, Blueprint]:
    """/province and /province/api/wall."""
    newest = NewestWall(line)
    return _page(line, newest), _address(line, newest)


def _page(line: Line, newest: NewestWall) -> Blueprint:
    bp = staff_blueprint("wall", line.services)

    @bp.get("/province")
    @roles_allowed(*SEES_FIGURES)
    def wall() -> str:
        """The wallboard of the user's centres."""
        url = f"{stream_url(line.services.settings)}?wall=1"
        g.connect_src = origin_of(url)
        config = wall_config(line, signed_in(), url, newest.get()["is_demo"])
        return render_template("wall.html", wall_config=config)

    return bp


def _address(line: Line, newest: NewestWall) -> Blueprint:
    bp = api_blueprint("wall_api", line.services)

    @bp.get("/province/api/wall")
    @json_roles(*SEES_FIGURES)
    def snapshot() -> Response:
        """The newest snapshot, of the user's centres: the first paint, and where no stream comes through."""
        centres = centres_of(signed_in(), line.keeper.library())
        response = jsonify(cut_to(newest.get(), centres))
        response.headers["Cache-Control"] = "no-store"
        return response

    return bp


def wall_config(line: Line, member: StaffMember, url: str, is_demo: bool) -> Mapping[str, Any]:
    """What the page is told once."""
    library = line.keeper.library()
    centres = (library.centre(code) for code in centres_of(member, library))
    return {
        "stream_url": url,
        "figures": [figure_json(figure) for figure in FIGURES.values()],
        "definitions": DEFINITIONS,
        "centres": [{"code": one.code, "name": one.name, "short_name": one.short_name} for one in centres],
        "is_demo": is_demo,
        "can_see_all": member.sees_all,
    }


class NewestWall:
    """The newest snapshot for the web: what the leader handed on, or, when that is old, one made here.

    However many ask, a process makes at most one in five seconds, and tries no more often: whoever asks while the
    database hangs must not keep the threads that answer callers.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._wall = Wall(line)
        self._lock = threading.Lock()
        self._own: Snapshot | None = None
        self._made_at = self._failed_at = float("-inf")

    def get(self) -> Snapshot:
        """All centres. Raises psycopg.Error and PoolTimeout when there is none and none can be made."""
        snapshot, now = read_newest(self._line.services.live_store), self._line.services.now()
        if snapshot is not None and now - datetime.fromisoformat(snapshot["at"]) < OLD:
            return snapshot
        with self._lock:
            if self._own is None or time.monotonic() - self._made_at >= DIRECT_SECONDS:
                self._own, self._made_at = self._make(now), time.monotonic()
                log.warning("wall_made_by_the_web", newest=snapshot["at"] if snapshot else None)
            return self._own

    def _make(self, now: datetime) -> Snapshot:
        if time.monotonic() - self._failed_at < DIRECT_SECONDS:
            raise PoolTimeout("the database gave no snapshot a moment ago")
        try:
            return self._wall.snapshot(now, relay=DIRECT)
        except NO_DATABASE:
            self._failed_at = time.monotonic()
            raise

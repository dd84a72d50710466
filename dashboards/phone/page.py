"""The phone page, and the short-lived tokens with which it reaches the voice gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, g, jsonify, render_template, request

from dashboards.auth import current_user, roles_allowed
from dashboards.guards import public
from dashboards.models import ROLES
from dashboards.phone.numbers import CALLERS, dialled_choices, is_own_number
from dashboards.phone.token_limit import is_over_limit
from dashboards.staff_area import staff_blueprint
from integrations.gateway.tokens import issue_token
from integrations.services import Services
from ivr.library import load_centres

GATEWAY_PATH = "/phone"
VISITOR = "demo"


def phone_blueprint(services: Services) -> Blueprint:
    """/phone and /phone/token: for everybody in a demo, otherwise for staff who are signed in."""
    bp = staff_blueprint("phone", services)
    settings = services.settings
    guard: Callable[[Any], Any] = public if settings.demo else roles_allowed(*ROLES)

    @bp.get("/phone")
    @guard
    def phone() -> str:
        """The phone; a sentence instead while calls go through the carrier."""
        if not settings.carrier_is_gateway:
            return render_template("phone.html", is_on=False)
        g.connect_src = origin_of(settings.gateway_url)
        numbers = dialled_choices(load_centres(settings.config_dir))
        return render_template("phone.html", is_on=True, numbers=numbers, callers=CALLERS)

    @bp.post("/phone/token")
    @guard
    def token() -> Response:
        """A token for one connection, and the address to connect to.

        With `number` (E.164) calls to it ring on that connection. 422 for one that no telephone of a caller has: the
        hotline's own are among them.
        """
        if not settings.carrier_is_gateway:
            abort(404)
        user, now = current_user(), services.now()
        # Colleagues share an office's address; a visitor has nothing but theirs.
        who = f"staff:{user.id}" if user else f"address:{request.remote_addr}"
        if is_over_limit(services.live_store, who, now):
            abort(429)
        number = request.form.get("number", "")
        if number and not is_own_number(number):
            abort(422)
        visitor = f"user:{user.username}" if user else VISITOR
        issued = issue_token(settings.secret_key, now, f"number:{number}" if number else visitor)
        return jsonify(token=issued, url=f"{settings.gateway_url.rstrip('/')}{GATEWAY_PATH}")

    return bp


def origin_of(url: str) -> str:
    """`ws://127.0.0.1:12334` for any address there."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

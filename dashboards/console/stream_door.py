"""Who may listen to the event stream: the session cookie of the pages, checked without them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from flask import Flask
from itsdangerous import BadSignature

from dashboards.sign_in import SESSION_LIFETIME
from dashboards.staff import FIELDS, StaffMember, StaffStore
from dashboards.web_app import StaffSessions
from integrations.services import Services
from integrations.settings import is_loopback

_STILL = f"SELECT {FIELDS} FROM staff_user WHERE id = ANY(%s) AND is_active"


class SignedOut(Exception):
    """No session, one that has ended, or one of a page that is not ours."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a cookie says: who, in which epoch, and until when without another touch."""

    user_id: int
    epoch: int
    until: datetime


class StreamDoor:
    """Reads cookies, and looks again whether their owners may still listen."""

    def __init__(self, services: Services) -> None:
        self._services = services
        app = Flask("streams")
        app.config["SECRET_KEY"] = services.settings.secret_key
        self._cookie = app.config["SESSION_COOKIE_NAME"]
        self._serializer = StaffSessions().get_signing_serializer(app)
        self._origin = origin_of(services.settings.public_base_url)

    def ticket(self, request: web.Request, lifetime: timedelta = SESSION_LIFETIME) -> Ticket:
        """The session of a request, which ends after `lifetime` without a touch. Raises SignedOut."""
        assert self._serializer is not None
        age = int(SESSION_LIFETIME.total_seconds())
        try:
            session: dict[str, Any] = self._serializer.loads(request.cookies.get(self._cookie, ""), max_age=age)
            seen = datetime.fromisoformat(session["seen"])
            ticket = Ticket(int(session["user"]), int(session["epoch"]), seen + lifetime)
        except (BadSignature, KeyError, TypeError, ValueError) as error:
            raise SignedOut(type(error).__name__) from error
        if ticket.until <= self._services.now():
            raise SignedOut("too old")
        return ticket

    def is_ours(self, request: web.Request) -> bool:
        """False for a page of another site; without an Origin the browser says the request is our own site's."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "same-site", "none")
        scheme, host, port = origin_of(origin)
        own_scheme, own_host, own_port = self._origin
        # On one's own machine 127.0.0.1 and localhost are the same door.
        is_same_host = host == own_host or (is_loopback(host) and is_loopback(own_host))
        return is_same_host and (scheme, port) == (own_scheme, own_port)

    def member(self, ticket: Ticket) -> StaffMember:
        """Who holds the ticket. Raises SignedOut. Asks the database."""
        member = StaffStore(self._services.database).find(ticket.user_id)
        if member is None or not is_valid(ticket, member):
            raise SignedOut("ended")
        return member

    def still_there(self, user_ids: Collection[int]) -> dict[int, StaffMember]:
        """The active members among these, in one question."""
        with self._services.database.pool.connection() as connection:
            rows = connection.execute(_STILL, (list(user_ids),)).fetchall()
        return {row[0]: StaffMember(*row) for row in rows}


def is_valid(ticket: Ticket, member: StaffMember) -> bool:
    """Whether the session has not been ended, and nothing else must be done before."""
    return member.session_epoch == ticket.epoch and not member.must_change_password


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, the usual port when none is written."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", "", None

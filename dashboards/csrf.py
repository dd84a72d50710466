"""The secret that a form of ours carries: a POST without it came from somewhere else, or from a page too old."""

from __future__ import annotations

import hmac
import secrets

from flask import abort, request, session

FIELD = "csrf_token"
# A script of ours sends it so; a foreign page cannot add headers to what a visitor's browser sends here.
HEADER = "X-CSRF-Token"
_KEY = "csrf"


def csrf_token() -> str:
    """The token of this session, made when first asked for; a new session gets a new one."""
    if _KEY not in session:
        session[_KEY] = secrets.token_urlsafe(32)
    return str(session[_KEY])


def check_csrf() -> None:
    """Refuse with 400 anything that changes something and does not carry the session's token, as field or header."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    expected = session.get(_KEY, "")
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        abort(400)

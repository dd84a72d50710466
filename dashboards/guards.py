"""How each address is guarded, written on the view itself, so that a test can find one that is not.

A view carries the attribute `guarded_by`, a word that names its guard ("public", "carrier signature",
"login"). A guard sets it on the function it returns; functools.wraps carries it through other
decorators.
"""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, abort, current_app, request

from integrations.settings import is_loopback

View = TypeVar("View", bound=Callable[..., Any])


def guarded_by(guard: str) -> Callable[[View], View]:
    """Mark a view as guarded; the guard itself is the caller's business."""

    def mark(view: View) -> View:
        view.guarded_by = guard  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Anybody may see it: nothing about a person, and nothing that helps an attacker."""
    return guarded_by("public")(view)


def operators_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """From this machine itself, or with the bearer token METRICS_TOKEN; otherwise 403."""

    @guarded_by("operator")
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response | Any:
        if not (_has_token() or _is_local()):
            abort(403)
        return view(*args, **kwargs)

    return guarded


def _has_token() -> bool:
    expected = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _is_local() -> bool:
    # Behind a proxy that was not declared every visitor seems to come from this machine.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded and not current_app.config["TRUSTED_PROXY_HOPS"]:
        return False
    return is_loopback(request.remote_addr or "")

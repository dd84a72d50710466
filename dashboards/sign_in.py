"""Who is signed in, and which pages and centres are theirs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from flask import abort, current_app, g, redirect, request, session, url_for

from dashboards.guards import guarded_by
from dashboards.staff import StaffMember, StaffStore
from integrations.services import Services

SESSION_LIFETIME = timedelta(hours=8)
# A board on the wall has nobody who touches it. It shows sums, no person and no call; nothing else lives so long.
WALL_LIFETIME = timedelta(days=30)
WALL_PATHS = ("/province", "/province/api/wall")
# Between the right password and the code of the second factor.
HALFWAY_LIFETIME = timedelta(minutes=10)
NEW_PASSWORD_PATH = "/account"
SERVICES = "staff_services"
# A page that looks again by itself says so: that nobody touched it must not keep the session alive.
BACKGROUND_HEADER = "X-Background"


def staff_services() -> Services:
    """The services that the staff pages were built with."""
    return cast(Services, current_app.extensions[SERVICES])


def begin_session(member: StaffMember) -> None:
    """Start a new session; whatever the visitor brought along is thrown away."""
    session.clear()
    session.permanent = True
    session["user"], session["epoch"] = member.id, member.session_epoch
    session["seen"] = staff_services().now().isoformat()
    g.staff_member = member


def begin_halfway(member: StaffMember, target: str) -> None:
    """The password was right and a code is still to come: nobody is signed in yet. `target` is where to go then."""
    session.clear()
    session["halfway"], session["epoch"] = member.id, member.session_epoch
    session["since"], session["target"] = staff_services().now().isoformat(), target


def halfway_member() -> StaffMember | None:
    """Whose password was right within the last 10 minutes; None when the account was changed meanwhile."""
    services, user_id = staff_services(), session.get("halfway")
    if user_id is None or services.now() - datetime.fromisoformat(session["since"]) >= HALFWAY_LIFETIME:
        return None
    member = StaffStore(services.database).find(user_id)
    return member if member and member.session_epoch == session.get("epoch") else None


def current_user() -> StaffMember | None:
    """Who is signed in; None without a session, after 8 hours of rest, or when it was ended elsewhere.

    To the wallboard itself somebody stays signed in for 30 days.
    """
    if "staff_member" not in g:
        g.staff_member = _read_session()
    return cast("StaffMember | None", g.staff_member)


def _read_session() -> StaffMember | None:
    services = staff_services()
    now, user_id = services.now(), session.get("user")
    if user_id is None:
        return None
    rest = now - datetime.fromisoformat(session["seen"])
    if rest >= (WALL_LIFETIME if request.path in WALL_PATHS else SESSION_LIFETIME):
        return None
    member = StaffStore(services.database).find(user_id)
    if member is None or member.session_epoch != session.get("epoch"):
        return None
    # Looking at the wall does not wake a session that has ended for everything else.
    if BACKGROUND_HEADER not in request.headers and rest < SESSION_LIFETIME:
        session["seen"] = now.isoformat()
    return member


def signed_in() -> StaffMember:
    """Who is signed in, inside a view that `roles_allowed` guards."""
    member = current_user()
    if member is None:
        abort(403)
    return member


def roles_allowed(*roles: str, before_new_password: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Guard a view: others are sent to the login page, or told that their role does not suffice.

    Somebody with a one-time password chooses a new one first, whatever they ask for, but for views
    with `before_new_password`.
    """

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @guarded_by("login")
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            member = current_user()
            if member is None:
                wanted = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("auth.login", next=wanted))
            if member.must_change_password and not before_new_password:
                return redirect(NEW_PASSWORD_PATH)
            if member.role not in roles:
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return guard


def centres_in_scope(user: StaffMember, all_codes: Collection[str]) -> tuple[str, ...]:
    """The centres whose data somebody may see or set, in the order given: all of them, or only their own."""
    return tuple(code for code in all_codes if user.sees_all or code == user.centre)


def require_centre(user: StaffMember, code: str, all_codes: Collection[str]) -> str:
    """The code itself; 404 for a centre that does not exist, 403 for one outside the user's scope."""
    if code not in all_codes:
        abort(404)
    if code not in centres_in_scope(user, all_codes):
        abort(403)
    return code

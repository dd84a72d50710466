"""Whose figures somebody may see: a city its own centre's, the province all. Every query of these pages asks here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.console.errors import Refused
from dashboards.models import ADMINISTRATOR, PROVINCIAL, SUPERVISOR
from dashboards.sign_in import centres_in_scope
from dashboards.staff import StaffMember
from ivr.library import Library

# Consultants see their own work on their own pages.
SEES_FIGURES = (SUPERVISOR, PROVINCIAL, ADMINISTRATOR)
NO_SUCH_CENTRE = "没有这个中心，请从页面上选。"
NOT_YOUR_CENTRE = "这是别的中心，您的岗位只能看本中心的数据。"


def centres_of(member: StaffMember, library: Library, asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The centres that a query is about, in the province's order: those asked for, or all that the member may see.

    Raises Refused: 403 for a role that sees no figures or a centre outside the scope, 404 for one that is not there.
    A centre that is no longer configured has no page of its own; its facts count in nobody's query.
    """
    if member.role not in SEES_FIGURES:
        raise Refused(403, NOT_YOUR_CENTRE)
    scope = centres_in_scope(member, library.centres)
    for code in asked:
        if code not in library.centres:
            raise Refused(404, NO_SUCH_CENTRE)
        if code not in scope:
            raise Refused(403, NOT_YOUR_CENTRE)
    return tuple(code for code in scope if code in asked) if asked else scope


def require_one(member: StaffMember, library: Library, code: str) -> str:
    """The one centre of an address itself. Raises Refused like `centres_of`, 404 for an empty one."""
    if not code:
        raise Refused(404, NO_SUCH_CENTRE)
    return centres_of(member, library, (code,))[0]


def cut(by_centre: Mapping[str, Any], centres: Sequence[str]) -> dict[str, Any]:
    """What belongs to these centres, of something kept by centre; what belongs to others is not in it."""
    return {code: by_centre[code] for code in centres if code in by_centre}

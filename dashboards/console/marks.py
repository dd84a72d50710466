"""Guides that consultants found wrong or missing: on their owner's list until cleared with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.audit import enter_audit
from dashboards.console.errors import Refused
from dashboards.console.wrap_up import without_secrets
from dashboards.staff import StaffMember
from integrations.services import Services
from ivr.content import Content, Piece
from ivr.library import Library
from queueing.centre import PROVINCE

VERDICTS = {"wrong": "内容有误", "missing": "没有这方面的内容"}
LONGEST_NOTE = 300
LONGEST_REASON = 200
PROVINCIAL_OWNER = "省本级"

_MARK = """
INSERT INTO guide_mark (guide, verdict, note, agent_id, centre, offer_id, at)
VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
OPEN_MARKS = """
SELECT m.id, m.guide, m.verdict, m.note, m.centre, m.at, m.offer_id, a.number FROM guide_mark m
JOIN agent a ON a.id = m.agent_id WHERE m.cleared_at IS NULL ORDER BY m.at, m.id
"""
_ONE = "SELECT guide, centre FROM guide_mark WHERE id = %s"
_CLEAR = """
UPDATE guide_mark SET cleared_at = %s, cleared_by = %s, cleared_reason = %s
WHERE id = %s AND cleared_at IS NULL RETURNING centre
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose floor it is: the centres, and whether that is all of them."""

    centres: tuple[str, ...]
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """`guide` is a piece's key, or what was searched for when there is none."""

    guide: str
    verdict: str
    note: str
    offer_id: str | None


def read_mark(body: Mapping[str, Any], content: Content) -> Mark:
    """The mark in a request. Raises Refused."""
    guide, verdict, note = body.get("guide") or "", body.get("verdict"), body.get("note") or ""
    if verdict not in VERDICTS:
        raise Refused(422, "请选“内容有误”或“没有这方面的内容”。")
    if not (isinstance(guide, str) and isinstance(note, str)) or len(note) > LONGEST_NOTE or len(guide) > LONGEST_NOTE:
        raise Refused(422, f"说明最多{LONGEST_NOTE}个字。")
    if verdict == "wrong" and piece_of(content, guide) is None:
        raise Refused(404, "没有这份指南，可能刚刚换过，请重新搜索。")
    if verdict == "missing" and not (guide.strip() or note.strip()):
        raise Refused(422, "请写一下缺什么内容。")
    offer = body.get("offer")
    return Mark(without_secrets(guide.strip()), verdict, without_secrets(note.strip()), offer or None)


def add_mark(services: Services, mark: Mark, agent_id: int, centre: str) -> int:
    """Enter a mark on its owner's list; its id."""
    values = (mark.guide, mark.verdict, mark.note, agent_id, centre, mark.offer_id, services.now())
    with services.database.pool.connection() as connection:
        row = connection.execute(_MARK, values).fetchone()
    assert row is not None
    return int(row[0])


def piece_of(content: Content, key: str) -> Piece | None:
    """The guide or recording of a key such as `guide/card-apply`."""
    kind, _, name = key.partition("/")
    shelves: dict[str, Mapping[str, Piece]] = {"guide": content.guides, "recording": content.recordings}
    return shelves.get(kind, {}).get(name)


def owner_of(library: Library, guide: str) -> tuple[str, str]:
    """Who answers for a piece, as its file says, and the centre of that desk; the province for what is missing."""
    piece = piece_of(library.content, guide)
    if piece is None:
        return PROVINCIAL_OWNER, PROVINCE
    owned = (code for code, centre in library.centres.items() if piece.owner.startswith(centre.short_name))
    return piece.owner, next(owned, PROVINCE)


def mark_json(row: Mapping[str, Any], library: Library, scope: Scope) -> dict[str, Any] | None:
    """A mark as its owner and the centre that found it see it; None for everybody else."""
    owner, owner_centre = owner_of(library, row["guide"])
    may_clear = scope.sees_all or owner_centre in scope.centres
    if not (may_clear or row["centre"] in scope.centres):
        return None
    piece = piece_of(library.content, row["guide"])
    return {
        "id": row["id"],
        "guide": row["guide"],
        "title": piece.title if piece else row["guide"],
        "verdict": row["verdict"],
        "verdict_zh": VERDICTS[row["verdict"]],
        "note": row["note"],
        "owner": owner,
        "centre_name": library.centre(row["centre"]).short_name,
        "number": row["number"],
        "at": row["at"].isoformat(),
        "may_clear": may_clear,
    }


def clear_mark(
    services: Services, library: Library, mark_id: int, reason: object, by: StaffMember, scope: Scope
) -> None:
    """Take a mark off the list. Raises Refused: not there, not the owner, no reason, somebody was quicker."""
    now = services.now()
    with services.database.pool.connection() as connection, connection.transaction():
        row: Sequence[Any] | None = connection.execute(_ONE, (mark_id,)).fetchone()
        if row is None:
            raise Refused(404, "没有这一条。")
        if not (scope.sees_all or owner_of(library, row[0])[1] in scope.centres):
            raise Refused(403, "这份内容由别的中心负责，请他们来处理。")
        done = connection.execute(_CLEAR, (now, by.username, read_reason(reason), mark_id)).fetchone()
        if done is None:
            raise Refused(409, "这一条已经有人处理了。")
        enter_audit(connection, now, by.username, "mark_cleared", done[0], f"guide_mark {mark_id}")


def read_reason(reason: object) -> str:
    """Why something is taken off a list. Raises Refused without one."""
    if not isinstance(reason, str) or not reason.strip():
        raise Refused(422, "请写处理结果。")
    if len(reason) > LONGEST_REASON:
        raise Refused(422, f"处理结果最多{LONGEST_REASON}个字。")
    return without_secrets(reason.strip())

"""Cases of dissatisfied callers: on their centre's list until somebody closes them with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.audit import enter_audit
from dashboards.console.caller_words import masked
from dashboards.console.errors import Refused
from dashboards.console.marks import Scope, read_reason
from dashboards.console.subjects import SubjectTree
from dashboards.staff import StaffMember
from integrations.services import Services
from ivr.library import Library

SCORES_ZH = {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}

OPEN_CASES = """
SELECT w.id, w.kind, w.centre, w.opened_at, w.offer_id, w.comment_sid, r.score, a.number, a.name, o.connected_at,
       o.ended_at, p.subject, p.note, c.caller_tail, t.stored_at IS NOT NULL AS has_recording
FROM work_order w
LEFT JOIN offer o ON o.id = w.offer_id LEFT JOIN agent a ON a.id = o.agent_id
LEFT JOIN rating r ON r.offer_id = w.offer_id LEFT JOIN wrap_up p ON p.offer_id = w.offer_id
LEFT JOIN call c ON c.call_sid = w.call_sid LEFT JOIN talk_recording t ON t.offer_id = w.offer_id
WHERE w.closed_at IS NULL AND w.kind = 'low_rating' AND w.centre = ANY(%s) ORDER BY w.opened_at, w.id
"""
_CENTRE = "SELECT centre FROM work_order WHERE id = %s AND kind = 'low_rating'"
_CLOSE = """
UPDATE work_order SET closed_at = %s, closed_by = %s, closed_reason = %s WHERE id = %s AND closed_at IS NULL
"""


def case_json(row: Mapping[str, Any], library: Library, tree: SubjectTree) -> dict[str, Any]:
    """A case as a supervisor sees it."""
    talked = row["connected_at"] is not None and row["ended_at"] is not None
    return {
        "id": row["id"],
        "centre": row["centre"],
        "centre_name": library.centre(row["centre"]).short_name,
        "opened_at": row["opened_at"].isoformat(),
        "offer_id": row["offer_id"],
        "score": row["score"],
        "score_zh": SCORES_ZH.get(row["score"]),
        "number": row["number"],
        "name": row["name"],
        "caller": {"masked": masked(None, row["caller_tail"])},
        "talk_seconds": round((row["ended_at"] - row["connected_at"]).total_seconds()) if talked else None,
        "subject_zh": tree.name_of(row["subject"]),
        "note": row["note"] or "",
        "has_comment": row["comment_sid"] is not None,
        "has_recording": bool(row["has_recording"]),
    }


def close_case(services: Services, case_id: int, reason: object, by: StaffMember, scope: Scope) -> None:
    """Close a case of the user's centres with a reason. Raises Refused."""
    now = services.now()
    with services.database.pool.connection() as connection, connection.transaction():
        row = connection.execute(_CENTRE, (case_id,)).fetchone()
        if row is None:
            raise Refused(404, "没有这一条。")
        if row[0] not in scope.centres:
            raise Refused(403, "这是别的中心的来电。")
        if connection.execute(_CLOSE, (now, by.username, read_reason(reason), case_id)).rowcount == 0:
            raise Refused(409, "这一条已经有人处理了。")
        enter_audit(connection, now, by.username, "case_closed", row[0], f"work_order {case_id}")

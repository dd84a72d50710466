"""Cases of dissatisfied callers: on their centre's list until somebody closes them with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.audit import enter_audit
from dashboards.console.caller_words import masked
from dashboards.console.errors import Refused
from dashboards.console.marks import Scope, read_reason
from dashboards.staff import StaffMember
from integrations.services import Services
from ivr.library import Library
from voicemail.case_moves import end_case
from voicemail.case_rows import lock_case
from voicemail.subjects import SubjectTree
from voicemail.work_order import LOW_RATING, OTHER

SCORES_ZH = {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}

OPEN_CASES = """
SELECT w.id, w.kind, w.centre, w.opened_at, w.offer_id, w.comment_sid, r.score, a.number, a.name, o.connected_at,
       o.ended_at, p.subject, p.note, c.caller_tail, t.stored_at IS NOT NULL AS has_recording
FROM work_order w
LEFT JOIN offer o ON o.id = w.offer_id LEFT JOIN agent a ON a.id = o.agent_id
LEFT JOIN rating r ON r.offer_id = w.offer_id LEFT JOIN wrap_up p ON p.offer_id = w.offer_id
LEFT JOIN call c ON c.call_sid = w.call_sid LEFT JOIN talk_recording t ON t.offer_id = w.offer_id
WHERE w.status IN ('open', 'owned') AND w.kind = 'low_rating' AND w.centre = ANY(%s) ORDER BY w.opened_at, w.id
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
        case = lock_case(connection, case_id)
        if case is None or case.kind != LOW_RATING:
            raise Refused(404, "没有这一条。")
        if case.centre not in scope.centres:
            raise Refused(403, "这是别的中心的来电。")
        words = read_reason(reason)
        if case.closed_at is not None:
            raise Refused(409, "这一条已经有人处理了。")
        end_case(connection, case, OTHER, words, by.username, now)
        enter_audit(connection, now, by.username, "case_closed", case.centre, f"work_order {case_id}")

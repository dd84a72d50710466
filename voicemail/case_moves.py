"""What happens to a case whoever does it: answered, closed, taken up again, late. All on a locked case.

The clock stops when a reply is delivered and at nothing else; a breach stays until somebody has cleared it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection

from integrations.errors import HotlineError
from voicemail.case_clock import CaseClock
from voicemail.case_fields import Case
from voicemail.case_rows import add_event, change_case, counted_from, joined_ids, lock_case, move_case, read_case
from voicemail.work_order import BY_CALL, BY_TEXT, CLOSE_REASONS_ZH, CLOSED, DECIDED_KINDS, MERGED, NEEDS_WORDS

NOT_BREACHED = {"breached_at": None, "cleared_at": None, "cleared_by": None, "cleared_reason": None}
# The clock does not run: nobody is reminded.
AT_REST = {"level": 0, "look_at": None, "desk_due_at": None}
UNDECIDED = {"decision": None, "decided_at": None, "decision_reason": None}
NOT_DECIDED = "已经联系上，还没有决定受理不受理，期限照算"
_REOPENED = "SELECT max(at) FROM case_event WHERE case_id = ANY(%s) AND event = 'reopened'"
_DELIVERED = """
SELECT kind FROM case_reply
WHERE case_id = ANY(%(cases)s) AND result = 'delivered' AND (%(since)s::timestamptz IS NULL OR made_at >= %(since)s)
ORDER BY ended_at DESC, id DESC LIMIT 1
"""


class CaseRefused(HotlineError):
    """A deed that a case does not allow as it is; nothing was changed."""

    default_sentence = "这一条现在不能这样办，请看页面上最新的状态。"
    http_status = 409


class CaseNotYours(CaseRefused):
    """Somebody else has the case."""

    default_sentence = "这一条不归您办。"
    http_status = 403


class CaseWords(CaseRefused):
    """What was written is missing, or too long, or names what there is not."""

    default_sentence = "请写明内容。"
    http_status = 422


class NoSuchCase(CaseRefused):
    default_sentence = "没有这一条。"
    http_status = 404


def lock_present(connection: Connection[Any], case_id: int) -> Case | None:
    """The case, or the one that it is part of since it was merged, locked."""
    while (seen := read_case(connection, case_id)) is not None:
        if seen.merged_into is None:
            case = lock_case(connection, seen.id)
            if case is None or case.merged_into is None:
                return case
            seen = case
        case_id = seen.merged_into or 0
    return None


def breach_columns(case: Case, missed_at: datetime) -> dict[str, Any]:
    """What changes when a case missed a deadline; nothing when it is on the list, or this was cleared already."""
    if case.breached_at is not None and (case.cleared_at is None or case.breached_at >= missed_at):
        return {}
    return NOT_BREACHED | {"breached_at": missed_at}


def late_columns(case: Case, at: datetime) -> dict[str, Any]:
    """What changes when the clock of a case stops then: it is late, even if nobody has looked since it was due."""
    return breach_columns(case, case.due_at) if case.due_at is not None and at > case.due_at else {}


def note_delivered(
    connection: Connection[Any], case_id: int, kind: str, at: datetime, by: str, note: str = ""
) -> Case | None:
    """A reply was delivered then: the clock stops; the case as it is, None when there is none.

    `kind`: call, text, caller or decision. The first delivery counts. One of a merged case answers the case that it is
    part of; one that arrives after the case was closed is kept, and the case stays closed. A complaint or report is
    answered by telling what was decided: before that, a call or text is written down, and the clock goes on.
    """
    case = lock_present(connection, case_id)
    if case is None or case.replied_at is not None:
        return case
    if waits_for_decision(case) and kind in (BY_CALL, BY_TEXT):
        words = "，".join(part for part in (note, NOT_DECIDED) if part)
        add_event(connection, case.id, at, by, "noted", words, {"kind": kind})
        return case
    changes = {"replied_at": at, "reply_kind": kind}
    if case.status == CLOSED:
        case = change_case(connection, case, **changes)
    else:
        # Looked at once more: the sweep ends it when the caller can ask no longer.
        changes |= AT_REST | late_columns(case, at) | {"look_at": at}
        case = move_case(connection, case, "deliver", at, **changes)
    add_event(connection, case.id, at, by, "replied", note, {"kind": kind})
    return case


def waits_for_decision(case: Case) -> bool:
    """An open complaint or report of which nobody has said yet whether it is taken up."""
    return case.is_active and case.kind in DECIDED_KINDS and case.decision is None


def reopened_at(connection: Connection[Any], case_id: int) -> datetime | None:
    """When a case, or one that is part of it, was last taken up again; None when never."""
    row = connection.execute(_REOPENED, (joined_ids(connection, case_id),)).fetchone()
    return row[0] if row else None


def delivered_kind(connection: Connection[Any], case_id: int) -> str | None:
    """How the caller was last reached since the case was opened, or taken up again: call, text; None when not."""
    values = {"cases": joined_ids(connection, case_id), "since": reopened_at(connection, case_id)}
    row = connection.execute(_DELIVERED, values).fetchone()
    return str(row[0]) if row else None


def end_case(connection: Connection[Any], case: Case, reason: str, words: str, by: str, at: datetime) -> Case:
    """Close a case for one of CLOSE_REASONS, with words of one's own. Raises IllegalMove."""
    name = CLOSE_REASONS_ZH[reason]
    said = words if reason in NEEDS_WORDS else f"{name}：{words}" if words else name
    late = late_columns(case, at) if case.is_active else {}
    changes = {"closed_by": by, "closed_reason": said}
    case = move_case(connection, case, "close", at, **changes, **AT_REST, **late)
    add_event(connection, case.id, at, by, "closed", words, {"reason": reason})
    return case


def take_up_again(connection: Connection[Any], clock: CaseClock, case: Case, by: str, why: str, at: datetime) -> Case:
    """Open a replied or closed case again, with a new due date counted from now. Raises IllegalMove.

    A breach that was cleared is another matter; one that was not stays on the list. Whether it is taken up is to be
    decided again; what was decided before is in the history.
    """
    promise = clock.promise(case.kind, case.centre, at)
    changes = promise.columns | AT_REST | {"look_at": at, "reopened": case.reopened + 1}
    changes |= {"replied_at": None, "reply_kind": None, "satisfaction": None} | UNDECIDED
    if case.cleared_at is not None:
        changes |= NOT_BREACHED
    detail = counted_from(at, case.centre, promise.workdays) | {"due_at": promise.due_at.isoformat()} | _settled(case)
    case = move_case(connection, case, "reopen", at, **changes)
    add_event(connection, case.id, at, by, "reopened", why, detail)
    return case


def _settled(case: Case) -> dict[str, str]:
    """The reply and the decision that a case had, for the history."""
    found = {
        "replied_at": case.replied_at and case.replied_at.isoformat(),
        "decision": case.decision,
        "decided_at": case.decided_at and case.decided_at.isoformat(),
        "decision_reason": case.decision_reason,
    }
    return {name: value for name, value in found.items() if value}


def add_to_case(
    connection: Connection[Any], clock: CaseClock, case_id: int, by: str, note: str, at: datetime
) -> Case | None:
    """The caller has added to a case: one that was answered or closed is taken up again; None when there is none.

    What was merged since is added to the case that it is part of.
    """
    case = lock_present(connection, case_id)
    if case is None:
        return None
    add_event(connection, case.id, at, by, "added", note)
    return case if case.is_active else take_up_again(connection, clock, case, by, "来电人补充", at)


def refuse_merged(case: Case) -> None:
    """Raises CaseRefused for a case that is part of another one by now."""
    if case.status == MERGED:
        raise CaseRefused(sentence=f"这一条已并入{case.merged_into}，请到那一条去办。")

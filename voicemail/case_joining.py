"""Cases that are one matter become one, and a message that is another matter becomes a case of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from voicemail.case_deeds import CaseDeeds, Doer
from voicemail.case_fields import Case
from voicemail.case_moves import AT_REST, CaseNotYours, CaseRefused, CaseWords, NoSuchCase, refuse_merged
from voicemail.case_rows import (
    NewCase,
    add_event,
    change_case,
    joined_ids,
    lock_case,
    move_case,
    open_case,
    read_counted,
)
from voicemail.work_order import ADOPTED_KINDS, CONFIDENTIAL, LOW_RATING, MESSAGE, REPLIED, STATUSES_ZH

_MESSAGE = """
SELECT id, case_id, call_sid, kind, source, begun_at, number_sealed, number_hash, number_tail, caller_region,
       caller_hash, person_hash, is_anonymous
FROM message WHERE id = %s AND case_id = ANY(%s) FOR NO KEY UPDATE
"""
_COUNT = "SELECT count(*) FROM message WHERE case_id = ANY(%s) AND status = 'kept'"
_MOVE_MESSAGE = "UPDATE message SET case_id = %s WHERE id = %s"
_OF_MESSAGE = (
    "call_sid", "source", "number_sealed", "number_hash", "number_tail", "caller_region", "caller_hash", "person_hash",
    "is_anonymous",
)  # fmt: skip


class CaseJoining(CaseDeeds):
    """Merging and splitting."""

    def merge(self, case_id: int, into: int, by: Doer) -> Case:
        """Make a case part of another one of the same caller, which is due by the earlier of both dates.

        Its messages and history are read with the other one's from then on, and its number leads there. Only a
        supervisor may say that two telephones are one caller's: whoever is not rung would never be answered.
        """
        if case_id == into:
            raise CaseRefused(sentence="不能并入自己。")
        with self.transaction() as connection:
            at = self.services.now()
            # Two that merge each other wait, and do not lock each other out.
            held = {one: lock_case(connection, one) for one in sorted((case_id, into))}
            case, target = held[case_id], held[into]
            if case is None or target is None:
                raise NoSuchCase
            self._require_mergeable(connection, case, target, by, at)
            target = self._take_over(connection, case, target, by, at)
            changes: dict[str, Any] = {"merged_into": into, "closed_by": by.name, "closed_reason": f"并入{into}"}
            if case.is_overdue:
                # From now on it is the other one's to explain.
                changes |= {"cleared_at": at, "cleared_by": by.name, "cleared_reason": f"并入{into}"}
            move_case(connection, case, "merge", at, **changes, **AT_REST)
            add_event(connection, case.id, at, by.name, "merged", f"并入{into}", {"into": into})
            return target

    def _require_mergeable(self, connection: Connection[Any], case: Case, target: Case, by: Doer, at: datetime) -> None:
        refuse_merged(case)
        refuse_merged(target)
        for one in (case, target):
            # What nobody has yet may be joined to what one has.
            if one is target or one.owner_id is not None:
                self.require_hand(connection, one, by, at)
            if not (one.is_active or one.status == REPLIED):
                raise CaseRefused(sentence=f"{one.id}{STATUSES_ZH[one.status]}，不能并案。")
        if case.centre != target.centre:
            raise CaseRefused(sentence="两条不在同一个中心，请先转办到一处再并案。")
        if not may_be_joined(case.kind, target.kind):
            raise CaseRefused(sentence="只能并到同一种办件里：投诉举报要决定受不受理，要保密的别人不能看。")
        if case.is_active and not target.is_active:
            # Its caller would be left without an answer.
            raise CaseRefused(sentence=f"{target.id}已答复，{case.id}还没有，请反过来并。")
        if case.is_anonymous or target.is_anonymous or not (by.is_supervisor or is_same_caller(case, target)):
            raise CaseNotYours(sentence="看不出是同一位来电人，不能并案：另一位会没人答复。")

    def _take_over(self, connection: Connection[Any], case: Case, target: Case, by: Doer, at: datetime) -> Case:
        changes: dict[str, Any] = {"urges": target.urges + case.urges}
        detail: dict[str, Any] = {"from": case.id}
        if case.is_active and case.due_at is not None and (target.due_at is None or case.due_at < target.due_at):
            for name in ("due_at", "due_policy", "due_is_provisional", "level", "look_at"):
                changes[name] = getattr(case, name)
            detail |= read_counted(connection, case).columns
        if case.is_overdue and not target.is_overdue:
            changes |= {"breached_at": case.breached_at, "cleared_at": None, "cleared_by": None, "cleared_reason": None}
        if case.supervised_at is not None and target.supervised_at is None:
            changes |= {"supervised_at": case.supervised_at, "supervised_by": case.supervised_by}
        if target.number_sealed is None:
            changes |= {name: getattr(case, name) for name in ("number_sealed", "number_hash", "number_tail")}
        add_event(connection, target.id, at, by.name, "merged", f"{case.id}并入", detail)
        return change_case(connection, target, **changes)

    def split(self, case_id: int, message_id: int, by: Doer) -> int:
        """Make one message of several a case of its own, due from the moment at which it was left; its number."""
        with self.in_hand(case_id, by) as (connection, case, at):
            joined = joined_ids(connection, case.id)
            message = connection.cursor(row_factory=dict_row).execute(_MESSAGE, (message_id, joined)).fetchone()
            if message is None:
                raise CaseWords(sentence="这一条里没有这段留言。")
            counted = connection.execute(_COUNT, (joined,)).fetchone()
            if counted is None or counted[0] < 2:
                raise CaseRefused(sentence="这一条只有这一段留言，不用拆分。")
            # A case that was split before can be merged, and split again.
            origin = f"split:{message_id}:{message['case_id']}"
            new_id = open_case(connection, self._of_message(case, message, origin, by, at))
            if new_id is None:
                raise CaseRefused(sentence="这段留言刚刚被拆分出去了。")
            connection.execute(_MOVE_MESSAGE, (new_id, message_id))
            self.enter(connection, case, by, "split", f"拆出{new_id}", message=message_id, into=new_id)
            return new_id

    def _of_message(self, case: Case, message: dict[str, Any], origin: str, by: Doer, at: datetime) -> NewCase:
        kind = LOW_RATING if message["kind"] == "comment" else message["kind"]
        # What was added to something confidential is as confidential.
        kind = case.kind if case.kind in CONFIDENTIAL else kind
        promise = self.clock.promise(kind, case.centre, message["begun_at"])
        return NewCase(
            kind=kind,
            origin=origin,
            centre=case.centre,
            desk=case.desk,
            opened_at=message["begun_at"],
            written_at=at,
            workdays=promise.workdays,
            actor=by.name,
            note=f"从{case.id}拆出",
            **promise.columns,
            **{name: message[name] for name in _OF_MESSAGE},
        )


def may_be_joined(kind: str, target: str) -> bool:
    """Whether a case of one kind may become part of one of the other.

    Of another kind it would be read by others, need no decision, or be ended by a page that knows nothing of it. What
    has such a page of its own may become part of a message.
    """
    return kind == target or (kind in ADOPTED_KINDS and target == MESSAGE)


def is_same_caller(one: Case, other: Case) -> bool:
    """Whether two cases are known to be of one caller: by a telephone, or by the person."""
    telephones = {bytes(found) for found in (one.number_hash, one.caller_hash) if found}
    others = {bytes(found) for found in (other.number_hash, other.caller_hash) if found}
    is_person = one.person_hash is not None and other.person_hash is not None
    return bool(telephones & others) or (is_person and bytes(one.person_hash or b"") == bytes(other.person_hash or b""))

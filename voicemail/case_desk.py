"""What staff do with a case: each deed one transaction with its line of the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection

from integrations.services import Services
from voicemail.case_clock import case_clock_of
from voicemail.case_deeds import Doer as Doer
from voicemail.case_deeds import optional_words, read_words
from voicemail.case_fields import Case
from voicemail.case_handing import CaseHanding
from voicemail.case_joining import CaseJoining
from voicemail.case_moves import (
    CaseRefused,
    CaseWords,
    NoSuchCase,
    delivered_kind,
    end_case,
    note_delivered,
    take_up_again,
)
from voicemail.case_rows import add_event, change_case, lock_case
from voicemail.work_order import (
    ADOPTED_KINDS,
    BY_DECISION,
    CARD_FREEZE,
    CLOSED,
    DECISIONS_ZH,
    REPLIED,
    STATUSES_ZH,
    close_problem,
    decision_problem,
    decision_stops_clock,
)

STAFF = "staff"
LONGEST_CORRECTION = 5000
_PAGES = {CARD_FREEZE: "“挂失”页面的待核实里"}
_CALLBACKS = "“回电”页面的待处理里"
_CORRECTION = """
INSERT INTO subject_correction (case_id, at, by, suggested, because, chosen) VALUES (%s, %s, %s, %s, %s, %s)
"""
_CASE_OF_TAKE = """
SELECT m.case_id FROM message_recording r JOIN message m ON m.id = r.message_id
WHERE r.recording_sid = %s AND m.case_id IS NOT NULL
"""
_CORRECT = """
UPDATE transcript SET corrected_text = %s, corrected_by = %s, corrected_at = %s WHERE recording_sid = %s
"""


class CaseDesk(CaseHanding, CaseJoining):
    """Built once per process; see `CaseDeeds` for what is checked by whom."""

    def note(self, case_id: int, words: str, by: Doer) -> None:
        """Write something down for whoever reads the case."""
        written = read_words(words, "请写备注的内容。")
        with self.held(case_id) as (connection, case, _):
            self.enter(connection, case, by, "noted", written)

    def set_subject(self, case_id: int, subject: str, by: Doer) -> Case:
        """What the case is about; the caller has checked that the tree has it. Another one than suggested is kept."""
        with self.held(case_id) as (connection, case, at):
            if case.subject == subject and case.subject_by == STAFF:
                return case
            if case.suggested_subject is not None and subject != case.suggested_subject:
                suggested = (case.suggested_subject, case.suggested_because)
                connection.execute(_CORRECTION, (case.id, at, by.name, *suggested, subject))
            self.enter(connection, case, by, "subject", before=case.subject, subject=subject)
            return change_case(connection, case, subject=subject, subject_by=STAFF)

    def decide(self, case_id: int, decision: str, reason: str, by: Doer) -> Case:
        """A complaint or report is accepted, or refused with a reason.

        Where nobody can be told, an anonymous report, the decision is the reply. Where the caller was reached before,
        the clock stops now; else it runs until a reply was delivered.
        """
        words = optional_words(reason)
        with self.in_hand(case_id, by) as (connection, case, at):
            if problem := decision_problem(case.kind, case.status, decision, words):
                raise CaseWords(sentence=problem)
            if case.decision is not None:
                raise CaseRefused(sentence=f"已经决定{DECISIONS_ZH[case.decision]}。")
            changes = {"decision": decision, "decided_at": at, "decision_reason": words or None}
            decided = change_case(connection, case, **changes)
            self.enter(connection, case, by, "decided", words, decision=decision)
            is_reply = decision_stops_clock(case.kind, case.is_anonymous, case.number_sealed is not None)
            kind = BY_DECISION if is_reply else delivered_kind(connection, case.id)
            if kind is not None:
                note = "" if is_reply else "作决定前已经联系上来电人"
                decided = note_delivered(connection, case.id, kind, at, by.name, note) or decided
            return decided

    def close(self, case_id: int, reason: str, words: str, by: Doer) -> Case:
        """Close a case for one of CLOSE_REASONS. What has a page of its own ends there."""
        written = optional_words(words)
        with self.in_hand(case_id, by) as (connection, case, at):
            if case.status == CLOSED:
                return case
            if case.kind in ADOPTED_KINDS:
                raise CaseRefused(sentence=f"请到{_PAGES.get(case.kind, _CALLBACKS)}处理完毕，这里会自动办结。")
            problem = close_problem(
                *(case.status, case.kind, reason, written),
                is_supervisor=by.is_supervisor,
                is_decided=case.decision is not None,
            )
            if problem:
                raise CaseRefused(sentence=problem)
            return end_case(connection, case, reason, written, by.name, at)

    def clear(self, case_id: int, reason: str, by: Doer) -> Case:
        """Take a case off the list of those that were late, with the reason; it goes on otherwise."""
        words = read_words(reason, "请写明超期的原因。")
        with self.held(case_id) as (connection, case, at):
            if not case.is_overdue:
                raise CaseRefused(sentence="这一条不在超期名单里。")
            self.enter(connection, case, by, "cleared", words)
            return change_case(connection, case, cleared_at=at, cleared_by=by.name, cleared_reason=words)

    def supervise(self, case_id: int, on: bool, by: Doer, words: str = "") -> Case:
        """A supervisor, or the province, watches a case from now on, or no longer."""
        written = optional_words(words)
        with self.held(case_id) as (connection, case, at):
            if (case.supervised_at is not None) == on:
                return case
            if on and not (case.is_active or case.status == REPLIED):
                raise CaseRefused(sentence=f"这一条{STATUSES_ZH[case.status]}，不用督办。")
            self.enter(connection, case, by, "supervised" if on else "unsupervised", written)
            return change_case(
                connection, case, supervised_at=at if on else None, supervised_by=by.name if on else None
            )

    def urge(self, case_id: int, by: Doer, words: str = "") -> Case:
        """A supervisor urges whoever has the case; the caller may urge on the same day all the same."""
        written = optional_words(words)
        with self.held(case_id) as (connection, case, _):
            self.require_active(case)
            self.enter(connection, case, by, "urged", written)
            return change_case(connection, case, urges=case.urges + 1)

    def reopen(self, case_id: int, by: Doer, why: str) -> Case:
        """Take a case up again, with a new due date counted from now; whoever does it says why."""
        words = read_words(why, "请写明为什么重新办理。")
        with self.in_hand(case_id, by) as (connection, case, at):
            if case.is_active:
                raise CaseRefused(sentence=f"这一条{STATUSES_ZH[case.status]}，不用重新办理。")
            if case.kind in ADOPTED_KINDS:
                raise CaseRefused(sentence=f"请到{_PAGES.get(case.kind, _CALLBACKS)}处理。")
            return take_up_again(connection, self.clock, case, by.name, words, at)

    def correct(self, recording_sid: str, text: str, by: Doer) -> None:
        """Write down what was really said in a take; what the recogniser understood stays beside it."""
        words = read_words(text, "请写下录音里说的话。", LONGEST_CORRECTION)
        with self.services.database.pool.connection() as connection:
            row = connection.execute(_CASE_OF_TAKE, (recording_sid,)).fetchone()
        if row is None:
            raise NoSuchCase(sentence="没有这段录音。")
        with self.transaction() as connection:
            # Also of a case that is part of another one by now.
            lock_case(connection, row[0])
            at = self.services.now()
            if connection.execute(_CORRECT, (words, by.name, at, recording_sid)).rowcount == 0:
                raise CaseRefused(sentence="这段录音还没有转写，请稍后再改。")
            add_event(connection, row[0], at, by.name, "corrected", detail={"recording": recording_sid})

    @staticmethod
    def note_delivered(
        connection: Connection[Any], case_id: int, kind: str, at: datetime, by: str, note: str = ""
    ) -> Case | None:
        """See `case_moves.note_delivered`."""
        return note_delivered(connection, case_id, kind, at, by, note)


def case_desk_of(services: Services) -> CaseDesk:
    """The desk for a process without menus."""
    return CaseDesk(services, case_clock_of(services))

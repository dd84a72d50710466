"""Answering a case by telephone: the caller is rung first, then the consultant who asked for it, through the line.

The call is a callback of the case's own (`queueing.case_dial`); what came of it is read when it is over. A talk that
came about in another way, by a caller who rang or a callback that was booked, counts when the consultant says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import class_row

from integrations.services import Services
from queueing import callback
from queueing.callbacks import Callbacks
from queueing.case_dial import CaseDial, DialOutcome, callback_of_offer, check_dial, dial_for_case, read_outcome
from queueing.centre_file import read_centres
from queueing.line import WaitingLine
from queueing.routing import SKILLS
from voicemail.case_clock import CaseClock
from voicemail.case_deeds import Doer
from voicemail.case_fields import Case
from voicemail.case_moves import CaseRefused, NoSuchCase, note_delivered
from voicemail.case_replies import CaseReplies
from voicemail.case_rows import add_event, joined_ids, read_case
from voicemail.reply_rows import CALL, TEXT, Reply, calls_over, insert_call, open_reply
from voicemail.reply_rules import DELIVERED, DELIVERED_SECONDS, TOO_SHORT, UNDELIVERED
from voicemail.work_order import CALLBACK, CARD_FREEZE, COMPLAINT, KINDS_ZH, LOW_RATING, MESSAGE, REPORT

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 200
# Receipts come within seconds; whoever would rather ring after that need not wait out the day.
RECEIPT_PATIENCE = timedelta(minutes=10)
# Who rang about a case is answered while the talk is still in mind.
TALK_WITHIN = timedelta(minutes=30)
NO_TALK = "没有找到您刚才的通话：要在通话中，或者挂断后30分钟以内按。"
SHORT_TALK = f"刚才的通话不到{DELIVERED_SECONDS}秒，不算答复。"
TALK_USED = "刚才的通话已经记在这一件里了。"
NO_TRACE = "匿名举报不记通话。"
# The newest one: begun since the case is there, and not over before it was taken up again.
_TALK = """
SELECT o.connected_at AS began_at, extract(epoch FROM coalesce(o.ended_at, %(now)s) - o.connected_at)::float
       AS seconds, e.caller_tail AS tail, e.callback_id
FROM offer o JOIN queue_entry e ON e.id = o.entry_id
WHERE o.agent_id = %(agent)s AND o.made_at >= %(opened)s - interval '1 hour' AND o.connected_at >= %(opened)s
  AND (o.ended_at IS NULL OR o.ended_at >= %(since)s)
  AND coalesce(o.ended_at, %(now)s) >= (
    SELECT coalesce(max(v.at), %(opened)s) FROM case_event v WHERE v.case_id = %(case)s AND v.event = 'reopened')
ORDER BY o.connected_at DESC LIMIT 1
"""
# By a call of the case's own, or noted so before.
_IS_USED = """
SELECT EXISTS (
    SELECT FROM case_reply WHERE case_id = ANY(%(cases)s) AND kind = 'call'
    AND (callback_id = %(callback)s OR (agent_id = %(agent)s AND made_at = %(began)s)))
"""
_NOTE_TALK = """
INSERT INTO case_reply (case_id, kind, by, agent_id, made_at, ended_at, result, talk_seconds)
VALUES (%(case)s, 'call', %(by)s, %(agent)s, %(began)s, %(now)s, 'delivered', %(seconds)s) RETURNING id
"""
# Others than whoever has the case may read it: of what is confidential it says no more.
NOTES = {
    MESSAGE: "留言答复",
    COMPLAINT: "投诉答复",
    REPORT: "答复",
    LOW_RATING: "答复",
    CARD_FREEZE: "挂失核实",
    CALLBACK: "没接通的回电",
}


@dataclass(frozen=True, slots=True)
class OwnTalk:
    """A consultant's talk. `seconds` so far; `tail`: the last digits of who was on the line, if known."""

    began_at: datetime
    seconds: float
    tail: str | None
    callback_id: int | None


class CaseCalls(CaseReplies):
    """Built once per process, beside the waiting line."""

    def __init__(self, services: Services, line: WaitingLine, callbacks: Callbacks) -> None:
        super().__init__(services, CaseClock(line.centres, line.timetable))
        self._line, self._callbacks = line, callbacks

    def dial(self, case_id: int, agent_id: int, by: Doer) -> int:
        """Ring the caller of a case for this consultant, who must be free at an open page; the id of the try.

        Raises CannotDial, NoSuchCase, CaseNotYours, CaseRefused: then nothing was begun.
        """
        case, number = self.answerable(case_id)
        wanted = _wanted(case, number, agent_id)
        check_dial(self._callbacks, wanted)
        at = self.services.now()
        with self._line.transaction() as connection:
            # The line's locks first, then the case's.
            offer = dial_for_case(connection, self._callbacks, wanted, at)
            self.hold(connection, case, by, at)
            self._pass_over_a_text(connection, case.id, at)
            reply_id = insert_call(connection, case.id, by.name, agent_id, callback_of_offer(connection, offer.id), at)
            if reply_id is None:
                raise self.refuse_while_open(connection, case.id)
            add_event(connection, case.id, at, by.name, "dialled", detail={"reply": reply_id, "agent": agent_id})
        log.info("case_dialled", case=case.id, reply=reply_id, agent=agent_id)
        self._line.offer_changed(offer)
        return reply_id

    def cancel(self, case_id: int, by: Doer) -> bool:
        """Call off the call that rings; False when the caller is on the line already, or there is none.

        Raises NoSuchCase, CaseNotYours, CaseRefused.
        """
        with self.deeds.in_hand(case_id, by) as (connection, case, _):
            found = open_reply(connection, case.id)
        if found is None or found.callback_id is None:
            return False
        return self._callbacks.cancel(found.callback_id, by.name) == "cancelled"

    def note_talk(self, case_id: int, agent_id: int, by: Doer) -> int:
        """The consultant's talk, going on or just over, was the answer: the clock stops at its beginning; the try's id.

        For callers who ring themselves, and callbacks that were booked. Raises NoSuchCase, CaseNotYours, CaseRefused.
        """
        seen = self._to_be_told(case_id)
        with self.deeds.transaction() as connection:
            at = self.services.now()
            case = _not_anonymous(self.hold(connection, seen, by, at))
            talk = self._own_talk(connection, case, agent_id, at)
            values = {"case": case.id, "by": by.name, "agent": agent_id, "began": talk.began_at, "now": at}
            row = connection.execute(_NOTE_TALK, values | {"seconds": round(talk.seconds)}).fetchone()
            assert row is not None
            words = f"在通话里答复，通话{round(talk.seconds)}秒，{f'尾号{talk.tail}' if talk.tail else '没有显示号码'}"
            found = note_delivered(connection, case.id, CALL, talk.began_at, by.name, words)
            if found is not None and found.replied_at != talk.began_at:
                add_event(connection, case.id, at, by.name, "replied", f"再次{words}", {"kind": CALL})
        log.info("case_talk_noted", case=case.id, reply=row[0], agent=agent_id)
        return int(row[0])

    def check_talk(self, case_id: int, agent_id: int) -> None:
        """Whether there is a talk to be noted, before anything is changed. Raises NoSuchCase, CaseRefused."""
        case = self._to_be_told(case_id)
        with self.services.database.pool.connection() as connection:
            self._own_talk(connection, case, agent_id, self.services.now())

    def _to_be_told(self, case_id: int) -> Case:
        with self.services.database.pool.connection() as connection:
            case = read_case(connection, case_id)
        if case is None:
            raise NoSuchCase
        return _not_anonymous(case)

    def _own_talk(self, connection: Connection[Any], case: Case, agent_id: int, at: datetime) -> OwnTalk:
        values: dict[str, Any] = {"agent": agent_id, "case": case.id, "opened": case.opened_at, "now": at}
        values["since"] = at - TALK_WITHIN
        with connection.cursor(row_factory=class_row(OwnTalk)) as cursor:
            talk = cursor.execute(_TALK, values).fetchone()
        ringing = open_reply(connection, case.id)
        if ringing is not None and ringing.kind == CALL:
            raise self.refuse_while_open(connection, case.id)
        if talk is None:
            raise CaseRefused(sentence=NO_TALK)
        if talk.seconds < DELIVERED_SECONDS:
            raise CaseRefused(sentence=SHORT_TALK)
        values |= {"cases": joined_ids(connection, case.id), "callback": talk.callback_id, "began": talk.began_at}
        used = connection.execute(_IS_USED, values).fetchone()
        if used is not None and used[0]:
            raise CaseRefused(sentence=TALK_USED)
        return talk

    def _pass_over_a_text(self, connection: Connection[Any], case_id: int, at: datetime) -> None:
        """A text of which nothing is heard does not hold up a call."""
        found = open_reply(connection, case_id)
        if found is not None and found.kind == TEXT and found.sent_at and at - found.sent_at >= RECEIPT_PATIENCE:
            self.end(connection, found, UNDELIVERED, note="短信没有回执，改打电话")

    def settle(self) -> int:
        """Take in the calls that are over: answered, or not, and then what comes next; how many.

        Any number of workers may do it at once.
        """
        with self.services.database.pool.connection() as connection:
            found = calls_over(connection, MOST_AT_ONCE)
        return sum(self._settle(reply) for reply in found)

    def _settle(self, reply: Reply) -> bool:
        try:
            with self._line.transaction() as connection:
                outcome = read_outcome(connection, reply.callback_id or 0)
                if outcome is None:
                    return False
                result, seconds = result_of(outcome), round(outcome.talk_seconds) if outcome.began_at else None
                return self.end(connection, reply, result, outcome.began_at, seconds)
        except Exception:
            # The others are over as well.
            log.exception("case_reply_not_settled", reply=reply.id)
            return False


def result_of(outcome: DialOutcome) -> str:
    """What a call that is over was for its case: delivered, too_short, or how the attempt ended."""
    if outcome.began_at is not None:
        return DELIVERED if outcome.talk_seconds >= DELIVERED_SECONDS else TOO_SHORT
    if outcome.end_reason == callback.STAFF_CANCELLED:
        return callback.CANCELLED
    return outcome.result or callback.CARRIER


def _not_anonymous(case: Case) -> Case:
    """Nothing may lead from an anonymous report to a talk. Raises CaseRefused."""
    if case.is_anonymous:
        raise CaseRefused(sentence=NO_TRACE)
    return case


def case_calls_of(services: Services) -> CaseCalls:
    """The service for a process without menus."""
    centres = read_centres(services.settings.config_dir)
    line = WaitingLine(services, lambda: centres)
    return CaseCalls(services, line, Callbacks(line))


def _wanted(case: Case, number: str, agent_id: int) -> CaseDial:
    return CaseDial(
        centre=case.centre,
        number=number,
        agent_id=agent_id,
        call_sid=case.call_sid,
        note=f"办件{case.id} {NOTES.get(case.kind, KINDS_ZH.get(case.kind, ''))}".strip(),
        called_at=case.opened_at,
        skill=case.desk if case.desk in SKILLS else "",
    )

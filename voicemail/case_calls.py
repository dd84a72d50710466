"""Answering a case by telephone: the caller is rung first, then the consultant who asked for it, through the line.

The call is a callback of the case's own (`queueing.case_dial`); what came of it is read when it is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

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
from voicemail.case_replies import CaseReplies
from voicemail.case_rows import add_event
from voicemail.reply_rows import TEXT, Reply, calls_over, insert_call, open_reply
from voicemail.reply_rules import DELIVERED, DELIVERED_SECONDS, TOO_SHORT, UNDELIVERED
from voicemail.work_order import CALLBACK, CARD_FREEZE, COMPLAINT, KINDS_ZH, LOW_RATING, MESSAGE, REPORT

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 200
# Receipts come within seconds; whoever would rather ring after that need not wait out the day.
RECEIPT_PATIENCE = timedelta(minutes=10)
NOTES = {
    MESSAGE: "留言答复",
    COMPLAINT: "投诉答复",
    REPORT: "举报答复",
    LOW_RATING: "不满意回访",
    CARD_FREEZE: "挂失核实",
    CALLBACK: "没接通的回电",
}


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

"""Answering a case by text message, delivered only when the channel has a receipt for it.

The row first, then a job: claimed with a lease, so that no text is being sent twice at once, tried again while that
can help, and given up after a few times. When the reply of the channel was lost the next receipt names the text, and
only when none comes is it sent again. Receipts that are missing are asked for; without one for a day it was not
delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from psycopg import Connection

from integrations.errors import HotlineError, IntegrationError
from integrations.masking import names_a_person
from integrations.services import Services
from integrations.task_queue import DEFAULT_QUEUE, JOB_SECONDS, enqueue, job_services
from integrations.telephony.urls import CarrierUrls
from integrations.text_messages import NoTextChannel, can_be_texted
from queueing.centre import PROVINCE
from voicemail.case_clock import case_clock_of
from voicemail.case_deeds import Doer
from voicemail.case_fields import Case
from voicemail.case_moves import CaseRefused, CaseWords
from voicemail.case_replies import CaseReplies
from voicemail.case_rows import add_event, lock_case
from voicemail.reply_rows import TEXT, Reply, insert_text, read_reply
from voicemail.reply_rules import DELIVERED, FAILED, NO_CHANNEL, UNDELIVERED
from voicemail.work_order import CALLBACK, CARD_FREEZE, COMPLAINT, LOW_RATING, MESSAGE

log = structlog.get_logger(__name__)
LONGEST_WORDS = 300
MOST_ATTEMPTS = 5
LEASE = timedelta(seconds=JOB_SECONDS + 30)
RETRY_AFTER = timedelta(minutes=1)
RECEIPT_WITHIN = timedelta(hours=24)
# A receipt that has not come by then may have been lost.
ASK_AFTER, ASK_AGAIN_AFTER = timedelta(minutes=10), timedelta(hours=1)
MOST_ASKED = 20
MOST_WOKEN = 200
# Of which matter of the caller's. What a report is about is nobody's business who holds the telephone.
MATTERS = {MESSAGE: "留言", COMPLAINT: "投诉", LOW_RATING: "评价", CARD_FREEZE: "挂失", CALLBACK: "来电"}
# The channel's last words; whatever else it says is on the way.
LAST_WORDS = {"delivered": DELIVERED, "undelivered": UNDELIVERED, "failed": FAILED}
ON_THE_WAY = ("accepted", "scheduled", "queued", "sending", "sent")

_FREE = """kind = 'text' AND ended_at IS NULL AND sent_at IS NULL AND (lease_until IS NULL OR lease_until <= %(now)s)"""
_CLAIM = f"""
UPDATE case_reply SET attempts = attempts + 1, lease_until = %(lease)s
WHERE id = %(id)s AND attempts < %(most)s AND {_FREE} RETURNING id
"""
_AGAIN = "UPDATE case_reply SET lease_until = %s WHERE id = %s AND ended_at IS NULL AND sent_at IS NULL"
_SENT = """
UPDATE case_reply SET sent_at = %(at)s, channel_id = %(sid)s, lease_until = NULL
WHERE id = %(id)s AND sent_at IS NULL AND ended_at IS NULL
"""
_DUE = f"SELECT id FROM case_reply WHERE attempts < %(most)s AND {_FREE} ORDER BY made_at, id LIMIT %(limit)s"
_LOST = f"SELECT id FROM case_reply WHERE attempts >= %(most)s AND {_FREE} ORDER BY id LIMIT %(limit)s"
_NO_RECEIPT = """
SELECT id FROM case_reply WHERE kind = 'text' AND ended_at IS NULL AND sent_at <= %(late)s ORDER BY id LIMIT %(limit)s
"""
# Once a text is sent its lease says until when it is not asked about again.
_UNHEARD = """
UPDATE case_reply SET lease_until = %(again)s
WHERE id IN (
    SELECT id FROM case_reply
    WHERE kind = 'text' AND ended_at IS NULL AND channel_id IS NOT NULL AND sent_at <= %(since)s
      AND (lease_until IS NULL OR lease_until <= %(now)s)
    ORDER BY sent_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING id, channel_id
"""
_KNOWN_SID = "SELECT 1 FROM case_reply WHERE channel_id = %s AND id <> %s"


class CaseTexts(CaseReplies):
    """Built once per process."""

    def send(self, case_id: int, words: str, by: Doer) -> int:
        """Have the answer texted to the caller; the id of the try. What becomes of it is in the history.

        Raises NoTextChannel, NoSuchCase, CaseNotYours, CaseRefused: then nothing is sent.
        """
        if not self.services.texts.can_send:
            raise NoTextChannel
        written = _checked(words)
        case, number = self.answerable(case_id)
        if not can_be_texted(number):
            raise CaseRefused(sentence="来电人留的不是大陆手机号，收不到短信，请打电话答复。")
        with self.deeds.transaction() as connection:
            at = self.services.now()
            self.hold(connection, case, by, at)
            reply_id = insert_text(connection, case.id, by.name, by.agent_id, written, at)
            if reply_id is None:
                raise self.refuse_while_open(connection, case.id)
        log.info("case_text_wanted", case=case.id, reply=reply_id)
        enqueue(self.services.live_store, DEFAULT_QUEUE, send_case_text, reply_id)
        return reply_id

    def deliver(self, reply_id: int) -> None:
        """Hand a text that is free to be sent to the channel; whatever goes wrong stays in its row."""
        now = self.services.now()
        values = {"id": reply_id, "now": now, "lease": now + LEASE, "most": MOST_ATTEMPTS}
        with self.services.database.pool.connection() as connection:
            is_ours = connection.execute(_CLAIM, values).fetchone()
            reply = read_reply(connection, reply_id) if is_ours else None
        if reply is None:
            return
        try:
            case, number = self.answerable(reply.case_id)
            if not can_be_texted(number):
                raise CaseRefused("not a mobile")
            address = CarrierUrls(self.services.settings.public_base_url).text(reply.id)
            sid = self.services.texts.send(number, self._whole_text(case, reply.words or ""), address)
        except HotlineError as error:
            self._note_failure(reply, error)
        else:
            with self.deeds.transaction() as connection:
                lock_case(connection, reply.case_id)
                self._note_sent(connection, reply, sid)

    def _whole_text(self, case: Case, words: str) -> str:
        """Who writes, about what, and the answer."""
        centre = self.clock.centres().get(case.centre)
        who = "安徽省" if centre is None or case.centre == PROVINCE else f"安徽省{centre.short_name}市"
        return f"{who}12333答复您的{MATTERS.get(case.kind, '来电')}（编号{case.id}）：{words}"

    def _note_sent(self, connection: Connection[Any], reply: Reply, sid: str) -> None:
        """The channel has taken it; the first word of that counts. The case is locked."""
        at = self.services.now()
        if connection.execute(_SENT, {"id": reply.id, "at": at, "sid": sid or None}).rowcount:
            add_event(connection, reply.case_id, at, reply.by, "text_sent", reply.words or "", {"reply": reply.id})
            log.info("case_text_sent", case=reply.case_id, reply=reply.id)

    def _note_failure(self, reply: Reply, error: HotlineError) -> None:
        may_help = isinstance(error, IntegrationError) and not error.permanent and reply.attempts < MOST_ATTEMPTS
        log.warning("case_text_failed", reply=reply.id, again=may_help, error_id=error.error_id, why=error.detail)
        with self.deeds.transaction() as connection:
            if may_help:
                connection.execute(_AGAIN, (self.services.now() + RETRY_AFTER * reply.attempts, reply.id))
            else:
                self.end(connection, reply, NO_CHANNEL if isinstance(error, NoTextChannel) else FAILED)

    # receipts

    def note_receipt(self, reply_id: int, form: Mapping[str, str]) -> None:
        """What the channel says of a text. Repeated, late and foreign words change nothing."""
        sid, status = form.get("MessageSid", "")[:64], form.get("MessageStatus", "")
        if not sid or (status not in ON_THE_WAY and status not in LAST_WORDS):
            return
        with self.deeds.transaction() as connection:
            seen = read_reply(connection, reply_id)
            if seen is None or seen.kind != TEXT or lock_case(connection, seen.case_id) is None:
                return
            reply = read_reply(connection, reply_id)
            if reply is None or not reply.is_open or not _is_ours(connection, reply, sid):
                return
            # Also when the reply of the channel was lost: it can only speak of what it has taken.
            self._note_sent(connection, reply, sid)
            if status in LAST_WORDS:
                self.end(connection, reply, LAST_WORDS[status])

    # what time does

    def sweep(self) -> list[int]:
        """Give up what was tried too often and what has no receipt, and wake the rest; the ids that were woken."""
        self._ask_for_receipts()
        now = self.services.now()
        values = {"now": now, "most": MOST_ATTEMPTS, "limit": MOST_WOKEN, "late": now - RECEIPT_WITHIN}
        with self.services.database.pool.connection() as connection:
            lost, unheard, due = (
                [row[0] for row in connection.execute(sql, values)] for sql in (_LOST, _NO_RECEIPT, _DUE)
            )
        for reply_id in lost:
            self._give_up(reply_id, FAILED, "")
        for reply_id in unheard:
            self._give_up(reply_id, UNDELIVERED, "短信没有回执")
        for reply_id in due:
            enqueue(self.services.live_store, DEFAULT_QUEUE, send_case_text, reply_id)
        return due

    def _ask_for_receipts(self) -> None:
        """The carrier tells once; whoever was not there then has to ask."""
        now = self.services.now()
        values = {"now": now, "since": now - ASK_AFTER, "again": now + ASK_AGAIN_AFTER, "limit": MOST_ASKED}
        with self.services.database.pool.connection() as connection:
            found = connection.execute(_UNHEARD, values).fetchall()
        for reply_id, sid in found:
            try:
                status = self.services.texts.status_of(sid)
            except IntegrationError as error:
                # The rest would have to wait as long.
                log.warning("receipt_not_asked_for", reply=reply_id, error_id=error.error_id)
                return
            self.note_receipt(reply_id, {"MessageSid": sid, "MessageStatus": status})

    def _give_up(self, reply_id: int, result: str, note: str) -> None:
        with self.deeds.transaction() as connection:
            reply = read_reply(connection, reply_id)
            if reply is not None:
                self.end(connection, reply, result, note=note)


def send_case_text(reply_id: int) -> None:
    """Job: send one text, if it is still to be sent."""
    case_texts_of(job_services()).deliver(reply_id)


def case_texts_of(services: Services) -> CaseTexts:
    """The service for a process without menus."""
    return CaseTexts(services, case_clock_of(services))


def _checked(words: str) -> str:
    """What is to be texted. Raises CaseWords."""
    written = words.replace("\x00", "").strip()
    if not written:
        raise CaseWords(sentence="请写要发给来电人的内容。")
    if len(written) > LONGEST_WORDS:
        raise CaseWords(sentence=f"短信最多{LONGEST_WORDS}个字，现在有{len(written)}个字。")
    if names_a_person(written):
        raise CaseWords(sentence="短信里不要写身份证号、社保卡号和银行卡号。")
    return written


def _is_ours(connection: Connection[Any], reply: Reply, sid: str) -> bool:
    """Whether a receipt is of this text: by the channel's id, or of one that was handed over and whose id was lost."""
    if reply.channel_id is not None:
        return reply.channel_id == sid
    return reply.attempts > 0 and connection.execute(_KNOWN_SID, (sid, reply.id)).fetchone() is None

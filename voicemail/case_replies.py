"""A try to deliver an answer, whichever way: who may make one, how it ends, and what comes next.

The clock stops when an answer is delivered; a try that failed says in the history what follows it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection

from integrations.phone_numbers import is_dialable
from integrations.services import Services
from integrations.text_messages import can_be_texted
from integrations.work_calendar import in_shanghai
from voicemail.case_clock import CaseClock
from voicemail.case_deeds import CaseDeeds, Doer
from voicemail.case_fields import NOT_ENDED, NUMBER_CONTEXT, Case
from voicemail.case_moves import (
    CaseRefused,
    NoSuchCase,
    lock_present,
    note_delivered,
    refuse_merged,
    reopened_at,
)
from voicemail.case_rows import SYSTEM, add_event, joined_ids, lock_case, read_case
from voicemail.reply_rows import CALL, Reply, end_reply, open_reply, tried
from voicemail.reply_rules import (
    AGAIN,
    DELIVERED,
    RESULTS_ZH,
    SUPERVISOR,
    TEXT,
    Next,
    failed_half_days,
    what_next,
)
from voicemail.work_order import STATUSES_ZH

log = structlog.get_logger(__name__)
CALLING = "正在给来电人打电话，等这次的结果出来。"
ON_ITS_WAY = "短信已经发出，还在等回执。"
OF_EARLIER = "重新办理前发出的答复，{}，期限照算"


class CaseReplies:
    """What calls and texts have in common."""

    def __init__(self, services: Services, clock: CaseClock) -> None:
        self.services, self.clock = services, clock
        self.deeds = CaseDeeds(services, clock)

    # who may try

    def answerable(self, case_id: int) -> tuple[Case, str]:
        """A case that can be answered, and the number (E.164). Raises NoSuchCase, CaseRefused."""
        with self.services.database.pool.connection() as connection:
            case = read_case(connection, case_id)
        if case is None:
            raise NoSuchCase
        refuse_merged(case)
        number = self._number(case)
        if not is_dialable(number):
            raise CaseRefused(sentence="来电人没有留下能打通的号码，不能这样答复。")
        return case, number

    def hold(self, connection: Connection[Any], seen: Case, by: Doer, at: datetime) -> Case:
        """The case under its lock, if it is still to be answered by this person at this number.

        Raises NoSuchCase, CaseNotYours, CaseRefused.
        """
        case = lock_case(connection, seen.id)
        if case is None:
            raise NoSuchCase
        refuse_merged(case)
        if case.status not in NOT_ENDED:
            raise CaseRefused(sentence=f"这一条{STATUSES_ZH[case.status]}，不用再答复；要答复先重新办理。")
        if case.number_hash != seen.number_hash:
            raise CaseRefused(sentence="来电人刚刚改了号码，请再试一次。")
        self.deeds.require_hand(connection, case, by, at)
        return case

    def refuse_while_open(self, connection: Connection[Any], case_id: int) -> CaseRefused:
        """Why there cannot be another try now, to be raised."""
        found = open_reply(connection, case_id)
        return CaseRefused(sentence=CALLING if found is None or found.kind == CALL else ON_ITS_WAY)

    def _number(self, case: Case) -> str:
        return self.services.sealer.open(bytes(case.number_sealed), NUMBER_CONTEXT) if case.number_sealed else ""

    # how it ends

    def end(
        self,
        connection: Connection[Any],
        reply: Reply,
        result: str,
        delivered_at: datetime | None = None,
        talk_seconds: int | None = None,
        note: str = "",
    ) -> bool:
        """End a try, once, in the caller's transaction, which holds no lock of the line. False when it had ended.

        `delivered_at`: since when the answer is delivered, of a result that says so.
        """
        at = self.services.now()
        case = lock_case(connection, reply.case_id)
        if case is None or not end_reply(connection, reply.id, result, at, talk_seconds):
            return False
        if result == DELIVERED:
            self._deliver(connection, reply, delivered_at or at, talk_seconds)
        else:
            self._fail(connection, case, reply, result, note, at)
        log.info("case_reply_ended", case=reply.case_id, reply=reply.id, kind=reply.kind, result=result)
        return True

    def _deliver(self, connection: Connection[Any], reply: Reply, at: datetime, talk_seconds: int | None) -> None:
        words = f"通话{talk_seconds}秒" if talk_seconds is not None else "短信已送达"
        present = lock_present(connection, reply.case_id)
        reopened = reopened_at(connection, present.id) if present is not None else None
        if present is not None and reopened is not None and reopened > reply.made_at:
            # It says nothing of what the caller came back for.
            add_event(connection, present.id, at, reply.by, "noted", OF_EARLIER.format(words), {"kind": reply.kind})
            return
        case = note_delivered(connection, reply.case_id, reply.kind, at, reply.by, words)
        if case is not None and case.replied_at is not None and case.replied_at != at:
            # The clock stood still already: it is in the history all the same.
            add_event(connection, case.id, at, reply.by, "replied", f"再次答复，{words}", {"kind": reply.kind})

    def _fail(
        self, connection: Connection[Any], case: Case, reply: Reply, result: str, note: str, at: datetime
    ) -> None:
        following, half_days = self.next_step(connection, case)
        words = f"{note or RESULTS_ZH.get(result, result)}。{next_words(following, half_days)}"
        detail: dict[str, Any] = {"reply": reply.id, "result": result, "half_days": half_days, "next": following.step}
        if following.not_before is not None:
            detail["not_before"] = following.not_before.isoformat()
        add_event(connection, case.id, at, SYSTEM, "reply_failed", words, detail)

    # what comes next

    def next_step(self, connection: Connection[Any], case: Case) -> tuple[Next, int]:
        """What follows the tries so far, and on how many half-days calls have failed.

        Where no text can go out the supervisor decides instead.
        """
        attempts = tried(connection, joined_ids(connection, case.id))
        following = what_next(attempts, self.clock.rules(case.centre).failed_half_days)
        if following.step == TEXT and not (self.services.texts.can_send and can_be_texted(self._number(case))):
            following = Next(SUPERVISOR)
        return following, len(failed_half_days(attempts))


def next_words(following: Next, half_days: int) -> str:
    """What comes next, as the history and the case's page say it."""
    so_far = f"已在{half_days}个半天试过，" if half_days else ""
    if following.step == AGAIN:
        if following.not_before is None:
            return f"{so_far}可以再打"
        local = in_shanghai(following.not_before)
        half = "上午" if local.hour < 12 else "下午"
        return f"{so_far}{local.month}月{local.day}日{half}起再打"
    return f"{so_far}{'请改发短信答复' if following.step == TEXT else '请值班长决定怎么办'}"

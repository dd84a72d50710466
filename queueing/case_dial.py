"""A consultant rings a caller to answer a case: a callback that nobody else takes, and that is tried once.

The caller is rung first, the consultant's telephone when the caller has agreed, and the talk is one of the line like
any other. The request never stands in the line: it is there with its reserved seat, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection

from integrations.errors import HotlineError
from integrations.phone_numbers import is_dialable
from integrations.work_calendar import in_shanghai
from queueing import callback_rows, entries, offers
from queueing.callback import CASE, NAMES_ZH, SCHEDULED
from queueing.callback_attempts import QUESTION_SECONDS, CallbackAttempts
from queueing.callback_booking import Number, Place, Subject, insert_request, stand_in_line
from queueing.callback_rows import CallbackRow
from queueing.offers import Offer

# Of the result of a callback's attempts and talks, for who is waiting for them.
_OUTCOME = """
SELECT k.ended_at, k.end_reason,
       (SELECT t.result FROM callback_attempt t WHERE t.callback_id = k.id ORDER BY t.number DESC LIMIT 1),
       talk.began_at, talk.seconds
FROM callback k CROSS JOIN LATERAL (
    SELECT min(o.connected_at) AS began_at,
           coalesce(sum(extract(epoch FROM o.ended_at - o.connected_at)), 0)::float AS seconds
    FROM queue_entry e JOIN offer o ON o.entry_id = e.id
    WHERE e.callback_id = k.id AND o.connected_at IS NOT NULL AND o.ended_at IS NOT NULL
) AS talk
WHERE k.id = %s
"""


class CannotDial(HotlineError):
    """The caller cannot be rung now; the sentence says why."""

    default_sentence = "现在不能拨这个电话。"
    http_status = 409


@dataclass(frozen=True, slots=True)
class CaseDial:
    """Who is to be rung, for which case. `number`: E.164; `called_at`: when the caller rang us, as is said to them."""

    centre: str
    number: str
    agent_id: int
    call_sid: str
    note: str
    called_at: datetime
    skill: str = ""


@dataclass(frozen=True, slots=True)
class DialOutcome:
    """A case's call that is over: how its attempt ended, and the talk, of all its legs together; None without one."""

    ended_at: datetime
    end_reason: str
    result: str | None
    began_at: datetime | None
    talk_seconds: float


def check_dial(attempts: CallbackAttempts, wanted: CaseDial) -> None:
    """Whether people may be rung now, and this number at all. Raises CannotDial."""
    if not is_dialable(wanted.number):
        raise CannotDial("number not dialable", "这个号码打不了，请换别的办法答复。")
    if not attempts.line.timetable.is_decent(wanted.centre, attempts.services.now()):
        raise CannotDial("not decent", "现在不在可以给来电人打电话的时间里，请在上班时间再打。")


def dial_for_case(connection: Connection[Any], attempts: CallbackAttempts, wanted: CaseDial, at: datetime) -> Offer:
    """Reserve the consultant's seat and begin to ring, in the caller's transaction. Raises CannotDial.

    Tell the line of the offer after the commit. The offer's callback is the case's alone: a caller who rings in, or
    books, meets none.
    """
    services, rules = attempts.services, attempts.line.callback_rules(wanted.centre)
    known = Number.of(wanted.number, services.sealer)
    _refuse_while_another_rings(connection, known.hash, wanted.centre)
    row = _insert(connection, wanted, replace(known, hash=services.sealer.fingerprint(f"case {wanted.number}")), at)
    entry = stand_in_line(connection, row, "wake", at)
    entries.note_caller(connection, entry.id, known.hash)
    ring_seconds = rules.ring_seconds + QUESTION_SECONDS
    offer = offers.make_offer(connection, entry.id, wanted.agent_id, at, ring_seconds, is_own_wish=True)
    waiting = callback_rows.lock_callback(connection, row.id)
    if offer is None or waiting is None:
        raise CannotDial(f"agent {wanted.agent_id} not available", "请先在工作台签入并处于空闲，再拨这个电话。")
    attempts.begin(connection, waiting, offer, at)
    return offer


def callback_of_offer(connection: Connection[Any], offer_id: str) -> int:
    """The callback for which a seat was reserved."""
    attempt = callback_rows.attempt_of_offer(connection, offer_id)
    assert attempt is not None
    return attempt.callback_id


def read_outcome(connection: Connection[Any], callback_id: int) -> DialOutcome | None:
    """How a case's call has ended; None while it goes on."""
    row = connection.execute(_OUTCOME, (callback_id,)).fetchone()
    return DialOutcome(*row) if row is not None and row[0] is not None else None


def _insert(connection: Connection[Any], wanted: CaseDial, number: Number, at: datetime) -> CallbackRow:
    subject, place = Subject(wanted.centre, wanted.skill), Place(wanted.called_at, at)
    row = insert_request(
        connection,
        subject,
        number,
        place,
        CASE,
        wanted.call_sid,
        at,
        at,
        owner_id=wanted.agent_id,
        note=wanted.note,
    )
    if row is None:
        raise CannotDial("another case is being answered there", "正在给这个号码打电话，等这次打完再拨。")
    return row


def _refuse_while_another_rings(connection: Connection[Any], number_hash: bytes, centre: str) -> None:
    """One thing at a time for the caller: what was promised comes first, and is rung from its own list."""
    found = callback_rows.open_of_number(connection, number_hash, centre)
    found = found or callback_rows.open_of_number(connection, number_hash)
    if found is None or (found.centre != centre and found.status == SCHEDULED):
        return
    due = found.slot_from or found.not_before
    when = f"，时间是{_spoken(due)}" if due else ""
    raise CannotDial(
        f"callback {found.id} is open",
        f"这个号码有一个回电还没打（{NAMES_ZH[found.status]}{when}），请在回电单里先打那一个，或者取消它。",
    )


def _spoken(at: datetime) -> str:
    local = in_shanghai(at)
    return f"{local.month}月{local.day}日{local:%H:%M}"

"""The case of a message: opened, added to, or closed as nothing, in the transaction that changes the message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from voicemail.case_clock import CaseClock
from voicemail.case_moves import add_to_case, end_case
from voicemail.case_rows import (
    CALLER,
    SYSTEM,
    Case,
    NewCase,
    add_event,
    case_of_origin,
    change_case,
    lock_case,
    move_case,
    open_case,
)
from voicemail.message_rows import COMMENT, NUMBER_COLUMNS, MessageRow
from voicemail.reminders import NOT_YET, next_look
from voicemail.work_order import CLOSE_REASONS_ZH, CLOSED, COMPLAINT, LOW_RATING, MESSAGE, NOT_A_MESSAGE, OPEN

SAID_WHY = "来电人说了不满意的原因"
ADDED = "来电人补充留言"
ONE_TELEPHONE = "同一个电话一天里留言太多，这一段记在这一条里"
AFTER_ALL = "来电人已听到编号和答复日期，留言要处理"
NUMBER_CHANGED = "来电人要求回复到尾号 {}"
# Whoever has more to say than five cases a day says it of one of them; more would bury everybody else's on the list.
MOST_CASES, WITHIN = 5, timedelta(days=1)
LIMITED_KINDS = (MESSAGE, COMPLAINT)
_CROWDED = """
WITH lately AS (
    SELECT id, centre, status, opened_at FROM work_order
    WHERE caller_hash = %(caller)s AND opened_at > %(since)s AND kind = %(kind)s AND origin LIKE 'message:%%')
SELECT id FROM lately
WHERE status IN ('open', 'owned') AND centre = %(centre)s AND (SELECT count(*) FROM lately) >= %(most)s
ORDER BY opened_at DESC, id DESC LIMIT 1
"""
_COMMENT = "UPDATE work_order SET comment_sid = %s WHERE id = %s"
_COMMENT_OF_RATING = """
UPDATE rating SET comment_sid = %s FROM work_order WHERE work_order.id = %s AND rating.offer_id = work_order.offer_id
"""


def case_for(
    connection: Connection[Any], message: MessageRow, case_id: int | None, clock: CaseClock, at: datetime
) -> int:
    """The case that a message is kept on; `case_id`: the locked one that it wants to be on, or has to.

    Whoever adds to a case that was answered or closed has it taken up again; a comment on a talk has not.
    """
    if case_id is None:
        return _open(connection, message, clock, at)
    if message.kind == COMMENT:
        add_event(connection, case_id, at, CALLER, "added", SAID_WHY)
    else:
        add_to_case(connection, clock, case_id, CALLER, ADDED if message.adds_to is not None else ONE_TELEPHONE, at)
    return case_id


def crowded_case(connection: Connection[Any], message: MessageRow) -> int | None:
    """The case that a message of a telephone with too many goes to; None when it opens one of its own.

    The newest of those that are open at its centre. Withheld and anonymous callers are not told apart, nor limited.
    """
    if message.kind not in LIMITED_KINDS or message.caller_hash is None or message.is_anonymous:
        return None
    values: dict[str, Any] = {"caller": message.caller_hash, "kind": message.kind, "centre": message.centre}
    values |= {"since": message.begun_at - WITHIN, "most": MOST_CASES}
    row = connection.execute(_CROWDED, values).fetchone()
    return int(row[0]) if row else None


def reopen_not_a_message(
    connection: Connection[Any], case_id: int, message: MessageRow, clock: CaseClock, at: datetime
) -> None:
    """The caller was told number and date after it had been closed as nothing: it is owed as it was said.

    On the number that was named last, which may have been while it was closed.
    """
    case = lock_case(connection, case_id)
    if case is None or case.status != CLOSED or case.closed_by != SYSTEM or case.due_at is None:
        return
    if (case.closed_reason or "").startswith(CLOSE_REASONS_ZH[NOT_A_MESSAGE]):
        look_at = first_look(clock, case.centre, case.opened_at, case.due_at)
        case = move_case(connection, case, "reopen", at, look_at=look_at)
        add_event(connection, case_id, at, SYSTEM, "reopened", AFTER_ALL)
        if message.number_hash is not None:
            set_number(connection, case_id, {name: getattr(message, name) for name in NUMBER_COLUMNS}, at)


def close_not_a_message(
    connection: Connection[Any], case_id: int, message: MessageRow, words: str, at: datetime
) -> bool:
    """Nobody spoke, and nobody was promised anything. False for what somebody has, or others added to."""
    case = lock_case(connection, case_id)
    if case is None or message.told_at is not None or not _is_its_own(case, message) or _others(connection, case):
        return False
    end_case(connection, case, NOT_A_MESSAGE, words, SYSTEM, at)
    return True


def first_look(clock: CaseClock, centre: str, received_at: datetime, due_at: datetime) -> datetime | None:
    """When a case of which nobody has been reminded is looked at."""
    return next_look(clock.plan(centre, received_at, due_at), NOT_YET)


def set_number(connection: Connection[Any], case_id: int, values: dict[str, Any], at: datetime) -> None:
    """The answer goes to another number; of a case that was answered already nothing changes."""
    case = lock_case(connection, case_id)
    if case is not None and case.is_active and case.number_hash != values["number_hash"]:
        change_case(connection, case, **values)
        add_event(connection, case_id, at, CALLER, "noted", NUMBER_CHANGED.format(values["number_tail"]))


def note_comment(connection: Connection[Any], case_id: int, recording_sid: str) -> None:
    """What the caller said about a talk that was judged badly, by the carrier's id of the recording."""
    connection.execute(_COMMENT, (recording_sid, case_id))
    connection.execute(_COMMENT_OF_RATING, (recording_sid, case_id))


def _open(connection: Connection[Any], message: MessageRow, clock: CaseClock, at: datetime) -> int:
    kind = LOW_RATING if message.kind == COMMENT else message.kind
    promise = clock.promise(kind, message.centre, message.begun_at)
    new = NewCase(
        kind=kind,
        origin=_origin(message),
        centre=message.centre,
        source=message.source,
        call_sid=message.call_sid,
        opened_at=message.begun_at,
        written_at=at,
        workdays=promise.workdays,
        look_at=first_look(clock, message.centre, message.begun_at, promise.due_at),
        number_sealed=message.number_sealed,
        number_hash=message.number_hash,
        number_tail=message.number_tail,
        caller_region=message.caller_region,
        caller_hash=message.caller_hash,
        person_hash=message.person_hash,
        is_anonymous=message.is_anonymous,
        **promise.columns,
    )
    case_id = open_case(connection, new)
    if case_id is not None:
        return case_id
    found = case_of_origin(connection, new.origin)
    assert found is not None
    return found.id


def _origin(message: MessageRow) -> str:
    return f"message:{message.id}"


def _is_its_own(case: Case, message: MessageRow) -> bool:
    is_untouched = case.status == OPEN and not case.reopened and not case.urges
    return is_untouched and case.kind == message.kind and case.origin == _origin(message)


def _others(connection: Connection[Any], case: Case) -> bool:
    sql = "SELECT EXISTS (SELECT FROM message WHERE case_id = %s AND 'message:' || id <> %s)"
    row = connection.execute(sql, (case.id, case.origin)).fetchone()
    return bool(row and row[0])

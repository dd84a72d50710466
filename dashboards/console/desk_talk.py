"""The talk that a consultant is in, and who its caller is: what every question and deed about a caller begins with."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from psycopg.rows import class_row

from dashboards.console.errors import NO_SUCH_OFFER, Refused
from dashboards.console.identities import who_is_on
from dashboards.console.look_up_words import ID_PROBLEMS, KEYPAD, ORAL
from integrations.phone_numbers import read_number
from integrations.sealer import SealError
from integrations.services import Services
from integrations.social_insurance.contract import Insured
from integrations.social_insurance.id_number import IdNumber, read_id
from integrations.work_calendar import in_shanghai
from queueing.callback_booking import NUMBER_CONTEXT
from queueing.offer import CONNECTED

log = structlog.get_logger(__name__)
NOT_YOUR_TALK = "这个来电不是您在接，不能查他的信息。"
NOT_TALKING = "只有通话中才能查，现在没有在通话。"
OTHER_PERSON = "来电人已经按键核对过身份，只能查他本人的。请把证件号清空再查。"
_TALK = """
SELECT o.id, o.agent_id, o.centre, o.call_sid, o.status, e.caller_hash, c.caller_sealed, k.number_sealed
FROM offer o JOIN queue_entry e ON e.id = o.entry_id
LEFT JOIN call c ON c.call_sid = o.call_sid LEFT JOIN callback k ON k.id = e.callback_id
WHERE o.id = %s
"""


@dataclass(frozen=True, slots=True, repr=False)
class Talk:
    """A talk that goes on. `number_sealed`: of one that is itself a callback."""

    id: str
    agent_id: int
    centre: str
    call_sid: str
    status: str
    caller_hash: bytes | None
    caller_sealed: bytes | None
    number_sealed: bytes | None


def talk_of(services: Services, seat: int, offer_id: str) -> Talk:
    """The talk of this seat. Raises Refused: 404, 403 when it is another's, 409 when nobody talks."""
    with services.database.pool.connection() as connection:
        talk = connection.cursor(row_factory=class_row(Talk)).execute(_TALK, (offer_id,)).fetchone()
    if talk is None:
        raise Refused(404, NO_SUCH_OFFER)
    if talk.agent_id != seat:
        raise Refused(403, NOT_YOUR_TALK)
    if talk.status != CONNECTED:
        raise Refused(409, NOT_TALKING)
    return talk


def identify(services: Services, talk: Talk, id_number: str) -> tuple[Insured, str]:
    """Who is asked for, and how they have proven it. Raises Refused (422) with what is wrong with the number."""
    proven = who_is_on(services, talk.call_sid)
    if proven is not None and not id_number:
        return proven.person, KEYPAD
    read = read_id(id_number, in_shanghai(services.now()).date())
    if not isinstance(read, IdNumber):
        # Its name alone: the number must not get into a log by way of what was wrong with it.
        raise Refused(422, ID_PROBLEMS[read], f"id_number {read.value}")
    if proven is None:
        return Insured(read.value), ORAL
    if read.value != proven.person.id_number:
        raise Refused(409, OTHER_PERSON)
    return proven.person, KEYPAD


def number_of(
    services: Services, call_sid: str, caller_sealed: bytes | None, number_sealed: bytes | None
) -> str | None:
    """The telephone of a talk's caller, E.164; None when it is not shown or cannot be read."""
    sealed, context = (number_sealed, NUMBER_CONTEXT) if number_sealed else (caller_sealed, "call.caller")
    if sealed is None:
        return None
    try:
        return read_number(services.sealer.open(bytes(sealed), context)).e164
    except SealError as error:
        log.warning("caller_not_readable", call_sid=call_sid, error_id=error.error_id)
        return None

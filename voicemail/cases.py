"""Cases of callers who were dissatisfied with a talk: one for each, on its centre's list with a date."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from integrations.sealer import SealError
from integrations.services import Services
from queueing.callback_booking import NUMBER_CONTEXT as CALLBACK_CONTEXT
from queueing.line import Rated
from voicemail.case_clock import CaseClock, case_clock_of
from voicemail.case_fields import NUMBER_CONTEXT
from voicemail.case_rows import NewCase, open_case
from voicemail.models import LOW_RATING

_CALLER = """
SELECT e.caller_sealed, e.caller_hash, e.caller_region FROM offer o JOIN queue_entry e ON e.id = o.entry_id
WHERE o.id = %s
"""
_COMMENT = "UPDATE work_order SET comment_sid = %s WHERE kind = %s AND offer_id = %s AND comment_sid IS NULL"
_COMMENT_OF_RATING = "UPDATE rating SET comment_sid = %s WHERE offer_id = %s AND comment_sid IS NULL"


def open_low_rating(services: Services, rated: Rated, clock: CaseClock | None = None) -> None:
    """A caller was dissatisfied: the centre hears of it, with a date by which it answers. One case for each talk."""
    at = services.now()
    promise = (clock or case_clock_of(services)).promise(LOW_RATING, rated.centre, at)
    with services.database.pool.connection() as connection, connection.transaction():
        new = NewCase(
            kind=LOW_RATING,
            origin=f"rating:{rated.offer_id}",
            centre=rated.centre,
            source="survey",
            call_sid=rated.call_sid,
            offer_id=rated.offer_id,
            opened_at=at,
            workdays=promise.workdays,
            note=f"评价{rated.score}",
            **promise.columns,
            **_caller(connection, services, rated.offer_id),
        )
        open_case(connection, new)


def _caller(connection: Connection[Any], services: Services, offer_id: str) -> dict[str, Any]:
    """The number that waited in the line for this talk, sealed for its case; nothing where it is not known."""
    row = connection.execute(_CALLER, (offer_id,)).fetchone()
    if row is None:
        return {}
    known = {"caller_hash": row[1], "caller_region": row[2]}
    try:
        number = services.sealer.open(bytes(row[0]), CALLBACK_CONTEXT) if row[0] else ""
    except SealError:
        # Sealed with a key of before.
        number = ""
    if not number:
        return known
    sealed = services.sealer.seal(number, NUMBER_CONTEXT)
    return known | {
        "number_sealed": sealed,
        "number_hash": services.sealer.fingerprint(number),
        "number_tail": number[-4:],
    }


def attach_comment(services: Services, offer_id: str, recording_sid: str) -> None:
    """What the caller said about it, by the carrier's id of the recording."""
    with services.database.pool.connection() as connection, connection.transaction():
        connection.execute(_COMMENT, (recording_sid, LOW_RATING, offer_id))
        connection.execute(_COMMENT_OF_RATING, (recording_sid, offer_id))

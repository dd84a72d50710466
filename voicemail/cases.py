"""Cases: opened once, kept on the centre's list until somebody closes them with a reason."""

from __future__ import annotations

import structlog

from integrations.services import Services
from queueing.line import Rated
from voicemail.models import LOW_RATING

log = structlog.get_logger(__name__)
_OPEN = """
INSERT INTO work_order (kind, centre, call_sid, offer_id, opened_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (kind, offer_id) DO NOTHING
"""
_COMMENT = "UPDATE work_order SET comment_sid = %s WHERE kind = %s AND offer_id = %s AND comment_sid IS NULL"
_COMMENT_OF_RATING = "UPDATE rating SET comment_sid = %s WHERE offer_id = %s AND comment_sid IS NULL"


def open_low_rating(services: Services, rated: Rated) -> None:
    """A caller was dissatisfied: the centre's supervisor hears of it. One case for each talk."""
    with services.database.pool.connection() as connection:
        values = (LOW_RATING, rated.centre, rated.call_sid, rated.offer_id, services.now())
        if connection.execute(_OPEN, values).rowcount:
            log.info("case_opened", kind=LOW_RATING, offer=rated.offer_id, score=rated.score)


def attach_comment(services: Services, offer_id: str, recording_sid: str) -> None:
    """What the caller said about it, by the carrier's id of the recording."""
    with services.database.pool.connection() as connection, connection.transaction():
        connection.execute(_COMMENT, (recording_sid, LOW_RATING, offer_id))
        connection.execute(_COMMENT_OF_RATING, (recording_sid, offer_id))

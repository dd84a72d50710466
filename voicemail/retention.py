"""How long voices are kept: by each centre's rule, counted from the end of the case. Nothing of open cases goes.

The row says that a voice is to go before any of it goes; the sweep of messages deletes it, as often as it takes.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from voicemail.case_rows import SYSTEM, add_event, joined_ids, lock_case
from voicemail.message_wake import wake
from voicemail.messages import Messages
from voicemail.work_order import CLOSED

log = structlog.get_logger(__name__)
MOST_CASES = 500
WORDS = "按保存期限（{}天）删除录音和转写"
_CENTRES = "SELECT code FROM centre ORDER BY code"
# Of a case that is part of another one, the other one counts.
_OVER = """
SELECT DISTINCT standing.id, standing.centre
FROM message_recording AS take JOIN message ON message.id = take.message_id
CROSS JOIN LATERAL (
    WITH RECURSIVE up AS (
        SELECT id, merged_into FROM work_order WHERE id = message.case_id
        UNION SELECT next.id, next.merged_into FROM work_order AS next JOIN up ON next.id = up.merged_into)
    SELECT id FROM up WHERE merged_into IS NULL) AS main
JOIN work_order AS standing ON standing.id = main.id
JOIN unnest(%(centres)s::text[], %(befores)s::timestamptz[]) AS rule (centre, before) ON rule.centre = standing.centre
WHERE take.deleted_at IS NULL AND take.ended_at < %(latest)s AND take.status <> 'in-progress'
  AND standing.status = 'closed' AND standing.closed_at < rule.before
LIMIT %(most)s
"""
_MESSAGES = "SELECT id FROM message WHERE case_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_TAKES = """
UPDATE message_recording SET deleted_at = %(at)s, attempts = 0, peaks = NULL,
    status = CASE status WHEN 'home' THEN 'stored' WHEN 'unusable' THEN 'completed' ELSE status END
WHERE message_id = ANY(%(messages)s) AND deleted_at IS NULL AND status <> 'in-progress'
RETURNING recording_sid
"""
_TRANSCRIPTS = "DELETE FROM transcript WHERE recording_sid = ANY(%s)"
# What was said is also in the words for which a subject was suggested.
_WORDS_OF_CASES = (
    "UPDATE work_order SET suggested_because = NULL WHERE id = ANY(%s) AND suggested_because IS NOT NULL",
    "UPDATE subject_correction SET because = NULL WHERE case_id = ANY(%s) AND because IS NOT NULL",
)


def delete_old_voices(messages: Messages) -> int:
    """Delete the voices and transcripts of cases that were closed long enough ago; how many voices."""
    counts: Counter[str] = Counter()
    for case_id, centre in _cases_that_are_over(messages):
        sids = _delete_case(messages, case_id)
        wake(messages.services, sids)
        counts[centre] += len(sids)
    for centre, voices in counts.items():
        log.info("voices_deleted", centre=centre, voices=voices)
    return counts.total()


def _cases_that_are_over(messages: Messages) -> list[tuple[int, str]]:
    now = messages.services.now()
    with messages.services.database.pool.connection() as connection:
        centres = [row[0] for row in connection.execute(_CENTRES)]
        befores = [now - timedelta(days=messages.clock.rules(centre).keep_days) for centre in centres]
        values = {"centres": centres, "befores": befores, "latest": max(befores, default=now), "most": MOST_CASES}
        return [(row[0], row[1]) for row in connection.execute(_OVER, values)]


def _delete_case(messages: Messages, case_id: int) -> list[str]:
    """The takes of a case that are on their way out, after looking again whether it is still over."""
    services = messages.services
    with services.database.pool.connection() as connection, connection.transaction():
        case, now = lock_case(connection, case_id), services.now()
        if case is None or case.status != CLOSED or case.closed_at is None:
            return []
        days = messages.clock.rules(case.centre).keep_days
        return _forget(connection, case_id, now, days) if case.closed_at < now - timedelta(days=days) else []


def _forget(connection: Connection[Any], case_id: int, at: datetime, days: int) -> list[str]:
    cases = joined_ids(connection, case_id)
    for words in _WORDS_OF_CASES:
        connection.execute(words, (cases,))
    messages = [row[0] for row in connection.execute(_MESSAGES, (cases,))]
    takes = connection.execute(_TAKES, {"messages": messages, "at": at}).fetchall()
    sids = [row[0] for row in takes]
    if sids:
        connection.execute(_TRANSCRIPTS, (sids,))
        add_event(connection, case_id, at, SYSTEM, "deleted_voice", WORDS.format(days), {"recordings": len(sids)})
    return sids

"""One case as rows: its people, its messages and what was understood of them, its history, the tries to answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.console.case_figures import decision_sql
from dashboards.console.case_scope import VISIBLE, Reader, Row, find_case
from voicemail.case_rows import joined_ids

MOST_OTHERS = 20
MOST_EVENTS = 300
_PEOPLE = f"""
SELECT a.number AS owner_number, a.name AS owner_name, d.number AS deputy_number, d.name AS deputy_name,
       p.until AS deputy_until, o.connected_at, o.ended_at, g.number AS judged_number, g.name AS judged_name, s.score,
       {decision_sql()} AS waits_for_decision
FROM work_order w
LEFT JOIN agent a ON a.id = w.owner_id
LEFT JOIN agent_deputy p ON p.agent_id = w.owner_id AND p.ended_at IS NULL AND p.since <= %(now)s
    AND (p.until IS NULL OR p.until > %(now)s)
LEFT JOIN agent d ON d.id = p.deputy_id
LEFT JOIN offer o ON o.id = w.offer_id LEFT JOIN agent g ON g.id = o.agent_id
LEFT JOIN rating s ON s.offer_id = w.offer_id
WHERE w.id = %(id)s
"""
# The take that counts; one that is still being fetched counts, too.
_MESSAGES = """
SELECT m.id, m.kind, m.begun_at, m.number_tail, g.recording_sid, g.status AS recording, g.seconds, g.peaks,
       g.storage_key, g.error,
       g.deleted_at, t.status AS transcript, t.words, t.said, t.corrected_text, t.corrected_by, t.corrected_at
FROM message m
LEFT JOIN LATERAL (
    SELECT * FROM message_recording r WHERE r.message_id = m.id AND NOT r.is_superseded
    ORDER BY r.started_at DESC LIMIT 1
) g ON true
LEFT JOIN transcript t ON t.recording_sid = g.recording_sid
WHERE m.case_id = ANY(%(joined)s) AND m.status = 'kept' ORDER BY m.id
"""
# Nothing leads from an anonymous report to its caller's other cases, nor back.
_OTHERS = f"""
SELECT w.id, w.kind, w.status, w.subject, w.suggested_subject, w.opened_at, w.due_at, w.centre
FROM work_order w WHERE {VISIBLE} AND w.id <> %(id)s AND NOT w.is_anonymous AND NOT %(is_anonymous)s
  AND w.status <> 'merged' AND w.id IN (
    SELECT id FROM work_order WHERE number_hash = %(number_hash)s
    UNION SELECT id FROM work_order WHERE caller_hash = %(caller_hash)s
    UNION SELECT id FROM work_order WHERE person_hash IS NOT NULL AND person_hash = %(person_hash)s)
ORDER BY w.opened_at DESC LIMIT {MOST_OTHERS}
"""
_EVENTS = f"""
SELECT e.case_id, e.at, e.actor, e.event, e.note, e.detail, u.name FROM case_event e
LEFT JOIN staff_user u ON u.username = e.actor
WHERE e.case_id = ANY(%(joined)s) ORDER BY e.id DESC LIMIT {MOST_EVENTS}
"""
_REPLIES = """
SELECT r.id, r.kind, r.by, u.name, r.made_at, r.sent_at, r.ended_at, r.result, r.talk_seconds, r.words,
       k.status AS callback_status, k.not_before, t.status AS attempt_status, t.made_at AS attempt_at
FROM case_reply r LEFT JOIN staff_user u ON u.username = r.by LEFT JOIN callback k ON k.id = r.callback_id
LEFT JOIN LATERAL (
    SELECT status, made_at FROM callback_attempt b WHERE b.callback_id = r.callback_id AND b.ended_at IS NULL
    ORDER BY b.number DESC LIMIT 1
) t ON true
WHERE r.case_id = ANY(%(joined)s) ORDER BY r.id DESC
"""
_NAMES = "SELECT username, name FROM staff_user WHERE username = ANY(%s)"


@dataclass(frozen=True)
class CaseLook:
    """One look at a case; `row` is that of work_order."""

    row: Row
    people: Row
    messages: Sequence[Row]
    others: Sequence[Row]
    events: Sequence[Row]
    replies: Sequence[Row]
    names: Mapping[str, str]


def read_case(connection: Connection[Any], case_id: int, reader: Reader, now: datetime) -> CaseLook:
    """Everything about a case that the reader may see. Raises Refused (404)."""
    row = find_case(connection, case_id, reader)
    hashes = {name: row[name] for name in ("number_hash", "caller_hash", "person_hash", "is_anonymous")}
    values = {**reader.values(), **hashes, "id": case_id, "now": now, "joined": joined_ids(connection, case_id)}
    people, *lists = (_ask(connection, sql, values) for sql in (_PEOPLE, _MESSAGES, _OTHERS, _EVENTS, _REPLIES))
    messages, others, events, replies = lists
    users = {row[name] for name in ("supervised_by", "closed_by", "cleared_by") if row[name]}
    users |= {message["corrected_by"] for message in messages if message["corrected_by"]}
    names = dict(connection.execute(_NAMES, (sorted(users),)).fetchall())
    return CaseLook(row, people[0], messages, others, events, replies, names)


def _ask(connection: Connection[Any], sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return connection.cursor(row_factory=dict_row).execute(sql, values).fetchall()

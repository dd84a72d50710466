"""Everything that is kept about one call, from all tables that know it. Nothing sealed is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.console.case_scope import VISIBLE, Reader

# Whoever lets a call ring for ever makes no page that cannot be read.
MOST_STEPS = 500
Row = Mapping[str, Any]

_CALL = """
SELECT call_sid, direction, caller_tail, caller_kind, caller_region, dialled, first_centre, centre, started_at,
       desk_answered_at, ended_at, outcome, end_reason
FROM call WHERE call_sid = %(sid)s AND (first_centre = ANY(%(centres)s) OR centre = ANY(%(centres)s))
"""
_PARTS = {
    "steps": """SELECT turn, kind, at, centre, node, keys FROM call_step WHERE call_sid = %(sid)s
                ORDER BY turn LIMIT %(most)s""",
    "statuses": """SELECT status, received_at AS at, applied FROM call_status_event WHERE call_sid = %(sid)s
                   ORDER BY id LIMIT %(most)s""",
    "entries": """SELECT id, kind, centre, skill, joined_at, answered_at, ended_at, end_reason, rules
                  FROM queue_entry WHERE call_sid = %(sid)s ORDER BY id LIMIT %(most)s""",
    "offers": """SELECT o.id, o.centre, o.status, o.made_at, o.accepted_at, o.connected_at, o.ended_at, o.end_reason,
                        o.held_seconds, o.wait_seconds, a.number AS agent_number
                 FROM offer o JOIN agent a ON a.id = o.agent_id WHERE o.call_sid = %(sid)s
                 ORDER BY o.made_at, o.id LIMIT %(most)s""",
    "ratings": """SELECT r.score, r.at, a.number AS agent_number FROM rating r JOIN agent a ON a.id = r.agent_id
                  WHERE r.call_sid = %(sid)s ORDER BY r.at""",
    "wrap_ups": """SELECT w.subject, w.disposition, w.saved_at, w.done_at, a.number AS agent_number
                   FROM offer o JOIN wrap_up w ON w.offer_id = o.id JOIN agent a ON a.id = w.agent_id
                   WHERE o.call_sid = %(sid)s ORDER BY w.saved_at""",
    "callbacks": """SELECT k.id, k.centre, k.source, k.asked_at, k.promised_until, k.attempts, k.ended_at, k.end_reason
                    FROM callback k WHERE k.call_sid = %(sid)s AND k.centre = ANY(%(centres)s) ORDER BY k.id""",
    "attempts": """SELECT t.callback_id, t.number, t.call_sid, t.made_at, t.answered_at, t.ended_at, t.result,
                          k.call_sid AS asked_by
                   FROM callback k JOIN callback_attempt t ON t.callback_id = k.id
                   WHERE (k.call_sid = %(sid)s OR t.call_sid = %(sid)s) AND k.centre = ANY(%(centres)s)
                   ORDER BY t.made_at LIMIT %(most)s""",
    "messages": """SELECT m.kind, m.status, m.begun_at, m.ended_at, m.case_id FROM message m
                   LEFT JOIN work_order w ON w.id = m.case_id
                   WHERE m.call_sid = %(sid)s AND (m.kind <> 'report' OR %(sees_reports)s)
                     AND (w.id IS NULL OR {visible}) ORDER BY m.id""",
    "cases": """SELECT w.id, w.kind, w.centre, w.status, w.opened_at, w.due_at, w.replied_at, w.closed_at
                FROM work_order w WHERE w.call_sid = %(sid)s AND {visible} ORDER BY w.id""",
}
_CITY = """
SELECT c.*, b.batch_id, b.via, b.received_at, b.sent_by FROM city_call c JOIN city_batch b ON b.id = c.batch
WHERE c.centre = %s AND c.call_id = %s ORDER BY c.version DESC
"""


@dataclass(frozen=True, slots=True)
class CallParts:
    """One call and, by the names of _PARTS, what else is known of it."""

    call: Row
    parts: Mapping[str, Sequence[Row]]

    def __getitem__(self, name: str) -> Sequence[Row]:
        return self.parts[name]


def read_call(connection: Connection[Any], call_sid: str, reader: Reader) -> CallParts | None:
    """The call, or None when there is none of this id that began at, or has come to, one of the reader's centres.

    Callbacks and cases of it that have gone to centres out of the reader's scope are left out, and so are reports for
    who may not see reports.
    """
    values = {"sid": call_sid, "most": MOST_STEPS, **reader.values()}
    cursor = connection.cursor(row_factory=dict_row)
    call = cursor.execute(_CALL, values).fetchone()
    if call is None:
        return None
    with connection.pipeline():
        asked = {
            name: connection.cursor(row_factory=dict_row).execute(sql.replace("{visible}", VISIBLE), values)
            for name, sql in _PARTS.items()
        }
        return CallParts(call, {name: found.fetchall() for name, found in asked.items()})


def read_city_call(connection: Connection[Any], centre: str, call_id: str) -> list[Row]:
    """All versions of a call that a city told us of, the newest first; empty for one that nobody told of."""
    return list(connection.cursor(row_factory=dict_row).execute(_CITY, (centre, call_id)).fetchall())

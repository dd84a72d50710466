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
# Nothing leads from a call to who reported without a name, and nothing to a report for who may not see reports.
_IS_SHOWN = f"(NOT w.is_anonymous AND {VISIBLE})"
_IS_SECRET = "(m.is_anonymous OR (m.kind = 'report' AND NOT %(sees_reports)s))"
_IS_OF_A_CASE_SHOWN = f"""NOT EXISTS (SELECT FROM case_reply a JOIN work_order w ON w.id = a.case_id
                   WHERE a.callback_id = k.id AND {_IS_SHOWN} IS NOT TRUE)"""
_PARTS = {
    # Where such a message begins, the way through the menu would tell of it.
    "steps": f"""SELECT s.turn, s.kind, s.at, s.centre, s.node, s.keys FROM call_step s
                WHERE s.call_sid = %(sid)s AND NOT EXISTS (
                    SELECT FROM message m WHERE m.call_sid = s.call_sid AND m.turn <= s.turn AND {_IS_SECRET})
                ORDER BY s.turn LIMIT %(most)s""",
    "statuses": """SELECT status, received_at AS at, applied FROM call_status_event WHERE call_sid = %(sid)s
                   ORDER BY id LIMIT %(most)s""",
    "entries": """SELECT id, kind, centre, skill, joined_at, answered_at, ended_at, end_reason, rules
                  FROM queue_entry WHERE call_sid = %(sid)s ORDER BY id LIMIT %(most)s""",
    "offers": """SELECT o.id, o.centre, o.status, o.made_at, o.accepted_at, o.connected_at, o.ended_at, o.end_reason,
                        o.held_seconds, o.wait_seconds, a.number AS agent_number
                 FROM offer o JOIN agent a ON a.id = o.agent_id WHERE o.call_sid = %(sid)s
                 ORDER BY o.made_at, o.id LIMIT %(most)s""",
    "ratings": """SELECT r.score, r.at, a.number AS agent_number FROM rating r JOIN agent a ON a.id = r.agent_id
                  WHERE r.call_sid = %(sid)s AND r.centre = ANY(%(centres)s) ORDER BY r.at""",
    "wrap_ups": """SELECT w.subject, w.disposition, w.saved_at, w.done_at, a.number AS agent_number
                   FROM offer o JOIN wrap_up w ON w.offer_id = o.id JOIN agent a ON a.id = w.agent_id
                   WHERE o.call_sid = %(sid)s ORDER BY w.saved_at""",
    "callbacks": f"""SELECT k.id, k.centre, k.source, k.asked_at, k.promised_until, k.attempts, k.ended_at, k.end_reason
                    FROM callback k WHERE k.call_sid = %(sid)s AND k.centre = ANY(%(centres)s)
                      AND {_IS_OF_A_CASE_SHOWN} ORDER BY k.id""",
    "attempts": f"""SELECT t.callback_id, t.number, t.call_sid, t.made_at, t.answered_at, t.ended_at, t.result,
                          k.call_sid AS asked_by
                   FROM callback k JOIN callback_attempt t ON t.callback_id = k.id
                   WHERE (k.call_sid = %(sid)s OR t.call_sid = %(sid)s) AND k.centre = ANY(%(centres)s)
                     AND {_IS_OF_A_CASE_SHOWN}
                   ORDER BY t.made_at LIMIT %(most)s""",
    "messages": f"""SELECT m.kind, m.status, m.begun_at, m.ended_at, m.case_id FROM message m
                   LEFT JOIN work_order w ON w.id = m.case_id
                   WHERE m.call_sid = %(sid)s AND NOT {_IS_SECRET} AND (w.id IS NULL OR {_IS_SHOWN}) ORDER BY m.id""",
    "cases": f"""SELECT w.id, w.kind, w.centre, w.status, w.opened_at, w.due_at, w.replied_at, w.closed_at
                FROM work_order w WHERE w.call_sid = %(sid)s AND {_IS_SHOWN} ORDER BY w.id""",
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

    Callbacks, cases and judgements of it that belong to centres out of the reader's scope are left out, and so are
    reports for who may not see reports, and for everybody those without a name.
    """
    values = {"sid": call_sid, "most": MOST_STEPS, **reader.values()}
    cursor = connection.cursor(row_factory=dict_row)
    call = cursor.execute(_CALL, values).fetchone()
    if call is None:
        return None
    with connection.pipeline():
        asked = {name: connection.cursor(row_factory=dict_row).execute(sql, values) for name, sql in _PARTS.items()}
        return CallParts(call, {name: found.fetchall() for name, found in asked.items()})


def read_city_call(connection: Connection[Any], centre: str, call_id: str) -> list[Row]:
    """All versions of a call that a city told us of, the newest first; empty for one that nobody told of."""
    return list(connection.cursor(row_factory=dict_row).execute(_CITY, (centre, call_id)).fetchall())

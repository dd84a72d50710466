"""The list of callbacks as rows: which are whose, in the order in which they are due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from dashboards.console.callback_floor import ASKED_FOR, TO_CLEAR

MINE, CENTRE, TO_DO = "mine", "centre", "todo"
TABS = (MINE, CENTRE, TO_DO)

# A consultant knows a caller of another centre only from having rung or booked for them.
_OWN = """(k.owner_id = %(seat)s OR EXISTS (
    SELECT 1 FROM callback_attempt t JOIN offer f ON f.id = t.offer_id
    WHERE t.callback_id = k.id AND f.agent_id = %(seat)s))"""
_OF_THE_CENTRES = "k.centre = ANY(%(centres)s)"
_OPEN = f"k.ended_at IS NULL AND {ASKED_FOR}"
_ENDED_TODAY = f"k.ended_at >= %(midnight)s AND {ASKED_FOR}"
# Only who was promised a time and not even tried in it is late.
_OVERDUE = f"{_OPEN} AND k.promised_until < %(now)s AND (k.breached_at IS NOT NULL OR k.attempts = 0)"
# What happens now, then the line in its order, then by the time before which nothing is done.
_BY_DUE = """
CASE k.status WHEN 'live' THEN 0 WHEN 'dialling' THEN 0 WHEN 'waiting' THEN 1 ELSE 2 END,
CASE WHEN k.status = 'scheduled' THEN k.not_before ELSE coalesce(e.rank_at, k.rank_at) END, e.id, k.id
"""
_BY_END = "k.ended_at DESC, k.id DESC"
_BY_AGE = "coalesce(k.ended_at, k.breached_at), k.id"

_SELECT = """
SELECT k.id, k.centre, k.skill, k.language, k.is_slow, k.number_sealed, k.number_tail, k.caller_region, k.source,
       k.note, k.asked_at, k.slot_from, k.slot_until, k.status, k.not_before, k.promised_until, k.breached_at,
       k.attempts, k.ended_at, k.end_reason, k.ended_by, k.end_note, k.cleared_at, k.cleared_by, k.cleared_reason,
       a.number AS owner_number, a.name AS owner_name, x.status AS text_status, e.status AS entry_status,
       CASE WHEN k.status = 'waiting' THEN (
           SELECT count(*) + 1 FROM queue_entry b
           WHERE b.centre = e.centre AND b.ended_at IS NULL AND b.status IN ('waiting', 'offered')
             AND (b.rank_at, b.id) < (e.rank_at, e.id)) END AS position
FROM callback k
LEFT JOIN agent a ON a.id = k.owner_id
LEFT JOIN queue_entry e ON e.callback_id = k.id AND e.ended_at IS NULL
LEFT JOIN text_message x ON x.callback_id = k.id AND x.kind = 'unreached'
"""
_ATTEMPTS = """
SELECT t.callback_id, t.made_at, t.status, t.result, t.initiated_at, a.number, a.name
FROM callback_attempt t JOIN offer f ON f.id = t.offer_id JOIN agent a ON a.id = f.agent_id
WHERE t.callback_id = ANY(%s) ORDER BY t.callback_id, t.number
"""
_COUNTS = f"""
SELECT (SELECT count(*) FROM callback k WHERE {_OPEN} AND %(seat)s::int IS NOT NULL AND {_OWN}) AS mine,
       (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {_OPEN}) AS centre,
       (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {_OVERDUE}) AS overdue,
       (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {TO_CLEAR}) AS todo,
       (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {_ENDED_TODAY}) AS ended,
       (SELECT count(*) FROM callback k
        WHERE {_ENDED_TODAY} AND %(seat)s::int IS NOT NULL AND {_OWN}) AS mine_ended
"""
_BADGE = f"""
SELECT (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {_OPEN}) AS open,
       (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {_OVERDUE}) AS overdue,
       (SELECT count(*) FROM callback k WHERE {_OF_THE_CENTRES} AND {TO_CLEAR}) AS todo
"""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which callbacks somebody looks at: of one of TABS, open ones or those that ended today, by the last digits."""

    tab: str
    centres: tuple[str, ...]
    seat: int | None
    is_ended: bool = False
    tail: str = ""
    most: int = 200


@dataclass(frozen=True)
class ListRows:
    """A look at the list: the rows, how many there are of each kind, and the attempts by callback."""

    rows: Sequence[Row]
    total: int
    counts: Row
    attempts: Mapping[int, Sequence[Row]]


def read_list(connection: Connection[Any], wanted: Wanted, midnight: datetime, now: datetime) -> ListRows:
    """The list that is wanted and what else there is. A tab of one's own is empty for who has no seat."""
    values = {
        "centres": list(wanted.centres),
        "seat": wanted.seat,
        "tail": wanted.tail,
        "midnight": midnight,
        "now": now,
        "most": wanted.most,
    }
    condition, order = _which(wanted)
    with connection.pipeline():
        found = _ask(connection, f"{_SELECT} WHERE {condition} ORDER BY {order} LIMIT %(most)s", values)
        total = _ask(connection, f"SELECT count(*) AS n FROM callback k WHERE {condition}", values)
        counts = _ask(connection, _COUNTS, values)
    rows = found.fetchall()
    attempts: dict[int, list[Row]] = defaultdict(list)
    for attempt in _ask(connection, _ATTEMPTS, ([row["id"] for row in rows],)).fetchall():
        attempts[attempt["callback_id"]].append(attempt)
    return ListRows(rows, total.fetchone()["n"], counts.fetchone(), attempts)


def _which(wanted: Wanted) -> tuple[str, str]:
    found = {MINE: f"%(seat)s::int IS NOT NULL AND {_OWN}", CENTRE: _OF_THE_CENTRES, TO_DO: _OF_THE_CENTRES}[wanted.tab]
    time, order = (_ENDED_TODAY, _BY_END) if wanted.is_ended else (_OPEN, _BY_DUE)
    if wanted.tab == TO_DO:
        time, order = TO_CLEAR, _BY_AGE
    tail = " AND k.number_tail = %(tail)s" if wanted.tail else ""
    return f"{found} AND {time}{tail}", order


def read_badge(connection: Connection[Any], centres: Sequence[str], now: datetime) -> Row:
    """How many of these centres' callbacks are open, late, and to be seen to: open, overdue, todo."""
    found = _ask(connection, _BADGE, {"centres": list(centres), "now": now}).fetchone()
    assert found is not None
    return dict(found)


def _ask(connection: Connection[Any], sql: str, values: Any) -> Any:
    return connection.cursor(row_factory=dict_row).execute(sql, values)

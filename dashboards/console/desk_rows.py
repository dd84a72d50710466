"""What desks are made of, read for many agents at once: two round trips, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Connection, Cursor
from psycopg.rows import class_row

from dashboards.console.asked import StepRow
from dashboards.console.callback_rings import RINGS, RingRow
from dashboards.console.figures import FIGURES, figure_values
from queueing.line_models import OPEN_OFFER

MOST_HISTORY = 5
# A callback in the line holds a place and waits on no telephone, until its caller has been reached.
ON_THE_TELEPHONE = "NOT starts_with(e.call_sid, 'callback-')"
# Since when somebody waits on the telephone: who was rung, since they were reached.
WAITING_SINCE = """
greatest(e.joined_at, (
    SELECT max(t.confirmed_at) FROM callback_attempt t WHERE t.callback_id = e.callback_id AND t.entry_id = e.id))
"""

_AGENTS = """
SELECT a.id, a.number, a.name, a.centre, a.state, a.reason, a.state_since, a.next_reason, a.skills, a.languages,
       a.door, a.telephone_tail, a.heartbeat_at, a.misses, a.cool_until, i.offer_id AS interval_offer
FROM agent a LEFT JOIN agent_interval i ON i.agent_id = a.id AND i.until IS NULL
WHERE a.id = ANY(%s) AND a.is_active
"""
# The offer that is open, and the one whose wrap-up is being written. The statuses are written out, as in the index.
_OFFERS = f"""
WITH wanted AS (
    SELECT id FROM offer WHERE agent_id = ANY(%(agents)s) AND {OPEN_OFFER}
    UNION SELECT offer_id FROM agent_interval WHERE agent_id = ANY(%(agents)s) AND until IS NULL AND state = 'wrap_up'
)
SELECT o.id, o.agent_id, o.entry_id, o.call_sid, o.centre, o.status, o.made_at, o.ring_until, o.accepted_at,
       o.connected_at, o.ended_at, o.held_since, o.held_seconds, o.agent_call_sid, e.skill, e.language, e.caller_hash,
       coalesce(e.caller_tail, c.caller_tail) AS caller_tail, coalesce(e.caller_region, c.caller_region)
       AS caller_region, c.caller_sealed, e.is_slow, e.rules, e.arrived_at, e.joined_at,
       w.subject, w.disposition, w.note, w.saved_at
FROM wanted JOIN offer o ON o.id = wanted.id JOIN queue_entry e ON e.id = o.entry_id
LEFT JOIN call c ON c.call_sid = o.call_sid LEFT JOIN wrap_up w ON w.offer_id = o.id
"""
# The centres asked for, and those of the seats.
_LINES = f"""
WITH place AS MATERIALIZED (
    SELECT unnest(%(centres)s::text[]) AS code UNION SELECT centre FROM agent WHERE id = ANY(%(agents)s)
)
SELECT place.code, coalesce(q.waiting, 0), q.oldest, coalesce(s.available, 0), coalesce(s.on_call, 0),
       coalesce(q.callbacks, 0)
FROM place
LEFT JOIN (
    SELECT centre, count(*) FILTER (WHERE {ON_THE_TELEPHONE}) AS waiting,
           min({WAITING_SINCE}) FILTER (WHERE {ON_THE_TELEPHONE}) AS oldest,
           count(*) FILTER (WHERE NOT ({ON_THE_TELEPHONE})) AS callbacks
    FROM queue_entry e
    WHERE ended_at IS NULL AND status IN ('waiting', 'offered') AND centre IN (SELECT code FROM place) GROUP BY centre
) q ON q.centre = place.code
LEFT JOIN (
    SELECT centre, count(*) FILTER (WHERE state = 'available') AS available,
           count(*) FILTER (WHERE state IN ('on_call', 'hold')) AS on_call
    FROM agent WHERE is_active AND state <> 'logged_out' AND centre IN (SELECT code FROM place) GROUP BY centre
) s ON s.centre = place.code
"""
# Calls of ours count once somebody has talked in them; that a telephone rang in vain is told elsewhere.
_HISTORY = """
SELECT o.id, h.started_at, h.outcome, h.centre, h.subject
FROM unnest(%(ids)s::text[], %(hashes)s::bytea[], %(sids)s::text[]) AS o(id, hash, sid)
CROSS JOIN LATERAL (
    SELECT c.started_at, c.outcome, c.centre, (
        SELECT w.subject FROM offer p JOIN wrap_up w ON w.offer_id = p.id
        WHERE p.call_sid = c.call_sid ORDER BY p.made_at DESC LIMIT 1) AS subject
    FROM call c WHERE c.caller_hash = o.hash AND c.call_sid <> o.sid
      AND (NOT starts_with(c.direction, 'outbound') OR c.outcome = 'answered')
    ORDER BY c.started_at DESC LIMIT %(most)s
) h
"""
_STEPS = "SELECT call_sid, centre, kind, node, keys FROM call_step WHERE call_sid = ANY(%s) ORDER BY call_sid, turn"
# Who spoke with this caller before in the same call, and what was written down.
_HANDED = """
SELECT p.entry_id, a.number, p.centre, p.ended_at, w.subject, w.note
FROM offer p JOIN agent a ON a.id = p.agent_id LEFT JOIN wrap_up w ON w.offer_id = p.id
WHERE p.entry_id = ANY(%s) AND p.connected_at IS NOT NULL AND p.ended_at IS NOT NULL ORDER BY p.connected_at
"""


@dataclass(frozen=True, slots=True)
class AgentRow:
    id: int
    number: str
    name: str
    centre: str
    state: str
    reason: str | None
    state_since: datetime
    next_reason: str | None
    skills: list[str]
    languages: list[str]
    door: str
    telephone_tail: str | None
    heartbeat_at: datetime | None
    misses: int
    cool_until: datetime | None
    # What the present state is about.
    interval_offer: str | None


@dataclass(frozen=True, slots=True)
class OfferRow:
    id: str
    agent_id: int
    entry_id: int
    call_sid: str
    centre: str
    status: str
    made_at: datetime
    ring_until: datetime
    accepted_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    held_since: datetime | None
    held_seconds: int
    agent_call_sid: str | None
    skill: str
    language: str
    caller_hash: bytes | None
    caller_tail: str | None
    caller_region: str | None
    caller_sealed: bytes | None
    is_slow: bool
    rules: list[str]
    arrived_at: datetime
    joined_at: datetime
    subject: str | None
    disposition: str | None
    note: str | None
    saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A centre's line now: who waits on the telephone, and how many are to be rung when their turn comes."""

    waiting: int
    oldest: datetime | None
    available: int
    on_call: int
    callbacks: int


@dataclass(frozen=True)
class DeskRows:
    """One look at many desks."""

    agents: Sequence[AgentRow] = ()
    offers: Mapping[int, OfferRow] = field(default_factory=dict)
    figures: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    lines: Mapping[str, LineRow] = field(default_factory=dict)
    # By offer id: those that are callbacks.
    rings: Mapping[str, RingRow] = field(default_factory=dict)


@dataclass(frozen=True)
class CallerRows:
    """What is known of the callers of some offers: by offer id, by call sid, by entry id."""

    history: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    steps: Mapping[str, Sequence[StepRow]] = field(default_factory=dict)
    handed: Mapping[int, Sequence[Any]] = field(default_factory=dict)


def read_desks(connection: Connection[Any], agents: Sequence[int], centres: Sequence[str], now: datetime) -> DeskRows:
    """Everything about these agents that changes, and the lines of their centres and of these."""
    given = list(agents)
    with connection.pipeline():
        seats = _ask(connection, _AGENTS, (given,), AgentRow)
        offers = _ask(connection, _OFFERS, {"agents": given}, OfferRow)
        rings = _ask(connection, RINGS, {"agents": given}, RingRow)
        figures = connection.execute(FIGURES, figure_values(given, now))
        lines = connection.execute(_LINES, {"centres": list(centres), "agents": given})
    # A seat in wrap-up that has been offered nothing new has one row; an open offer comes before an ended one.
    of_agent = {row.agent_id: row for row in sorted(offers.fetchall(), key=lambda row: row.made_at)}
    return DeskRows(
        seats.fetchall(),
        of_agent,
        {row[0]: row for row in figures.fetchall()},
        {row[0]: LineRow(*row[1:]) for row in lines.fetchall()},
        {row.offer_id: row for row in rings.fetchall()},
    )


def read_callers(
    connection: Connection[Any], offers: Sequence[OfferRow], asked_in: Mapping[str, str] | None = None
) -> CallerRows:
    """Earlier calls, the way through the menu, and earlier talks of the same call.

    `asked_in` gives, by offer id, the call in which a callback was asked for: that is where its keys were pressed.
    """
    known = [offer for offer in offers if offer.caller_hash is not None]
    values = {
        "ids": [offer.id for offer in known],
        "hashes": [offer.caller_hash for offer in known],
        "sids": [offer.call_sid for offer in known],
        "most": MOST_HISTORY,
    }
    with connection.pipeline():
        history = connection.execute(_HISTORY, values)
        steps = connection.execute(_STEPS, ([(asked_in or {}).get(offer.id, offer.call_sid) for offer in offers],))
        handed = connection.execute(_HANDED, ([offer.entry_id for offer in offers],))
    by_call: dict[str, list[StepRow]] = defaultdict(list)
    for call_sid, *step in steps.fetchall():
        by_call[call_sid].append(StepRow(*step))
    return CallerRows(_by_first(history), by_call, _by_first(handed))


def _ask(connection: Connection[Any], sql: str, values: Any, kind: type[Any]) -> Cursor[Any]:
    return connection.cursor(row_factory=class_row(kind)).execute(sql, values)


def _by_first(cursor: Cursor[Any]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for first, *rest in cursor.fetchall():
        found[first].append(rest)
    return found

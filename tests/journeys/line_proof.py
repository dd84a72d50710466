"""What must be true of the waiting line whatever has happened, asked of the rows."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from integrations.database_url import psycopg_url
from integrations.embedded import postgres_in
from integrations.services import utc_now
from ivr.ledger import prove
from queueing.agent import BREAK, MOVES, WRAP_UP

# The place of somebody who is to be rung: until then there is no call.
_TO_BE_RUNG = "queue_entry.call_sid IS NOT DISTINCT FROM 'callback-' || queue_entry.callback_id"
# Nothing is on its way any more: each is a question for what is still going on. Who is to be rung can wait for ever.
GOING_ON = {
    "calls": "SELECT call_sid FROM call WHERE ended_at IS NULL",
    "entries": f"""
        SELECT id::text FROM queue_entry WHERE ended_at IS NULL AND NOT (status = 'waiting' AND {_TO_BE_RUNG})""",
    "offers": "SELECT id FROM offer WHERE ended_at IS NULL",
    "tasks": "SELECT kind || ' of ' || offer_id FROM carrier_task WHERE done_at IS NULL",
    "seats": "SELECT number || ' ' || state FROM agent WHERE state IN ('reserved', 'on_call', 'hold')",
    "recordings": "SELECT recording_sid FROM talk_recording WHERE status = 'in-progress'",
}
PLACE_LEFT = "an open place of a call that is over"
# Each names rows that contradict others; none may have any, at the end or at any time before.
CONTRADICTIONS = {
    "an open offer without a live call": """
        SELECT offer.id FROM offer LEFT JOIN call USING (call_sid)
        WHERE offer.ended_at IS NULL AND NOT starts_with(offer.call_sid, 'callback-')
          AND (call.call_sid IS NULL OR call.ended_at IS NOT NULL)""",
    PLACE_LEFT: f"""
        SELECT queue_entry.id::text FROM queue_entry LEFT JOIN call USING (call_sid)
        WHERE queue_entry.ended_at IS NULL AND NOT {_TO_BE_RUNG}
          AND (call.call_sid IS NULL OR call.ended_at IS NOT NULL)""",
    "a seat that is busy with nothing": """
        SELECT number || ' ' || state FROM agent WHERE state IN ('reserved', 'on_call', 'hold')
        AND NOT EXISTS (SELECT 1 FROM offer WHERE agent_id = agent.id AND ended_at IS NULL)""",
    "a seat that does not know of its offer": """
        SELECT offer.id || ' ' || offer.status || ' ' || agent.state FROM offer JOIN agent ON agent.id = agent_id
        WHERE offer.ended_at IS NULL AND agent.state NOT IN ('reserved', 'on_call', 'hold')""",
    # A consultant who was reserved for somebody whose telephone still rings may have gone meanwhile.
    "a place and its offers that disagree": f"""
        SELECT queue_entry.id::text || ' ' || queue_entry.status FROM queue_entry
        LEFT JOIN offer ON entry_id = queue_entry.id AND offer.ended_at IS NULL
        WHERE (queue_entry.status IN ('offered', 'connected')) <> (offer.id IS NOT NULL)
              AND NOT (queue_entry.status = 'offered' AND {_TO_BE_RUNG})
           OR (queue_entry.status = 'connected') <> (coalesce(offer.status, '') = 'connected')""",
    "two offers of one place at the same time": """
        SELECT one.id || ' ' || other.id FROM offer AS one JOIN offer AS other USING (entry_id)
        WHERE one.id < other.id AND one.made_at < coalesce(other.ended_at, 'infinity')
          AND other.made_at < coalesce(one.ended_at, 'infinity')""",
    "two offers at one seat at the same time": """
        SELECT one.id || ' ' || other.id FROM offer AS one JOIN offer AS other USING (agent_id)
        WHERE one.id < other.id AND one.made_at < coalesce(other.ended_at, 'infinity')
          AND other.made_at < coalesce(one.ended_at, 'infinity')""",
    "a seat rung for a caller who had left": """
        SELECT offer.id FROM offer JOIN call USING (call_sid) JOIN queue_entry ON queue_entry.id = entry_id
        WHERE offer.made_at > least(call.ended_at, queue_entry.ended_at) + interval '500 milliseconds'""",
    "a talk that outlived its call": """
        SELECT offer.id FROM offer JOIN call USING (call_sid)
        WHERE coalesce(offer.ended_at, now()) > call.ended_at + interval '5 seconds'""",
    "an end without an outcome, or an outcome without an end": """
        SELECT call_sid FROM call WHERE (ended_at IS NULL) <> (outcome IS NULL)""",
    "a talk that does not count as answered, or none that does": """
        SELECT call_sid FROM call WHERE ended_at IS NOT NULL AND (outcome = 'answered')
            <> EXISTS (SELECT 1 FROM offer WHERE offer.call_sid = call.call_sid AND connected_at IS NOT NULL)""",
    "a shift whose intervals do not add up": """
        SELECT shift.id::text FROM agent_shift AS shift LEFT JOIN LATERAL (
            SELECT min(since) AS began, max(coalesce(until, 'infinity')) AS ended,
                   bool_and(before IS NULL OR before = since) AND bool_and(coalesce(until, since) >= since) AS fits
            FROM (SELECT since, until, lag(until) OVER (ORDER BY since, id) AS before
                  FROM agent_interval WHERE shift_id = shift.id) AS interval
        ) AS of_it ON true
        WHERE (began, ended) IS DISTINCT FROM (began_at, coalesce(ended_at, 'infinity')) OR NOT fits""",
    "a seat that its last interval contradicts": """
        SELECT number || ' ' || agent.state FROM agent LEFT JOIN agent_interval AS last
            ON last.agent_id = agent.id AND last.until IS NULL
        WHERE coalesce(last.state, 'logged_out') <> agent.state OR last.reason IS DISTINCT FROM agent.reason""",
    "a recording of nothing": """
        SELECT recording_sid FROM talk_recording JOIN offer ON offer.id = offer_id WHERE connected_at IS NULL""",
}
_STEPS = """
SELECT DISTINCT state, next_state FROM (
    SELECT state, lead(state) OVER (PARTITION BY shift_id ORDER BY since, id) AS next_state FROM agent_interval
) AS step WHERE next_state IS NOT NULL
"""
# A wish for a break comes true where the seat would have become free or been set away.
_LEGAL_STEPS = {(state, after) for (state, _), after in MOVES.items()} | {("reserved", BREAK), (WRAP_UP, BREAK)}


class LineProof:
    """Asks the database of an installation that runs."""

    def __init__(self, var_dir: Path) -> None:
        self.url = psycopg_url(postgres_in(var_dir).url)
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = threading.Lock()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.ask(sql, values)

    def ask(self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Tests ask fifty times a second, so the connection is kept; one that the server has lost is made again."""
        with self._lock:
            if self._connection is not None:
                try:
                    return self._connection.execute(sql, values).fetchall()
                except psycopg.OperationalError:
                    self.close()
            self._connection = psycopg.connect(self.url, autocommit=True)
            return self._connection.execute(sql, values).fetchall()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def going_on(self) -> dict[str, list[str]]:
        """What is still on its way, by kind; empty once everything has settled. Also while the database is away."""
        try:
            return self._ask(GOING_ON)
        except psycopg.OperationalError as error:
            return {"database": [str(error)]}

    def contradictions(self) -> dict[str, list[str]]:
        """All that must not be, each with its rows; empty is the proof."""
        found = self._ask(CONTRADICTIONS)
        steps = {(str(before), str(after)) for before, after in self.rows(_STEPS)}
        if wrong := sorted(steps - _LEGAL_STEPS):
            found["a step that no table knows"] = [f"{before} -> {after}" for before, after in wrong]
        with psycopg.connect(self.url, autocommit=True) as connection:
            proof = prove(connection, utc_now() - timedelta(days=1), utc_now() + timedelta(days=1))
        if not proof.holds:
            uneven = [f"{row.centre} {row.hour:%H}: {row.difference}" for row in proof.rows if row.difference]
            found["a ledger that does not add up"] = [*uneven, *map(str, proof.contradictions.items())]
        return found

    def _ask(self, questions: dict[str, str]) -> dict[str, list[str]]:
        answers = {name: [str(row[0]) for row in self.ask(sql)] for name, sql in questions.items()}
        return {name: rows for name, rows in answers.items() if rows}

"""What must be true of callbacks whatever has happened, asked of the rows.

`watch` has the database itself write down every change of a request, so that not only what is left is judged but
also how it came to be: one ending, and no move that the table does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from integrations.errors import IntegrationError
from integrations.telephony.client import FINAL_STATUSES, CarrierClient
from queueing.callback import MOVES, OURS, SCHEDULED

_OURS = ", ".join(f"'{result}'" for result in OURS)
Ask = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
# Each names rows that contradict others; none may have any after any commit. One who talks has been served when the
# consultant books another callback for them, and goes on talking.
CONTRADICTIONS = {
    "a request that is neither ended nor to be found": """
        SELECT callback.id || ' ' || callback.status || ', place ' || coalesce(entry.status, 'none')
            || ', attempt ' || coalesce(attempt.status, 'none')
        FROM callback
        LEFT JOIN queue_entry AS entry ON entry.callback_id = callback.id AND entry.ended_at IS NULL
        LEFT JOIN callback_attempt AS attempt ON attempt.callback_id = callback.id AND attempt.ended_at IS NULL
        WHERE NOT CASE callback.status
            WHEN 'scheduled' THEN not_before IS NOT NULL AND entry.id IS NULL AND attempt.id IS NULL
            WHEN 'waiting' THEN entry.status = 'waiting' AND entry.call_sid = 'callback-' || callback.id
                AND attempt.id IS NULL
            WHEN 'dialling' THEN entry.status = 'offered' AND entry.call_sid = 'callback-' || callback.id
                AND attempt.entry_id = entry.id AND attempt.status <> 'confirmed'
            WHEN 'live' THEN entry.call_sid = attempt.call_sid AND attempt.status = 'confirmed'
            ELSE attempt.id IS NULL AND (entry.id IS NULL
                OR callback.end_reason = 'served' AND entry.answered_at IS NOT NULL) END IS TRUE""",
    "an ended attempt whose consultant is not let go": """
        SELECT attempt.id || ' ' || result || ', offer ' || offer.status
        FROM callback_attempt AS attempt JOIN offer ON offer.id = offer_id
        WHERE attempt.ended_at IS NOT NULL AND offer.ended_at IS NULL""",
    "an open offer of a place that has ended": """
        SELECT offer.id FROM offer JOIN queue_entry AS entry ON entry.id = entry_id
        WHERE offer.ended_at IS NULL AND entry.ended_at IS NOT NULL""",
    "two attempts of one request at the same time": """
        SELECT one.id || ' ' || other.id
        FROM callback_attempt AS one JOIN callback_attempt AS other USING (callback_id)
        WHERE one.id < other.id AND one.made_at < coalesce(other.ended_at, 'infinity')
          AND other.made_at < coalesce(one.ended_at, 'infinity')""",
    "attempts that are not counted as they were": f"""
        SELECT callback.id || ' says ' || callback.attempts || ', made ' || count(attempt.id)
        FROM callback LEFT JOIN callback_attempt AS attempt ON callback_id = callback.id
            AND initiated_at IS NOT NULL AND coalesce(result, '') NOT IN ({_OURS})
        GROUP BY callback.id HAVING callback.attempts <> count(attempt.id)""",
    "attempts that are not numbered one by one": """
        SELECT callback_id::text FROM callback_attempt GROUP BY callback_id
        HAVING max(number) <> count(*) OR count(DISTINCT number) <> count(*)""",
    "a talk that was agreed to and not reached": """
        SELECT id || ' ' || result FROM callback_attempt WHERE confirmed_at IS NOT NULL AND result IS NOT NULL
          AND result NOT IN ('talked', 'hung_up', 'later', 'unserved', 'carrier')""",
    "a request that counts as served without a talk": """
        SELECT callback.id::text FROM callback WHERE end_reason = 'served' AND NOT EXISTS (
            SELECT 1 FROM callback_attempt AS attempt JOIN offer USING (entry_id)
            WHERE attempt.callback_id = callback.id AND result = 'talked' AND connected_at IS NOT NULL)""",
    "a consultant rung before the caller had agreed to talk": """
        SELECT attempt.id FROM callback_attempt AS attempt JOIN offer ON offer.id = offer_id
        WHERE attempt.confirmed_at IS NULL AND agent_call_sid IS NOT NULL""",
    "somebody out of reach of whom nobody is to be told": """
        SELECT callback.id::text FROM callback WHERE end_reason = 'unreached' AND NOT EXISTS (
            SELECT 1 FROM text_message WHERE callback_id = callback.id AND kind = 'unreached')""",
    "given up before the last attempt": """
        SELECT id || ' after ' || attempts FROM callback
        WHERE end_reason = 'unreached' AND attempts < %(most_attempts)s""",
    "more promises for a half hour than there is room": """
        SELECT centre || ' ' || slot_from || ': ' || count(*) FROM callback
        WHERE ended_at IS NULL AND slot_from IS NOT NULL GROUP BY centre, slot_from HAVING count(*) > %(capacity)s""",
    "who gave up after waiting long and is not rung back": """
        SELECT entry.id::text FROM queue_entry AS entry
        WHERE kind = 'call' AND end_reason = 'hung_up' AND answered_at IS NULL AND caller_sealed IS NOT NULL
          AND (entry.ended_at - joined_at >= make_interval(secs => %(abandoned_after)s) OR wants_callback)
          AND NOT EXISTS (SELECT 1 FROM callback WHERE number_hash = caller_hash
            AND callback.centre = entry.centre AND callback.skill = entry.skill
            AND asked_at <= entry.ended_at AND coalesce(callback.ended_at, 'infinity') >= entry.ended_at)""",
}
# What is still on its way; a request that waits for its time, or for somebody to be there, is not.
GOING_ON = {
    "attempts": "SELECT id || ' ' || status FROM callback_attempt WHERE ended_at IS NULL",
    "callbacks": "SELECT id || ' ' || status FROM callback WHERE status IN ('dialling', 'live')",
}
# Both alarm clocks have had their chance.
_NOT_WOKEN = """
SELECT id || ' since ' || not_before FROM callback WHERE status = 'scheduled' AND not_before < %(now)s - %(after)s
"""
NOT_WOKEN_AFTER = timedelta(seconds=25)
# A machine hears a message, a caller judges the talk: both after the attempt.
_LEGS_OF_ENDED = """
SELECT id || ' ' || result, call_sid FROM callback_attempt
WHERE ended_at < %(now)s - %(grace)s AND call_sid IS NOT NULL
"""

_FROZEN = (
    "end_reason, ended_at, ended_by, end_note, attempts, not_before, centre, number_hash, skill, arrived_at, rank_at"
)
_ENDED_ATTEMPT = "result, ended_at, number, offer_id, initiated_at, answered_at, confirmed_at"
_WATCH = f"""
CREATE SCHEMA IF NOT EXISTS proof;
CREATE TABLE IF NOT EXISTS proof.move (
    id bigint GENERATED ALWAYS AS IDENTITY, callback_id bigint, before text, after text);
CREATE TABLE IF NOT EXISTS proof.changed_afterwards (what text);
CREATE OR REPLACE FUNCTION proof.note_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO proof.move (callback_id, before, after) VALUES (NEW.id, NULL, NEW.status);
    ELSIF OLD.status = 'ended' AND ({", ".join(f"OLD.{name.strip()}" for name in _FROZEN.split(","))})
            IS DISTINCT FROM ({", ".join(f"NEW.{name.strip()}" for name in _FROZEN.split(","))}) THEN
        INSERT INTO proof.changed_afterwards VALUES ('callback ' || OLD.id);
    ELSIF OLD.status <> NEW.status THEN
        INSERT INTO proof.move (callback_id, before, after) VALUES (NEW.id, OLD.status, NEW.status);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION proof.note_attempt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.status = 'ended' AND ({", ".join(f"OLD.{name.strip()}" for name in _ENDED_ATTEMPT.split(","))})
            IS DISTINCT FROM ({", ".join(f"NEW.{name.strip()}" for name in _ENDED_ATTEMPT.split(","))}) THEN
        INSERT INTO proof.changed_afterwards VALUES ('attempt ' || OLD.id);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER proof_move AFTER INSERT OR UPDATE ON callback
    FOR EACH ROW EXECUTE FUNCTION proof.note_move();
CREATE OR REPLACE TRIGGER proof_attempt AFTER UPDATE ON callback_attempt
    FOR EACH ROW EXECUTE FUNCTION proof.note_attempt();
"""
_FORGET = """
DROP TRIGGER IF EXISTS proof_move ON callback;
DROP TRIGGER IF EXISTS proof_attempt ON callback_attempt;
DROP SCHEMA IF EXISTS proof CASCADE;
"""
_HISTORY = {
    "a move that no table knows": """
        SELECT callback_id || ' ' || coalesce(before, 'nothing') || ' -> ' || after FROM proof.move
        WHERE NOT (coalesce(before, '') || ' ' || after) = ANY(%(known)s)""",
    "a request with two endings": """
        SELECT callback_id::text FROM proof.move WHERE after = 'ended' GROUP BY callback_id HAVING count(*) > 1""",
    "changed after its end": "SELECT what FROM proof.changed_afterwards",
}
_KNOWN = sorted({f"{before} {after}" for (before, _), after in MOVES.items()} | {f" {SCHEDULED}"})


def watch(connection: Connection[Any]) -> None:
    """From now on the database writes down every move of a request."""
    connection.execute(_WATCH)


def forget(connection: Connection[Any]) -> None:
    """No longer, and what was written down is gone."""
    connection.execute(_FORGET)


class CallbackProof:
    """Asks by `ask(sql, values)`; the rules are those of the centres that are judged."""

    def __init__(self, ask: Ask, abandoned_after_seconds: float, most_attempts: int, capacity: int) -> None:
        self._rows = ask
        self._rules = {
            "abandoned_after": abandoned_after_seconds,
            "most_attempts": most_attempts,
            "capacity": capacity,
            "known": _KNOWN,
        }
        self._contradictions = _all_of(CONTRADICTIONS | _HISTORY)
        self._going_on = _all_of(GOING_ON)

    def contradictions(self) -> dict[str, list[str]]:
        """All that must not be, each with its rows; empty is the proof."""
        return self._ask(self._contradictions)

    def going_on(self) -> dict[str, list[str]]:
        """What is still on its way, by kind."""
        return self._ask(self._going_on)

    def not_woken(self, now: datetime) -> list[str]:
        """Requests whose time has come long ago, and which nobody has let into the line."""
        values = {"now": now, "after": NOT_WOKEN_AFTER}
        return [row[0] for row in self._rows(_NOT_WOKEN, values)]

    def left_at_the_carrier(self, carrier: CarrierClient, now: datetime, grace: timedelta) -> list[str]:
        """Attempts that ended longer than `grace` ago, and whose call the carrier still has."""
        rows = self._rows(_LEGS_OF_ENDED, {"now": now, "grace": grace})
        return [name for name, sid in rows if _is_live(carrier, sid)]

    def _ask(self, question: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, what in self._rows(question, self._rules):
            found.setdefault(name, []).append(what)
        return found


def _all_of(questions: dict[str, str]) -> str:
    """One statement: one snapshot for all, and one way to the server and back."""
    return " UNION ALL ".join(_named(name, sql) for name, sql in questions.items())


def _named(name: str, sql: str) -> str:
    return f"SELECT '{name}', what::text FROM ({sql}) AS of_it (what)"


def _is_live(carrier: CarrierClient, sid: str) -> bool:
    try:
        status = carrier.call_status(sid)
    except IntegrationError:
        # Away just now: asked again.
        return True
    return status is not None and status not in FINAL_STATUSES


def new_ones(found: dict[str, list[str]], told: dict[str, list[str]]) -> dict[str, list[str]]:
    """What was not told of before: what went wrong once stays in the rows."""
    fresh = {name: sorted(set(rows) - set(told.get(name, ()))) for name, rows in found.items()}
    return {name: rows for name, rows in fresh.items() if rows}

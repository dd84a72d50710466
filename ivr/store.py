"""The hot path's own SQL: read a session, save a step if nobody else has, end a call. No ORM here.

One statement saves the session only if its turn is unchanged and appends the step, so a repeated, late or
simultaneous webhook can never have a second effect. No lock is held while the engine thinks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from psycopg import Connection

from integrations.sealer import Sealer
from ivr import verbs as verb_codec
from ivr.call_status import rank
from ivr.late_answers import PATIENCE_SECONDS
from ivr.outcome import ANSWERED, FAILED, outcome_of
from ivr.session import Session
from ivr.verbs import Verb

_ENTER = """
INSERT INTO call (call_sid, direction, caller_sealed, caller_hash, caller_tail, caller_kind, caller_region, dialled,
                  first_centre, centre, started_at, carrier_status, status_rank)
VALUES (%(sid)s, %(direction)s, %(caller_sealed)s, %(caller_hash)s, %(caller_tail)s, %(caller_kind)s,
        %(caller_region)s, %(dialled)s, %(centre)s, %(centre)s, %(at)s, %(status)s, %(status_rank)s)
ON CONFLICT (call_sid) DO NOTHING
"""
_START = f"""
WITH new_call AS ({_ENTER} RETURNING call_sid
), new_session AS (
    INSERT INTO call_session (call_sid, turn, state, private, touched_at)
    SELECT call_sid, %(turn)s, %(state)s, %(private)s, %(at)s FROM new_call
)
INSERT INTO call_step (call_sid, turn, kind, at, centre, node, keys, reply)
SELECT call_sid, %(turn)s, %(kind)s, %(at)s, %(centre)s, %(node)s, NULL, %(reply)s FROM new_call
"""
_READ = "SELECT turn, state, private FROM call_session WHERE call_sid = %s"
_SAVE = """
WITH saved AS (
    UPDATE call_session SET turn = %(turn)s, state = %(state)s, private = %(private)s, touched_at = %(at)s
    WHERE call_sid = %(sid)s AND turn = %(old_turn)s RETURNING call_sid
)
INSERT INTO call_step (call_sid, turn, kind, at, centre, node, keys, reply)
SELECT call_sid, %(turn)s, %(kind)s, %(at)s, %(centre)s, %(node)s, %(keys)s, %(reply)s FROM saved
"""
# The same with a change of centre, which is rare.
_SAVE_AND_MOVE = _SAVE.replace(
    "\n)\nINSERT INTO call_step",
    "\n), moved AS (\n"
    "    UPDATE call SET centre = %(centre)s FROM saved WHERE call.call_sid = saved.call_sid\n"
    ")\nINSERT INTO call_step",
)
_CALLER = "SELECT caller_hash, caller_tail, caller_region, caller_sealed FROM call WHERE call_sid = %s"
_REPLY = "SELECT reply FROM call_step WHERE call_sid = %s AND turn = %s"
# What was asked of others was answered before the webhook was: the caller was given the last of these documents.
_GIVEN = """
WITH RECURSIVE given AS (
    SELECT turn, at FROM call_step WHERE call_sid = %(sid)s AND turn = %(turn)s
    UNION ALL SELECT step.turn, step.at FROM given JOIN call_step AS step ON step.call_sid = %(sid)s
        AND step.turn = given.turn + 1 AND step.kind = 'command_answered' AND step.at - given.at < %(at_once)s)
SELECT max(turn) FROM given
"""
_DESK = """
UPDATE call SET desk_answered_at = %s WHERE call_sid = %s AND desk_answered_at IS NULL AND ended_at IS NULL
"""
_STATUS_EVENT = """
INSERT INTO call_status_event (call_sid, status, sequence, received_at, applied) VALUES (%s, %s, %s, %s, %s)
"""
_RAISE_STATUS = """
UPDATE call SET carrier_status = %s, status_rank = %s WHERE call_sid = %s AND ended_at IS NULL AND status_rank < %s
"""
_LOCK_OPEN = """
SELECT coalesce(desk_answered_at,
                (SELECT min(connected_at) FROM offer WHERE offer.call_sid = call.call_sid))
FROM call WHERE call_sid = %s AND ended_at IS NULL FOR UPDATE OF call
"""
_HEARD_SINCE = "SELECT 1 FROM call_session WHERE call_sid = %s AND touched_at >= %s"
_TAKE_SESSION = "DELETE FROM call_session WHERE call_sid = %s RETURNING state, private"
_BLAME_OUTAGE = """
UPDATE call SET outcome = 'failed', end_reason = 'outage'
WHERE call_sid = %s AND ended_at IS NOT NULL AND outcome IN ('abandoned_in_menu', 'after_hours')
"""
CARRIER, SWEEP, OUTAGE = "carrier", "sweep", "outage"
CALLER_CONTEXT = "call.caller"
_END = """
UPDATE call SET ended_at = GREATEST(%s, started_at), carrier_status = %s, status_rank = 9, outcome = %s, end_reason = %s
WHERE call_sid = %s AND ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What the ledger keeps of a call at its first ring."""

    call_sid: str
    direction: str
    dialled: str
    centre: str
    started_at: datetime
    status: str
    caller_kind: str
    caller_sealed: bytes | None = None
    caller_hash: bytes | None = None
    caller_tail: str | None = None
    caller_region: str | None = None


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """Whose number it is: a fingerprint, the last four digits, the place, and the number itself; "" when withheld."""

    hash: bytes | None = None
    tail: str | None = None
    region: str | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One event and its reply, beside the session that it led to."""

    kind: str
    at: datetime
    session: Session
    verbs: tuple[Verb, ...]
    keys: str | None = None


class CallStore:
    """Reads and writes calls on one connection of the webhooks' pool."""

    def __init__(self, connection: Connection[Any], sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def start(self, call: CallRecord, step: StepRecord) -> bool:
        """Enter a call with its first step; False when the ledger has it already."""
        values = self._step_values(call.call_sid, step) | _call_values(call)
        return self._connection.execute(_START, values).rowcount == 1

    def enter_without_session(self, call: CallRecord) -> None:
        """Enter a call whose first webhook was missed, unless the ledger has it."""
        self._connection.execute(_ENTER, _call_values(call) | {"at": call.started_at})

    def read(self, call_sid: str) -> Session | None:
        """The session of a call on the line; None when there is none (never was, or it has ended)."""
        row = self._connection.execute(_READ, (call_sid,)).fetchone()
        return self._session(call_sid, row[1], row[2]) if row else None

    def save(self, call_sid: str, old: Session, step: StepRecord) -> bool:
        """Save a step if the session is still at the old turn; False when another webhook was first."""
        values = self._step_values(call_sid, step) | {"old_turn": old.turn}
        statement = _SAVE if step.session.centre == old.centre else _SAVE_AND_MOVE
        return self._connection.execute(statement, values).rowcount == 1

    def reply(self, call_sid: str, turn: int) -> tuple[Verb, ...] | None:
        """The document that a call was given at a turn."""
        row = self._connection.execute(_REPLY, (call_sid, turn)).fetchone()
        if row is None:
            return None
        stored = bytes(row[0])
        if not stored.startswith(b"["):
            stored = self._sealer.open(stored, f"step:{call_sid}").encode()
        return verb_codec.from_list(orjson.loads(stored))

    def turn_given(self, call_sid: str, turn: int) -> int:
        """The turn whose document was the reply to the webhook that led to `turn`."""
        values = {"sid": call_sid, "turn": turn, "at_once": timedelta(seconds=PATIENCE_SECONDS)}
        row = self._connection.execute(_GIVEN, values).fetchone()
        return turn if row is None or row[0] is None else int(row[0])

    def note_status(self, call_sid: str, status: str, sequence: int | None, at: datetime) -> None:
        """Keep a status that ends nothing, and raise the call's state if it is higher."""
        reached = rank(status)
        applied = False
        if reached is not None:
            found = self._connection.execute(_RAISE_STATUS, (status, reached, call_sid, reached))
            applied = found.rowcount == 1
        self._connection.execute(_STATUS_EVENT, (call_sid, status[:40], sequence, at, applied))

    def caller(self, call_sid: str) -> CallerFacts:
        """What the ledger keeps of a call's number; the number is for use at once, and never to be kept so."""
        row = self._connection.execute(_CALLER, (call_sid,)).fetchone()
        if row is None:
            return CallerFacts()
        number = self._sealer.open(bytes(row[3]), CALLER_CONTEXT) if row[3] else ""
        return CallerFacts(hash=row[0], tail=row[1], region=row[2], number=number)

    def note_desk_answer(self, call_sid: str, at: datetime) -> None:
        self._connection.execute(_DESK, (at, call_sid))

    def end(
        self,
        call_sid: str,
        status: str,
        reason: str,
        at: datetime,
        sequence: int | None = None,
        unless_heard_since: datetime | None = None,
    ) -> str | None:
        """End a call with its one outcome, erasing what its session held; None when it had ended already.

        `reason` is carrier, sweep or outage. Taking the session away first means that a step saved at the same
        moment either counts or fails. `unless_heard_since` leaves a call alone that has moved on after all.
        """
        with self._connection.transaction():
            locked = self._connection.execute(_LOCK_OPEN, (call_sid,)).fetchone()
            if reason == CARRIER:
                values = (call_sid, status[:40], sequence, at, locked is not None)
                self._connection.execute(_STATUS_EVENT, values)
            if locked is None or self._was_heard(call_sid, unless_heard_since):
                return None
            row = self._connection.execute(_TAKE_SESSION, (call_sid,)).fetchone()
            marks = self._marks(call_sid, row, at if reason == CARRIER else None)
            if locked[0] is not None:
                marks.append(ANSWERED)
            if reason != CARRIER:
                # Nobody knows how it went on: only what was achieved counts, never "given up".
                marks.append(FAILED)
            outcome = outcome_of(marks)
            self._connection.execute(_END, (at, status[:20], outcome, reason, call_sid))
        return outcome

    def blame_outage(self, call_sid: str) -> bool:
        """A call that ended because we turned it away did not give up: its outcome becomes failed."""
        return self._connection.execute(_BLAME_OUTAGE, (call_sid,)).rowcount == 1

    def _was_heard(self, call_sid: str, since: datetime | None) -> bool:
        return since is not None and self._connection.execute(_HEARD_SINCE, (call_sid, since)).fetchone() is not None

    def _marks(self, call_sid: str, row: Any, ended_at: datetime | None) -> list[str]:
        """What the session had achieved. Without a known end, what was playing then is not counted as heard."""
        if row is None:
            return [FAILED]
        session = self._session(call_sid, row[0], row[1])
        if ended_at is not None:
            session.note_what_was_heard(ended_at)
            session.note_line_left(ended_at)
        return list(session.marks)

    def _session(self, call_sid: str, state: str, private: bytes | None) -> Session:
        session = Session.from_dict(orjson.loads(state))
        if private:
            session.private = orjson.loads(self._sealer.open(bytes(private), f"session:{call_sid}"))
        return session

    def _step_values(self, call_sid: str, step: StepRecord) -> dict[str, Any]:
        session = step.session
        state, private = self._state(call_sid, session)
        return {
            "sid": call_sid,
            "turn": session.turn,
            "state": state,
            "private": private,
            "kind": step.kind,
            "at": step.at,
            "centre": session.centre,
            "node": session.node,
            "keys": step.keys,
            "reply": self._reply(call_sid, step.verbs),
        }

    def _state(self, call_sid: str, session: Session) -> tuple[str, bytes | None]:
        private = session.private
        sealed = None
        if private:
            sealed = self._sealer.seal(orjson.dumps(private).decode(), f"session:{call_sid}")
        return session.to_json(orjson.dumps), sealed

    def _reply(self, call_sid: str, verbs: tuple[Verb, ...]) -> bytes:
        stored = orjson.dumps(verb_codec.to_list(verbs))
        if verb_codec.is_private(verbs):
            return self._sealer.seal(stored.decode(), f"step:{call_sid}")
        return stored


def _call_values(call: CallRecord) -> dict[str, Any]:
    return {
        "sid": call.call_sid,
        "direction": call.direction,
        "caller_sealed": call.caller_sealed,
        "caller_hash": call.caller_hash,
        "caller_tail": call.caller_tail,
        "caller_kind": call.caller_kind,
        "caller_region": call.caller_region,
        "dialled": call.dialled,
        "status": call.status,
        "status_rank": rank(call.status) or 0,
        "centre": call.centre,
    }

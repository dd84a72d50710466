"""The seats' states as rows: every move closes one interval and opens the next, in its caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from psycopg import Connection

from queueing.agent import AVAILABLE, FORGETS_MISSES, LOGGED_OUT, Standing, advance
from queueing.routing import Seat

log = structlog.get_logger(__name__)

_FIELDS = (
    "id, number, name, centre, skills, languages, door, telephone_sealed, state, reason, state_since, next_reason, "
    "misses, cool_until, heartbeat_at, idle_since"
)
_LOCK = f"SELECT {_FIELDS} FROM agent WHERE id = %s AND is_active FOR NO KEY UPDATE"
_READ = f"SELECT {_FIELDS} FROM agent WHERE id = %s AND is_active"
_AVAILABLE = f"SELECT {_FIELDS} FROM agent WHERE state = 'available' AND is_active ORDER BY idle_since, id"
_MOVE = """
UPDATE agent SET state = %(state)s, reason = %(reason)s, state_since = %(at)s, next_reason = %(next_reason)s,
                 misses = %(misses)s, cool_until = %(cool_until)s, idle_since = %(idle_since)s
WHERE id = %(id)s
"""
_BEGIN_SHIFT = "INSERT INTO agent_shift (agent_id, began_at) VALUES (%(id)s, %(at)s)"
_END_SHIFT = "UPDATE agent_shift SET ended_at = %(at)s WHERE agent_id = %(id)s AND ended_at IS NULL"
_CLOSE_INTERVAL = "UPDATE agent_interval SET until = %(at)s WHERE agent_id = %(id)s AND until IS NULL"
_OPEN_INTERVAL = """
INSERT INTO agent_interval (shift_id, agent_id, state, reason, offer_id, since)
SELECT id, agent_id, %(state)s, %(reason)s, %(offer_id)s, %(at)s FROM agent_shift
WHERE agent_id = %(id)s AND ended_at IS NULL
"""


_WRITTEN = ("id", "state", "reason", "next_reason", "misses", "cool_until", "idle_since")


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A consultant's seat as it is in the database."""

    id: int
    number: str
    name: str
    centre: str
    skills: list[str]
    languages: list[str]
    door: str
    telephone_sealed: bytes | None
    state: str
    reason: str | None
    state_since: datetime
    next_reason: str | None
    misses: int
    cool_until: datetime | None
    heartbeat_at: datetime | None
    # Since the last caller, or since coming to work: a ring that came to nothing does not change it.
    idle_since: datetime

    @property
    def client(self) -> str:
        """The name under which its page is registered with the carrier."""
        return f"agent-{self.id}"


def lock_seat(connection: Connection[Any], agent_id: int) -> SeatRow | None:
    """The seat, locked until the transaction ends; None for one that is unknown or no longer active."""
    row = connection.execute(_LOCK, (agent_id,)).fetchone()
    return SeatRow(*row) if row else None


def read_seat(connection: Connection[Any], agent_id: int) -> SeatRow | None:
    row = connection.execute(_READ, (agent_id,)).fetchone()
    return SeatRow(*row) if row else None


def read_available(connection: Connection[Any]) -> list[SeatRow]:
    """Every free seat, the longest idle first."""
    return [SeatRow(*row) for row in connection.execute(_AVAILABLE).fetchall()]


def move_seat(
    connection: Connection[Any],
    seat: SeatRow,
    event: str,
    at: datetime,
    reason: str | None = None,
    offer_id: str | None = None,
) -> SeatRow:
    """Move a locked seat. Raises IllegalMove. What `seat` says of misses and cooling is written along."""
    standing = advance(Standing(seat.state, seat.reason, seat.next_reason), event, reason)
    state, is_same = standing.state, (standing.state, standing.reason) == (seat.state, seat.reason)
    # Clocks of two machines differ a little; an interval never ends before it began.
    at = seat.state_since if is_same else max(at, seat.state_since) if seat.state != LOGGED_OUT else at
    moved = replace(
        seat,
        state=state,
        reason=standing.reason,
        state_since=at,
        next_reason=standing.next_reason,
        misses=0 if event in FORGETS_MISSES else seat.misses,
        idle_since=at if state == AVAILABLE and event != "release" and not is_same else seat.idle_since,
    )
    values = {name: getattr(moved, name) for name in _WRITTEN}
    values |= {"at": at, "offer_id": offer_id}
    connection.execute(_MOVE, values)
    if is_same:
        return moved
    if seat.state == LOGGED_OUT:
        connection.execute(_BEGIN_SHIFT, values)
    else:
        connection.execute(_CLOSE_INTERVAL, values)
    connection.execute(_END_SHIFT if state == LOGGED_OUT else _OPEN_INTERVAL, values)
    log.info("agent_moved", agent=seat.id, move=f"{seat.state} -{event}-> {state}", reason=standing.reason)
    return moved


def routing_seat(seat: SeatRow) -> Seat:
    """The seat as the rules of routing see it."""
    return Seat(
        seat.id, seat.centre, frozenset(seat.skills), frozenset(seat.languages), seat.idle_since, seat.cool_until
    )

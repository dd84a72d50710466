"""The live line made from the rows after Redis has lost it, and mended where the two differ. The rows win.

Both functions are safe to call from any number of processes: one at a time does the work. They raise redis.RedisError
and psycopg.Error and leave nothing half-done. `lines_of` says which lines a seat may draw from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection

from integrations.services import Services
from queueing.agent import AVAILABLE
from queueing.entries import OFFERED, WAITING, read_entry
from queueing.line_base import waiting_entry
from queueing.line_draft import LineDraft
from queueing.live_queue import OFFERED as HELD_BY_OFFER
from queueing.live_queue import WAITING as HELD_BY_NOBODY
from queueing.live_queue import LiveQueue
from queueing.routing import QueueKey, Waiting
from queueing.seats import SeatRow, read_available, read_seat, routing_seat

log = structlog.get_logger(__name__)

# A change that was committed just now is still on its way to Redis.
SETTLED_AFTER = timedelta(seconds=2)
ROWS_AT_ONCE = 5000

LinesOf = Callable[[SeatRow], Iterable[QueueKey]]

_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('live line'))"
_IN_LINE = "ended_at IS NULL AND status IN ('waiting', 'offered')"
_ENTRIES = f"SELECT id, centre, skill, language, joined_at, rank_at, status FROM queue_entry WHERE {_IN_LINE}"
_ENTRY_IDS = f"SELECT id, status FROM queue_entry WHERE {_IN_LINE}"
_SEAT_IDS = "SELECT id FROM agent WHERE state = 'available' AND is_active"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a new line was made of, and how long it took."""

    entries: int
    seats: int
    seconds: float


@dataclass(slots=True)
class Mended:
    """How many were put right in Redis: entries and seats that were missing or wrong, and those that were too many."""

    entries_put: int = 0
    entries_taken: int = 0
    seats_put: int = 0
    seats_taken: int = 0

    @property
    def total(self) -> int:
        return self.entries_put + self.entries_taken + self.seats_put + self.seats_taken


def rebuild(services: Services, line: LiveQueue, lines_of: LinesOf) -> Rebuilt | None:
    """Make the line from one snapshot of the rows when Redis has none.

    None when there is one, when another process is at it, or when Redis lost data meanwhile.
    """
    began = time.monotonic()
    with _alone(services, "REPEATABLE READ") as connection:
        if connection is None or line.is_built():
            return None
        draft = _draft(connection, line, lines_of)
        if not draft.publish():
            return None
        draft.discard_others()
    rebuilt = Rebuilt(draft.entries, draft.seats, time.monotonic() - began)
    log.warning("line_rebuilt", **asdict(rebuilt))
    # Who came or went while it was being written was told to go on with the rows.
    reconcile(services, line, lines_of, settled_after=timedelta(0))
    return rebuilt


def reconcile(
    services: Services, line: LiveQueue, lines_of: LinesOf, settled_after: timedelta = SETTLED_AFTER
) -> Mended | None:
    """Compare who is in the line with the rows, by ids, and put right what differs and is not quite new.

    What is being claimed is left alone. None when another process is at it. Raises LineLost when there is no line.
    """
    with _alone(services, "READ COMMITTED") as connection:
        if connection is None:
            return None
        mended, settled = Mended(), services.now() - settled_after
        for entry_id in _wrong_entries(connection, line):
            _mend_entry(connection, line, entry_id, settled, mended)
        for agent_id in _wrong_seats(connection, line):
            _mend_seat(connection, line, agent_id, lines_of, settled, mended)
    if mended.total:
        log.warning("line_mended", **asdict(mended))
    return mended


def _draft(connection: Connection[Any], line: LiveQueue, lines_of: LinesOf) -> LineDraft:
    draft = LineDraft(line.live_store)
    draft.add_seats((routing_seat(seat), lines_of(seat)) for seat in read_available(connection))
    for rows in _read(connection, _ENTRIES):
        draft.add_entries((Waiting(*row[:6]), row[6] == OFFERED) for row in rows)
    return draft


def _wrong_entries(connection: Connection[Any], line: LiveQueue) -> list[int]:
    holds = line.entry_holds()
    wrong = []
    for rows in _read(connection, _ENTRY_IDS):
        for entry_id, status in rows:
            # Waiting and yet held by an offer, or the other way round: any other hold is a claim on its way.
            if holds.pop(entry_id, None) in (None, HELD_BY_OFFER if status == WAITING else HELD_BY_NOBODY):
                wrong.append(entry_id)
    return wrong + list(holds)


def _wrong_seats(connection: Connection[Any], line: LiveQueue) -> list[int]:
    holds = line.seat_holds()
    available = {agent_id for (agent_id,) in connection.execute(_SEAT_IDS)}
    too_many = [agent_id for agent_id, hold in holds.items() if agent_id not in available and not hold]
    return [*(available - holds.keys()), *too_many]


def _mend_entry(connection: Connection[Any], line: LiveQueue, entry_id: int, settled: datetime, mended: Mended) -> None:
    # Read again: it may have been put right since.
    entry = read_entry(connection, entry_id)
    if entry and max(entry.joined_at, entry.ended_at or entry.joined_at) > settled:
        return
    if entry and entry.status in (WAITING, OFFERED):
        line.join(waiting_entry(entry), is_offered=entry.status == OFFERED)
        mended.entries_put += 1
    else:
        mended.entries_taken += line.leave(entry_id)


def _mend_seat(
    connection: Connection[Any],
    line: LiveQueue,
    agent_id: int,
    lines_of: LinesOf,
    settled: datetime,
    mended: Mended,
) -> None:
    seat = read_seat(connection, agent_id)
    if seat and seat.state_since > settled:
        return
    if seat and seat.state == AVAILABLE:
        line.agent_free(routing_seat(seat), lines_of(seat))
        mended.seats_put += 1
    else:
        mended.seats_taken += line.agent_gone(agent_id)


@contextmanager
def _alone(services: Services, isolation: str) -> Iterator[Connection[Any] | None]:
    """A transaction that no other keeper of the line has at the same time; None when one has."""
    with services.database.pool.connection() as connection, connection.transaction():
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        row = connection.execute(_ALONE).fetchone()
        yield connection if row and row[0] else None


def _read(connection: Connection[Any], query: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, some thousands at a time, kept by the server until then."""
    with connection.cursor(name="live_line") as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows

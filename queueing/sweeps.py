"""What time ends: rings nobody answers, callers who do not come, pages that are silent, wrap-ups, legs nobody reports.

Any number of dispatchers may sweep at once; each deed is a conditional change under a lock, so it happens once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from psycopg import Connection

from integrations.errors import IntegrationError
from queueing import offers, tasks
from queueing.agent import AVAILABLE, AWAY, NO_HEARTBEAT, RESERVED, WRAP_UP, IllegalMove
from queueing.line import WaitingLine
from queueing.offers import CONNECT_SECONDS, HEARTBEAT_SECONDS
from queueing.seats import SeatRow, lock_seat, move_seat

log = structlog.get_logger(__name__)
# The carrier rings a little longer than we count, so that its own word usually comes first.
RING_GRACE = timedelta(seconds=2)
# A page that has been gone for so long has gone home. A break is only ever ended by its consultant.
SIGNED_OUT_AFTER = timedelta(minutes=30)
ASK_AFTER = timedelta(seconds=30)
FINAL = ("completed", "canceled", "busy", "no-answer", "failed")

_RUNG_OUT = "SELECT id, centre FROM offer WHERE status IN ('reserved', 'ringing') AND ring_until < %s"
_NOT_CONNECTED = "SELECT id, centre FROM offer WHERE status = 'accepted' AND accepted_at < %s"
_SILENT = """
SELECT id FROM agent WHERE state IN ('available', 'reserved') AND coalesce(heartbeat_at, state_since) < %s
"""
_GONE_HOME = """
SELECT id FROM agent WHERE state IN ('away', 'wrap_up') AND coalesce(heartbeat_at, state_since) < %s
"""
_WRAPPED_UP = "SELECT id, centre, state_since FROM agent WHERE state = 'wrap_up'"
_TALKS = """
SELECT id, centre, call_sid, agent_call_sid FROM offer
WHERE status = 'connected' AND connected_at < %s ORDER BY connected_at
"""


@dataclass
class Sweeper:
    """`asked` remembers when the carrier was last asked about a talk; another process may ask as well."""

    line: WaitingLine

    def __post_init__(self) -> None:
        self._asked: dict[str, datetime] = {}

    def sweep(self) -> int:
        """Everything that is due now; how many things were ended."""
        now = self.line.services.now()
        ended = self._end_offers(_RUNG_OUT, now - RING_GRACE, "ring_over", now)
        ended += self._end_offers(_NOT_CONNECTED, now - timedelta(seconds=CONNECT_SECONDS), "lease_over", now)
        ended += self._set_silent_away(now)
        ended += self._finish_wrap_ups(now)
        return ended + self._sign_out_the_gone(now)

    def ask_about_talks(self) -> int:
        """Ask the carrier about talks of which nothing was heard for a while; how many were over."""
        now, over = self.line.services.now(), 0
        with self.line.services.database.pool.connection() as connection:
            rows = connection.execute(_TALKS, (now - ASK_AFTER,)).fetchall()
        live = {row[0] for row in rows}
        self._asked = {offer: at for offer, at in self._asked.items() if offer in live}
        for offer_id, centre, caller, leg in rows:
            if now - self._asked.get(offer_id, now - ASK_AFTER) < ASK_AFTER:
                continue
            self._asked[offer_id] = now
            over += self._ask(offer_id, centre, caller, leg)
        return over

    def _ask(self, offer_id: str, centre: str, caller: str, leg: str | None) -> int:
        carrier = self.line.services.carrier
        try:
            caller_status = carrier.call_status(caller)
            leg_status = carrier.call_status(leg) if leg else None
        except IntegrationError as error:
            log.warning("carrier_not_asked", offer=offer_id, error=str(error))
            return 0
        if caller_status is None or caller_status in FINAL:
            self.line.caller_gone(caller)
            return 1
        if leg_status is None or leg_status in FINAL:
            return int(self._end(offer_id, centre, "agent_left", "leg"))
        return 0

    def _end_offers(self, sql: str, before: datetime, event: str, now: datetime) -> int:
        with self.line.services.database.pool.connection() as connection:
            rows = connection.execute(sql, (before,)).fetchall()
        return sum(self._end(offer_id, centre, event, "timeout") for offer_id, centre in rows)

    def _end(self, offer_id: str, centre: str, event: str, reason: str) -> bool:
        services = self.line.services
        with services.database.pool.connection() as connection, connection.transaction():
            try:
                ended = offers.end_offer(connection, offer_id, event, reason, services.now(), self.line.rules(centre))
            except IllegalMove:
                return False
        self.line.offer_changed(ended)
        return ended is not None

    def _set_silent_away(self, now: datetime) -> int:
        limit = timedelta(seconds=HEARTBEAT_SECONDS)

        def is_silent(seat: SeatRow) -> bool:
            return seat.state in (AVAILABLE, RESERVED) and now - (seat.heartbeat_at or seat.state_since) > limit

        return self._move_all(_SILENT, now - limit, is_silent, "set_away", NO_HEARTBEAT, now)

    def _sign_out_the_gone(self, now: datetime) -> int:
        def is_gone(seat: SeatRow) -> bool:
            silent = now - (seat.heartbeat_at or seat.state_since)
            return seat.state in (AWAY, WRAP_UP) and silent > SIGNED_OUT_AFTER

        return self._move_all(_GONE_HOME, now - SIGNED_OUT_AFTER, is_gone, "sign_out", None, now)

    def _finish_wrap_ups(self, now: datetime) -> int:
        with self.line.services.database.pool.connection() as connection:
            rows = connection.execute(_WRAPPED_UP).fetchall()
        done = 0
        for agent_id, centre, since in rows:
            seconds = self.line.rules(centre).wrap_up_seconds
            if seconds and now - since >= timedelta(seconds=seconds):
                done += self._move(agent_id, partial(_is_same, since=since), "finish", None, now)
        return done

    def _move_all(
        self,
        sql: str,
        before: datetime,
        holds: Callable[[SeatRow], bool],
        event: str,
        reason: str | None,
        now: datetime,
    ) -> int:
        with self.line.services.database.pool.connection() as connection:
            rows = connection.execute(sql, (before,)).fetchall()
        return sum(self._move(row[0], holds, event, reason, now) for row in rows)

    def _move(
        self, agent_id: int, holds: Callable[[SeatRow], bool], event: str, reason: str | None, now: datetime
    ) -> int:
        """Move a seat if, under the lock, the reason for it still holds."""
        services = self.line.services
        with services.database.pool.connection() as connection, connection.transaction():
            offer = _release_ring(connection, agent_id, holds, self.line, now)
            seat = lock_seat(connection, agent_id)
            if seat is None or not holds(seat):
                return 0
            move_seat(connection, seat, event, now, reason=reason)
        self.line.seat_changed(seat.id, seat.centre)
        if offer is not None:
            self.line.offer_changed(offer)
        return 1


def _is_same(seat: SeatRow, since: datetime) -> bool:
    return seat.state == WRAP_UP and seat.state_since == since


def _release_ring(
    connection: Connection[Any], agent_id: int, holds: Callable[[SeatRow], bool], line: WaitingLine, now: datetime
) -> offers.Offer | None:
    """A silent page that rings: the caller goes to the next at once, before the seat is set away."""
    offer = offers.open_offer_of_agent(connection, agent_id)
    if offer is None or offer.status not in ("reserved", "ringing"):
        return None
    locked = offers.lock_offer(connection, offer.id)
    seat = lock_seat(connection, agent_id)
    if locked is not None and locked[1].status in ("reserved", "ringing") and seat is not None and holds(seat):
        return offers.end_offer(connection, offer.id, "fail", "timeout", now, line.rules(offer.centre))
    return None


def due_tasks(line: WaitingLine, most: int) -> list[tasks.Task]:
    """Tasks for this process, leased."""
    with line.services.database.pool.connection() as connection, connection.transaction():
        return tasks.take_tasks(connection, line.services.now(), most)

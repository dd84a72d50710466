"""What time ends: rings nobody answers, callers who do not come, pages that are silent, wrap-ups, legs nobody reports.

Any number of dispatchers may sweep at once; each deed is a conditional change under a lock, so it happens once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import structlog
from psycopg import Connection
from psycopg_pool import PoolTimeout

from integrations.errors import IntegrationError
from queueing import offers
from queueing.agent import AVAILABLE, AWAY, NO_HEARTBEAT, RESERVED, WRAP_UP
from queueing.line import WaitingLine
from queueing.offers import CONNECT_SECONDS, HEARTBEAT_SECONDS
from queueing.seats import SeatRow, lock_seat, move_seat
from queueing.talk_check import check_talk

log = structlog.get_logger(__name__)
# The carrier rings a little longer than we count, so that its own word usually comes first.
RING_GRACE = timedelta(seconds=2)
# A page that has been gone for so long has gone home. A break is only ever ended by its consultant.
SIGNED_OUT_AFTER = timedelta(minutes=30)
ASK_AFTER = timedelta(seconds=30)
MOST_ASKED = 20
DATABASE_AWAY = (psycopg.OperationalError, PoolTimeout)

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
SELECT id FROM offer
WHERE status = 'connected' AND connected_at < %s ORDER BY connected_at
"""


@dataclass
class Sweeper:
    """Remembers when it last asked the carrier about a talk; another process may ask as well."""

    line: WaitingLine

    def __post_init__(self) -> None:
        self._asked: dict[str, datetime] = {}

    def sweep(self) -> int:
        """Everything that is due now; how many things were ended."""
        now = self.line.services.now()
        kinds: tuple[Callable[[datetime], int], ...] = (
            lambda now: self._end_offers(_RUNG_OUT, now - RING_GRACE, "ring_over"),
            lambda now: self._end_offers(_NOT_CONNECTED, now - timedelta(seconds=CONNECT_SECONDS), "lease_over"),
            self._set_silent_away,
            self._finish_wrap_ups,
            self._sign_out_the_gone,
        )
        return sum(kind(now) for kind in kinds)

    def ask_about_talks(self) -> int:
        """Ask the carrier about talks of which nothing was heard for a while; how many were over."""
        now, over = self.line.services.now(), 0
        with self.line.services.database.pool.connection() as connection:
            rows = connection.execute(_TALKS, (now - ASK_AFTER,)).fetchall()
        self._asked = {offer: at for offer, at in self._asked.items() if offer in {row[0] for row in rows}}
        due = [row[0] for row in rows if now - self._asked.get(row[0], now - ASK_AFTER) >= ASK_AFTER]
        for offer_id in due[:MOST_ASKED]:
            self._asked[offer_id] = now
            try:
                over += check_talk(self.line, offer_id)
            except IntegrationError as error:
                # The rest would have to wait as long.
                log.warning("carrier_not_asked", offer=offer_id, error=str(error))
                break
        return over

    def _end_offers(self, sql: str, before: datetime, event: str) -> int:
        with self.line.services.database.pool.connection() as connection:
            rows = connection.execute(sql, (before,)).fetchall()
        return sum(self._end(offer_id, centre, event, "timeout") for offer_id, centre in rows)

    def _end(self, offer_id: str, centre: str, event: str, reason: str) -> bool:
        services = self.line.services
        try:
            with services.database.pool.connection() as connection, connection.transaction():
                rules = self.line.rules(centre)
                ended = offers.end_offer(connection, offer_id, event, reason, services.now(), rules)
        except DATABASE_AWAY:
            raise
        except Exception:
            # Nothing was changed; the others are still due.
            log.exception("offer_not_ended", offer=offer_id, by=event)
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
        try:
            with services.database.pool.connection() as connection, connection.transaction():
                offer = _release_ring(connection, agent_id, holds, self.line, now)
                seat = lock_seat(connection, agent_id)
                # Still reserved: the call was accepted meanwhile, and the talk comes first.
                is_due = seat is not None and holds(seat) and seat.state != RESERVED
                if seat is not None and is_due:
                    move_seat(connection, seat, event, now, reason=reason)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("seat_not_moved", agent=agent_id, by=event)
            return 0
        self.line.offer_changed(offer)
        if is_due:
            self.line.seat_changed(agent_id)
        return int(is_due)


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

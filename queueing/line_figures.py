"""What an estimate needs to know of a centre's line, looked up at most every few seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from queueing.agent import SERVING, SIGNED_IN
from queueing.offers import may_be_offered
from queueing.routing import Seat
from queueing.seats import read_available, routing_seat
from queueing.wait_time import LineNow, busy_intervals

KEPT_FOR = timedelta(seconds=3)
LOOK_BACK = timedelta(minutes=60)
# Who has been on a break, or silent, for so long does not come to answer.
LONG_BREAK, LONG_AWAY = timedelta(hours=2), timedelta(minutes=15)

_PEOPLE = """
SELECT count(*) FILTER (WHERE state = ANY(%(signed_in)s) AND NOT (state = 'break' AND state_since < %(long_break)s)
                        AND NOT (state = 'away' AND state_since < %(long_away)s)),
       count(*) FILTER (WHERE state = ANY(%(serving)s))
FROM agent WHERE is_active AND centre = ANY(%(centres)s)
"""
# From the ring to the end of the wrap-up.
_HANDLED = """
SELECT extract(epoch FROM coalesce(max(wrap.until), offer.ended_at) - offer.made_at)::float
FROM offer LEFT JOIN agent_interval AS wrap
    ON wrap.offer_id = offer.id AND wrap.state = 'wrap_up' AND wrap.until IS NOT NULL
WHERE offer.centre = %(centre)s AND offer.made_at > %(since)s AND offer.connected_at IS NOT NULL
  AND offer.ended_at IS NOT NULL
GROUP BY offer.id ORDER BY offer.ended_at DESC LIMIT 200
"""
_JOINED_AND_ANSWERED = """
SELECT joined_at, answered_at FROM queue_entry
WHERE centre = %(centre)s AND joined_at > %(since)s AND answered_at IS NOT NULL AND answered_at >= joined_at
ORDER BY answered_at DESC LIMIT 200
"""
_GIVEN_UP = """
SELECT count(*) FILTER (WHERE answered_at IS NULL AND end_reason IN ('hung_up', 'left')),
       coalesce(sum(extract(epoch FROM coalesce(answered_at, ended_at, %(now)s) - joined_at)), 0)::float
FROM queue_entry WHERE centre = %(centre)s AND joined_at > %(since)s
"""


@dataclass(frozen=True, slots=True)
class LineFigures:
    """`signed_in`: anybody who may come to answer, helpers too; `serving`: of the centre itself; `free_seats`: of both.

    The rest is of the last hour, in seconds: see `wait_time.LineNow`.
    """

    signed_in: int
    serving: int
    free_seats: tuple[Seat, ...] = ()
    handling_seconds: tuple[float, ...] = ()
    answer_intervals: tuple[float, ...] = ()
    gave_up: int = 0
    waited_seconds: float = 0.0

    def line_now(self, ahead: int) -> LineNow:
        """What an estimate for somebody with so many ahead is made of."""
        return LineNow(
            ahead=ahead,
            serving=self.serving,
            handling_seconds=self.handling_seconds,
            answer_intervals=self.answer_intervals,
            gave_up=self.gave_up,
            waited_seconds=self.waited_seconds,
            free=len(self.free_seats),
        )


class FigureBook:
    """The figures of each centre, kept for KEPT_FOR; that nobody is there is never kept. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, LineFigures]] = {}

    def of(self, connection: Connection[Any], centre: str, helpers: list[str], now: datetime) -> LineFigures:
        found = self._kept.get(centre)
        if found is not None and timedelta(0) <= now - found[0] < KEPT_FOR and found[1].signed_in:
            return found[1]
        figures = read_figures(connection, centre, helpers, now)
        with self._lock:
            self._kept[centre] = now, figures
        return figures


def read_figures(connection: Connection[Any], centre: str, helpers: list[str], now: datetime) -> LineFigures:
    """The figures as the rows tell them now."""
    states: dict[str, Any] = {"signed_in": list(SIGNED_IN), "serving": list(SERVING)}
    states |= {"long_break": now - LONG_BREAK, "long_away": now - LONG_AWAY}
    own = connection.execute(_PEOPLE, states | {"centres": [centre]}).fetchone() or (0, 0)
    helping = connection.execute(_PEOPLE, states | {"centres": helpers}).fetchone() if helpers else None
    period = {"centre": centre, "since": now - LOOK_BACK, "now": now}
    given_up = connection.execute(_GIVEN_UP, period).fetchone() or (0, 0.0)
    return LineFigures(
        signed_in=own[0] + (helping[0] if helping else 0),
        serving=own[1],
        free_seats=tuple(
            routing_seat(seat)
            for seat in read_available(connection)
            if seat.centre in (centre, *helpers) and may_be_offered(seat, now)
        ),
        handling_seconds=tuple(row[0] for row in connection.execute(_HANDLED, period).fetchall()),
        answer_intervals=tuple(busy_intervals(connection.execute(_JOINED_AND_ANSWERED, period).fetchall())),
        gave_up=given_up[0],
        waited_seconds=given_up[1],
    )

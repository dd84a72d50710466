"""The consultant's side: signing in, breaks, and what can be done with the caller who is there.

Each deed is checked under a lock against the state as it is, and raises a sentence when it cannot be done now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from psycopg import Connection

from integrations.errors import HotlineError
from integrations.telephony.urls import CarrierUrls
from queueing import offers
from queueing.agent import BREAK_REASONS, break_event
from queueing.line import WaitingLine
from queueing.offer import CONNECTED
from queueing.offers import Offer, Target
from queueing.routing import LANGUAGES, SKILLS
from queueing.seats import SeatRow, lock_seat, move_seat

log = structlog.get_logger(__name__)
_HEARTBEAT = "UPDATE agent SET heartbeat_at = %s WHERE id = %s AND is_active"
_DONE = "UPDATE wrap_up SET done_at = %s WHERE agent_id = %s AND done_at IS NULL"


class NotNow(HotlineError):
    """A deed that the present state of the seat or the talk does not allow."""

    http_status = 409


class AgentDesk:
    """What a consultant can do. Every method raises NotNow or IllegalMove, with nothing changed."""

    def __init__(self, line: WaitingLine) -> None:
        self._line = line
        self._services = line.services
        self._urls = CarrierUrls(line.services.settings.public_base_url)

    # the seat

    def sign_in(self, agent_id: int) -> None:
        """Begin the shift, free for calls. Signed in already: nothing changes."""
        self.heartbeat(agent_id)
        self._move(agent_id, lambda seat: ("sign_in", None))

    def sign_out(self, agent_id: int) -> None:
        """End the shift; not with somebody on the line."""
        self._move(agent_id, lambda seat: ("sign_out", None))

    def ready(self, agent_id: int) -> None:
        """Back from a break, or from being set away; a break that was only wished for is taken back."""
        self.heartbeat(agent_id)
        self._move(agent_id, lambda seat: ("ready", None))

    def take_break(self, agent_id: int, reason: str) -> None:
        """A break now, or as soon as the caller who is there has been served."""
        if reason not in BREAK_REASONS:
            raise NotNow(f"break {reason!r}", "请选一个休息的原因：用餐、培训、会议或小休。")
        self._move(agent_id, lambda seat: (break_event(seat.state), reason))

    def finish_wrap_up(self, agent_id: int) -> None:
        """Done with the notes: free for the next caller, or on the break that was wished for."""
        self._move(agent_id, lambda seat: ("finish", None))
        with self._services.database.pool.connection() as connection:
            connection.execute(_DONE, (self._services.now(), agent_id))

    def heartbeat(self, agent_id: int) -> None:
        """The page is alive."""
        with self._services.database.pool.connection() as connection:
            connection.execute(_HEARTBEAT, (self._services.now(), agent_id))

    def _move(self, agent_id: int, choose: Callable[[SeatRow], tuple[str, str | None]]) -> None:
        with self._transaction() as connection:
            seat = lock_seat(connection, agent_id)
            if seat is None:
                raise NotNow(f"agent {agent_id}", "这个座席已经停用，请联系值班长。")
            event, reason = choose(seat)
            move_seat(connection, seat, event, self._services.now(), reason=reason)
        self._line.seat_changed(agent_id)

    # the caller

    def reject(self, agent_id: int, offer_id: str) -> None:
        """Not this one: the caller goes to the next consultant at once."""
        self._end(agent_id, offer_id, "reject")

    def hang_up(self, agent_id: int, offer_id: str) -> None:
        """The talk is done: the caller is asked for a judgement, the consultant writes notes."""
        self._end(agent_id, offer_id, "finish")

    def transfer(self, agent_id: int, offer_id: str, centre: str, skill: str = "", language: str = "") -> None:
        """To another skill, dialect or centre; the caller keeps the place that the first arrival gave."""
        if centre not in self._line.centres() or skill not in SKILLS or language not in LANGUAGES:
            raise NotNow(f"transfer to {centre!r} {skill!r} {language!r}", "没有这样的去处，请重新选择。")
        if not self._line.is_staffed_by_anybody(centre):
            raise NotNow(f"transfer to {centre}", "那边现在没有咨询员在线，转过去没有人接。")
        self._end(agent_id, offer_id, "transfer", Target(centre, skill, language))

    def hold(self, agent_id: int, offer_id: str, on: bool) -> None:
        """Let the caller hear music while something is looked up, or come back from it."""
        offer = self._talk(agent_id, offer_id)
        if bool(offer.held_since) == on:
            return
        conference = offer.conference_sid or self._services.carrier.conference_sid(offer.room)
        if conference is None:
            raise NotNow(f"no conference for {offer_id}", "通话刚刚结束，或者还没有接通。")
        self._services.carrier.hold(conference, offer.call_sid, on, self._urls.hold)
        with self._transaction() as connection:
            offers.note_hold(connection, offer, on, self._services.now())
        self._line.offer_changed(offer)

    def _end(self, agent_id: int, offer_id: str, event: str, target: Target | None = None) -> None:
        with self._transaction() as connection:
            offer = offers.read_offer(connection, offer_id)
            if offer is None or offer.agent_id != agent_id:
                raise NotNow(f"offer {offer_id!r} of agent {agent_id}", "这通电话不在您的座席上。")
            at, rules = self._services.now(), self._line.rules(offer.centre)
            ended = offers.end_offer(connection, offer_id, event, "agent", at, rules, target)
        self._line.offer_changed(ended)

    def _talk(self, agent_id: int, offer_id: str) -> Offer:
        with self._services.database.pool.connection() as connection:
            offer = offers.read_offer(connection, offer_id)
        if offer is None or offer.agent_id != agent_id or offer.status != CONNECTED:
            raise NotNow(f"offer {offer_id!r} of agent {agent_id}", "这通电话已经结束。")
        return offer

    @contextmanager
    def _transaction(self) -> Iterator[Connection[Any]]:
        with self._services.database.pool.connection() as connection, connection.transaction():
            yield connection

"""Callers and consultants brought together: the documents that the waiting line pushes a call to.

A push is keyed by its offer and valid at any step; what it replaced is late from then on. A repeated push gets the
document that the first one got.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from ivr.counters import WEBHOOKS
from ivr.events import Connected, Event, TalkEnded
from ivr.moment import Moment
from ivr.ring import Ring
from ivr.session import Session
from ivr.twiml import agent_asked, agent_joins, apology, holding
from queueing.centre import PROVINCE
from queueing.offers import read_offer
from queueing.seats import read_seat

if TYPE_CHECKING:
    from ivr.service import Line, MakeEvent

log = structlog.get_logger(__name__)
# Other webhooks of the call may be first a few times; more often than this never happens.
MOST_TRIES = 5
ACCEPT_KEY = "1"


class Talks:
    """The caller's side of a talk, and the consultant's telephone."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def connect(self, ring: Ring, offer_id: str) -> str:
        """The caller's document when a consultant has accepted: the notice, then the talk."""
        line = self._line
        connected = line.waiting.connect(offer_id, ring.call_sid)
        if connected is None:
            log.info("connect_too_late", call_sid=ring.call_sid, offer=offer_id)
            return self._as_it_is(ring)
        offer, number = connected
        with line.store() as store:
            # The talk counts as an answer even if this process dies now.
            store.note_desk_answer(ring.call_sid, line.services.now())

        def event(at: datetime, moment: Moment) -> Event:
            return Connected(at, moment, offer.id, number)

        def is_done(session: Session, kind: str) -> bool:
            return session.facts.get("offer") == offer_id

        return self.push(ring, event, is_done)

    def after(self, ring: Ring, offer_id: str) -> str:
        """The caller's document when the consultant has left the talk of this offer."""

        def event(at: datetime, moment: Moment) -> Event:
            return TalkEnded(at, moment, offer_id)

        def is_done(session: Session, kind: str) -> bool:
            # Another talk, or already led out of this one by the end of its document.
            return session.facts.get("offer") != offer_id or kind != "talk"

        return self.push(ring, event, is_done)

    def push(self, ring: Ring, event: MakeEvent, is_done: Callable[[Session, str], bool]) -> str:
        """Let something happen at whatever step the call is; `is_done` by the session and the kind of its node."""
        line = self._line
        for _ in range(MOST_TRIES):
            with line.store() as store:
                session = store.read(ring.call_sid)
                if session is None:
                    return line.again(store, ring.call_sid, 0)
                node = line.flow(session.centre, session.menu).nodes.get(session.node)
                if is_done(session, node.kind if node else ""):
                    WEBHOOKS.labels("push", "repeated").inc()
                    return line.again(store, ring.call_sid, session.turn)
                step = line.advance(store, ring.call_sid, session, event)
            if step is not None:
                return line.act(ring.call_sid, step)
        log.error("push_lost_every_race", call_sid=ring.call_sid)
        return self._as_it_is(ring)

    def _as_it_is(self, ring: Ring) -> str:
        with self._line.store() as store:
            session = store.read(ring.call_sid)
            return self._line.again(store, ring.call_sid, session.turn if session else 0)

    # the consultant's telephone

    def agent(self, offer_id: str, leg: str, pressed: str | None) -> str:
        """The document for a consultant's leg. A page has answered by a press; a telephone must press 1."""
        line = self._line
        with line.services.database.pool.connection() as connection:
            offer = read_offer(connection, offer_id)
            seat = read_seat(connection, offer.agent_id) if offer else None
        if offer is None or seat is None:
            return self._too_late()
        if seat.door == "telephone" and offer.accepted_at is None and pressed != ACCEPT_KEY:
            return agent_asked(line.urls, offer_id, self._words("agent_press_1"))
        if line.waiting.accept(offer_id, leg) is None:
            return self._too_late()
        return agent_joins(line.urls, offer_id)

    def hold(self) -> str:
        """What a caller on hold hears."""
        return holding(self._line.urls, self._words("hold"))

    def _too_late(self) -> str:
        return apology(self._words("agent_too_late"), None)

    def _words(self, prompt: str) -> str:
        return self._line.flow(PROVINCE).prompts[prompt].text

"""The waiting line as the caller's side sees it: join, look, leave, come to the talk, and what follows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from redis import RedisError

from integrations.services import Services
from queueing import entries, offers, tasks
from queueing.agent import IllegalMove
from queueing.callback_booking import ring_back_by_itself
from queueing.callback_talks import settle_live
from queueing.centre import Centre
from queueing.entries import Entry, Joining
from queueing.line_base import LineBase, waiting_entry
from queueing.line_figures import FigureBook, LineFigures
from queueing.offer import CONNECTED
from queueing.offers import Offer
from queueing.routing import can_serve, rank
from queueing.seats import read_seat
from queueing.wait_time import Said, estimate_wait, remember, to_speak

log = structlog.get_logger(__name__)
_RATE = """
INSERT INTO rating (offer_id, call_sid, agent_id, centre, score, at)
SELECT id, call_sid, agent_id, centre, %(score)s, %(at)s FROM offer WHERE id = %(offer)s AND call_sid = %(call)s
ON CONFLICT (offer_id) DO NOTHING
"""
_RATED = "SELECT offer_id, call_sid, centre, score FROM rating WHERE offer_id = %s AND call_sid = %s"


@dataclass(frozen=True, slots=True)
class Look:
    """What a caller in the line is to be told.

    `kind`: free (being connected), next, position_and_time, time_only, unsure, longer, after_hours (closed, but
    somebody still answers), and the ends nobody_in, closed, full, limit, gone. `low` and `high` are minutes.
    """

    kind: str
    ahead: int | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """A talk that its caller has judged: 1 very satisfied ... 5 very dissatisfied."""

    offer_id: str
    call_sid: str
    centre: str
    score: int


class WaitingLine(LineBase):
    """Built once per process. The rows decide; Redis is told afterwards and may be away."""

    def __init__(self, services: Services, centres: Callable[[], Mapping[str, Centre]]) -> None:
        super().__init__(services, centres)
        self._figures = FigureBook()

    def is_staffed_by_anybody(self, centre: str) -> bool:
        """Whether anybody is signed in who may come to answer this centre's calls."""
        with self.services.database.pool.connection() as connection:
            return self._look_up(connection, centre, self.services.now()).signed_in > 0

    # the line

    def join(self, joining: Joining, is_staffed: bool) -> Look:
        """Stand in the line, once per call; a repetition only looks again."""
        at = self.services.now()
        with self.transaction() as connection:
            entry = entries.open_entry(connection, joining.call_sid)
            if entry is None:
                refusal = self.refusal(connection, joining.centre, is_staffed, at)
                if refusal:
                    return Look(refusal)
                entry = self._enter(connection, joining, at)
        self.entry_joined(entry)
        return self.look(joining.call_sid, is_staffed)

    def refusal(self, connection: Connection[Any], centre: str, is_staffed: bool, at: datetime) -> str:
        """Why nobody can join this line now: nobody_in, closed or full; "" when one can."""
        if not self._look_up(connection, centre, at).signed_in:
            return "nobody_in" if is_staffed else "closed"
        is_full = entries.count_waiting(connection, centre) >= self.rules(centre).most_waiting
        return "full" if is_full else ""

    def _enter(self, connection: Connection[Any], joining: Joining, at: datetime) -> Entry:
        before = entries.waited_before(connection, joining, at)
        rank_at, names = rank(
            at, is_slow=joining.is_slow, waited_before_seconds=before, rules=self.rules(joining.centre)
        )
        entry = entries.insert_entry(connection, joining, at, rank_at, list(names))
        if entry is None:
            # Another webhook of the same call was first.
            entry = entries.open_entry(connection, joining.call_sid)
            assert entry is not None
        else:
            log.info("entry_joined", entry=entry.id, call_sid=joining.call_sid, centre=joining.centre, rules=names)
        return entry

    def look(self, call_sid: str, is_staffed: bool) -> Look:
        """What to say now. Ends the entry when its time is up, or when nobody is there any more."""
        at = self.services.now()
        with self.transaction() as connection:
            found = entries.open_entry(connection, call_sid)
            # Locked, so that no offer is made for somebody whose waiting is just being ended.
            entry = entries.lock_entry(connection, found.id) if found else None
            if entry is None or entry.status == entries.ENDED:
                return Look("gone")
            if entry.status != entries.WAITING:
                self._come_to_the_talk(connection, entry, at)
                return Look("free")
            figures = self._look_up(connection, entry.centre, at)
            end = self._end_of_waiting(entry, figures, is_staffed, at)
            if end:
                entries.end_entry(connection, entry.id, end[1], at)
                self._settle_callback(connection, entry, end[1], at)
            else:
                told = self._told(connection, entry, figures, at)
        if end:
            self.entry_gone(entry)
            return Look(end[0])
        return told if is_staffed or told.kind == "free" else Look("after_hours")

    def _come_to_the_talk(self, connection: Connection[Any], entry: Entry, at: datetime) -> None:
        """A talk has begun, and its caller still waits here: the document that led to it was lost."""
        if entry.status == entries.CONNECTED:
            offer = offers.open_offer_of_entry(connection, entry.id)
            if offer is not None:
                tasks.add_task(connection, tasks.FETCH_CALLER, offer.id, at, offer.call_sid)

    def _end_of_waiting(
        self, entry: Entry, figures: LineFigures, is_staffed: bool, at: datetime
    ) -> tuple[str, str] | None:
        if not figures.signed_in:
            return ("nobody_in", entries.NOBODY) if is_staffed else ("closed", entries.CLOSED)
        limit = timedelta(minutes=self.rules(entry.centre).longest_wait_minutes)
        return ("limit", entries.LIMIT) if at - entry.joined_at >= limit else None

    def _told(self, connection: Connection[Any], entry: Entry, figures: LineFigures, at: datetime) -> Look:
        ahead = self._ahead(connection, entry)
        if ahead < self._able(entry, figures, at):
            # Somebody who was told that must not hear of a place behind others later.
            entries.note_said(connection, entry.id, Said(ahead=0).as_json())
            return Look("free")
        said = Said.from_json(entry.said)
        was_overtaken = said.ahead is not None and ahead > said.ahead
        spoken = to_speak(estimate_wait(figures.line_now(ahead)), ahead, said, was_overtaken, at)
        entries.note_said(connection, entry.id, remember(said, spoken, at).as_json())
        return Look(spoken.kind, spoken.ahead, spoken.low, spoken.high)

    def _able(self, entry: Entry, figures: LineFigures, at: datetime) -> int:
        """How many of the free seats may take this caller now."""
        rules, helps = self.routing_rules()
        return sum(can_serve(seat, waiting_entry(entry), rules, helps, at) for seat in figures.free_seats)

    def _ahead(self, connection: Connection[Any], entry: Entry) -> int:
        try:
            ahead = self.live.ahead(entry.id)
        except RedisError:
            ahead = None
        return entries.count_ahead(connection, entry) if ahead is None else ahead

    def leave(self, call_sid: str) -> bool:
        """A key of the caller's: out of the line, and whoever is rung for it is told. False: a consultant was first."""
        at = self.services.now()
        try:
            return self._go(call_sid, "cancel", entries.LEFT, at)
        except IllegalMove:
            return False

    def caller_gone(self, call_sid: str, is_technical: bool = False) -> None:
        """The caller has hung up, wherever that was: in the line, while it rang, in the talk.

        `is_technical`: the line broke off, and it was not the caller who wanted that.
        """
        self._go(call_sid, "caller_left", entries.HUNG_UP, self.services.now(), is_technical)

    def _go(self, call_sid: str, event: str, reason: str, at: datetime, is_technical: bool = False) -> bool:
        with self.transaction() as connection:
            found = entries.open_entry(connection, call_sid)
            entry = entries.lock_entry(connection, found.id) if found else None
            if entry is None or entry.status == entries.ENDED:
                return True
            offer = offers.open_offer_of_entry(connection, entry.id)
            if offer is not None:
                if is_technical and offer.status == CONNECTED:
                    event = "fail"
                offers.end_offer(connection, offer.id, event, "caller", at, self.rules(offer.centre))
                # A talk that broke off has moved it to the front.
                entry = entries.lock_entry(connection, entry.id) or entry
            entries.end_entry(connection, entry.id, reason, at)
            self._settle_callback(connection, entry, reason, at, is_technical)
        self.entry_gone(entry)
        if offer is not None:
            self.offer_changed(offer)
        return True

    def _settle_callback(
        self, connection: Connection[Any], entry: Entry, reason: str, at: datetime, is_technical: bool = False
    ) -> None:
        """What the end of a place means for the caller's callback: the one that led here, or one that is owed now."""
        rules, next_decent = self.callback_rules(entry.centre), self.next_decent(entry.centre)
        if entry.callback_id is not None:
            settle_live(connection, entry, reason, at, rules, next_decent, is_technical)
        elif reason == entries.HUNG_UP and self.has_callbacks(entry.centre):
            ring_back_by_itself(connection, self.services, entry, at, rules, next_decent, is_technical)

    # the talk

    def accept(self, offer_id: str, leg: str) -> Offer | None:
        """The consultant's telephone was answered; None when the caller is no longer to be had."""
        with self.transaction() as connection:
            offer = offers.accept(connection, offer_id, leg, self.services.now())
        self.offer_changed(offer)
        return offer

    def connect(self, offer_id: str, call_sid: str) -> tuple[Offer, str] | None:
        """The caller's leg comes to the talk: the offer and the consultant's 工号; None when it is too late."""
        with self.transaction() as connection:
            offer = offers.connect(connection, offer_id, call_sid, self.services.now())
            seat = read_seat(connection, offer.agent_id) if offer else None
        self.offer_changed(offer)
        return (offer, seat.number) if offer and seat else None

    def after_talk(self, call_sid: str) -> str:
        """How the call's newest talk stands: finished, dropped, transferred, talking; gone when there was none."""
        with self.services.database.pool.connection() as connection:
            offer = offers.latest_talk(connection, call_sid)
            entry = entries.open_entry(connection, call_sid)
        if offer is None:
            return "gone"
        if offer.is_open:
            return "talking"
        if entry is None:
            return "finished"
        return "transferred" if offer.status == "transferred" else "dropped"

    def rate(self, call_sid: str, offer_id: str, score: int) -> Rated | None:
        """Keep a caller's judgement, the first one only; None when it is of no talk of this call."""
        at = self.services.now()
        with self.services.database.pool.connection() as connection:
            connection.execute(_RATE, {"offer": offer_id, "call": call_sid, "score": score, "at": at})
            row = connection.execute(_RATED, (offer_id, call_sid)).fetchone()
        return Rated(*row) if row else None

    def _look_up(self, connection: Connection[Any], centre: str, at: datetime) -> LineFigures:
        return self._figures.of(connection, centre, self.helpers(centre), at)

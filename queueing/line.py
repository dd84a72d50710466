"""The waiting line as the caller's side sees it: join, look, leave, come to the talk, and what follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from redis import RedisError

from integrations.services import Services
from queueing import entries, offers, tasks
from queueing.agent import AVAILABLE, IllegalMove
from queueing.centre import Centre
from queueing.entries import Entry, Joining
from queueing.line_figures import FigureBook, LineFigures
from queueing.line_rules import DEFAULT_RULES, LineRules
from queueing.live_queue import LiveQueue
from queueing.notices import publish
from queueing.offers import Offer
from queueing.routing import Helps, QueueKey, RulesByCentre, Waiting, can_serve, queues_for, rank
from queueing.seats import SeatRow, read_seat, routing_seat
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


class WaitingLine:
    """Built once per process. The rows decide; Redis is told afterwards and may be away."""

    def __init__(self, services: Services, centres: Callable[[], Mapping[str, Centre]]) -> None:
        self.services = services
        self.centres = centres
        self.live = LiveQueue(services.live_store)
        self._figures = FigureBook()

    def rules(self, centre: str) -> LineRules:
        found = self.centres().get(centre)
        return found.queue if found else DEFAULT_RULES

    def helpers(self, centre: str) -> list[str]:
        """The centres whose seats may take over this one's calls."""
        return [code for code, other in self.centres().items() if centre in other.helps]

    def is_staffed_by_anybody(self, centre: str) -> bool:
        """Whether anybody is signed in who may come to answer this centre's calls."""
        with self.services.database.pool.connection() as connection:
            return self._look_up(connection, centre, self.services.now()).signed_in > 0

    # the line

    def join(self, joining: Joining, is_staffed: bool) -> Look:
        """Stand in the line, once per call; a repetition only looks again."""
        at = self.services.now()
        with self._transaction() as connection:
            entry = entries.open_entry(connection, joining.call_sid)
            if entry is None:
                refusal = self._refusal(connection, joining.centre, is_staffed, at)
                if refusal:
                    return Look(refusal)
                entry = self._enter(connection, joining, at)
        self._tell_live(entry)
        publish(self.services.live_store, entry.centre, None)
        return self.look(joining.call_sid, is_staffed)

    def _refusal(self, connection: Connection[Any], centre: str, is_staffed: bool, at: datetime) -> str:
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
        with self._transaction() as connection:
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
            else:
                told = self._told(connection, entry, figures, at)
        if end:
            self._forget(entry)
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

    def caller_gone(self, call_sid: str) -> None:
        """The caller has hung up, wherever that was: in the line, while it rang, in the talk."""
        self._go(call_sid, "caller_left", entries.HUNG_UP, self.services.now())

    def _go(self, call_sid: str, event: str, reason: str, at: datetime) -> bool:
        offer = None
        with self._transaction() as connection:
            found = entries.open_entry(connection, call_sid)
            entry = entries.lock_entry(connection, found.id) if found else None
            if entry is None or entry.status == entries.ENDED:
                return True
            offer = offers.open_offer_of_entry(connection, entry.id)
            if offer is not None:
                offers.end_offer(connection, offer.id, event, "caller", at, self.rules(offer.centre))
            entries.end_entry(connection, entry.id, reason, at)
        self._forget(entry)
        if offer is not None:
            self.offer_changed(offer)
        return True

    # the talk

    def accept(self, offer_id: str, leg: str) -> Offer | None:
        """The consultant's telephone was answered; None when the caller is no longer to be had."""
        with self._transaction() as connection:
            offer = offers.accept(connection, offer_id, leg, self.services.now())
        self.offer_changed(offer)
        return offer

    def connect(self, offer_id: str, call_sid: str) -> tuple[Offer, str] | None:
        """The caller's leg comes to the talk: the offer and the consultant's 工号; None when it is too late."""
        with self._transaction() as connection:
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

    # Redis and listeners are told after the commit; both may be away.

    def _look_up(self, connection: Connection[Any], centre: str, at: datetime) -> LineFigures:
        return self._figures.of(connection, centre, self.helpers(centre), at)

    @contextmanager
    def _transaction(self) -> Iterator[Connection[Any]]:
        with self.services.database.pool.connection() as connection, connection.transaction():
            yield connection

    def offer_changed(self, offer: Offer | None) -> None:
        """An offer was made, accepted or ended: the live line, the dispatchers and the consoles shall know."""
        if offer is None:
            return
        with self.services.database.pool.connection() as connection:
            entry = entries.read_entry(connection, offer.entry_id)
        if entry is not None:
            self._tell_live(entry)
        self.seat_changed(offer.agent_id, offer.centre)

    def seat_changed(self, agent_id: int, centre: str = "") -> None:
        """A seat became free, or is so no longer; `centre`: where the caller waits, when that is another one."""
        with self.services.database.pool.connection() as connection:
            seat = read_seat(connection, agent_id)
        try:
            if seat is not None and seat.state == AVAILABLE:
                self.live.agent_free(routing_seat(seat), self.lines_of(seat))
            else:
                self.live.agent_gone(agent_id)
        except RedisError as error:
            log.warning("line_not_told", agent=agent_id, error=type(error).__name__)
        for told in {centre, seat.centre if seat else ""} - {""}:
            publish(self.services.live_store, told, agent_id)

    def tell_live_again(self, entry_id: int, agent_id: int) -> None:
        """A claim came to nothing: both as the rows have them now."""
        with self.services.database.pool.connection() as connection:
            entry = entries.read_entry(connection, entry_id)
        if entry is not None:
            self._tell_live(entry)
        self.seat_changed(agent_id)

    def wake(self, centre: str) -> None:
        """There is something for the dispatchers to do."""
        publish(self.services.live_store, centre)

    def lines_of(self, seat: SeatRow) -> tuple[QueueKey, ...]:
        """The lines that a seat may draw from, by the rules as they are now."""
        return queues_for(routing_seat(seat), *self.routing_rules())

    def routing_rules(self) -> tuple[RulesByCentre, Helps]:
        centres = self.centres()
        rules = {code: centre.queue for code, centre in centres.items()}
        return rules, {code: centre.helps for code, centre in centres.items()}

    def _tell_live(self, entry: Entry) -> None:
        try:
            if entry.status in (entries.WAITING, entries.OFFERED):
                self.live.join(waiting_entry(entry), is_offered=entry.status == entries.OFFERED)
            else:
                self.live.leave(entry.id)
        except RedisError as error:
            log.warning("line_not_told", entry=entry.id, error=type(error).__name__)

    def _forget(self, entry: Entry) -> None:
        self._tell_live(replace(entry, status=entries.ENDED))
        publish(self.services.live_store, entry.centre, None)


def waiting_entry(entry: Entry) -> Waiting:
    """The entry as the rules of routing see it: who was transferred has waited here since then."""
    rules = tuple(entry.rules)
    return Waiting(entry.id, entry.centre, entry.skill, entry.language, entry.joined_at, entry.rank_at, rules)

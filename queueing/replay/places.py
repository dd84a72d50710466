"""The waiting line of a simulated centre: its order and who is next by the real rules of routing.

Pure. Times are seconds of virtual time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from queueing.callback import SCHEDULED
from queueing.line_rules import LineRules
from queueing.replay.day import Person
from queueing.replay.lately import Lately
from queueing.replay.staff import Consultant, Staff
from queueing.routing import GENERAL, MANDARIN, Seat, Waiting, choose, head_of, wait_needed
from queueing.wait_time import Said, Spoken, estimate_wait, remember, to_speak

# As far back as the figures of the real line look.
LOOKS_BACK = 3600.0


@dataclass
class Callback:
    """A request to be rung; the place it keeps, and where it stands by the table of `queueing.callback`."""

    number: int
    person: Person
    asked_at: float
    arrived_at: datetime
    rank_at: datetime
    rules: tuple[str, ...]
    status: str = SCHEDULED
    not_before: float = 0.0
    slot: datetime | None = None
    attempts: int = 0


@dataclass
class Place:
    """Somebody in the line: a caller on the telephone (`call`), or a callback whose turn is to come."""

    waiting: Waiting
    person: Person
    joined: float
    call: int = 0
    callback: Callback | None = None
    # Promised to be rung when hanging up, whatever the wait was.
    is_owed_callback: bool = False
    said: Said = field(default_factory=Said)
    # Whose telephone rings for it.
    rings_at: Consultant | None = None

    @property
    def is_call(self) -> bool:
        return self.callback is None


class Line:
    """All who wait or are being offered; `take_pairs` is the dispatcher's round.

    Everybody here asks for the same thing, so it is one line, and its first is who a free seat is offered.
    """

    def __init__(self, centre: str, rules: LineRules, staff: Staff, moment: Callable[[float], datetime]) -> None:
        self.centre, self.rules, self.staff = centre, rules, staff
        self.lately = Lately(LOOKS_BACK)
        self._moment = moment
        self._places: dict[int, Place] = {}
        self._waiting: list[Waiting] = []
        # A telephone rings for them.
        self._offered: dict[int, Place] = {}
        self._callers = 0
        self._made = 0

    def join(
        self,
        person: Person,
        now: float,
        rank_at: datetime,
        rules: tuple[str, ...],
        call: int,
        callback: Callback | None,
    ) -> Place:
        """A new place, at its rank."""
        self._made += 1
        arrived = self._moment(now)
        waiting = Waiting(self._made, self.centre, GENERAL, MANDARIN, arrived, min(rank_at, arrived), rules)
        place = Place(waiting, person, now, call, callback)
        self._places[self._made] = place
        self._callers += place.is_call
        insort(self._waiting, waiting, key=_order)
        return place

    def leave(self, place: Place) -> None:
        """Out of the line: answered, gone, or to be rung later."""
        if self._places.pop(place.waiting.entry_id, None) is not None:
            self._callers -= place.is_call
            if self._offered.pop(place.waiting.entry_id, None) is None:
                self._wait_no_longer(place.waiting)

    def stands(self, place: Place) -> bool:
        """In the line, perhaps with a telephone ringing for it."""
        return place.waiting.entry_id in self._places

    def is_waiting(self, place: Place) -> bool:
        """In the line, and no telephone rings for it."""
        return self.stands(place) and place.waiting.entry_id not in self._offered

    def take_pairs(self, now: float) -> list[tuple[Seat, Place]]:
        """Who is offered to whom now, the seat that is idle longest first; they wait no longer."""
        if not self._waiting or not self.staff.free:
            return []
        at, rules, pairs = self._moment(now), {self.centre: self.rules}, []
        for seat in sorted(self.staff.free_seats(), key=lambda seat: seat.order):
            needed = wait_needed(seat, self.centre, GENERAL, MANDARIN, rules, {})
            head = None if needed is None else head_of(self._waiting, needed, at)
            chosen = choose(seat, [head] if head else [], at, rules, {})
            if chosen is not None:
                self._wait_no_longer(chosen)
                place = self._offered[chosen.entry_id] = self._places[chosen.entry_id]
                pairs.append((seat, place))
        return pairs

    @property
    def callers(self) -> int:
        """On the telephone, waiting or being rung for."""
        return self._callers

    def waiting_callers(self) -> int:
        """On the telephone and waiting: what the bound of the line counts."""
        return self._callers - sum(place.is_call for place in self._offered.values())

    def count_waiting_callbacks(self) -> int:
        """Whose turn is to come."""
        return len(self._waiting) - self.waiting_callers()

    def waiting_callbacks(self) -> list[Callback]:
        """Those whose turn is to come."""
        places = (self._places[waiting.entry_id] for waiting in self._waiting)
        return [place.callback for place in places if place.callback]

    def place_of(self, callback: Callback) -> Place | None:
        """The place of a callback, if it stands in the line."""
        return next((place for place in self._places.values() if place.callback is callback), None)

    def _wait_no_longer(self, waiting: Waiting) -> None:
        del self._waiting[bisect_left(self._waiting, waiting.order, key=_order)]

    def _ahead(self, place: Place) -> int:
        """All who come first, those a telephone rings for included."""
        order = place.waiting.order
        rung_for = sum(other.waiting.order < order for other in self._offered.values())
        return rung_for + bisect_left(self._waiting, order, key=_order)

    def tell(self, place: Place, now: float) -> Spoken | None:
        """What a caller hears of the line now; None when somebody is free for them."""
        ahead = self._ahead(place)
        if ahead < self.staff.free:
            place.said = Said(ahead=0)
            return None
        since = [other.joined for other in self._places.values()]
        line_now = self.lately.line_now(now, ahead, self.staff.serving, since, self.staff.free)
        estimate, said = estimate_wait(line_now), place.said
        was_overtaken = said.ahead is not None and ahead > said.ahead
        spoken = to_speak(estimate, ahead, said, was_overtaken, self._moment(now))
        place.said = remember(said, spoken, self._moment(now))
        return spoken


def _order(waiting: Waiting) -> tuple[datetime, int]:
    return waiting.order

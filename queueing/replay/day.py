"""The people of a day: when they call, how long they hold on, whether they dial again, whether they can be reached.

Pure. What a person does is drawn from a chance of their own, so the same people call in every scenario: whatever
differs between two scenarios is the centre's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from queueing.callback import BUSY, MACHINE, NO_ANSWER
from queueing.replay.plan import Plan
from queueing.replay.setting import DAY, Piece, Stretch, rate_by_piece
from queueing.replay.virtual_time import Chance

ChanceFor = Callable[[int], Chance]
# Numbers of people: those of a day follow each other.
NUMBERS_OF_A_DAY = 200_000
# Nobody's day is longer than this, however high the chance of dialling again.
MOST_CALLS = 12
# Until a called telephone is picked up, and the question is heard and answered by a key.
CALLED_PICK_UP, QUESTION = (5.0, 20.0), (10.0, 15.0)
BUSY_HEARD, MACHINE_HEARD = 4.0, 20.0
# Of those who cannot be reached: shares of engaged, nobody there, a machine.
UNREACHED = ((0.2, BUSY), (0.8, NO_ANSWER), (1.0, MACHINE))
ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Try:
    """One call of a person's, in seconds.

    `redials_after` giving up, None for never; `wants_callback` when it is offered; then `wants_slot`, a half hour of
    those offered by `pick` (a share); told of an open callback, `keeps_callback` rather than wait on the line.
    """

    patience: float
    handling: float
    pick_up: float
    redials_after: float | None
    wants_callback: bool
    wants_slot: bool
    pick: float
    keeps_callback: bool


@dataclass(frozen=True, slots=True)
class Ring:
    """One attempt to reach a person: how it ends, and seconds until that is known; None: as long as it may ring."""

    result: str
    seconds: float | None


class Person:
    """Somebody who calls; `number` is theirs alone within a simulation, `day` 0 is the day that is judged."""

    def __init__(self, plan: Plan, number: int, day: int, wants_human: bool, chances: tuple[Chance, Chance]) -> None:
        self.plan = plan
        self.number, self.day, self.wants_human = number, day, wants_human
        self._chance, self._ring_chance = chances
        # Drawn first, so that everything after it is the same whatever the opening hours are.
        self.hour = self._chance.random(), self._chance.random()
        self._tries: list[Try] = []
        self._rings: list[Ring] = []

    def try_number(self, count: int) -> Try:
        """The call of this count, from 0."""
        while len(self._tries) <= count:
            self._tries.append(self._draw_try())
        return self._tries[count]

    def ring_number(self, count: int) -> Ring:
        """The attempt to reach them of this count, from 0."""
        while len(self._rings) <= count:
            self._rings.append(self._draw_ring())
        return self._rings[count]

    def _draw_try(self) -> Try:
        chance, plan = self._chance, self.plan
        # Every draw is made each time: one that is not needed must not move the others.
        redials, after = chance.random() < plan.redial, chance.uniform(0, plan.redial_within)
        return Try(
            patience=chance.expovariate(1 / plan.patience),
            handling=chance.uniform(*plan.talk),
            pick_up=chance.uniform(*plan.pick_up),
            redials_after=after if redials and len(self._tries) + 1 < MOST_CALLS else None,
            wants_callback=chance.random() < plan.accept,
            wants_slot=chance.random() < plan.slot,
            pick=chance.random(),
            keeps_callback=chance.random() < plan.accept,
        )

    def _draw_ring(self) -> Ring:
        chance = self._ring_chance
        is_reached, why = chance.random() < self.plan.reached, chance.random()
        seconds = chance.uniform(*CALLED_PICK_UP) + chance.uniform(*QUESTION)
        if is_reached:
            return Ring(ANSWERED, seconds)
        result = next(result for share, result in UNREACHED if why <= share)
        return Ring(result, {BUSY: BUSY_HEARD, MACHINE: MACHINE_HEARD}.get(result))


class People:
    """Who calls on each day; made once for all scenarios of a seed."""

    def __init__(self, plan: Plan, seed: int, chance_for: ChanceFor) -> None:
        self.plan, self.seed = plan, seed
        self._chance_for = chance_for
        self._made: dict[tuple[int, int, bool], Person] = {}

    def of_day(self, day: int, wanting: int, automatic: int) -> list[Person]:
        """So many who want a human, and so many who only listen to a recording."""
        wants = [self._person(day, n, True) for n in range(wanting)]
        return wants + [self._person(day, n, False) for n in range(automatic)]

    def _person(self, day: int, n: int, wants_human: bool) -> Person:
        key = day, n, wants_human
        if key not in self._made:
            number = day * NUMBERS_OF_A_DAY + 2 * n + wants_human
            chances = self._chance_for(self.seed << 40 | number * 2), self._chance_for(self.seed << 40 | number * 2 + 1)
            self._made[key] = Person(self.plan, number, day, wants_human, chances)
        return self._made[key]


class Arrivals:
    """When people call, by the peaks and the opening hours of their day.

    Who wants a human calls while the centre is open. The others make up the rest of the day's calls, so that all
    together have the shares of the peaks.
    """

    def __init__(self, plan: Plan, spans: Sequence[Stretch]) -> None:
        # The peaks are those of the clock, whatever day it is.
        self._midnight = spans[0][0] // DAY * DAY
        pieces = rate_by_piece([(since - self._midnight, until - self._midnight) for since, until in spans], plan.peaks)
        wanting = _scaled([piece._replace(share=piece.share * piece.is_open) for piece in pieces])
        calls = [
            piece._replace(share=max(0.0, plan.calls * piece.share - plan.wanting * wants.share))
            for piece, wants in zip(pieces, wanting, strict=True)
        ]
        self._pieces = {True: wanting, False: _scaled(calls)}

    def time_of(self, person: Person) -> float:
        """When this person first calls, in the simulation's seconds."""
        where, within = person.hour
        for piece in self._pieces[person.wants_human]:
            if where < piece.share:
                break
            where -= piece.share
        return self._midnight + piece.since + within * (piece.until - piece.since)


def _scaled(pieces: list[Piece]) -> list[Piece]:
    """Shares together 1; the pieces that have none are left out of a day in which others have some."""
    total = sum(piece.share for piece in pieces)
    return [piece._replace(share=piece.share / total) for piece in pieces] if total else pieces

"""What random walks through the life of callbacks walk on: rows, a carrier, consultants, and processes that die.

The clock is the walk's own, and everything that is done is written down.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg

from integrations.database_url import psycopg_url
from integrations.services import Services
from queueing.centre import Centre
from queueing.dispatcher import Dispatcher
from queueing.seed import seed_centres
from tests.journeys.callback_proof import CallbackProof, forget, watch
from tests.queueing.callback_deeds import Deeds
from tests.queueing.carrier_in_hand import CarrierInHand, client_of
from tests.queueing.line_scene import _SEAT, HEFEI, MONDAY_TEN
from tests.queueing.mortal import AtOnce, Fate, MortalCarrier, MortalDatabase, take_away

ABANDONED_AFTER = 60.0
_EMPTY = """
DELETE FROM carrier_task; DELETE FROM text_message; DELETE FROM callback_attempt; DELETE FROM offer;
DELETE FROM queue_entry; DELETE FROM callback; DELETE FROM agent_interval; DELETE FROM agent_shift;
DELETE FROM wrap_up; DELETE FROM agent; DELETE FROM carrier_pace;
DELETE FROM proof.move; DELETE FROM proof.changed_afterwards;
"""
_NEXT = """
SELECT least((SELECT min(not_before) FROM callback WHERE status = 'scheduled'),
             (SELECT min(not_before) FROM carrier_task WHERE done_at IS NULL))
"""
Some = TypeVar("Some", bound="WalkStage")


class Wrong(AssertionError):
    """What must not be, with the way that led there."""


@dataclass
class WalkStage(Deeds):
    """One installation, used again and again; `at` is its clock."""

    at: datetime = MONDAY_TEN
    journal: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    seed: int = 0
    steps: int = 0
    fate: Fate = field(default_factory=Fate)

    @classmethod
    def through(cls: type[Some], services: Services, centres: dict[str, Centre]) -> Some:
        """A walk on this database and this Redis, which it has for itself."""
        seed_centres(services.database, centres)
        features = {"progress": replace(centres[HEFEI].features["progress"], open=True, reason="")}
        opened = {code: replace(centre, features={**centre.features, **features}) for code, centre in centres.items()}
        carrier, fate = CarrierInHand(), Fate()
        clock: list[WalkStage] = []
        mortal = replace(
            services,
            database=MortalDatabase(services.database, fate),
            carrier=client_of(carrier, services.settings, MortalCarrier, fate),
            now=lambda: clock[0].at,
        )
        walk = cls(mortal, opened, carrier, random.Random(0), fate=fate)
        clock.append(walk)
        return walk

    def __post_init__(self) -> None:
        super().__post_init__()
        self._own = psycopg.connect(psycopg_url(self.services.database.url), autocommit=True)
        watch(self._own)
        rules = self.centres[HEFEI].callbacks
        self.proof = CallbackProof(self._ask, ABANDONED_AFTER, rules.most_attempts, rules.slot_capacity)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.ClientCursor(self._own) as cursor:
            return cursor.execute(sql, values).fetchall()

    def _ask(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return self._own.execute(sql, values).fetchall()

    def close(self) -> None:
        forget(self._own)
        self._own.close()

    def begin(self, seed: int) -> None:
        """Nothing has happened yet: two consultants are in, and the line is empty."""
        self.chance = random.Random(seed)
        self.at, self.seed, self.journal = MONDAY_TEN, seed, []
        self.fate.live_on()
        take_away(self.services.live_store, False)
        self.services.live_store.flushall()
        self.carrier.clear()
        self.calls.clear()
        self.reports.clear()
        self._own.execute(_EMPTY)
        self.dispatcher = self.new_dispatcher()
        self.seats = [self._seat(f"100{number}", skills) for number, skills in enumerate(([], ["pension"]))]
        self.act("work", self.work)

    def _seat(self, number: str, skills: list[str]) -> int:
        values = (number, "王芳", HEFEI, skills, [], "browser", None)
        seat = int(self.rows(_SEAT, *values)[0][0])
        self.desk.sign_in(seat)
        return seat

    def act(self, words: str, deed: Callable[[], Any]) -> None:
        """Do it, and write it down."""
        self.journal.append(f"{self.at:%H:%M:%S} {words}")
        done = deed()
        if done is not None:
            self.journal[-1] += f" -> {str(done)[:200]}"
        self.at += timedelta(milliseconds=10)

    # what the machines do

    def work(self) -> None:
        """A dispatcher, until nothing is left to be done now."""
        self.work_of(self.dispatcher)

    def work_of(self, dispatcher: Dispatcher) -> None:
        dispatcher._next_sweep = 0.0
        for _ in range(10):
            made = dispatcher.tick()
            started = len(dispatcher._running)
            dispatcher._running = {}
            if not made and not started:
                return

    def new_dispatcher(self) -> Dispatcher:
        dispatcher = Dispatcher(self.line)
        dispatcher._threads = AtOnce()
        return dispatcher

    def passes(self, seconds: float, alive: bool = True) -> None:
        self.at += timedelta(seconds=seconds)
        for seat in self.seats if alive else ():
            self.desk.heartbeat(seat)

    def next_due(self) -> datetime | None:
        """When the next thing is to be done, for a request or for the carrier."""
        due: datetime | None = self.rows(_NEXT)[0][0]
        return due

    def prove_empty(self, found: Collection[Any]) -> None:
        """Raises Wrong unless nothing was found."""
        if found:
            raise Wrong(self.told(str(found)))

    def told(self, what: str) -> str:
        return "\n".join([f"seed {self.seed}: {what}", *self.journal])

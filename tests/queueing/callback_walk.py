"""A random walk through the life of callbacks: any deed at any time, deaths, lost Redis, late and repeated reports.

After every step the rows must contradict nothing; at the end every request must come to its end. The same seed makes
the same walk, but for what several do at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.queueing.callback_deeds import Deed
from tests.queueing.callback_walk_end import WalkEnd
from tests.queueing.callback_walk_stage import Wrong
from tests.queueing.mortal import Killed, take_away

__all__ = ["Walk", "Wrong"]


@dataclass
class Walk(WalkEnd):
    """Raises Wrong, with the seed and all that was done."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._kinds: tuple[tuple[int, Callable[[], Deed | None]], ...] = (
            (6, self.ring_in),
            (6, self.book),
            (1, self.desk_books),
            (1, self.want),
            (2, self.look),
            (1, self.leave),
            (4, self.hang_up),
            (2, self.cancel),
            (1, self.postpone),
            (2, self.call_now),
            (1, self.clear),
            (4, self.wake),
            (30, self.leg_goes_on),
            (7, self.report),
            (12, self.caller_says),
            (12, self.sent_elsewhere),
            (10, self.consultant),
            (12, self.time),
            (6, self.dispatch),
            (2, self.trouble),
        )

    def walk(self, seed: int, steps: int) -> None:
        """So many steps and the end. Raises Wrong with the seed and all that was done."""
        self.begin(seed)
        try:
            for _ in range(steps):
                self._step()
                self.prove_empty(self.proof.contradictions())
            self.come_to_an_end()
        except Wrong:
            raise
        except Exception as error:
            raise Wrong(self.told(f"{type(error).__name__}: {error}")) from error

    def _step(self) -> None:
        self.steps += 1
        luck = self.chance.random()
        if luck < 0.08:
            self._die_in(self._choose())
        elif luck < 0.16:
            self._at_once([self._choose() for _ in range(3)])
        else:
            self.act(*self._choose())
        if self.chance.random() < 0.4:
            self.act("work", self.work)

    def _choose(self) -> Deed:
        weights = [weight for weight, _ in self._kinds]
        while True:
            kind = self.chance.choices([kind for _, kind in self._kinds], weights)[0]
            deed = kind()
            if deed is not None:
                return deed

    def _die_in(self, deed: Deed) -> None:
        words, act = deed
        self.journal.append(f"{self.at:%H:%M:%S} dies in: {words}")
        self.fate.die_after(self.chance.choice([1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 30]))
        try:
            act()
            self.journal[-1] += " (lived)"
        except Killed:
            self.dispatcher = self.new_dispatcher()
        self.fate.live_on()

    def _at_once(self, deeds: list[Deed]) -> None:
        self.journal.append(f"{self.at:%H:%M:%S} at once: {'; '.join(words for words, _ in deeds)}")
        with ThreadPoolExecutor(len(deeds)) as threads:
            for future in [threads.submit(act) for _, act in deeds]:
                future.result()

    # what is not done by people

    def dispatch(self) -> Deed:
        """Another one, perhaps at the same time."""
        return "another dispatcher works", lambda: self.work_of(self.new_dispatcher())

    def time(self) -> Deed:
        due = self.next_due()
        until_due = max((due - self.at).total_seconds(), 0.0) + 0.1 if due else 1.0
        seconds = self.chance.choice([0.2, 1.0, 3.0, 6.0, 21.0, 21.0, 46.0, 70.0, until_due, until_due])
        if self.chance.random() < 0.01:
            seconds = self.chance.choice([1800.0, 6 * 3600.0])
        alive = self.chance.random() < 0.93
        return f"{seconds:.1f} s pass{'' if alive else ', pages silent'}", lambda: self.passes(seconds, alive)

    def trouble(self) -> Deed:
        store, faults = self.services.live_store, self.carrier.state.faults
        kinds: dict[str, Callable[[], Any]] = {
            "Redis is empty": self._empty_redis,
            "Redis is away": lambda: take_away(store, True),
            "Redis is back": lambda: take_away(store, False),
            "the carrier fails": lambda: faults.update(CreateCall=[self.chance.choice(["500", "429", "cut"])]),
            "the carrier loses a reply": lambda: faults.update(CreateCall=["500 done"]),
            "the carrier refuses a number": lambda: faults.update(CreateCall=["bad number"]),
            "the carrier does not hang up": lambda: faults.update(UpdateCall=["500", "500"]),
        }
        words = self.chance.choice(list(kinds))
        return words, kinds[words]

    def _empty_redis(self) -> None:
        take_away(self.services.live_store, False)
        self.services.live_store.flushall()

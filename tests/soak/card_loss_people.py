"""Callers who have lost a card: each presses what is asked for, mostly, on a line that repeats itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from integrations.sandbox.records import Person
from tests.caller import Caller, CarrierError, Transport
from tests.ivr.query.asker import keyed

MOST_STEPS = 45
ANY_KEY = "0123456789*#"
# What is pressed where these words are heard; the first that fits, and of its keys any.
ANSWERS = (
    ("确定挂失，请按六", "6666692*"),
    ("恢复，请按六", "66662"),
    ("要恢复，请按三", "33*9"),
    ("徽商银行的，请按", "1122"),
    ("挂失好了", "9*"),
    ("挂失，请按六", "66666"),
    ("请按左下角的星号键", "*"),
)


@dataclass
class LosingCaller(Caller):
    """One call with a will of its own; `chance` is its own too, so that the same seed makes the same will."""

    person: Person | None = None
    guess: str = ""
    chance: random.Random = field(default_factory=random.Random)
    requests: int = 0

    @classmethod
    def on(
        cls, base: str, post: Transport, chance: random.Random, person: Person, way: tuple[str, str, str]
    ) -> LosingCaller:
        """`way`: the number that is dialled, the telephone, and the key that says yes to a guess."""
        dialled, caller, guess = way
        sid = f"CA{chance.getrandbits(128):032x}"
        return cls(base, post, caller, dialled, sid=sid, person=person, guess=guess, chance=chance)

    def live(self) -> None:
        """Ring, press, wait, repeat; hang up, or vanish without a word."""
        try:
            self.ring()
            if self.guess and not self.is_over:
                self.press(self.guess)
            for _ in range(self.chance.randrange(8, MOST_STEPS)):
                if self.is_over or self.waiting is None:
                    break
                self._step()
                if self.chance.random() < 0.02:
                    break
            if self.chance.random() < 0.9:
                self.hang_up()
        except (CarrierError, OSError):
            # The process died once too often for the carrier's patience.
            self.hang_up()

    def request(self, url: str, form: dict[str, str]) -> tuple[int, str]:
        """Some come twice, at the same moment or a little later, and some of long ago once more."""
        self.requests += 1
        luck = self.chance.random()
        if luck < 0.08:
            with ThreadPoolExecutor(2) as threads:
                both = [threads.submit(self._once, url, form) for _ in range(2)]
                answers = [self._settled(one.result, url, form) for one in both]
            return answers[self.chance.randrange(2)]
        if luck < 0.14 and self.history:
            self._settled(lambda: self._once(*self.chance.choice(self.history)[:2]), url, form)
        answer = self._once(url, form)
        if luck > 0.94:
            self._settled(lambda: self._once(url, form), url, form)
        return answer

    def _once(self, url: str, form: dict[str, str]) -> tuple[int, str]:
        return super().request(url, form)

    def _settled(self, ask: Callable[[], tuple[int, str]], url: str, form: dict[str, str]) -> tuple[int, str]:
        try:
            return ask()
        except OSError:
            return self._once(url, form)

    def _step(self) -> None:
        assert self.waiting is not None and self.person is not None
        verb = self.waiting.verb
        if verb.tag == "Dial":
            self.desk(self.chance.choice(["busy", "no-answer", "completed"]))
        elif verb.tag == "Record":
            self.speak(3)
        elif verb.attrib.get("numDigits") == "18":
            self.press(keyed(self.person.id_number))
        elif verb.attrib.get("numDigits") == "6":
            self.press(self.person.pin or "")
        elif verb.attrib.get("timeout") == "1":
            self.press(self.chance.choice("06*")) if self.chance.random() < 0.1 else self.wait()
        elif self.chance.random() < 0.06:
            self.press(self.chance.choice(ANY_KEY))
        else:
            self.press(self.chance.choice(self._fitting()))

    def _fitting(self) -> str:
        said = "".join(self.heard[-9:])
        return next((keys for words, keys in ANSWERS if words in said), "6*")

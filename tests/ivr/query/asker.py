"""A caller who asks key 1, and hears what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.sandbox.records import Person
from tests.caller import Caller
from tests.ivr.conftest import Clock

PENSION, MEDICAL, CARD = "1", "2", "3"
FILLER = "正在查询，请稍等。"
# While an answer is awaited the document ends with a wait of a second.
A_SECOND = "1"
MOST_ROUNDS = 15


def keyed(id_number: str) -> str:
    """A keypad has no X."""
    return id_number.replace("X", "*")


@dataclass
class Asker(Caller):
    """Takes a second for each key, so that none is taken for a bad line's echo."""

    clock: Clock = field(default_factory=Clock)
    mark: int = 0

    def press(self, keys: str) -> Asker:
        self.clock.tick(1)
        self.mark = len(self.heard)
        super().press(keys)
        return self

    def asks(self, what: str) -> Asker:
        """Key 1 of the main menu, then one of the three."""
        return self.press("1").press(what)

    def proves(self, person: Person, pin: str | None = None) -> Asker:
        """Both numbers, as they are asked for; then the answer is awaited."""
        self.press(keyed(person.id_number)).press(pin or person.pin or "918273")
        return self.waits()

    def waits(self) -> Asker:
        """Presses nothing as long as we are looking."""
        for _ in range(MOST_ROUNDS):
            if not self.is_looking:
                return self
            self.clock.tick(1)
            self.wait()
        raise AssertionError("it is looked for without end")

    @property
    def is_looking(self) -> bool:
        """Whether the caller is kept waiting for an answer."""
        waiting = self.waiting
        return waiting is not None and waiting.verb.tag == "Gather" and waiting.verb.attrib["timeout"] == A_SECOND

    @property
    def said(self) -> list[str]:
        """What was heard since the last key, but for the sentence that we are looking."""
        return [sentence for sentence in self.heard[self.mark :] if sentence != FILLER]

    @property
    def fillers(self) -> int:
        """How often since the last key the caller was told that we are looking."""
        return self.heard[self.mark :].count(FILLER)

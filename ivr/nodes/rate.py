from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Line, Node
from ivr.nodes import keys
from ivr.turn import Turn

SCORES = "12345"


@dataclass(frozen=True, kw_only=True)
class RateNode(Node):
    """Asks for a judgement by key, 1 very satisfied to 5 very dissatisfied; `facts.score` keeps it.

    Another key is asked again once, 0 leads to a person, silence is no judgement.
    Example: {kind: rate, say: [survey], wrong: survey_keys, to: keep_rating, silence: farewell}
    """

    kind: ClassVar[str] = "rate"
    say: tuple[Line, ...]
    wrong: str
    to: str
    silence: str

    def enter(self, turn: Turn) -> None:
        if turn.session.tries == 0:
            self.lines(turn, self.say)
        turn.wait_for_keys()

    def resume(self, turn: Turn) -> str:
        digits = keys.pressed(turn)
        if digits is None:
            return self.silence
        if len(digits) == 1 and digits in SCORES:
            turn.session.facts["score"] = digits
            return self.to
        if digits == keys.HUMAN:
            return turn.flow.human
        turn.session.tries += 1
        if turn.session.tries > 1:
            return self.silence
        turn.say(self.wrong)
        return self.id

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, "1-5", "1")
        yield Edge(self.silence)

    def prompt_ids(self) -> Iterable[str]:
        yield from (line.prompt for line in self.say)
        yield self.wrong

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Flow, Line, Node
from ivr.turn import Turn
from ivr.verbs import Redirect

GUESSES = ("guess_1", "guess_2")


@dataclass(frozen=True, kw_only=True)
class HandoverNode(Node):
    """Gives the call to another centre's menu, or to another menu of the same centre.

    `centre` is a code or guess_1 / guess_2, the centres that the caller's number points to. What was keyed in goes
    along. The next webhook is answered by the new centre's own menu, hours and words.
    """

    kind: ClassVar[str] = "handover"
    say: tuple[Line, ...] = ()
    centre: str = ""
    menu: str = ""

    def enter(self, turn: Turn) -> str | None:
        session = turn.session
        self.lines(turn, self.say)
        if self.centre in GUESSES:
            position = GUESSES.index(self.centre)
            session.centre = session.guesses[position] if position < len(session.guesses) else session.centre
        elif self.centre:
            session.centre = self.centre
        # Asked once: the new centre's menu must not ask again.
        session.guesses, session.guess_names = [], []
        session.menu = self.menu
        session.node, session.trail = "", []
        turn.end_with(Redirect())
        return None

    def resume(self, turn: Turn) -> str:
        return turn.flow.start

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

    def problems(self, flow: Flow) -> Iterable[str]:
        if not self.centre and not self.menu:
            yield "没有写转给谁(centre 或 menu)"
        if self.centre and self.centre not in GUESSES and not (self.centre.isdigit() and len(self.centre) == 6):
            yield f"centre “{self.centre}”要写六位代码，或 guess_1、guess_2"

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Flow, Line, Node
from ivr.turn import Turn
from ivr.verbs import Redirect

GUESSES = ("guess_1", "guess_2")
# And the word by which a look-up names the centre.
INSURED, INSURED_CENTRE = "insured", "insured_centre"


@dataclass(frozen=True, kw_only=True)
class HandoverNode(Node):
    """Gives the call to another centre's menu, or to another menu of the same centre.

    `centre` is a code, guess_1 / guess_2 (the centres that the caller's number points to) or `insured` (the one that a
    look-up has found). What was keyed in goes along. The next webhook is answered by the new centre's own menu, hours
    and words, from its start or from the node `begin`, which its menu must have, too.
    """

    kind: ClassVar[str] = "handover"
    say: tuple[Line, ...] = ()
    centre: str = ""
    menu: str = ""
    begin: str = ""

    def enter(self, turn: Turn) -> str | None:
        session = turn.session
        self.lines(turn, self.say)
        if self.centre in GUESSES:
            position = GUESSES.index(self.centre)
            session.centre = session.guesses[position] if position < len(session.guesses) else session.centre
        elif self.centre == INSURED:
            session.centre = session.words.get(INSURED_CENTRE) or session.centre
        elif self.centre:
            session.centre = self.centre
        # Asked once: the new centre's menu must not ask again.
        session.guesses, session.guess_names = [], []
        session.menu = self.menu
        session.node, session.trail, session.begin = "", [], self.begin
        turn.end_with(Redirect())
        return None

    def resume(self, turn: Turn) -> str:
        return turn.flow.start

    def edges(self) -> Iterable[Edge]:
        # Of another centre's menu; they share their nodes unless it has its own of that name.
        if self.begin:
            yield Edge(self.begin, "begin")

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

    def problems(self, flow: Flow) -> Iterable[str]:
        if not self.centre and not self.menu:
            yield "没有写转给谁(centre 或 menu)"
        named = (*GUESSES, INSURED)
        if self.centre and self.centre not in named and not (self.centre.isdigit() and len(self.centre) == 6):
            yield f"centre “{self.centre}”要写六位代码，或 {'、'.join(named)}"
        if self.begin and self.begin not in flow.nodes:
            yield f"begin “{self.begin}”没有这个节点"

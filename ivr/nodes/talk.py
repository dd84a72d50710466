from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Line, Node
from ivr.turn import Turn
from ivr.verbs import Join


@dataclass(frozen=True, kw_only=True)
class TalkNode(Node):
    """The talk with a consultant. Whatever ends it, `after` asks how it stands.

    Example: {kind: talk, say: [connect], after: after_talk}
    """

    kind: ClassVar[str] = "talk"
    say: tuple[Line, ...]
    after: str

    def enter(self, turn: Turn) -> None:
        self.lines(turn, self.say)
        turn.end_with(Join(turn.session.facts.get("offer", "")))

    def resume(self, turn: Turn) -> str:
        return self.after

    def recover(self, turn: Turn) -> str:
        """Perhaps the talk is over by now."""
        return self.after

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.after)

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

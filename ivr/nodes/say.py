from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Flow, Line, Node
from ivr.outcome import PRECEDENCE
from ivr.session import Turn


@dataclass(frozen=True, kw_only=True)
class SayNode(Node):
    """Speaks and goes on to `to`. `mark` notes what was achieved (or missed) by coming here.

    Example: {kind: say, say: [night], to: closed_menu}
    """

    kind: ClassVar[str] = "say"
    waits: ClassVar[bool] = False
    say: tuple[Line, ...]
    to: str
    mark: str = ""
    slow: bool = False

    def enter(self, turn: Turn) -> str:
        if self.mark:
            turn.session.mark(self.mark)
        if self.slow:
            turn.session.slow = True
        self.lines(turn, self.say)
        return self.to

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to)

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

    def problems(self, flow: Flow) -> Iterable[str]:
        if self.mark and self.mark not in PRECEDENCE:
            yield f"mark “{self.mark}”不是结果之一"

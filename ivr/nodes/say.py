from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Flow, Line, Node
from ivr.outcome import PRECEDENCE
from ivr.session import CALLBACK_WANTED
from ivr.turn import Turn

LEFT, OVER = "left", "over"


@dataclass(frozen=True, kw_only=True)
class SayNode(Node):
    """Speaks and goes on to `to`. `mark` notes what was achieved (or missed) by coming here.

    `line_is: left` says that the caller has gone out of the waiting line, `over` that the line has ended for them.
    `forget` drops a number that was keyed in before, by its name.

    Example: {kind: say, say: [night], to: closed_menu}
    """

    kind: ClassVar[str] = "say"
    waits: ClassVar[bool] = False
    say: tuple[Line, ...]
    to: str
    mark: str = ""
    slow: bool = False
    line_is: str = ""
    forget: str = ""

    def enter(self, turn: Turn) -> str:
        if self.mark:
            turn.session.mark(self.mark)
        if self.slow:
            turn.session.slow = True
        turn.session.private.pop(self.forget, None)
        if self.line_is == LEFT:
            # Whoever goes by key wants nothing more of the line, not even to be rung.
            turn.session.words.pop(CALLBACK_WANTED, None)
            turn.session.note_line_left(turn.event.at)
        elif self.line_is == OVER:
            turn.session.in_line_since = 0.0
        self.lines(turn, self.say)
        return self.to

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to)

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

    def problems(self, flow: Flow) -> Iterable[str]:
        if self.mark and self.mark not in PRECEDENCE:
            yield f"mark “{self.mark}”不是结果之一"
        if self.line_is not in ("", LEFT, OVER):
            yield f"line_is 只能写 {LEFT} 或 {OVER}"

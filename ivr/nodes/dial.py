from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.events import DialEnded
from ivr.flow import Edge, Line, Node
from ivr.nodes import keys
from ivr.outcome import ANSWERED
from ivr.turn import Turn
from ivr.verbs import Dial


@dataclass(frozen=True, kw_only=True)
class DialNode(Node):
    """Rings the centre's desk telephone. `answered` follows a talk, `failed` engaged, no answer and no number.

    Example: {kind: dial, say: [connecting], answered: bye, failed: desk_busy}
    """

    kind: ClassVar[str] = "dial"
    say: tuple[Line, ...]
    answered: str
    failed: str
    timeout: int = 25

    def enter(self, turn: Turn) -> str | None:
        if not turn.moment.desk_number:
            return self.failed
        self.lines(turn, self.say)
        turn.end_with(Dial(turn.moment.desk_number, self.timeout))
        return None

    def resume(self, turn: Turn) -> str:
        if isinstance(turn.event, DialEnded) and turn.event.status in ("completed", "answered"):
            turn.session.mark(ANSWERED)
            return self.answered
        return self.failed

    def recover(self, turn: Turn) -> str:
        """The talk may have been had already: the desk is not rung again unasked."""
        return keys.go_back(turn, self.id)

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.answered, "answered")
        yield Edge(self.failed, "failed")

    def passes(self) -> Iterable[str]:
        return (self.failed,)

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Node
from ivr.turn import Turn
from ivr.verbs import Take

# The word by which a command lets the caller hear what was recorded.
TOKEN = "take_token"


@dataclass(frozen=True, kw_only=True)
class TakeNode(Node):
    """Plays back what the caller has just recorded, then goes on to `to`, where any key cuts it short.

    Example: {kind: take, to: msg_end}
    """

    kind: ClassVar[str] = "take"
    waits: ClassVar[bool] = False
    to: str

    def enter(self, turn: Turn) -> str:
        token = turn.session.words.pop(TOKEN, None)
        if token:
            turn.prompts.append(Take(token))
        return self.to

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to)

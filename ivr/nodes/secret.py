from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.events import KeysPressed
from ivr.flow import Edge, Line, Node
from ivr.nodes.collect import DIGIT_SECONDS, number_keyed, wait_for_number
from ivr.session import Session
from ivr.turn import Turn


@dataclass(frozen=True, kw_only=True)
class SecretNode(Node):
    """Takes a PIN and hands it to the command that follows, in memory alone: it is in no session, step or log.

    `to` must be the command that asks whether it is right. Should its process end meanwhile, it must be keyed again.
    Example: {kind: secret, say: [pin_ask], digits: 6, bad: pin_short, to: check_pin, failed: human}
    """

    kind: ClassVar[str] = "secret"
    say: tuple[Line, ...]
    bad: str
    to: str
    failed: str
    digits: int = 6
    retries: int = 3
    seconds: int = DIGIT_SECONDS

    def enter(self, turn: Turn) -> None:
        if turn.session.tries == 0 or turn.is_silent or not isinstance(turn.event, KeysPressed):
            self.lines(turn, self.say)
        wait_for_number(turn, self.digits, self.seconds)

    def is_entering(self, session: Session) -> bool:
        return True

    def resume(self, turn: Turn) -> str:
        keyed = number_keyed(turn)
        if keyed is None:
            return self.failed
        if len(keyed) == self.digits and keyed.isascii() and keyed.isdigit():
            turn.secret = keyed
            return self.to
        turn.session.tries += 1
        if turn.session.tries >= self.retries:
            return self.failed
        turn.say(self.bad)
        return self.id

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, "ok")
        yield Edge(self.failed, "failed")

    def prompt_ids(self) -> Iterable[str]:
        yield from (line.prompt for line in self.say)
        yield self.bad

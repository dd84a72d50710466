from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.events import Recorded
from ivr.flow import Edge, Flow, Line, Node
from ivr.outcome import PRECEDENCE
from ivr.turn import Turn
from ivr.verbs import Record

# Under 2 s of sound there is no message (script section 5).
SHORTEST_SECONDS = 2
# The word by which a command names the message that the next recording belongs to; and how long it was, as a fact.
MESSAGE, SECONDS = "message_id", "seconds"


@dataclass(frozen=True, kw_only=True)
class RecordNode(Node):
    """Beeps and records. `facts[store]` keeps the recording's id; nothing heard twice leads to `failed`.

    `message`: it belongs to the message that was begun on the way here. `mark` is what a recording achieves, also one
    in which the caller hung up.
    Example: {kind: record, say: [msg_start], empty: msg_empty, store: message, to: kept, failed: human}
    """

    kind: ClassVar[str] = "record"
    say: tuple[Line, ...]
    empty: str
    store: str
    to: str
    failed: str
    max_seconds: int = 180
    silence: int = 5
    message: bool = False
    mark: str = ""

    def enter(self, turn: Turn) -> None:
        if turn.session.tries == 0:
            self.lines(turn, self.say)
        begun = turn.session.words.get(MESSAGE) if self.message else None
        turn.end_with(Record(self.max_seconds, self.silence, message_id=begun or ""))

    def resume(self, turn: Turn) -> str:
        event = turn.event
        if isinstance(event, Recorded) and event.seconds >= SHORTEST_SECONDS:
            self._keep(turn, event)
            return self.to
        turn.session.tries += 1
        if turn.session.tries >= 2:
            return self.failed
        turn.say(self.empty)
        return self.id

    def _keep(self, turn: Turn, event: Recorded) -> None:
        turn.session.facts[self.store] = event.recording_sid
        if self.message:
            turn.session.facts[SECONDS] = str(event.seconds)
        if self.mark:
            turn.session.mark(self.mark)

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, "ok")
        yield Edge(self.failed, "empty")

    def prompt_ids(self) -> Iterable[str]:
        yield from (line.prompt for line in self.say)
        yield self.empty

    def problems(self, flow: Flow) -> Iterable[str]:
        if not 1 <= self.max_seconds <= 3600:
            yield f"max_seconds {self.max_seconds} 不在 1 到 3600 之间"
        if self.mark and self.mark not in PRECEDENCE:
            yield f"mark “{self.mark}”不是结果之一"

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.events import CommandAnswered
from ivr.findings import PROMPTS, Finding, from_plain
from ivr.flow import Edge, Flow, Line, Node
from ivr.nodes import keys
from ivr.session import Session
from ivr.turn import Turn

# Where a look-up leaves what it found, sealed with the call.
FINDINGS = "findings"
# What is read instead when a system refuses, with its {reason}.
REJECTED = "query_rejected"
SLOWER = "8"
MOST = 7


@dataclass(frozen=True, kw_only=True)
class FindingsNode(Node):
    """Reads what a look-up found; of more than one, first the list, one key each.

    `several` opens the list with {count}, `option` names each with {title} and {key}; `after` follows a reading.
    8 reads on slowly, 9 again, * goes to the list or `back`, silence after a reading leads to `silence`.
    `empty` is where the call goes when nothing is kept. What was heard counts as served unless `served` is false.
    Example: {kind: findings, several: found_several, option: found_option, back: query, silence: farewell, empty: main}
    """

    kind: ClassVar[str] = "findings"
    several: str
    option: str
    back: str
    silence: str
    empty: str
    after: tuple[Line, ...] = ()
    served: bool = True

    def enter(self, turn: Turn) -> str | None:
        found = _found(turn.session)
        if not found:
            return self.empty
        if isinstance(turn.event, CommandAnswered):
            turn.session.item = 0
        keys.arrive(turn, self.id)
        reading = self._reading(turn.session, found)
        if reading is None:
            self._list(turn, found)
        else:
            self._read(turn, reading)
        turn.wait_for_keys()
        return None

    def _reading(self, session: Session, found: tuple[Finding, ...]) -> Finding | None:
        if len(found) == 1:
            return found[0]
        return found[session.item - 1] if 0 < session.item <= len(found) else None

    def _list(self, turn: Turn, found: tuple[Finding, ...]) -> None:
        turn.say(self.several, private=True, count=str(len(found)))
        for position, finding in enumerate(found, start=1):
            turn.say(self.option, private=True, title=finding.title, key=str(position))

    def _read(self, turn: Turn, finding: Finding) -> None:
        before = turn.prompt_seconds()
        for sentence in finding.sentences:
            turn.say(sentence.prompt, private=True, **sentence.words)
        if self.served:
            turn.starts_playing(turn.prompt_seconds() - before)
        self.lines(turn, self.after)

    def resume(self, turn: Turn) -> str:
        session, found = turn.session, _found(turn.session)
        is_reading = bool(found) and self._reading(session, found) is not None
        digits = keys.pressed(turn)
        if digits is None:
            return self.silence if is_reading else keys.after_silence(turn, self.id)
        if digits == SLOWER and is_reading:
            session.slow = True
            return self.id
        if digits == keys.BACK:
            return self._back(session, len(found) > 1 and is_reading)
        if not is_reading and digits.isdigit() and 1 <= int(digits) <= len(found):
            session.item, session.wrong_keys = int(digits), 0
            return self.id
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def _back(self, session: Session, to_list: bool) -> str:
        session.item = 0
        return self.id if to_list else self.back

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.back, "", keys.BACK)
        yield Edge(self.silence)
        yield Edge(self.empty, "empty")

    def passes(self) -> Iterable[str]:
        return (self.empty,)

    def prompt_ids(self) -> Iterable[str]:
        yield from (self.several, self.option)
        yield from (line.prompt for line in self.after)
        yield from (*PROMPTS, REJECTED)

    def problems(self, flow: Flow) -> Iterable[str]:
        for name, needs in ((self.several, "{count}"), (self.option, "{title}")):
            if name in flow.prompts and needs not in flow.prompts[name].text:
                yield f"要念的“{name}”里没有 {needs}"


def _found(session: Session) -> tuple[Finding, ...]:
    kept = session.private.get(FINDINGS)
    return from_plain(json.loads(kept))[:MOST] if kept else ()

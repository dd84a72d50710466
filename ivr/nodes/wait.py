from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Node
from ivr.nodes import keys
from ivr.nodes.menu import Option
from ivr.turn import Turn
from ivr.verbs import Music

# Which keys the caller was told of in this wait.
TOLD = "told_in_line"


@dataclass(frozen=True, kw_only=True)
class WaitNode(Node):
    """Stands in the waiting line: music or a useful sentence, then `look` again; keys lead out of it.

    What is known of the line was said on the way here. `keys_said`, and each of the `options` once it is open, is said
    once in a wait; `tips` are said one every other round, in turn. 0 says that the place is kept, 9 looks at once, *
    leads to `leave`; `options` are keys of rooms that keep the caller from waiting, `stay` is said behind those.
    Example: {kind: wait, keys_said: line_keys, tips: [tip_card], still: key_0_in_line, look: look_line,
    leave: leave_line}
    """

    kind: ClassVar[str] = "wait"
    look: str
    leave: str
    still: str
    keys_said: str = ""
    stay: str = ""
    options: tuple[Option, ...] = ()
    tips: tuple[str, ...] = ()

    def enter(self, turn: Turn) -> None:
        session = turn.session
        if not session.in_line_since:
            session.in_line_since = turn.event.at.timestamp()
            session.item = 0
            session.facts.pop(TOLD, None)
        if not self._tell(turn) and self.tips and session.item and session.item % 2 == 0:
            turn.say(self.tips[(session.item // 2 - 1) % len(self.tips)])
        session.item += 1
        # This one, and the look at the line that led here.
        session.waiting_turns += 2
        turn.prompts.append(Music())
        turn.wait_for_keys(timeout=1)

    def _tell(self, turn: Turn) -> bool:
        """Say which keys there are that were not told yet in this wait; whether there was anything to say."""
        facts = turn.session.facts
        told = facts.get(TOLD, "").split()
        prompts = [option.say for option in self.options if option.say and option.is_open(turn)]
        stay = self.stay if any(prompt not in told for prompt in prompts) else ""
        new = [prompt for prompt in (*prompts, stay, self.keys_said) if prompt and prompt not in told]
        for prompt in new:
            turn.say(prompt)
        facts[TOLD] = " ".join([*told, *new])
        return bool(new)

    def resume(self, turn: Turn) -> str:
        digits = keys.pressed(turn)
        if digits == keys.HUMAN:
            turn.say(self.still)
            return self.id
        if digits == keys.BACK:
            return self.leave
        for option in self.options:
            if option.key == digits and option.is_open(turn):
                return option.to
        # Any other key asks how it stands.
        return self.look

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.look)
        yield Edge(self.leave, "", keys.BACK)
        for option in self.options:
            if option.to:
                yield Edge(option.to, option.say, option.key)

    def prompt_ids(self) -> Iterable[str]:
        yield from filter(None, (self.still, self.keys_said, self.stay, *self.tips))
        yield from (option.say for option in self.options if option.say)

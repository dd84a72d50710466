from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import NOTHING, Flow, Line, Node
from ivr.moment import WORDS
from ivr.turn import Turn
from ivr.verbs import Hangup

_BRACES = re.compile(r"\{(\w*)")


@dataclass(frozen=True, kw_only=True)
class HangupNode(Node):
    """Says goodbye and ends the call; never a bare hang-up.

    Example: {kind: hangup, say: [goodbye]}
    """

    kind: ClassVar[str] = "hangup"
    say: tuple[Line, ...]

    def enter(self, turn: Turn) -> None:
        self.lines(turn, self.say)
        turn.end_with(Hangup())

    def resume(self, turn: Turn) -> str:
        return self.id

    def prompt_ids(self) -> Iterable[str]:
        return (line.prompt for line in self.say)

    def problems(self, flow: Flow) -> Iterable[str]:
        if not any(not line.when and _always_speaks(flow, line.prompt) for line in self.say):
            yield "挂断之前可能一句话都没有：要有一句不带条件、不缺词的话"


def _always_speaks(flow: Flow, prompt_id: str) -> bool:
    """Whether the prompt, or one that it gives way to, needs no word that may be unknown."""
    if prompt_id not in flow.prompts:
        # Told elsewhere, and no reason to say it twice.
        return prompt_id != NOTHING
    prompt = flow.prompts[prompt_id]
    may_be_unknown = any(WORDS.get(name, True) for name in _BRACES.findall(prompt.text))
    return not may_be_unknown or (bool(prompt.instead) and _always_speaks(flow, prompt.instead))

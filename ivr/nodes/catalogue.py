from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.content import Guide
from ivr.flow import Edge, Flow, Line, Node
from ivr.nodes import keys
from ivr.turn import Turn

# Keys 1 to 8; 9, 0 and * have their own meaning everywhere.
MOST_OPTIONS = 8


@dataclass(frozen=True, kw_only=True)
class CatalogueNode(Node):
    """A menu made from the guides of the subject chosen before: one key a guide, titles spoken.

    Example: {kind: catalogue, say: [guide_which], option: guide_option, to: read_guide, empty: guide_topics}
    """

    kind: ClassVar[str] = "catalogue"
    option: str
    to: str
    empty: str
    say: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()

    def enter(self, turn: Turn) -> str | None:
        guides = self._guides(turn)
        if not guides:
            return self.empty
        keys.arrive(turn, self.id)
        self.lines(turn, self.say)
        for position, guide in enumerate(guides, start=1):
            turn.say(self.option, key=str(position), title=guide.title)
        self.lines(turn, self.after)
        turn.wait_for_keys()
        return None

    def resume(self, turn: Turn) -> str:
        digits = keys.pressed(turn)
        if digits is None:
            return keys.after_silence(turn, self.id)
        guides = self._guides(turn)
        if digits.isdigit() and 1 <= int(digits) <= len(guides):
            turn.session.content = f"guide/{guides[int(digits) - 1].id}"
            turn.session.item = 0
            turn.session.wrong_keys = 0
            return self.to
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def _guides(self, turn: Turn) -> tuple[Guide, ...]:
        content, (kind, _, name) = turn.flow.content, turn.session.content.partition("/")
        # Coming back from a guide: its subject's list again.
        subject = content.guides[name].subject if kind == "guide" and name in content.guides else name
        return content.guides_on(subject, turn.moment.today)[:MOST_OPTIONS]

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, self.option)
        yield Edge(self.empty, "empty")

    def passes(self) -> Iterable[str]:
        return (self.empty,)

    def prompt_ids(self) -> Iterable[str]:
        yield self.option
        yield from (line.prompt for line in (*self.say, *self.after))

    def problems(self, flow: Flow) -> Iterable[str]:
        # An expired guide needs no key; those that are valid on one day do, and the day of the most begins one.
        guides = flow.content.guides.values()
        for subject in sorted({guide.subject for guide in guides}):
            count = max(len(flow.content.guides_on(subject, guide.reviewed)) for guide in guides)
            if count > MOST_OPTIONS:
                yield f"“{subject}”有{count}份指南，多过{MOST_OPTIONS}个键"

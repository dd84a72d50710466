from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Node
from ivr.nodes import keys
from ivr.session import Session
from ivr.turn import Turn

MOST_SLOTS = 3
# The chosen half hour, by its beginning in ISO form.
CHOSEN = "slot"


def slot_words(spoken: str, begins: str, position: int) -> dict[str, str | None]:
    """The words by which a command offers a half hour: how it is said, and when it begins. `position` from 1."""
    return {f"slot_{position}": spoken, f"slot_at_{position}": begins}


@dataclass(frozen=True, kw_only=True)
class SlotsNode(Node):
    """Speaks the half hours that a command has found and takes one, 1 to 3; silence takes the first.

    `option` is said for each with {slot} and {key}; `facts.slot` keeps when the chosen one begins. * leads to `back`.
    Example: {kind: slots, option: cb_slot, to: book_slot, back: cb_when}
    """

    kind: ClassVar[str] = "slots"
    option: str
    to: str
    back: str

    def enter(self, turn: Turn) -> str | None:
        offered = _offered(turn.session)
        if not offered:
            return self.back
        for key, (spoken, _) in offered.items():
            turn.say(self.option, slot=spoken, key=key)
        turn.wait_for_keys()
        return None

    def resume(self, turn: Turn) -> str:
        offered = _offered(turn.session)
        digits = keys.pressed(turn)
        if digits == keys.BACK or not offered:
            return self.back
        if digits is None or digits in offered:
            turn.session.wrong_keys = 0
            turn.session.facts[CHOSEN] = offered[digits or "1"][1]
            return self.to
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def edges(self) -> Iterable[Edge]:
        yield Edge(self.to, self.option, "1")
        yield Edge(self.back, "", keys.BACK)

    def passes(self) -> Iterable[str]:
        return (self.back,)

    def prompt_ids(self) -> Iterable[str]:
        return (self.option,)


def _offered(session: Session) -> dict[str, tuple[str, str]]:
    """The half hours by their keys: how each is said and when it begins."""
    found = {}
    for position in range(1, MOST_SLOTS + 1):
        spoken, begins = session.words.get(f"slot_{position}"), session.words.get(f"slot_at_{position}")
        if not spoken or not begins:
            break
        found[str(position)] = (spoken, begins)
    return found

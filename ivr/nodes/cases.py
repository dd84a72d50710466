from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from ivr.flow import Edge, Node
from ivr.nodes import keys
from ivr.session import Session
from ivr.turn import Turn
from ivr.words import spell_digits

# Where a command names the cases that it found, newest first; and which was chosen, as a fact.
CASES, CHOSEN_CASE = "case_ids", "case"
MOST_CASES = 3


@dataclass(frozen=True, kw_only=True)
class CasesNode(Node):
    """Names the caller's own cases by their numbers and takes one by its key, 1 to 3. Only one: taken without a word.

    `option` names each with {case_number} and {key}; `facts.case` keeps the choice, silence takes the newest.
    Example: {kind: cases, option: case_option, to: chosen_case, back: menu_again}
    """

    kind: ClassVar[str] = "cases"
    option: str
    to: str
    back: str

    def enter(self, turn: Turn) -> str | None:
        found = found_cases(turn.session)
        if len(found) < 2:
            turn.session.facts[CHOSEN_CASE] = "".join(found)
            return self.to if found else self.back
        for position, number in enumerate(found, start=1):
            turn.say(self.option, case_number=spell_digits(number), key=str(position))
        turn.wait_for_keys()
        return None

    def resume(self, turn: Turn) -> str:
        found = found_cases(turn.session)
        digits = keys.pressed(turn)
        if digits == keys.BACK or not found:
            return self.back
        position = int(digits) if digits and digits.isdigit() else 0
        if digits is None or 1 <= position <= len(found):
            turn.session.wrong_keys = 0
            turn.session.facts[CHOSEN_CASE] = found[max(position, 1) - 1]
            return self.to
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def edges(self) -> Iterable[Edge]:
        for position in range(1, MOST_CASES + 1):
            yield Edge(self.to, self.option, str(position))
        yield Edge(self.back, "", keys.BACK)

    def passes(self) -> Iterable[str]:
        return (self.to, self.back)

    def prompt_ids(self) -> Iterable[str]:
        return (self.option,)


def found_cases(session: Session) -> list[str]:
    """The numbers of the cases that were found for the caller."""
    return list(filter(None, (session.words.get(CASES) or "").split(",")))[:MOST_CASES]

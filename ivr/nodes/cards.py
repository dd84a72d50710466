from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from ivr.flow import Edge, Node
from ivr.nodes import keys
from ivr.session import Session
from ivr.turn import Turn
from ivr.words import spell_digits

# Where a look-up leaves the cards that it found, sealed with the call; and which was chosen, counted from 1.
CARDS, CHOSEN_CARD = "cards", "card"
MOST_CARDS = 4


@dataclass(frozen=True, kw_only=True)
class CardsNode(Node):
    """Names the cards that were found and takes one by its key, 1 to 4. Only one: it is taken without a word.

    `several` opens the list with {count}, `option` names each with {card_tail}, {bank} and {key}; `facts.card` keeps
    the choice. Example: {kind: cards, several: loss_several, option: loss_card, to: take_card, back: menu_again}
    """

    kind: ClassVar[str] = "cards"
    several: str
    option: str
    to: str
    back: str

    def enter(self, turn: Turn) -> str | None:
        cards = kept_cards(turn.session)
        if len(cards) < 2:
            turn.session.facts[CHOSEN_CARD] = "1"
            return self.to if cards else self.back
        keys.arrive(turn, self.id)
        turn.say(self.several, count=str(len(cards)))
        for position, card in enumerate(cards, start=1):
            tail = spell_digits(card["tail"]) if card["tail"] else None
            turn.say(self.option, private=True, card_tail=tail, bank=card["bank"], key=str(position))
        turn.wait_for_keys()
        return None

    def resume(self, turn: Turn) -> str:
        digits = keys.pressed(turn)
        if digits is None:
            return keys.after_silence(turn, self.id)
        if digits == keys.BACK:
            return self.back
        if digits.isdigit() and 1 <= int(digits) <= len(kept_cards(turn.session)):
            turn.session.wrong_keys = 0
            turn.session.facts[CHOSEN_CARD] = digits
            return self.to
        return keys.common_key(turn, self.id, digits) or keys.wrong_key(turn, self.id)

    def edges(self) -> Iterable[Edge]:
        # Each of these keys may be the last one before the question, and must not be its answer as well.
        for position in range(1, MOST_CARDS + 1):
            yield Edge(self.to, self.option, str(position))
        yield Edge(self.back, "", keys.BACK)

    def passes(self) -> Iterable[str]:
        return (self.to, self.back)

    def prompt_ids(self) -> Iterable[str]:
        return (self.several, self.option)


def kept_cards(session: Session) -> list[dict[str, Any]]:
    """The cards that were found for the caller; none when nothing was looked up."""
    kept = session.private.get(CARDS)
    return list(json.loads(kept))[:MOST_CARDS] if kept else []

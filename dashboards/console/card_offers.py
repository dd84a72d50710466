"""What may be done with the cards that a look-up has found, and the name by which the page asks for one of them."""

from __future__ import annotations

from typing import Any

from dashboards.console.desk_talk import Talk
from dashboards.console.freeze_words import ACTIONS, card_words, deed_for, earliest_words, proof_words, what_stops
from integrations.services import Services
from integrations.social_insurance.contract import Answer, CardAction, CardFile, Found, Insured
from integrations.work_calendar import in_shanghai
from ivr.service import Line
from voicemail.card_loss import CardLoss


def fingerprint(services: Services, talk: Talk, card_ref: str) -> str:
    """Names a card within one talk and says nothing of its number."""
    return services.sealer.fingerprint(f"desk_card:{talk.id}:{card_ref}").hex()[:32]


class CardOffers:
    """Shared by all threads of a process."""

    def __init__(self, line: Line) -> None:
        self._services = line.services
        self._registry = line.services.social_insurance
        self._loss = CardLoss(line.services, line.callbacks)

    def add_to(self, told: dict[str, Any], answer: Answer, talk: Talk, person: Insured, proof: str) -> dict[str, Any]:
        """The answer for the page, each of its cards with what may be done with it."""
        if not isinstance(answer, Found) or not self._registry.takes_freezes(talk.centre):
            return told
        items: tuple[Any, ...] = answer.items
        who = proof_words(proof, person.id_number[-4:])
        findings = [
            finding | {"card": self._offer(item, talk, who, proof)}
            for finding, item in zip(told["findings"], items, strict=True)
        ]
        return told | {"findings": findings}

    def _offer(self, card: CardFile, talk: Talk, who: str, proof: str) -> dict[str, Any] | None:
        action = deed_for(card, self.can_release(talk.centre))
        if action is None:
            return None
        named = card_words(card, self._registry.bank_phones(talk.centre))
        return {
            "key": fingerprint(self._services, talk, card.ref),
            "name": named.name,
            "bank": named.bank,
            "action": action.value,
            "action_zh": ACTIONS[action],
            "lines": [*what_stops(action, named), *self._until(action, talk.centre)],
            "who": who,
            "proof": proof,
        }

    def _until(self, action: CardAction, centre: str) -> list[str]:
        if action is not CardAction.FREEZE:
            return []
        today = in_shanghai(self._services.now()).date()
        return [earliest_words(self._loss.last_day_of(centre, today))]

    def can_release(self, centre: str) -> bool:
        """Whether a freeze of the centre's city is lifted by telephone."""
        return self._registry.freeze_rules(centre).release == "phone"

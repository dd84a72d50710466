"""The parts of a running sandbox, for those who look at all of them."""

from dataclasses import dataclass

from integrations.sandbox.card_state import CardState
from integrations.sandbox.exchange_keeper import ExchangeKeeper
from integrations.sandbox.journal import Journal
from integrations.sandbox.medical import MedicalPlatform
from integrations.sandbox.people import Population
from integrations.sandbox.switches import Switches


@dataclass(frozen=True, slots=True)
class Parts:
    """Built once, in `server`."""

    population: Population
    switches: Switches
    journal: Journal
    cards: CardState
    medical: MedicalPlatform
    exchange: ExchangeKeeper

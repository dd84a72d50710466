"""The line with its webhooks beside the sandbox, where no card was frozen by telephone yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from integrations.sandbox.people import Population
from integrations.sandbox.records import Card, Person
from integrations.social_insurance.contract import Kind
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.loss.loser import Loser
from tests.ivr.query.conftest import HEFEI, Rings, system_of
from tests.ivr.query.conftest import clock as clock
from tests.ivr.query.conftest import line as line
from tests.ivr.query.conftest import population as population
from tests.ivr.query.conftest import rings as rings
from tests.ivr.query.conftest import sandbox_process as sandbox_process
from tests.ivr.query.conftest import services as services
from tests.ivr.query.conftest import somebody as somebody
from tests.ivr.query.conftest import today as today
from tests.ivr.query.test_what_is_heard import can_prove
from voicemail.card_loss import CardLoss

Calls = Callable[..., Loser]
Cards = Callable[..., tuple[Person, Card]]
Counted = Callable[..., dict[str, int]]


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    sandbox_process.reset(cards=True)
    yield sandbox_process
    sandbox_process.reset(cards=True)


@pytest.fixture
def calls(rings: Rings) -> Calls:
    """`calls(HEFEI)`: somebody who has lost a card, at the main menu of a centre."""

    def make(centre: str = HEFEI, caller: str = "", kind: type[Loser] = Loser) -> Loser:
        loser = rings(centre, caller, kind)
        assert isinstance(loser, Loser)
        return loser

    return make


@pytest.fixture
def whose(population: Population) -> Cards:
    """`whose("normal", HEFEI)`: who has one card, of this status and made there, and can prove it."""

    def find(status: str = "normal", place: str = HEFEI) -> tuple[Person, Card]:
        return next(
            (person, person.cards[0])
            for person in population.people
            if [card.status for card in person.cards] == [status]
            and person.card_place == place
            and can_prove(person)
            and person.making is not None
            and len(person.making.days) == 8
            and not person.making.valid_tag.startswith("-")
        )

    return find


@pytest.fixture
def counted(sandbox: SandboxProcess) -> Counted:
    """What came for a card at the sandbox."""

    def count(card: Card, system: str = "card-hefei") -> dict[str, int]:
        return {word: number for word, number in sandbox.writes(system, card.number).items() if number}

    return count


@pytest.fixture
def loss(line: Line) -> CardLoss:
    """The same service as in the worker."""
    return CardLoss(line.services, line.callbacks)


@pytest.fixture
def hurried(line: Line) -> None:
    """Hefei's card system has a second to answer."""
    guarded = system_of(line, HEFEI, Kind.CARD)
    guarded.system = replace(guarded.system, timeout_seconds=1)

"""Cards reported lost, on the real database and Redis and over the wire, with a clock that tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from integrations.sandbox.people import Population
from integrations.sandbox.records import Card, Person
from integrations.services import Services, utc_now
from integrations.social_insurance.contract import CardAction, CardFile, Found, Insured, Kind, Purpose
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.registry import SocialInsurance
from queueing.callbacks import Callbacks
from queueing.centre import Centre
from queueing.line import WaitingLine
from tests.integrations.sandbox_process import SandboxProcess
from tests.queueing.line_scene import MONDAY_TEN
from voicemail.card_loss import CardLoss, Report, Reported
from voicemail.freeze_rows import FreezeRow, read_freeze

WANG_FANGS, LI_QIANGS = "+8613855112345", "+8613955167890"
HEFEI, PROVINCE = "340100", "340000"
WRITE = "allDsjk"
SWITCHES = {HEFEI: "card-hefei", PROVINCE: "card-province"}


class Killed(BaseException):
    """Nothing may catch it, as nothing catches a `kill -9`."""


@dataclass
class LossScene:
    """`at` is the clock of the hotline; the card systems have their own."""

    services: Services
    centres: dict[str, Centre]
    sandbox: SandboxProcess
    population: Population
    at: datetime = MONDAY_TEN
    calls: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.services = replace(self.services, now=lambda: self.at)
        self.registry = self.services.social_insurance
        self.callbacks = Callbacks(WaitingLine(self.services, lambda: self.centres))
        self.loss = CardLoss(self.services, self.callbacks)

    @classmethod
    def beside(
        cls, services: Services, centres: dict[str, Centre], sandbox: SandboxProcess, population: Population
    ) -> LossScene:
        """The card systems are those of the sandbox; whoever hangs is waited for a second."""
        settings = replace(services.settings, sandbox_port=sandbox.port)
        registry = SocialInsurance(settings, services.database, services.live_store, services.sealer, utc_now)
        scene = cls(replace(services, settings=settings, social_insurance=registry), centres, sandbox, population)
        for centre in SWITCHES:
            scene.give_up_after(1, centre)
        return scene

    def close(self) -> None:
        self.registry.close()

    # who and what

    def give_up_after(self, seconds: int, centre: str = HEFEI) -> None:
        """The card system of a centre has so long to answer."""
        guarded = self.registry.for_centre(centre, Kind.CARD)
        assert isinstance(guarded, Guarded)
        guarded.system = replace(guarded.system, timeout_seconds=seconds)

    def card(self, status: str = "normal", centre: str = HEFEI, which: int = 0) -> tuple[Person, Card]:
        """Somebody's card of this status, made there."""
        found = [
            (person, card)
            for person in self.population.people
            for card in person.cards
            if card.status == status and person.card_place == centre
        ]
        return found[which]

    def report_of(
        self,
        whose: tuple[Person, Card],
        call: str = "",
        number: str = WANG_FANGS,
        action: CardAction = CardAction.FREEZE,
        centre: str = HEFEI,
    ) -> Report:
        person, card = whose
        return Report(
            centre=centre,
            action=action,
            person=Insured(person.id_number),
            card=CardFile("normal", person.card_place, card.number[-4:], "徽商银行", "96588", ref=card.number),
            call_sid=call or self.new_call(),
            door="keypad",
            asked_by="caller",
            why=f"card_{action}",
            number=number,
            caller_hash=self.services.sealer.fingerprint(number) if number else None,
        )

    def new_call(self) -> str:
        return f"CA{next(self.calls):032x}"

    def report(self, whose: tuple[Person, Card], call: str = "", **values: Any) -> Reported:
        return self.loss.report(self.report_of(whose, call, **values))

    # what the systems and the rows say

    def counted(self, whose: tuple[Person, Card], centre: str = HEFEI) -> dict[str, int]:
        told = self.sandbox.writes(SWITCHES[centre], whose[1].number)
        return {word: number for word, number in told.items() if number}

    def card_itself(self, whose: tuple[Person, Card], centre: str = HEFEI) -> CardFile:
        purpose = Purpose("caller", None, "query_card")
        found = self.registry.look_up(centre, Kind.CARD, Insured(whose[0].id_number), purpose)
        assert isinstance(found, Found), found
        return next(item for item in found.items if isinstance(item, CardFile) and item.ref == whose[1].number)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.services.database.pool.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def row(self, row_id: int) -> FreezeRow:
        with self.services.database.pool.connection() as connection:
            row = read_freeze(connection, row_id)
        assert row is not None
        return row

    def newest(self) -> FreezeRow:
        [(row_id,)] = self.rows("SELECT max(id) FROM card_freeze")
        return self.row(row_id)

    # what happens

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def turn(self, mode: str, centre: str = HEFEI, **how: Any) -> None:
        self.sandbox.turn(SWITCHES[centre], mode, **how)

    @contextmanager
    def around_the_write(
        self, before: Callable[[], object] = lambda: None, after: Callable[[], object] = lambda: None
    ) -> Iterator[None]:
        """Something happens at the very moment in which the card system is asked, or has answered."""
        real = self.registry.write_card

        def write_card(*given: Any) -> Any:
            before()
            answer = real(*given)
            after()
            return answer

        self.registry.write_card = write_card  # type: ignore[assignment,method-assign]
        try:
            yield
        finally:
            del self.registry.write_card

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody answers at the database's address."""
        good = self.take_database_away()
        try:
            yield
        finally:
            self.bring_database_back(good)

    def take_database_away(self) -> str:
        database = self.services.database
        good = database.url
        database.close()
        database.url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
        return good

    def bring_database_back(self, url: str) -> None:
        self.services.database.close()
        self.services.database.url = url


def die() -> None:
    raise Killed

"""Every adapter over the wire against the sandbox: people are told as they are, and every trouble as what it is."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, pairwise

import pytest
from sqlalchemy import text

from integrations.database import Database
from integrations.sandbox.card import HEFEI, PROVINCE
from integrations.sandbox.people import Population
from integrations.sandbox.places import BANK_NAMES
from integrations.sandbox.records import Card, Person
from integrations.sandbox.records import Pension as PensionRecord
from integrations.services import utc_now
from integrations.social_insurance.card import CardConnector
from integrations.social_insurance.contract import (
    STEPS,
    Answer,
    Away,
    CardFile,
    Connector,
    Found,
    Insured,
    MedicalFile,
    NotFound,
    PensionFile,
    PinVerdict,
    Rejected,
    Unknown,
)
from integrations.social_insurance.medical import MedicalConnector
from integrations.social_insurance.pension_bus import PensionBusConnector
from integrations.social_insurance.pension_tables import PensionTablesConnector
from integrations.social_insurance.system_shape import System
from integrations.system_secrets import DEMO_SECRETS
from tests.integrations.sandbox_process import SandboxProcess
from tests.integrations.social_insurance.conftest import NEVER_LOGGED, leaks, shipped, shipped_file

ENOUGH, LITTLE = 8.0, 0.7
NOBODY = Insured("110101190001010010")
SCHEMES = {"110": "employee", "120": "office", "170": "resident"}
CARD_WORDS = {"temporary": "frozen", "formal": "lost", "bank_only": "bank_frozen", "strange": "unknown"}
MADE = dict(zip(STEPS, ("APPLYTIME", "BANKTIME0", "BANKFINISHTIME0", "CITYTIME", "GETTIME"), strict=True))
SWITCHES = {
    "demo_medical": "medical",
    "demo_card_hefei": "card-hefei",
    "demo_card_province": "card-province",
    "demo_bus_hefei": "pension-hefei",
    "demo_bus_province": "pension-province",
    "demo_tables": "exchange",
}
# The platform refuses a message whose number it has seen.
NUMBERS = count()
HTTP = [name for name in SWITCHES if name != "demo_tables"]
PENSIONS = ["demo_bus_province", "demo_tables"]


class Systems:
    """The connectors of the shipped file, pointed at the sandbox of the tests."""

    def __init__(self, sandbox: SandboxProcess, database_url: str) -> None:
        self._sandbox, self._database_url = sandbox, database_url
        self._open: list[Connector] = []

    def connector(self, name: str) -> Connector:
        address = shipped_file().systems[name].address.replace("{sandbox}", self._sandbox.url)
        system = shipped(name, address.replace("{database}", self._database_url))
        connector = self._build(system)
        self._open.append(connector)
        return connector

    def bus(self, name: str) -> PensionBusConnector:
        connector = self.connector(name)
        assert isinstance(connector, PensionBusConnector)
        return connector

    def close(self) -> None:
        for connector in self._open:
            connector.close()

    def _build(self, system: System) -> Connector:
        secrets = {role: DEMO_SECRETS[name] for role, name in system.secrets.items()}
        if system.adapter == "medical":
            return MedicalConnector(system, secrets, utc_now, lambda: next(NUMBERS))
        if system.adapter == "card":
            return CardConnector(system, secrets, utc_now)
        if system.adapter == "pension_bus":
            return PensionBusConnector(system, secrets, utc_now)
        return PensionTablesConnector(system, system.address)


@pytest.fixture
def systems(sandbox: SandboxProcess, postgres_url: str) -> Iterator[Systems]:
    NEVER_LOGGED.update(DEMO_SECRETS.values())
    systems = Systems(sandbox, postgres_url)
    yield systems
    systems.close()


def found(answer: Answer) -> tuple[object, ...]:
    assert isinstance(answer, Found), answer
    return answer.items


def ask_everybody(connector: Connector, people: list[Person]) -> list[Answer]:
    with ThreadPoolExecutor(6) as threads:
        return list(threads.map(lambda person: connector.look_up(Insured(person.id_number), ENOUGH), people))


# whoever is known


def pension_file(pension: PensionRecord) -> PensionFile:
    codes = (pension.aac008, pension.aac031)
    if pension.scheme == "170":
        status = {("1", "1"): "paying", ("2", "2"): "paused", ("1", "3"): "drawing", ("2", "3"): "suspended"}.get(
            codes, "ended" if codes == ("4", "3") else "unknown"
        )
    else:
        status = {"10": "paying", "20": "paused", "31": "drawing", "30": "ended"}.get(
            codes[1] + pension.retired, "unknown"
        )
    # A benefit is asked for where one can be.
    benefit = pension.benefit
    return PensionFile(
        SCHEMES[pension.scheme],  # type: ignore[arg-type]
        status,  # type: ignore[arg-type]
        pension.place,
        pension.months_paid,
        pension.months_deemed,
        pension.months_paid + pension.months_deemed,
        pension.account_fen,
        pension.account_as_of,
        benefit.month if benefit else None,
        benefit.amount_fen if benefit else None,
        {"1": "银行发放", "2": "邮局发放", "3": "单位发放"}[benefit.way] if benefit else None,
    )


@pytest.mark.parametrize("name", PENSIONS)
def test_a_pension_is_told_as_it_is(name: str, systems: Systems, population: Population, today: date) -> None:
    people = list(population.people)
    statuses = set()
    for person, answer in zip(people, ask_everybody(systems.connector(name), people), strict=True):
        if not person.pensions:
            assert isinstance(answer, NotFound)
            continue
        assert set(found(answer)) == {pension_file(pension) for pension in person.pensions}
        assert isinstance(answer, Found) and answer.place == answer.items[0].place
        assert answer.as_of == (today if name == "demo_bus_province" else today - timedelta(days=1))
        statuses |= {(item.scheme, item.status) for item in answer.items}
    assert statuses >= {
        ("resident", "drawing"),
        ("resident", "suspended"),
        ("employee", "drawing"),
        ("employee", "paused"),
    }


def test_both_pension_systems_tell_the_same(systems: Systems, population: Population) -> None:
    people = list(population.people)[:120]
    bus, tables = (ask_everybody(systems.connector(name), people) for name in PENSIONS)
    for one, other in zip(bus, tables, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Found) and isinstance(other, Found):
            assert set(one.items) == set(other.items)


def test_hefei_knows_its_own_alone(systems: Systems, population: Population) -> None:
    hefei = systems.connector("demo_bus_hefei")
    here = next(p for p in population.people if [x.place for x in p.pensions] == ["340100"])
    elsewhere = next(p for p in population.people if p.pensions and all(x.place != "340100" for x in p.pensions))
    assert len(found(hefei.look_up(Insured(here.id_number), ENOUGH))) == 1
    assert isinstance(hefei.look_up(Insured(elsewhere.id_number), ENOUGH), NotFound)


@pytest.mark.parametrize("shape", ["", "plain", "sealed"])
def test_medical_insurance_is_told_as_it_is(
    shape: str, systems: Systems, sandbox: SandboxProcess, population: Population, today: date
) -> None:
    sandbox.shape(shape)
    people = list(population.people)
    words = {"0": "none", "1": "normal", "2": "paused", "4": "ended"}
    seen = set()
    for person, answer in zip(people, ask_everybody(systems.connector("demo_medical"), people), strict=True):
        if not person.medical:
            assert isinstance(answer, NotFound)
            continue
        expected = {
            MedicalFile(
                m.kind, words.get(m.status, "unknown"), m.place, m.balance_fen, m.since, m.paused_since, m.employer
            )  # type: ignore[arg-type]
            for m in person.medical
        }
        assert set(found(answer)) == expected
        assert isinstance(answer, Found) and answer.as_of == today
        seen |= {(item.kind, item.status) for item in expected}
    assert seen >= {("310", "normal"), ("390", "normal"), ("310", "paused")}


def card_file(card: Card, person: Person, deployment_tells_expiry: bool, today: date) -> tuple[object, ...]:
    until = today + timedelta(days=card.days_left) if card.status == "temporary" and deployment_tells_expiry else None
    status = CARD_WORDS.get(card.status, card.status)
    return (status, person.card_place, card.number[-4:], BANK_NAMES[card.bank], card.bank, until, card.number)


@pytest.mark.parametrize(("name", "deployment"), [("demo_card_hefei", HEFEI), ("demo_card_province", PROVINCE)])
def test_cards_are_told_as_they_are(
    name: str, deployment: object, systems: Systems, population: Population, today: date
) -> None:
    people = [p for p in population.people if name == "demo_card_province" or p.card_place == "340100"]
    seen = set()
    for person, answer in zip(people, ask_everybody(systems.connector(name), people), strict=True):
        if person.making is None:
            assert isinstance(answer, NotFound)
            continue
        items = [item for item in found(answer) if isinstance(item, CardFile)]
        told = [(i.status, i.place, i.number_tail, i.bank, i.bank_phone, i.frozen_until, i.ref) for i in items]
        expected = [card_file(c, person, deployment is HEFEI, today) for c in person.cards]
        assert [row for row in told if row[0] != "making"] == expected
        seen |= {row[0] for row in told}
        assert sum(bool(item.progress) for item in items) == 1
    assert {"normal", "frozen", "lost", "making"} <= seen | (
        {"making", "frozen", "lost"} if len(people) < 50 else set()
    )


def test_the_same_code_means_another_thing_elsewhere(systems: Systems, population: Population) -> None:
    """王娜 has two cards in Hefei: one formally lost, one normal. Hefei writes 3 and 1, the province 1 and 0."""
    person = next(p for p in population.people if [c.status for c in p.cards] == ["formal", "normal"])
    for name in ("demo_card_hefei", "demo_card_province"):
        items = found(systems.connector(name).look_up(Insured(person.id_number), ENOUGH))
        assert [item.status for item in items if isinstance(item, CardFile)] == ["lost", "normal"]


def test_a_card_in_the_making_tells_its_steps_and_its_failure(systems: Systems, population: Population) -> None:
    connector = systems.connector("demo_card_province")
    under_way = next(p for p in population.people if p.shows and p.making and not p.cards and p.making.valid_tag == "0")
    (item,) = found(connector.look_up(Insured(under_way.id_number), ENOUGH))
    assert isinstance(item, CardFile) and under_way.making and item.progress
    assert (item.status, item.number_tail, item.failed_reason) == ("making", None, None)
    days = under_way.making.days
    assert [step.at for step in item.progress] == [days[0], days[1], days[2], days[6], None]
    failed = next(p for p in population.people if p.shows and p.making and p.making.valid_tag == "-1")
    (item,) = found(connector.look_up(Insured(failed.id_number), ENOUGH))
    assert isinstance(item, CardFile) and item.failed_reason == "照片不合格,请重新采集"
    raw = next((p for p in population.people if p.making and "&" in p.making.remarks), None)
    if raw:
        items = found(connector.look_up(Insured(raw.id_number), ENOUGH))
        assert any(isinstance(i, CardFile) and i.failed_reason == "证件有效期已过&请更新" for i in items)


@pytest.mark.parametrize("name", SWITCHES)
def test_nobody_is_nobody(name: str, systems: Systems) -> None:
    assert isinstance(systems.connector(name).look_up(NOBODY, ENOUGH), NotFound)


@pytest.mark.parametrize("name", ["demo_medical", "demo_card_province"])
def test_a_wrong_name_is_refused_in_the_systems_own_words(name: str, systems: Systems, population: Population) -> None:
    person = next(p for p in population.people if p.shows and p.medical and p.cards)
    answer = systems.connector(name).look_up(Insured(person.id_number, "欧阳不对"), ENOUGH)
    assert isinstance(answer, Rejected) and "姓名" in answer.reason


# query PINs


def test_every_pin_is_judged(systems: Systems, population: Population) -> None:
    bus = systems.bus("demo_bus_province")
    seen = set()
    for person in [p for p in population.people if p.pensions][:80]:
        right = PinVerdict.INITIAL if person.pin_is_initial else PinVerdict.RIGHT
        if person.pin is None:
            verdict = bus.check(Insured(person.id_number), "918273", ENOUGH)
            assert verdict is PinVerdict.NOT_SET
        else:
            verdict = bus.check(Insured(person.id_number), person.pin, ENOUGH)
            assert verdict is right
            wrong = "918273" if person.pin != "918273" else "918274"
            assert bus.check(Insured(person.id_number), wrong, ENOUGH) is PinVerdict.WRONG
        seen.add(verdict)
    assert seen == {PinVerdict.RIGHT, PinVerdict.INITIAL, PinVerdict.NOT_SET}
    assert bus.check(NOBODY, "123456", ENOUGH) is PinVerdict.NOT_FOUND


def test_an_unreadable_verdict_is_no_verdict(systems: Systems, sandbox: SandboxProcess, population: Population) -> None:
    sandbox.turn("pension-province", "wrong", twist="types")
    person = next(p for p in population.people if p.pensions and p.pin)
    assert isinstance(systems.bus("demo_bus_province").check(Insured(person.id_number), "000000", ENOUGH), Unknown)


# trouble


def somebody(population: Population) -> Insured:
    """Known to every system, Hefei's too, as is whoever comes next and is mixed up with them."""

    def is_of_hefei(person: Person) -> bool:
        is_insured = any(pension.place == "340100" for pension in person.pensions)
        return bool(is_insured and person.medical and person.cards) and person.card_place == "340100"

    person = next(one for one, after in pairwise(population.people) if is_of_hefei(one) and is_of_hefei(after))
    return Insured(person.id_number)


@pytest.fixture
def ask(systems: Systems, sandbox: SandboxProcess, population: Population) -> Callable[..., Answer]:
    """Ask a system for somebody while it misbehaves."""

    def ask(name: str, mode: str, seconds: float = ENOUGH, **more: object) -> Answer:
        connector = systems.connector(name)
        assert isinstance(connector.look_up(somebody(population), ENOUGH), Found)
        sandbox.turn(SWITCHES[name], mode, **more)
        return connector.look_up(somebody(population), seconds)

    return ask


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("twist", ["broken", "html", "empty", "types", "other"])
def test_a_wrong_answer_is_unknown(name: str, twist: str, ask: Callable[..., Answer]) -> None:
    answer = ask(name, "wrong", twist=twist)
    assert isinstance(answer, Unknown)
    assert answer.reason.isascii() and not re.search(r"\d{4}", answer.reason)


def test_figures_of_a_platform_whose_core_is_down_are_no_figures(ask: Callable[..., Answer]) -> None:
    assert isinstance(ask("demo_medical", "wrong", twist="zero"), Unknown)


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize(
    ("mode", "reason", "is_connection"),
    [("error", "down", False), ("down", "down", True), ("half", "down", True), ("lost", "down", True)],
)
def test_no_answer_is_no_answer(
    name: str, mode: str, reason: str, is_connection: bool, ask: Callable[..., Answer]
) -> None:
    with pytest.raises(Away) as caught:
        ask(name, mode)
    assert (caught.value.reason, caught.value.is_connection) == (reason, is_connection)
    assert "340" not in str(caught.value) and "http" not in str(caught.value).lower().replace("http 500", "")


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("mode", ["hang", "slow"])
def test_an_answer_that_does_not_come_in_time_is_slow(name: str, mode: str, ask: Callable[..., Answer]) -> None:
    with pytest.raises(Away) as caught:
        ask(name, mode, LITTLE, ms=60_000)
    assert caught.value.reason == "slow"


@pytest.mark.parametrize("name", SWITCHES)
def test_a_probe_tells_whether_somebody_is_there(name: str, systems: Systems, sandbox: SandboxProcess) -> None:
    connector = systems.connector(name)
    assert connector.probe()
    sandbox.turn(SWITCHES[name], "down")
    assert not connector.probe()


@pytest.mark.parametrize("name", ["demo_card_hefei", "demo_bus_province"])
def test_who_is_not_let_in_is_refused(name: str, sandbox: SandboxProcess) -> None:
    system = shipped(name, shipped_file().systems[name].address.replace("{sandbox}", sandbox.url))
    secrets = {role: "not the secret" for role in system.secrets}
    kind = CardConnector if system.adapter == "card" else PensionBusConnector
    with pytest.raises(Away) as caught:
        kind(system, secrets, utc_now).look_up(NOBODY, ENOUGH)
    assert caught.value.reason == "refused"


def test_a_platform_that_refuses_our_messages_refuses_us(sandbox: SandboxProcess) -> None:
    system = shipped("demo_medical", f"{sandbox.url}/medical/national")
    connector = MedicalConnector(system, {"sign_key": "not the key"}, utc_now, lambda: next(NUMBERS))
    with pytest.raises(Away) as caught:
        connector.look_up(NOBODY, ENOUGH)
    assert caught.value.reason == "refused"


def test_a_sealed_answer_without_the_key_is_unknown(sandbox: SandboxProcess, population: Population) -> None:
    sandbox.shape("sealed")
    system = shipped("demo_medical", f"{sandbox.url}/medical/national")
    for key in ({}, {"cipher_key": "another key 0016"}):
        secrets = {"sign_key": DEMO_SECRETS["SYSTEM_DEMO_MEDICAL_SIGN_KEY"], **key}
        connector = MedicalConnector(system, secrets, utc_now, lambda: next(NUMBERS))
        assert isinstance(connector.look_up(somebody(population), ENOUGH), Unknown)


# the exchange tables


def test_a_batch_that_is_being_written_is_no_answer(ask: Callable[..., Answer]) -> None:
    with pytest.raises(Away) as caught:
        ask("demo_tables", "half")
    assert caught.value.reason == "down"


def test_the_finished_batch_beside_it_counts(ask: Callable[..., Answer], today: date) -> None:
    answer = ask("demo_tables", "half_kept")
    assert isinstance(answer, Found) and answer.as_of == today - timedelta(days=2)


def test_a_finished_batch_with_rows_missing_is_half_a_batch(
    systems: Systems, sandbox: SandboxProcess, database: Database
) -> None:
    """Whoever is not in it may well exist, so nobody is told that they do not."""
    with database.pool.connection() as connection:
        connection.execute("UPDATE exchange.batch_rows SET rows_announced = rows_announced + 1")
    try:
        for _ in range(2):
            with pytest.raises(Away) as caught:
                systems.connector("demo_tables").look_up(NOBODY, ENOUGH)
            assert caught.value.reason == "down"
    finally:
        sandbox.turn("exchange", "normal")
    assert isinstance(systems.connector("demo_tables").look_up(NOBODY, ENOUGH), NotFound)


def test_tables_are_read_in_one_snapshot_and_never_written(systems: Systems) -> None:
    connector = systems.connector("demo_tables")
    assert isinstance(connector, PensionTablesConnector)
    ends_at = time.monotonic() + ENOUGH

    def told(name: str) -> object:
        return connector._within(ends_at, lambda connection: connection.execute(text(f"SHOW {name}")).scalar())

    assert (told("transaction_isolation"), told("transaction_read_only")) == ("repeatable read", "on")
    assert told("statement_timeout") in ("4500ms", "4s500ms")
    with pytest.raises(Away) as caught:
        connector._within(ends_at, lambda connection: connection.execute(text("CREATE TABLE public.never (id int)")))
    assert "CREATE" not in f"{caught.value!r} {caught.value.detail}"


def test_old_tables_say_how_old_they_are(ask: Callable[..., Answer], today: date) -> None:
    answer = ask("demo_tables", "stale", days=9)
    assert isinstance(answer, Found) and answer.as_of == today - timedelta(days=9)


def test_wrong_figures_in_a_table_are_unknown(ask: Callable[..., Answer]) -> None:
    assert isinstance(ask("demo_tables", "wrong"), Unknown)


def test_tables_that_are_taken_away_are_no_answer(ask: Callable[..., Answer]) -> None:
    with pytest.raises(Away) as caught:
        ask("demo_tables", "down")
    assert caught.value.reason in ("down", "refused")


def test_the_note_says_until_when_the_tables_go(systems: Systems, today: date) -> None:
    connector = systems.connector("demo_tables")
    assert connector.note() == ""
    connector.look_up(NOBODY, ENOUGH)
    assert connector.note() == f"数据截至{today - timedelta(days=1):%Y-%m-%d}"


def test_the_ear_at_the_logs_hears(everything_logged: io.StringIO, population: Population) -> None:
    import logging

    import structlog

    before = everything_logged.tell()
    name = population.people[0].id_number
    structlog.get_logger("ear").info("heard", number=name)
    logging.getLogger("anybody").debug("also %s", name)
    assert everything_logged.getvalue()[before:].count(name) == 2 and leaks(everything_logged.getvalue()) == [name]
    everything_logged.seek(before)
    everything_logged.truncate()


def test_a_name_that_is_known_is_sent_with_the_question(systems: Systems, population: Population) -> None:
    person = next(p for p in population.people if p.medical and p.pensions and p.making and p.cards)
    insured = replace(Insured(person.id_number), name=person.name)
    for name in ("demo_medical", "demo_card_province", "demo_bus_province"):
        assert isinstance(systems.connector(name).look_up(insured, ENOUGH), Found)

"""A card is frozen or released over the wire: what came of it is the system's own word, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.database import Database
from integrations.sandbox.card import AT_THE_COUNTER, HEFEI, PROVINCE, WRONG_NAME
from integrations.sandbox.people import Population
from integrations.sandbox.records import Card, Person
from integrations.services import Services, utc_now
from integrations.settings import Settings
from integrations.social_insurance.card import CardConnector
from integrations.social_insurance.contract import (
    Away,
    CardAction,
    CardFile,
    Found,
    Insured,
    Kind,
    Purpose,
    Rejected,
    Unavailable,
    Unknown,
    WriteAnswer,
    Written,
)
from integrations.social_insurance.guard import Guarded
from integrations.social_insurance.registry import SocialInsurance
from integrations.social_insurance.soap import SHIPPED_WSDL
from integrations.system_secrets import DEMO_SECRETS
from tests.integrations.sandbox_process import SandboxProcess
from tests.integrations.social_insurance.conftest import NEVER_LOGGED, shipped
from tests.integrations.social_insurance.scripted_system import ScriptedSystem
from tests.integrations.social_insurance.test_adapters import FAULT, soap
from tests.running import free_port

ENOUGH = 8.0
FREEZE, RELEASE = CardAction.FREEZE, CardAction.RELEASE
WRITE = "allDsjk"
PURPOSE = Purpose("caller", "CA" + "0" * 32, "card_freeze")
CENTRES = {"hefei": "340100", "province": "340000"}
DEPLOYMENTS = {"hefei": HEFEI, "province": PROVINCE}
SOMEBODY = Insured("340103198503089983")


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """No card was ever frozen by telephone, before or after."""
    sandbox_process.reset(cards=True)
    yield sandbox_process
    sandbox_process.reset(cards=True)


@pytest.fixture
def registry(services: Services, sandbox: SandboxProcess) -> Iterator[SocialInsurance]:
    """As the hotline asks: guarded and audited."""
    NEVER_LOGGED.update(DEMO_SECRETS.values())
    opened = open_registry(services, services.settings, sandbox.port)
    yield opened
    opened.close()


def open_registry(services: Services, settings: Settings, port: int) -> SocialInsurance:
    return SocialInsurance(
        replace(settings, sandbox_port=port), services.database, services.live_store, services.sealer, utc_now
    )


Cards = Callable[[str, str], tuple[Person, Card]]


@pytest.fixture
def card_that_is(population: Population) -> Cards:
    """`card_that_is("normal", "hefei")`: one of that status, and whose it is."""

    def find(status: str, deployment: str) -> tuple[Person, Card]:
        # The province's own system answers for all cities but Hefei.
        is_hefeis = deployment == "hefei"
        return next(
            (person, card)
            for person in population.people
            for card in person.cards
            if card.status == status and (person.card_place == CENTRES["hefei"]) is is_hefeis
        )

    return find


def write(
    registry: SocialInsurance, deployment: str, whose: tuple[Person, Card], action: CardAction = FREEZE
) -> WriteAnswer:
    person, card = whose
    return registry.write_card(CENTRES[deployment], action, Insured(person.id_number), card.number, PURPOSE)


def card_itself(registry: SocialInsurance, deployment: str, whose: tuple[Person, Card]) -> CardFile:
    person, card = whose
    found = registry.look_up(CENTRES[deployment], Kind.CARD, Insured(person.id_number), PURPOSE)
    assert isinstance(found, Found)
    return next(item for item in found.items if isinstance(item, CardFile) and item.ref == card.number)


def counted(sandbox: SandboxProcess, deployment: str, whose: tuple[Person, Card]) -> dict[str, int]:
    told = sandbox.writes(f"card-{deployment}", whose[1].number)
    return {word: count for word, count in told.items() if count}


both = pytest.mark.parametrize("deployment", DEPLOYMENTS)


# what the system says


@both
def test_a_freeze_is_done_by_its_00_and_only_hefei_tells_day_and_receipt(
    deployment: str, registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose, rules = card_that_is("normal", deployment), DEPLOYMENTS[deployment]
    answer = write(registry, deployment, whose)
    assert isinstance(answer, Written) and answer.is_new
    last = sandbox.today + timedelta(days=rules.freeze_days) if rules.tells_expiry else None
    assert answer.until == last
    assert (answer.receipt is not None and answer.receipt.isdigit()) is rules.tells_expiry
    itself = card_itself(registry, deployment, whose)
    assert (itself.status, itself.frozen_until) == ("frozen", last)
    assert counted(sandbox, deployment, whose) == {"received": 1, "frozen": 1}


@both
@pytest.mark.parametrize("status", ["temporary", "formal"])
def test_a_card_that_is_frozen_already_says_01(
    status: str, deployment: str, registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose = card_that_is(status, deployment)
    answer = write(registry, deployment, whose)
    assert answer == Written(answer.system, is_new=False)
    assert counted(sandbox, deployment, whose) == {"received": 1, "already": 1}


@both
@pytest.mark.parametrize(
    ("status", "words"), [("cancelled", "该卡已注销，不能挂失"), ("inactive", "该卡尚未启用，不能挂失")]
)
def test_a_refusal_comes_in_the_systems_own_sentence(
    status: str, words: str, deployment: str, registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose = card_that_is(status, deployment)
    answer = write(registry, deployment, whose)
    assert answer == Rejected(f"demo_card_{deployment}", words)
    assert counted(sandbox, deployment, whose) == {"received": 1, "refused": 1}


def test_hefei_lifts_a_freeze_by_telephone(
    registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose = card_that_is("temporary", "hefei")
    answers = [write(registry, "hefei", whose, RELEASE) for _ in range(2)]
    assert answers == [Written("demo_card_hefei", is_new=is_new) for is_new in (True, False)]
    assert card_itself(registry, "hefei", whose).status == "normal"
    assert counted(sandbox, "hefei", whose) == {"received": 2, "released": 1, "already": 1}


def test_a_formal_report_is_not_lifted_by_telephone(registry: SocialInsurance, card_that_is: Cards) -> None:
    whose = card_that_is("formal", "hefei")
    assert write(registry, "hefei", whose, RELEASE) == Rejected("demo_card_hefei", "该卡不是临时挂失，请到窗口办理")
    assert card_itself(registry, "hefei", whose).status == "lost"


def test_the_province_sends_whoever_wants_it_lifted_to_the_counter(
    registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose = card_that_is("temporary", "province")
    assert write(registry, "province", whose, RELEASE) == Rejected("demo_card_province", AT_THE_COUNTER)
    assert card_itself(registry, "province", whose).status == "frozen"
    assert counted(sandbox, "province", whose) == {"received": 1, "refused": 1}


def test_a_card_of_somebody_else_is_not_frozen(
    registry: SocialInsurance, sandbox: SandboxProcess, population: Population, card_that_is: Cards
) -> None:
    whose = card_that_is("normal", "hefei")
    other = next(p for p in population.people if p.id_number != whose[0].id_number)
    answer = write(registry, "hefei", (other, whose[1]))
    assert answer == Rejected("demo_card_hefei", "社保卡号与社会保障号码不符")
    assert card_itself(registry, "hefei", whose).status == "normal"


# what nobody knows


@pytest.mark.parametrize(
    ("mode", "how", "expected"),
    [
        ("lost", {}, "away"),
        ("half", {}, "away"),
        ("down", {}, "away"),
        ("error", {}, "away"),
        ("wrong", {"twist": "types"}, "unreadable"),
        ("wrong", {"twist": "broken"}, "unreadable"),
        ("wrong", {"twist": "html"}, "unreadable"),
        ("wrong", {"twist": "empty"}, "unreadable"),
    ],
)
@both
def test_a_write_without_a_word_that_can_be_read_may_have_been_heard_and_is_not_sent_again(
    deployment: str,
    mode: str,
    how: dict[str, Any],
    expected: str,
    registry: SocialInsurance,
    sandbox: SandboxProcess,
    card_that_is: Cards,
) -> None:
    whose = card_that_is("normal", deployment)
    # So that there is a kept connection, which a client may be tempted to try anew.
    assert card_itself(registry, deployment, whose).status == "normal"
    sandbox.turn(f"card-{deployment}", mode, operation=WRITE, **how)
    answer = write(registry, deployment, whose)
    if expected == "away":
        assert isinstance(answer, Unavailable) and answer.may_have_heard
    else:
        assert isinstance(answer, Unknown)
    assert sandbox.asked(f"card-{deployment}", WRITE) == 1
    sandbox.turn(f"card-{deployment}", "normal")
    is_done = mode not in ("down", "error")
    assert card_itself(registry, deployment, whose).status == ("frozen" if is_done else "normal")
    assert counted(sandbox, deployment, whose) == ({"received": 1, "frozen": 1} if is_done else {})


@pytest.mark.parametrize(("mode", "how"), [("hang", {}), ("slow", {"ms": 5000})])
def test_a_write_that_is_not_answered_in_time_may_have_been_heard(
    mode: str, how: dict[str, Any], registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose = card_that_is("normal", "hefei")
    guarded = registry.for_centre(CENTRES["hefei"], Kind.CARD)
    assert isinstance(guarded, Guarded)
    guarded.system = replace(guarded.system, timeout_seconds=1)
    sandbox.turn("card-hefei", mode, operation=WRITE, **how)
    answer = write(registry, "hefei", whose)
    assert isinstance(answer, Unavailable) and answer.reason == "slow" and answer.may_have_heard
    assert sandbox.asked("card-hefei", WRITE) == 1


# what was certainly not sent


@both
def test_a_connection_that_is_refused_has_sent_nothing(
    deployment: str, services: Services, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    registry = open_registry(services, services.settings, free_port())
    answer = write(registry, deployment, card_that_is("normal", deployment))
    registry.close()
    assert isinstance(answer, Unavailable) and answer.reason == "down" and not answer.may_have_heard


def test_a_system_that_rests_is_sent_nothing(
    registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    whose = card_that_is("normal", "hefei")
    sandbox.turn("card-hefei", "down")
    for _ in range(8):
        registry.look_up(CENTRES["hefei"], Kind.CARD, Insured(whose[0].id_number), PURPOSE)
    assert registry.is_resting(CENTRES["hefei"], Kind.CARD)
    answer = write(registry, "hefei", whose)
    assert isinstance(answer, Unavailable) and answer.until is not None and not answer.may_have_heard
    assert sandbox.asked("card-hefei", WRITE) == 0


def test_without_its_audit_row_nothing_is_sent(
    registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards, database: Database
) -> None:
    whose, good = card_that_is("normal", "hefei"), database.url
    database.close()
    database.url = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    try:
        answer = write(registry, "hefei", whose)
    finally:
        database.close()
        database.url = good
    assert isinstance(answer, Unavailable) and not answer.may_have_heard
    assert sandbox.asked("card-hefei", WRITE) == 0


Scripted = Callable[..., CardConnector]


@pytest.fixture
def connect(scripted: ScriptedSystem) -> Iterator[Scripted]:
    """Hefei's connector before a system that answers what it is told to."""
    opened: list[CardConnector] = []

    def make(*replies: Any, **more: Any) -> CardConnector:
        scripted.answers(*replies or ("",))
        system = shipped("demo_card_hefei", scripted.url, **more)
        opened.append(CardConnector(system, {"password": "geheim"}, utc_now))
        return opened[-1]

    yield make
    for connector in opened:
        connector.close()


def test_an_operation_that_the_description_does_not_have_is_never_sent(
    connect: Scripted, scripted: ScriptedSystem, tmp_path: Path
) -> None:
    description = tmp_path / "other.wsdl"
    description.write_text(SHIPPED_WSDL.read_text(encoding="utf-8").replace(WRITE, "somethingElse"), encoding="utf-8")
    with pytest.raises(Away) as caught:
        connect(wsdl_file=str(description)).write(FREEZE, SOMEBODY, "Y900010019", ENOUGH)
    assert (caught.value.reason, caught.value.was_sent) == ("refused", False)
    assert scripted.requests == []


@pytest.mark.parametrize("ref", ["Y9<操作*>解挂</操作*>", "Y9>"])
def test_a_value_that_would_be_read_as_tags_is_never_sent(
    ref: str, connect: Scripted, scripted: ScriptedSystem
) -> None:
    with pytest.raises(Away) as caught:
        connect().write(FREEZE, SOMEBODY, ref, ENOUGH)
    assert not caught.value.was_sent and scripted.requests == []


def test_what_is_written_names_the_card_the_person_and_the_action(connect: Scripted, scripted: ScriptedSystem) -> None:
    connector = connect(soap(WRITE, "<ERR>00</ERR>"))
    for action, words in ((FREEZE, "临时挂失"), (RELEASE, "解挂")):
        assert connector.write(action, SOMEBODY, "Y900010019", ENOUGH) == Written("demo_card_hefei", True)
        body = scripted.requests[-1]["body"]
        for tag, value in (
            ("操作*", words),
            ("用户名*", "12333"),
            ("密码*", "geheim"),
            ("社保卡号*", "Y900010019"),
            ("社会保障号码*", SOMEBODY.id_number),
            ("姓名*", ""),
        ):
            assert f"&lt;{tag}&gt;{value}&lt;/{tag}&gt;" in body, tag
    assert len(scripted.requests) == 2


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<ERR>00</ERR>", Written("demo_card_hefei", True)),
        ("<ERR>01</ERR><到期日期></到期日期>", Written("demo_card_hefei", False)),
        ("<受理号>A7</受理号><ERR> 00 </ERR>", Written("demo_card_hefei", True, None, "A7")),
        ("<ERR>0</ERR>", Unknown("demo_card_hefei", "ERR means nothing here")),
        ("<ERR>OK</ERR>", Unknown("demo_card_hefei", "ERR means nothing here")),
        (f"<ERR>{WRONG_NAME}</ERR>", Rejected("demo_card_hefei", WRONG_NAME)),
        ("<ERR>卡340103198503089983已锁</ERR>", Rejected("demo_card_hefei", "卡（号码略）已锁")),
        ("<ERR></ERR>", Unknown("demo_card_hefei", "ERR missing")),
        ("<到期日期>20261130</到期日期>", Unknown("demo_card_hefei", "ERR missing")),
        ("<ERR>00</ERR><到期日期>不详</到期日期>", Unknown("demo_card_hefei", "到期日期 unreadable")),
        ("<ERR>00", Unknown("demo_card_hefei", "reply is not a row of elements")),
        ("好了", Unknown("demo_card_hefei", "reply is not a row of elements")),
    ],
)
def test_only_00_and_01_are_read_as_done(text: str, answer: WriteAnswer, connect: Scripted) -> None:
    assert connect(soap(WRITE, text)).write(FREEZE, SOMEBODY, "Y900010019", ENOUGH) == answer


@pytest.mark.parametrize(
    ("reply", "reason", "was_sent"),
    [
        (soap(WRITE, "<ERR>用户名或密码错误</ERR>"), "refused", False),
        (soap(WRITE, "<ERR>系统维护，请稍候</ERR>"), "down", True),
        (soap(WRITE, "<ERR>系统繁忙</ERR>"), "down", True),
        (FAULT, "down", True),
        ({"body": FAULT, "status": 500}, "down", True),
        ({"body": "", "status": 429}, "busy", True),
        ({"body": "", "status": 403}, "refused", True),
        ({"mode": "cut"}, "down", True),
        ({"mode": "half", "body": soap(WRITE, "<ERR>00</ERR>")}, "down", True),
    ],
)
def test_a_system_that_does_not_let_us_in_has_done_nothing_and_one_in_trouble_perhaps_has(
    reply: Any, reason: str, was_sent: bool, connect: Scripted, scripted: ScriptedSystem
) -> None:
    with pytest.raises(Away) as caught:
        connect(reply).write(FREEZE, SOMEBODY, "Y900010019", ENOUGH)
    assert (caught.value.reason, caught.value.was_sent) == (reason, was_sent)
    assert len(scripted.requests) == 1


def test_the_wrong_user_is_no_refusal_of_the_card(
    services: Services, sandbox: SandboxProcess, card_that_is: Cards
) -> None:
    """The sandbox counts what it refuses; the caller is told that nothing was done, not the reason."""
    whose = card_that_is("normal", "hefei")
    connector = CardConnector(shipped("demo_card_hefei", f"{sandbox.url}/card/hefei"), {"password": "x"}, utc_now)
    with pytest.raises(Away) as caught:
        connector.write(FREEZE, Insured(whose[0].id_number), whose[1].number, ENOUGH)
    connector.close()
    assert (caught.value.reason, caught.value.was_sent) == ("refused", False)
    assert counted(sandbox, "hefei", whose) == {}


@both
def test_every_write_leaves_its_row_of_the_audit(
    deployment: str, registry: SocialInsurance, sandbox: SandboxProcess, card_that_is: Cards, database: Database
) -> None:
    whose = card_that_is("normal", deployment)
    write(registry, deployment, whose)
    write(registry, deployment, whose)
    sandbox.turn(f"card-{deployment}", "lost", operation=WRITE)
    write(registry, deployment, whose)
    write(registry, deployment, whose, RELEASE)
    with database.pool.connection() as connection:
        rows = connection.execute("SELECT kind, result, reason, who FROM look_up_audit ORDER BY id").fetchall()
    assert rows == [
        ("card_freeze", "done", None, "caller"),
        ("card_freeze", "already", None, "caller"),
        ("card_freeze", "unavailable", "down", "caller"),
        ("card_release", "unavailable", "down", "caller"),
    ]

"""Every way in which a business system can misbehave: the caller hears the truth, a way on, and never a figure."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from integrations.social_insurance.contract import Kind
from ivr.late_answers import PATIENCE_SECONDS
from ivr.service import Line
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.asker import CARD, FILLER, MEDICAL, PENSION, Asker
from tests.ivr.query.conftest import FUYANG, HASTY, HEFEI, PROVINCE, Rings, be_patient, give_up_after
from tests.ivr.query.truth import AFTER, PROVEN, TODAYS

# Of the sandbox: the key that asks it in Hefei, and what it is called.
SYSTEMS = {
    "pension-hefei": (PENSION, Kind.PENSION, "养老保险"),
    "medical": (MEDICAL, Kind.MEDICAL, "医保"),
    "card-hefei": (CARD, Kind.CARD, "社保卡"),
}
AWAY_MODES = ("down", "error", "half", "lost")
TWISTS = ("broken", "html", "empty", "types", "other")
WAYS_ON = {"转人工，请按零。", "要我们打给您，请按一。", "要我们上班后打给您，请按一。", "留言，请按五。"}
ENDING = ["查别的，请按左下角的星号键。", "不办别的，可以挂机。"]
PIN_SERVICE = "SI_QUERY_PIN"


OURS = "对不起，我们的系统出了问题，这次没有查成，不是您的操作问题。"
PIN_AWAY = "核对密码的系统现在用不了，这次核对不了，不是您的操作问题。"


def away(what: str) -> str:
    return f"{what}系统现在没有回话，这次查不到，不是您的操作问题。"


def unclear(what: str) -> str:
    return f"{what}系统的回话不清楚，说不准的，我们不报。"


def hears_only(asker: Asker, truth: str) -> None:
    """The truth and the ways on; nothing else, so no figure."""
    first, *ways, before_last, last = [sentence for sentence in asker.said if sentence != PROVEN]
    assert first == truth and [before_last, last] == ENDING
    assert set(ways) <= WAYS_ON


def hears_a_result(asker: Asker) -> None:
    assert asker.said[-2:] == AFTER and (asker.said[-3] == TODAYS), asker.said


@pytest.fixture
def person(population: Population) -> Person:
    """One insurance and one card, all in Hefei, as has whoever comes next and is mixed up with them."""

    def is_of_hefei(one: Person) -> bool:
        return (
            [p.place for p in one.pensions] == [HEFEI]
            and len(one.medical) == 1
            and one.medical[0].place.startswith("3401")
            and one.medical[0].kind == "310"
            and one.card_place == HEFEI
            and len(one.cards) == 1
        )

    people = population.people
    return next(
        one
        for one, after in pairwise(people)
        if is_of_hefei(one) and is_of_hefei(after) and one.pin and not one.pin_is_initial
        if one.id_number[:-1].isdigit() and one.cards[0].status != "inactive"
    )


def asks_again(asker: Asker, key: str) -> Asker:
    """Back to the list, and the same again; who is proven stays so."""
    return asker.press("*").press(key).waits()


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_trouble_is_ever_told_as_a_figure(
    system: str, rings: Rings, sandbox: SandboxProcess, person: Person, line: Line
) -> None:
    key, kind, what = SYSTEMS[system]
    asker = rings(HEFEI).asks(key).proves(person)
    hears_a_result(asker)
    twists = TWISTS + (("zero",) if system == "medical" else ())
    cases = [(mode, "", away(what)) for mode in AWAY_MODES] + [("wrong", twist, unclear(what)) for twist in twists]
    for mode, twist, truth in cases:
        sandbox.turn(system, mode, **({"twist": twist} if twist else {}))
        hears_only(asks_again(asker, key), truth)
        # And as soon as it is well again, so are the answers.
        sandbox.turn(system, "normal")
        hears_a_result(asks_again(asker, key))
    give_up_after(line, HEFEI, kind, 1)
    sandbox.turn(system, "hang")
    hears_only(asks_again(asker, key), away(what))


@pytest.mark.parametrize("system", SYSTEMS)
def test_whoever_answers_slowly_is_waited_for(
    system: str, rings: Rings, sandbox: SandboxProcess, person: Person, line: Line
) -> None:
    """After a second of nothing the caller hears that we are looking, and then the result."""
    key, _, _ = SYSTEMS[system]
    asker = rings(HEFEI).asks(key).proves(person)
    asker.press("*")
    be_patient(line, PATIENCE_SECONDS)
    sandbox.turn(system, "slow", ms=1300)
    asker.press(key)
    assert asker.heard[asker.mark :] == [FILLER] and asker.is_looking
    hears_a_result(asker.waits())
    assert sandbox.asked(system, about=person.id_number) >= 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_whoever_hangs_is_given_up_and_the_caller_is_told_meanwhile(
    system: str, rings: Rings, sandbox: SandboxProcess, person: Person, line: Line
) -> None:
    key, kind, what = SYSTEMS[system]
    asker = rings(HEFEI).asks(key).proves(person)
    asker.press("*")
    be_patient(line, 0.2)
    give_up_after(line, HEFEI, kind, 1)
    sandbox.turn(system, "hang")
    asker.press(key).waits()
    assert 1 <= asker.fillers <= 3
    hears_only(asker, away(what))


def test_a_wait_is_bounded_by_rounds_too(rings: Rings, sandbox: SandboxProcess, person: Person, line: Line) -> None:
    """Should no answer ever come, not even that there is none: four times that we are looking, then the truth."""
    asker = rings(HEFEI).asks(PENSION).proves(person)
    asker.press("*")
    be_patient(line, HASTY)
    sandbox.turn("pension-hefei", "hang")
    asker.press(PENSION).waits()
    assert asker.fillers == 4
    hears_only(asker, OURS)


@pytest.mark.parametrize("mode", ["down", "half", "wrong"])
def test_exchange_tables_in_trouble(mode: str, rings: Rings, sandbox: SandboxProcess, population: Population) -> None:
    person = next(
        p for p in population.people if p.pin and not p.pin_is_initial and [x.place for x in p.pensions] == [FUYANG]
    )
    asker = rings(FUYANG).asks(PENSION).proves(person)
    assert asker.said[0] == PROVEN and asker.said[-2:] == AFTER
    sandbox.turn("exchange", mode)
    truth = unclear("养老保险") if mode == "wrong" else away("养老保险")
    hears_only(asks_again(asker, PENSION), truth)


def test_whatever_happens_at_random_only_true_figures_are_said(
    rings: Rings, sandbox: SandboxProcess, person: Person
) -> None:
    asker = rings(HEFEI).asks(MEDICAL).proves(person)
    result = asker.said[1:]
    hears_a_result(asker)
    sandbox.turn("medical", "random", p=0.7, ms=200)
    heard: set[str] = set()
    for _ in range(12):
        said = asks_again(asker, MEDICAL).said
        heard.add(said[0])
        assert said == result or said[0] in (away("医保"), unclear("医保"))
        if said[0] not in (result[0], unclear("医保")):
            hears_only(asker, away("医保"))
    assert len(heard) > 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_of_a_system_that_rests_the_truth_is_told_before_anything_is_keyed(
    system: str, rings: Rings, sandbox: SandboxProcess, person: Person
) -> None:
    key, _, what = SYSTEMS[system]
    asker = rings(HEFEI).asks(key).proves(person)
    sandbox.turn(system, "down")
    for _ in range(5):
        hears_only(asks_again(asker, key), away(what))
    asked = sandbox.state()["counts"]
    for caller in (asker.press("*").press(key), rings(HEFEI).asks(key)):
        hears_only(caller, away(what))
    assert sandbox.state()["counts"] == asked


def test_while_pins_cannot_be_checked_nobody_has_to_key_a_number(
    rings: Rings, sandbox: SandboxProcess, person: Person
) -> None:
    sandbox.turn("pension-province", "down")
    for _ in range(5):
        asker = rings(HEFEI).asks(MEDICAL).proves(person)
        assert PROVEN not in asker.said and len(asker.said) >= 3
    asked = sandbox.asked("pension-province")
    hears_only(rings(HEFEI).asks(MEDICAL), "按键核对身份，现在办不了。")
    assert sandbox.asked("pension-province") == asked and sandbox.asked("medical") == 0


@pytest.mark.parametrize("twist", ["types", "broken"])
def test_an_unreadable_verdict_proves_nothing_and_costs_no_try(
    twist: str, rings: Rings, sandbox: SandboxProcess, person: Person
) -> None:
    sandbox.turn("pension-province", "wrong", twist=twist, operation=PIN_SERVICE)
    for _ in range(6):
        hears_only(rings(HEFEI).asks(PENSION).proves(person), PIN_AWAY)
    sandbox.turn("pension-province", "normal")
    hears_a_result(rings(HEFEI).asks(PENSION).proves(person))


def test_a_pin_that_may_have_been_heard_is_not_sent_again(
    rings: Rings, sandbox: SandboxProcess, person: Person
) -> None:
    """The system may count wrong PINs as well; a look-up, which changes nothing, is asked once more."""
    sandbox.turn("pension-province", "lost", operation=PIN_SERVICE)
    asker = rings(HEFEI).asks(PENSION).proves(person)
    assert PROVEN not in asker.said and sandbox.asked("pension-province", PIN_SERVICE) == 1
    sandbox.turn("pension-province", "normal")
    sandbox.turn("pension-hefei", "down", times=1)
    hears_a_result(rings(HEFEI).asks(PENSION).proves(person))
    assert sandbox.asked("pension-hefei", "SI_PENSION_PERSON") == 2


def test_the_provinces_own_number_is_told_the_same(
    rings: Rings, sandbox: SandboxProcess, somebody: Callable[[str], Person]
) -> None:
    asker = rings(PROVINCE).asks(CARD).proves(somebody("王芳"))
    sandbox.turn("card-province", "error")
    hears_only(asks_again(asker, CARD), away("社保卡"))

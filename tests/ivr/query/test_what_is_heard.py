"""What is heard is what stands in the business systems, system by system: whole calls, as short transcripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from ivr.service import Line
from ivr.words import speakable, spell_digits
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.query.asker import CARD, MEDICAL, PENSION, Asker
from tests.ivr.query.conftest import CHIZHOU, FUYANG, HEFEI, PROVINCE, Rings
from tests.ivr.query.truth import AFTER, PROVEN, of_card, of_medical, of_order, of_pension, pension_status

Somebody = Callable[[str], Person]
COUNTERS = {
    PROVINCE: "安徽省政务服务中心的人社窗口",
    HEFEI: "合肥市政务服务中心的人社窗口",
}
# Enough of each for the different statuses to occur.
SOME = 6


def can_prove(person: Person) -> bool:
    """With a PIN of their own, and a number that can be keyed; each is known where PINs are."""
    guessed = person.pin is not None and (
        person.pin in person.id_number or len(set(person.pin)) == 1 or person.pin_is_initial
    )
    return person.pin is not None and not guessed and person.id_number[:-1].isdigit() and bool(person.pensions)


def different(people: list[Person], key: Callable[[Person], object]) -> list[Person]:
    """One of each, at most SOME."""
    return list({key(person): person for person in reversed(people)}.values())[:SOME]


def heard_of(asker: Asker) -> list[str]:
    """What was read, without the sentences around it."""
    said = asker.said
    assert said[0] == PROVEN and said[-2:] == AFTER, said
    return said[1:-2]


def test_a_whole_call_from_the_first_word_to_the_result(rings: Rings, somebody: Somebody, today: date) -> None:
    person = somebody("王娜")
    asker = rings(HEFEI)
    assert "查社保信息，请按一。" in asker.said
    asker.press("1")
    assert asker.said == [
        "您要查哪一样？",
        "养老保险，请按一。",
        "医保，请按二。",
        "社保卡，请按三。",
        "返回，请按左下角的星号键。",
    ]
    asker.press(PENSION)
    assert asker.said == [
        "下面核对身份。您按的号码和密码只用来核对，不录音，咨询员也看不到。",
        "请按十八位身份证号，慢慢按。最后是X的，按左下角的星号键。不方便按，请等一下。",
    ]
    asker.press(person.id_number)
    assert asker.said == ["请按六位查询密码。忘了，请等一下，有别的办法。"]
    asker.press(person.pin or "").waits()
    said = [
        "您的职工养老保险，正在正常缴费。",
        "实际缴费八年两个月。",
        f"个人账户，到{speakable(_last_month(today))}，一共四万七千零三元。",
        "参保地是合肥。",
        "这是今天查到的。",
    ]
    assert asker.said == [PROVEN, *said, *AFTER]
    # 9 reads it again, * leads to the list of what can be asked.
    assert asker.press("9").said == [*said, *AFTER]
    assert asker.press("*").said[0] == "您要查哪一样？"
    # Who is proven stays so: nothing is keyed again.
    assert asker.press(MEDICAL).waits().said[0] == "您的职工医保，参保正常。"


def _last_month(today: date) -> str:
    day = today.replace(day=1) - timedelta(days=1)
    return f"{'' if day.year == today.year else f'{day.year}年'}{day.month}月{day.day}日"


@pytest.mark.parametrize(("centre", "place"), [(HEFEI, "340100"), (PROVINCE, "340000")])
def test_pensions_of_the_buses(centre: str, place: str, rings: Rings, population: Population, today: date) -> None:
    """Hefei's bus signs with SHA-256, the province's with SM3."""
    people = [p for p in population.people if can_prove(p) and [x.place for x in p.pensions] == [place]]
    some = different(people, lambda person: (person.pensions[0].scheme, pension_status(person.pensions[0])))
    assert len(some) == SOME
    for person in some:
        asker = rings(centre).asks(PENSION).proves(person)
        assert heard_of(asker) == of_pension(person.pensions[0], today)


def test_a_pensioner_is_never_called_terminated(rings: Rings, somebody: Somebody, today: date) -> None:
    """(AAC008, AAC031) = (1, 3) is a pension that is drawn, (2, 3) one that is suspended."""
    asker = rings(HEFEI).asks(PENSION).proves(somebody("李秀英"))
    assert heard_of(asker)[:3] == [
        "您的城乡居民养老保险，养老金暂停发放了。为什么停，请问咨询员。",
        "实际缴费十五年。",
        speakable(f"{'' if today.year == 2026 else '2026年'}5月的养老金，263元，银行发放。"),
    ]
    asker = rings(PROVINCE).asks(PENSION).proves(somebody("李强"))
    assert heard_of(asker)[0] == "您的职工养老保险，正在领养老金。"


def test_exchange_tables_say_whose_day_it_is(
    rings: Rings, population: Population, sandbox: SandboxProcess, today: date
) -> None:
    people = [p for p in population.people if can_prove(p) and [x.place for x in p.pensions] == [FUYANG]]
    for person in different(people, lambda person: pension_status(person.pensions[0]))[:3]:
        asker = rings(FUYANG).asks(PENSION).proves(person)
        assert heard_of(asker) == of_pension(person.pensions[0], today, as_of=today - timedelta(days=1))
        assert asker.said[-3].startswith("这是") and asker.said[-3].endswith("的数据，以后的变动还没有算进来。")
    sandbox.turn("exchange", "stale", days=9)
    asker.press("*").press(PENSION).waits()
    assert asker.said == [*of_pension(person.pensions[0], today, as_of=today - timedelta(days=9)), *AFTER]


def test_several_pensions_are_a_list_and_each_has_its_key(rings: Rings, somebody: Somebody, today: date) -> None:
    person = somebody("李娜")
    paying = next(p for p in person.pensions if p.scheme == "170")
    paused = next(p for p in person.pensions if p.scheme == "110")
    yesterday = today - timedelta(days=1)
    asker = rings(FUYANG).asks(PENSION).proves(person)
    # The one in use comes first.
    assert asker.said == [PROVEN, "查到两份。", "城乡居民养老保险，请按一。", "职工养老保险，请按二。"]
    assert asker.press("1").said == [*of_pension(paying, today, yesterday), *AFTER]
    assert asker.press("*").said[0] == "查到两份。"
    assert asker.press("2").said == [*of_pension(paused, today, yesterday), *AFTER]
    assert asker.press("3").said[0] == "这个键没有安排服务，请再选一次。"


@pytest.mark.parametrize("shape", ["plain", "sealed"])
def test_medical_insurance_in_both_of_its_shapes(
    shape: str, rings: Rings, population: Population, sandbox: SandboxProcess, today: date
) -> None:
    """`sealed` is SM4."""
    sandbox.shape(shape)
    people = [p for p in population.people if can_prove(p) and len(p.medical) == 1]
    here = [p for p in people if p.medical[0].place.startswith("3401")]
    some = different(here, lambda person: (person.medical[0].kind, person.medical[0].status))
    assert len(some) >= 4
    for person in some:
        assert heard_of(rings(HEFEI).asks(MEDICAL).proves(person)) == of_medical(person.medical[0], today)


@pytest.mark.parametrize("shape", ["plain", "sealed"])
def test_several_medical_insurances_are_a_list(
    shape: str, rings: Rings, somebody: Somebody, sandbox: SandboxProcess, today: date
) -> None:
    sandbox.shape(shape)
    person = somebody("李娜")
    resident, employee = person.medical
    asker = rings(FUYANG).asks(MEDICAL).proves(person)
    assert asker.said[:2] == [PROVEN, "查到两份。"] and len(asker.said) == 4
    key = next(sentence for sentence in asker.said if sentence.startswith("职工医保"))[-2]
    asker.press({"一": "1", "二": "2"}[key])
    assert asker.said == [*of_medical(employee, today), *AFTER]
    asker.press("*").press({"一": "2", "二": "1"}[key])
    assert asker.said == [*of_medical(resident, today), *AFTER]


@pytest.mark.parametrize(("centre", "place"), [(HEFEI, HEFEI), (PROVINCE, PROVINCE)])
def test_cards(centre: str, place: str, rings: Rings, population: Population, today: date) -> None:
    people = [p for p in population.people if can_prove(p) and len(p.cards) == 1 and p.card_place == place]
    some = different(people, lambda person: person.cards[0].status)
    assert len(some) >= 4
    for person in some:
        asker = rings(centre).asks(CARD).proves(person)
        card = person.cards[0]
        expected = of_card(card, person, COUNTERS[centre], today, tells_expiry=centre == HEFEI)
        said = asker.said if asker.said[1] != "查到两份。" else [PROVEN, *asker.press("1").said]
        assert said == [PROVEN, *expected, *AFTER]


def test_the_same_code_is_another_thing_in_another_city(rings: Rings, somebody: Somebody, today: date) -> None:
    """A formally lost card is 3 in Hefei and 1 in the province, where Hefei's 1 is a card in order."""
    person = somebody("王娜")
    tails = [spell_digits(card.number[-4:]) for card in person.cards]
    titles = [f"尾号{tail}的社保卡，请按{key}。" for tail, key in zip(tails, "一二", strict=True)]
    for centre in (HEFEI, PROVINCE):
        asker = rings(centre).asks(CARD).proves(person)
        if centre == PROVINCE:
            # The province finds where the card is from, and hands the caller on.
            assert "合肥" in asker.said[1]
        assert asker.said[-3:] == ["查到两份。", *titles]
        for key, card in zip("12", person.cards, strict=True):
            said = asker.press(key).said
            assert said == [*of_card(card, person, COUNTERS[HEFEI], today, tells_expiry=True), *AFTER]
            asker.press("*")


def test_a_card_frozen_for_a_time_says_until_when(rings: Rings, somebody: Somebody, today: date) -> None:
    person = somebody("李秀英")
    asker = rings(HEFEI).asks(CARD).proves(person)
    until = today + timedelta(days=4)
    written = f"停到{'' if until.year == today.year else f'{until.year}年'}{until.month}月{until.day}日"
    assert speakable(written) in heard_of(asker)[0]


def test_an_order_under_way_says_its_last_step(rings: Rings, population: Population, today: date) -> None:
    people = [
        p
        for p in population.people
        if can_prove(p) and p.making and not p.cards and p.card_place == PROVINCE and "&" not in p.making.remarks
    ]
    some = different(people, lambda p: (len(p.making.days), p.making.valid_tag != "0") if p.making else None)
    assert len(some) >= 3
    for person in some:
        assert person.making is not None
        asker = rings(PROVINCE).asks(CARD).proves(person)
        heard = heard_of(asker)
        if person.making.valid_tag.startswith("-"):
            assert heard[0].startswith("您办的社保卡没有做成，原因是") and heard[0].endswith("重新办。")
        else:
            assert heard == of_order(person.making, person, COUNTERS[PROVINCE], today)


def test_what_no_system_is_connected_for_is_not_among_the_keys(rings: Rings, sandbox: SandboxProcess) -> None:
    asker = rings(CHIZHOU).press("1")
    assert "社保卡，请按三。" not in asker.said and "养老保险，请按一。" in asker.said
    assert asker.press(CARD).said[0] == "这项服务还没有开通，电话里办不了。"
    assert sandbox.asked("card-province") == 0


def test_nobody_is_asked_before_who_asks_is_proven(rings: Rings, sandbox: SandboxProcess, somebody: Somebody) -> None:
    rings(HEFEI).asks(PENSION).press(somebody("王娜").id_number)
    assert sandbox.state()["counts"] == []


def test_a_number_that_ends_in_x_is_keyed_with_a_star(rings: Rings, somebody: Somebody, line: Line) -> None:
    person = somebody("李芳")
    assert person.id_number.endswith("X")
    asker = rings(PROVINCE).asks(PENSION).proves(person)
    assert heard_of(asker)[0] == "您的职工养老保险，现在暂停缴费。"

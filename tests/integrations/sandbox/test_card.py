"""The card systems over the wire: with zeep from their WSDL, and with SOAP by hand."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import zeep

from integrations.sandbox.card import HEFEI, PROVINCE
from integrations.sandbox.people import Population
from integrations.sandbox.records import MAKING_STEPS, Card, Person
from tests.integrations.sandbox.clients import (
    PASSWORD,
    USER,
    act,
    call_card,
    envelope,
    look_up_card,
    post,
    value,
    values,
)
from tests.integrations.sandbox_process import SandboxProcess

WANG_FANG, WANG_FANG_CARD = "340103198503089983", "Y90000101"
NOBODY = "340103198503089991"
# Two cards in Hefei: the first formally lost.
WANG_NA = "340302199402289985"
CODES = {"hefei": HEFEI.codes, "province": PROVINCE.codes}


def of_hefei(population: Population, status: str) -> tuple[Person, Card]:
    """Somebody of Hefei with one card, of this status."""
    return next(
        (person, person.cards[0])
        for person in population.people[14:]
        if person.card_place == "340100" and [card.status for card in person.cards] == [status]
    )


def test_a_real_soap_client_can_load_the_wsdl_and_ask(sandbox: SandboxProcess) -> None:
    with zeep.Client(f"{sandbox.url}/card/province?wsdl") as client:
        text = client.service.getAC01(USER, PASSWORD, WANG_FANG, "王芳", "340000")
        assert (value(text, "ERR"), value(text, "AAC003"), value(text, "AAZ500")) == ("OK", "王芳", WANG_FANG_CARD)
        assert value(client.service.getAZ03(USER, PASSWORD, WANG_FANG, None, None), "VALIDTAG") == "0"
        # The second port speaks SOAP 1.2.
        newer = client.bind("CardService", "CardServiceHttpSoap12Endpoint")
        assert value(newer.getAC01(USER, PASSWORD, WANG_FANG, "", ""), "AAB301") == "340000"


def test_an_answer_has_no_root_and_names_the_card_s_state(sandbox: SandboxProcess) -> None:
    text = look_up_card(sandbox.port, "province", WANG_FANG)
    assert text.startswith("<ERR>OK</ERR>") and value(text, "AAB301") == "340000"
    assert (value(text, "AAZ502"), value(text, "AAE008B"), value(text, "ZKZT")) == ("0", "徽商银行", "已发卡")


def test_the_same_status_has_another_code_in_the_other_deployment(
    sandbox: SandboxProcess, population: Population
) -> None:
    assert (CODES["hefei"]["normal"], CODES["province"]["formal"]) == ("1", "1")
    for status in HEFEI.codes:
        person, _ = of_hefei(population, status)
        for place in ("hefei", "province"):
            told = value(look_up_card(sandbox.port, place, person.id_number), "AAZ502")
            assert told == CODES[place][status], (place, status)


def test_the_codes_of_a_deployment_do_not_clash_within_it() -> None:
    for codes in CODES.values():
        assert len(set(codes.values())) == len(codes)


def test_two_cards_are_told_one_after_the_other(sandbox: SandboxProcess) -> None:
    text = look_up_card(sandbox.port, "hefei", WANG_NA)
    assert values(text, "AAZ502") == ["3", "1"] and len(values(text, "AAZ500")) == len(values(text, "AAE008")) == 2


def test_only_hefei_tells_until_when_a_card_is_frozen(sandbox: SandboxProcess, population: Population) -> None:
    person, card = of_hefei(population, "temporary")
    until = sandbox.today + timedelta(days=card.days_left)
    assert value(look_up_card(sandbox.port, "hefei", person.id_number), "LSGSDQ") == f"{until:%Y%m%d}"
    assert values(look_up_card(sandbox.port, "province", person.id_number), "LSGSDQ") == []


def test_hefei_knows_its_own_cards_alone(sandbox: SandboxProcess) -> None:
    assert value(look_up_card(sandbox.port, "hefei", WANG_FANG), "ERR") == "身份证号不存在(或发卡城市不符)"
    assert value(look_up_card(sandbox.port, "province", NOBODY), "ERR") == "身份证号不存在(或发卡城市不符)"


def test_what_is_given_besides_the_number_must_be_right(sandbox: SandboxProcess) -> None:
    def told(*strings: str) -> str:
        return value(call_card(sandbox.port, "province", "getAC01", *strings), "ERR")

    assert told(USER, PASSWORD, WANG_FANG, "李强", "") == "姓名与社会保障号码不符"
    assert told(USER, PASSWORD, WANG_FANG, "", "340100") == "身份证号不存在(或发卡城市不符)"
    assert told(USER, "guessed", WANG_FANG, "", "") == "用户名或密码错误"


def test_progress_tells_every_step_that_was_done(sandbox: SandboxProcess, population: Population) -> None:
    seen = set()
    for person in population.people:
        if person.making is None or (person.cards and len(seen) > 3) or len(person.making.days) in seen:
            continue
        seen.add(len(person.making.days))
        text = look_up_card(sandbox.port, "province", person.id_number, "getAZ03")
        times = [value(text, step) for step in MAKING_STEPS]
        done = [f"{day:%Y%m%d}" for day in person.making.days]
        assert [time[:8] for time in times] == done + [""] * (len(MAKING_STEPS) - len(done))
        assert all(len(time) == 14 for time in times if time)
    assert len(seen) >= 7


def test_a_failure_is_a_negative_tag_with_a_reason_that_xml_could_not_hold(
    sandbox: SandboxProcess, population: Population
) -> None:
    failed = next(p for p in population.people if p.making and p.making.valid_tag == "-3")
    text = look_up_card(sandbox.port, "province", failed.id_number, "getAZ03")
    assert (value(text, "VALIDTAG"), value(text, "REMARKS")) == ("-3", "证件有效期已过&请更新")
    assert value(look_up_card(sandbox.port, "province", failed.id_number), "ZKZT") == "制卡失败"


def test_who_never_applied_has_no_card_and_is_told_so(sandbox: SandboxProcess, population: Population) -> None:
    person = next(p for p in population.people if p.making is None)
    for operation in ("getAC01", "getAZ03"):
        text = look_up_card(sandbox.port, "province", person.id_number, operation)
        assert text == "<ERR>未查询到该人员的制卡信息</ERR>"


# writes


def test_a_freeze_is_done_then_already_so_and_the_card_is_frozen(
    sandbox: SandboxProcess, population: Population
) -> None:
    person, card = of_hefei(population, "normal")
    text = act(sandbox.port, "hefei", "临时挂失", card.number)
    until = f"{sandbox.today + timedelta(days=7):%Y%m%d}"
    assert (value(text, "ERR"), value(text, "到期日期")) == ("00", until) and len(value(text, "受理号")) == 6
    assert act(sandbox.port, "hefei", "临时挂失", card.number) == "<ERR>01</ERR>"
    told = look_up_card(sandbox.port, "hefei", person.id_number)
    assert (value(told, "AAZ502"), value(told, "LSGSDQ")) == ("2", until)
    # The two deployments tell of the same card.
    assert value(look_up_card(sandbox.port, "province", person.id_number), "AAZ502") == "2"
    assert sandbox.writes("card-hefei", card.number) == {
        "received": 2, "frozen": 1, "already": 1, "released": 0, "refused": 0,
    }  # fmt: skip


def test_the_province_says_neither_receipt_nor_end(sandbox: SandboxProcess) -> None:
    assert act(sandbox.port, "province", "临时挂失", WANG_FANG_CARD) == "<ERR>00</ERR>"


@pytest.mark.parametrize(
    ("status", "err"),
    [
        ("temporary", "01"), ("formal", "01"), ("bank_only", "00"), ("cancelled", "该卡已注销，不能挂失"),
        ("inactive", "该卡尚未启用，不能挂失"), ("strange", "卡状态异常，请到窗口办理"),
    ],
)  # fmt: skip
def test_a_freeze_depends_on_how_the_card_stands(
    sandbox: SandboxProcess, population: Population, status: str, err: str
) -> None:
    _, card = of_hefei(population, status)
    assert value(act(sandbox.port, "hefei", "临时挂失", card.number), "ERR") == err


@pytest.mark.parametrize("release", ["解挂", "解除挂失"])
def test_hefei_releases_by_telephone_and_the_province_at_the_counter(
    sandbox: SandboxProcess, population: Population, release: str
) -> None:
    person, card = of_hefei(population, "temporary")
    assert "窗口" in value(act(sandbox.port, "province", release, card.number), "ERR")
    assert value(act(sandbox.port, "hefei", release, card.number), "ERR") == "00"
    assert value(act(sandbox.port, "hefei", release, card.number), "ERR") == "01"
    assert value(look_up_card(sandbox.port, "hefei", person.id_number), "AAZ502") == "1"
    _, formal = of_hefei(population, "formal")
    assert "窗口" in value(act(sandbox.port, "hefei", release, formal.number), "ERR")


def test_a_write_checks_whose_card_it_is(sandbox: SandboxProcess) -> None:
    def told(card: str, **more: str) -> str:
        return value(act(sandbox.port, "province", "临时挂失", card, **more), "ERR")

    assert told("Y00000000") == "社保卡号不存在"
    assert told(WANG_FANG_CARD, **{"社会保障号码*": NOBODY}) == "社保卡号与社会保障号码不符"
    assert told(WANG_FANG_CARD, **{"姓名*": "李强"}) == "姓名与社会保障号码不符"
    assert told(WANG_FANG_CARD, **{"密码*": "guessed"}) == "用户名或密码错误"
    assert value(act(sandbox.port, "province", "正式挂失", WANG_FANG_CARD), "ERR") == "不支持的操作:正式挂失"
    # None of these did anything.
    assert told(WANG_FANG_CARD, **{"社会保障号码*": WANG_FANG, "姓名*": "王芳"}) == "00"


def test_of_many_freezes_at_once_one_is_done(sandbox: SandboxProcess, population: Population) -> None:
    _, card = of_hefei(population, "normal")
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: act(sandbox.port, "hefei", "临时挂失", card.number), range(40)))
    assert sorted(value(text, "ERR") for text in told) == ["00"] + ["01"] * 39
    counts = sandbox.writes("card-hefei", card.number)
    assert (counts["received"], counts["frozen"], counts["already"]) == (40, 1, 39)


def test_a_lost_reply_has_frozen_the_card_all_the_same(sandbox: SandboxProcess, population: Population) -> None:
    person, card = of_hefei(population, "normal")
    sandbox.turn("card-hefei", "lost", times=1, operation="allDsjk")
    with pytest.raises(ConnectionError):
        act(sandbox.port, "hefei", "临时挂失", card.number)
    assert value(look_up_card(sandbox.port, "hefei", person.id_number), "AAZ502") == "2"
    assert sandbox.writes("card-hefei", card.number)["frozen"] == 1


def test_a_freeze_survives_the_death_of_the_process(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path)
    try:
        assert act(sandbox.port, "province", "临时挂失", WANG_FANG_CARD) == "<ERR>00</ERR>"
        sandbox.process.kill()
    finally:
        sandbox.end()
    again = SandboxProcess(tmp_path)
    try:
        assert act(again.port, "province", "临时挂失", WANG_FANG_CARD) == "<ERR>01</ERR>"
    finally:
        again.end()


def test_a_freeze_is_over_when_its_last_day_is(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path)
    today = sandbox.today
    sandbox.end()
    for until, code in ((today, "2"), (today - timedelta(days=1), "0")):
        (tmp_path / "cards.json").write_text(json.dumps({WANG_FANG_CARD: until.isoformat()}))
        sandbox = SandboxProcess(tmp_path)
        try:
            assert value(look_up_card(sandbox.port, "province", WANG_FANG), "AAZ502") == code
        finally:
            sandbox.end()


@pytest.mark.parametrize("damage", ["", "[1]", '{"Y90000101": 7}', '{"Y90000101": "soon"}', "\x00"])
def test_a_damaged_file_of_freezes_costs_nothing_else(tmp_path: Path, damage: str) -> None:
    (tmp_path / "cards.json").write_text(damage)
    sandbox = SandboxProcess(tmp_path)
    try:
        assert value(look_up_card(sandbox.port, "province", WANG_FANG), "AAZ502") == "0"
    finally:
        sandbox.end()


# what is no call


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<", b"<a/>", envelope("getAC01")[:-30], envelope("dropEverything", "x"),
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + envelope("getAC01"),
    ],
)  # fmt: skip
def test_what_is_no_call_gets_a_fault(sandbox: SandboxProcess, body: bytes) -> None:
    status, answer = post(sandbox.port, "/card/hefei", body, {"Content-Type": "text/xml"})
    assert status == 500 and b"<faultstring>" in answer and b"Fault>" in answer


def test_missing_strings_are_empty_ones(sandbox: SandboxProcess) -> None:
    status, answer = post(sandbox.port, "/card/hefei", envelope("getAC01", USER), {"Content-Type": "text/xml"})
    assert status == 200 and "用户名或密码错误" in answer.decode()


def test_the_journal_masks_cards_and_people(sandbox: SandboxProcess) -> None:
    look_up_card(sandbox.port, "province", WANG_FANG)
    act(sandbox.port, "province", "临时挂失", WANG_FANG_CARD)
    journal = sandbox.state()["journal"]
    assert [(e["operation"], e["about"], e["result"]) for e in journal] == [
        ("getAC01", "*" * 14 + "9983", "OK"), ("allDsjk", "*****0101", "00"),
    ]  # fmt: skip
    assert sandbox.asked("card-province", "allDsjk", WANG_FANG_CARD) == 1
    assert not re.search(r"[0-9]{9}", json.dumps(journal[0]["about"]))

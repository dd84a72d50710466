"""Each adapter over the wire, against a system that answers every quirk of the field and every nonsense."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from xml.sax.saxutils import escape

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from integrations.social_insurance.card import CardConnector
from integrations.social_insurance.contract import (
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
from integrations.social_insurance.national_ciphers import sm3_hex
from integrations.social_insurance.pension_bus import PensionBusConnector
from integrations.work_calendar import SHANGHAI
from tests.integrations.social_insurance.conftest import NEVER_LOGGED, shipped
from tests.integrations.social_insurance.scripted_system import ScriptedSystem

ENOUGH, LITTLE = 8.0, 0.5
PERSON = Insured("34010419910916996X", "王小芳")
PIN = "470025"
CIPHER_KEY, SIGN_KEY, PASSWORD, TOKEN = "SixteenByteKey00", "sign-key-of-test", "password-of-test", "token-of-the-bus"
NEVER_LOGGED.update((PERSON.id_number, PERSON.name, PIN, CIPHER_KEY, SIGN_KEY, PASSWORD, TOKEN, "Y900010019"))
NOW = datetime(2026, 11, 22, 10, 30, 15, tzinfo=SHANGHAI)
NUMBERS = count(41)


@pytest.fixture
def connectors(scripted: ScriptedSystem) -> Iterator[dict[str, Connector]]:
    connectors: dict[str, Connector] = {
        "medical": MedicalConnector(
            shipped("demo_medical", f"{scripted.url}/medical"),
            {"sign_key": SIGN_KEY, "cipher_key": CIPHER_KEY},
            lambda: NOW,
            lambda: next(NUMBERS),
        ),
        "card": CardConnector(shipped("demo_card_hefei", f"{scripted.url}/card"), {"password": PASSWORD}, lambda: NOW),
        "bus": PensionBusConnector(shipped("demo_bus_province", f"{scripted.url}/bus"), {"token": TOKEN}, lambda: NOW),
    }
    yield connectors
    for connector in connectors.values():
        connector.close()


Ask = Callable[..., Answer]


@pytest.fixture
def ask(connectors: dict[str, Connector], scripted: ScriptedSystem) -> Ask:
    """Ask a connector while the system answers these in turn."""

    def ask(name: str, *replies: Any, seconds: float = ENOUGH) -> Answer:
        scripted.answers(
            *(reply if isinstance(reply, dict) and "body" in reply else _written(reply) for reply in replies)
        )
        return connectors[name].look_up(PERSON, seconds)

    return ask


def _written(reply: Any) -> str | dict[str, Any]:
    if isinstance(reply, str) or (isinstance(reply, dict) and {"mode", "status", "hex"} & reply.keys()):
        return reply
    return json.dumps(reply, ensure_ascii=False)


def the_item(answer: Answer) -> Any:
    assert isinstance(answer, Found), answer
    (item,) = answer.items
    return item


# medical: the question


def test_a_question_to_the_platform_is_whole_and_signed(ask: Ask, scripted: ScriptedSystem) -> None:
    ask("medical", medical())
    (request,) = scripted.requests
    message = json.loads(request["body"])
    assert (request["method"], request["path"]) == ("POST", "/medical")
    assert list(message) == [
        "infno", "msgid", "mdtrtarea_admvs", "insuplc_admdvs", "recer_sys_code", "dev_no", "dev_safe_info", "cainfo",
        "signtype", "infver", "opter_type", "opter", "opter_name", "inf_time", "fixmedins_code", "fixmedins_name",
        "sign_no", "input",
    ]  # fmt: skip
    assert message["input"] == {
        "data": {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": PERSON.id_number,
            "psn_cert_type": "01",
            "certno": PERSON.id_number,
            "psn_name": PERSON.name,
            "begntime": "2026-11-22 10:30:15",
        }
    }
    assert (message["infno"], message["signtype"], message["infver"]) == ("1101", "SM3", "V1.0")
    signed = "&".join(f"{k}={v}" for k, v in sorted(message.items()) if k not in ("cainfo", "input") and v)
    written = json.dumps(message["input"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert message["cainfo"] == sm3_hex(f"{signed}&input={written}&key={SIGN_KEY}")


def test_message_ids_are_thirty_characters_and_never_the_same(ask: Ask, scripted: ScriptedSystem) -> None:
    ids = set()
    for _ in range(3):
        ask("medical", medical())
        ids.add(json.loads(scripted.requests[0]["body"])["msgid"])
    assert len(ids) == 3
    assert all(re.fullmatch(r"H3401001233320261122103015[0-9]{4}", one) and len(one) == 30 for one in ids)


# medical: the answer


def medical(insuinfo: Any = None, *, output: Any = None, **more: Any) -> dict[str, Any]:
    row = insurance() if insuinfo is None else insuinfo
    output = {"baseinfo": {"certno": PERSON.id_number}, "insuinfo": row, "idetinfo": []} if output is None else output
    return {"infcode": 0, "respond_time": "20261122103016001", "err_msg": "", "output": output} | more


def insurance(**more: Any) -> dict[str, Any]:
    return {
        "balc": 3624.18, "insutype": "310", "psn_type": "11", "psn_insu_stas": "1", "psn_insu_date": "2012-03-01",
        "paus_insu_date": None, "insuplc_admdvs": "340100", "emp_name": "新城物业公司",
    } | more  # fmt: skip


WHOLE = MedicalFile("310", "normal", "340100", 362_418, date(2012, 3, 1), None, "新城物业公司")


@pytest.mark.parametrize("infcode", [0, "0"])
@pytest.mark.parametrize("shape", [lambda row: row, lambda row: [row]])
@pytest.mark.parametrize("balance", [3624.18, "3624.18", "3624.180"])
@pytest.mark.parametrize("status", ["1", 1])
def test_every_spelling_of_the_same_answer_is_the_same(
    infcode: Any, shape: Callable[[Any], Any], balance: Any, status: Any, ask: Ask
) -> None:
    row = shape(insurance(balc=balance, psn_insu_stas=status, paus_insu_date="", psn_insu_date="2012-03-01 00:00:00"))
    assert the_item(ask("medical", medical(row, infcode=infcode, err_msg=None))) == WHOLE


def sealed(output: Any, key: str = CIPHER_KEY) -> str:
    padder = padding.PKCS7(128).padder()
    text = padder.update(json.dumps(output, ensure_ascii=False).encode()) + padder.finalize()
    encryptor = Cipher(algorithms.SM4(key.encode()), modes.ECB()).encryptor()
    return base64.b64encode(encryptor.update(text) + encryptor.finalize()).decode()


def test_a_sealed_output_is_opened(ask: Ask) -> None:
    plain = medical()["output"]
    assert the_item(ask("medical", medical(output=sealed(plain)))) == WHOLE
    wrapped = "\r\n".join(re.findall(".{1,76}", sealed(plain)))
    assert the_item(ask("medical", medical(output=wrapped))) == WHOLE


@pytest.mark.parametrize(
    "output", ["", "e30=", "no base64!", sealed({}, "AnotherKey000000"), sealed([1]), sealed(medical())]
)
def test_an_output_that_cannot_be_opened_is_unknown(output: str, ask: Ask) -> None:
    answer = ask("medical", medical(output=output))
    assert isinstance(answer, Unknown) and answer.reason.split()[0] in ("output", "baseinfo.certno")


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({"balc": None}, {"balance_fen": None}),
        ({"balc": 0}, {"balance_fen": 0}),
        ({"psn_insu_stas": "0"}, {"status": "none"}),
        ({"psn_insu_stas": "2", "paus_insu_date": "20260301"}, {"status": "paused", "paused_since": date(2026, 3, 1)}),
        ({"psn_insu_stas": "4"}, {"status": "ended"}),
        ({"psn_insu_stas": "3"}, {"status": "unknown"}),
        ({"psn_insu_stas": ""}, {"status": "unknown"}),
        ({"insutype": "340"}, {"kind": "340"}),
        ({"insuplc_admdvs": "320104"}, {"place": "320104"}),
        ({"emp_name": ""}, {"employer": None}),
    ],
)
def test_fields_mean_what_the_deployment_says(row: dict[str, Any], part: dict[str, Any], ask: Ask) -> None:
    assert the_item(ask("medical", medical(insurance(**row)))) == replace(WHOLE, **part)


@pytest.mark.parametrize("code", ["0", 0])
@pytest.mark.parametrize("complaint", ["核心系统暂不可用，返回缺省值", "账户查询超时"])
def test_a_nought_beside_a_complaint_is_no_balance(code: Any, complaint: str, ask: Ask) -> None:
    answer = ask("medical", medical(insurance(balc=0), infcode=code, err_msg=complaint))
    assert answer == Unknown("demo_medical", "err_msg complains beside a success")


@pytest.mark.parametrize("fine", ["成功", "交易成功", "SUCCESS", " "])
def test_a_word_of_success_is_no_complaint(fine: str, ask: Ask) -> None:
    assert the_item(ask("medical", medical(err_msg=fine))) == WHOLE


def test_somebody_with_two_insurances_has_two(ask: Ask) -> None:
    rows = [insurance(psn_insu_stas="2"), insurance(insutype="390", insuplc_admdvs="341200", balc="0")]
    answer = ask("medical", medical(rows))
    assert isinstance(answer, Found) and [item.kind for item in answer.items] == ["390", "310"]
    assert answer.place == "341200"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (medical([]), NotFound("demo_medical")),
        (medical(infcode="1", err_msg="未查询到该人员的参保信息", output=None), NotFound("demo_medical")),
        (
            medical(infcode=1, err_msg="人员34010419910916996X已锁定", output=None),
            Rejected("demo_medical", "人员（号码略）已锁定"),
        ),
        (medical(infcode="1", err_msg="王小芳已死亡", output=None), Rejected("demo_medical", "某某已死亡")),
        (medical(infcode="1", err_msg="", output=None), Unknown("demo_medical", "err_msg missing")),
        (medical(infcode="9"), Unknown("demo_medical", "infcode means nothing here")),
        (medical(infcode=None), Unknown("demo_medical", "infcode means nothing here")),
        (medical(infcode=True), Unknown("demo_medical", "infcode unreadable")),
        (medical(output={"baseinfo": {"certno": PERSON.id_number}}), Unknown("demo_medical", "insuinfo missing")),
        (medical(output={"insuinfo": []}), Unknown("demo_medical", "baseinfo.certno is not the one asked for")),
        (
            medical(output={"baseinfo": {"certno": "340104199109169978"}, "insuinfo": [insurance()]}),
            Unknown("demo_medical", "baseinfo.certno is not the one asked for"),
        ),
        (medical(insurance(balc="很多")), Unknown("demo_medical", "balc unreadable")),
        (medical(insurance(insuplc_admdvs="")), Unknown("demo_medical", "insuplc_admdvs missing")),
        (medical(insurance(psn_insu_date="2012-02-30")), Unknown("demo_medical", "psn_insu_date unreadable")),
        (medical(["无"]), Unknown("demo_medical", "insuinfo holds no object")),
        (medical(respond_time="刚才"), Unknown("demo_medical", "respond_time unreadable")),
        ([], Unknown("demo_medical", "reply is no object")),
        ("<html>", Unknown("demo_medical", "reply is no JSON")),
        ("", Unknown("demo_medical", "reply is no JSON")),
    ],
)  # fmt: skip
def test_what_the_platform_says_besides(reply: Any, answer: Answer, ask: Ask) -> None:
    assert ask("medical", reply) == answer


def test_a_masked_number_is_the_same_person(ask: Ask) -> None:
    output = {"baseinfo": {"certno": "3401**********996X"}, "insuinfo": [insurance()]}
    assert the_item(ask("medical", medical(output=output))) == WHOLE


@pytest.mark.parametrize(
    ("infcode", "words", "reason"), [(-1, "签名验证失败", "refused"), ("1", "系统繁忙，请稍候", "down")]
)
def test_a_platform_that_lets_nobody_in_or_cannot_is_away(infcode: Any, words: str, reason: str, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask("medical", medical(infcode=infcode, err_msg=words))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("stamp", "as_of"),
    [
        ("20261121235959999", date(2026, 11, 21)),
        ("2026-11-22 00:00:00", date(2026, 11, 22)),
        (None, date(2026, 11, 22)),
    ],
)
def test_the_platforms_own_clock_says_for_which_day_it_is_true(stamp: Any, as_of: date, ask: Ask) -> None:
    answer = ask("medical", medical(respond_time=stamp))
    assert isinstance(answer, Found) and answer.as_of == as_of


# card


def soap(operation: str, text: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<ns:{operation}Response xmlns:ns="http://service.card"><ns:return>{escape(text)}</ns:return>'
        f"</ns:{operation}Response></soapenv:Body></soapenv:Envelope>"
    )


def data(cards: str, head: str = "") -> str:
    place = f"<AAB301>340100</AAB301><AAC002>{PERSON.id_number}</AAC002><AAC003>王小芳</AAC003>"
    return soap("getAC01", f"<ERR>OK</ERR>{place}{head}{cards}")


def progress(tags: str, number: str = "Y900010019") -> str:
    place = f"<AAC002>{PERSON.id_number}</AAC002><AAB301>340100</AAB301><AAZ500>{number}</AAZ500>"
    return soap("getAZ03", f"<ERR>OK</ERR>{place}{tags}")


ONE = "<AAZ500>Y900010019</AAZ500><AAZ502>1</AAZ502><AAE008>96588</AAE008><AAE008B>徽行</AAE008B>"
DONE = (
    "<APPLYTIME>20260801093000</APPLYTIME><BANKTIME0>20260803</BANKTIME0><BANKFINISHTIME0>2026-08-10 08:00:00"
    "</BANKFINISHTIME0><CITYTIME>20260815</CITYTIME><GETTIME>20260820</GETTIME><VALIDTAG>0</VALIDTAG><REMARKS></REMARKS>"
)
NO_ORDER = soap("getAZ03", "<ERR>未查询到该人员的制卡信息</ERR>")


def test_a_question_to_the_card_system_is_positional(ask: Ask, scripted: ScriptedSystem) -> None:
    ask("card", data(ONE), progress(DONE))
    assert [request["headers"]["SOAPAction"] for request in scripted.requests] == ['"urn:getAC01"', '"urn:getAZ03"']
    for request in scripted.requests:
        strings = re.findall(r"<ns0:args(\d)[^>]*?(?:/>|>([^<]*)<)", request["body"])
        assert strings == [("0", "12333"), ("1", PASSWORD), ("2", PERSON.id_number), ("3", PERSON.name), ("4", "")]
        assert request["path"] == "/card" and "http://service.card" in request["body"]


def test_a_card_and_how_it_was_made(ask: Ask) -> None:
    card = the_item(ask("card", data(ONE), progress(DONE)))
    assert (card.status, card.number_tail, card.bank, card.bank_phone) == ("normal", "0019", "徽商银行", "96588")
    assert (card.place, card.ref, card.failed_reason) == ("340100", "Y900010019", None)
    assert [step.at and step.at.day for step in card.progress] == [1, 3, 10, 15, 20]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("0", "inactive"),
        ("1", "normal"),
        ("2", "frozen"),
        ("3", "lost"),
        ("4", "cancelled"),
        ("8", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_status_is_what_this_deployment_means(code: str, status: str, ask: Ask) -> None:
    card = ONE.replace("<AAZ502>1", f"<AAZ502>{code}") + "<LSGSDQ>20261201</LSGSDQ>"
    item = the_item(ask("card", data(card), NO_ORDER))
    assert (item.status, item.frozen_until, item.progress) == (status, date(2026, 12, 1), ())


def test_a_bank_that_is_not_in_the_table_has_its_own_name_and_no_telephone(ask: Ask) -> None:
    item = the_item(ask("card", data(ONE.replace("96588", "77777")), NO_ORDER))
    assert (item.bank, item.bank_phone) == ("徽行", None)


def test_two_cards_in_one_string(ask: Ask) -> None:
    lost = ONE.replace("0019", "0029").replace("<AAZ502>1", "<AAZ502>3")
    answer = ask("card", data(lost + ONE), progress(DONE))
    assert isinstance(answer, Found)
    cards = [item for item in answer.items if isinstance(item, CardFile)]
    assert [(card.status, card.number_tail, bool(card.progress)) for card in cards] == [
        ("lost", "0029", False),
        ("normal", "0019", True),
    ]


def test_a_new_card_under_way_stands_beside_the_old_one(ask: Ask) -> None:
    under_way = DONE.replace("<GETTIME>20260820</GETTIME>", "<GETTIME/>").replace("<CITYTIME>20260815", "<CITYTIME>")
    answer = ask("card", data(ONE), progress(under_way, number=""))
    assert isinstance(answer, Found)
    old, new = (item for item in answer.items if isinstance(item, CardFile))
    assert (old.status, old.progress, new.status, new.number_tail) == ("normal", (), "making", None)
    assert new.progress and [step.at is not None for step in new.progress] == [True, True, True, False, False]


def test_a_card_that_could_not_be_made_says_why(ask: Ask) -> None:
    failed = DONE.replace("<VALIDTAG>0", "<VALIDTAG>-3").replace("<REMARKS>", "<REMARKS>王小芳证件有效期已过&请更新")
    answer = ask("card", data("<AAZ500></AAZ500>"), progress(failed, number=""))
    assert the_item(answer).failed_reason == "某某证件有效期已过&请更新"
    answer = ask("card", data("<AAZ500></AAZ500>"), progress(DONE.replace("<VALIDTAG>0", "<VALIDTAG>-9"), number=""))
    assert the_item(answer).failed_reason == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<ERR>身份证号不存在(或发卡城市不符)</ERR>", NotFound("demo_card_hefei")),
        ("<ERR>该人员3401041991091699已冻结</ERR>", Rejected("demo_card_hefei", "该人员（号码略）已冻结")),
        ("<ERR>姓名与社会保障号码不符</ERR>", Rejected("demo_card_hefei", "姓名与社会保障号码不符")),
        ("<ERR></ERR>", Unknown("demo_card_hefei", "ERR missing")),
        ("<AAB301>340100</AAB301>", Unknown("demo_card_hefei", "ERR missing")),
        ("", Unknown("demo_card_hefei", "reply holds no string")),
        ("<ERR>OK</ERR><AAB301>3401", Unknown("demo_card_hefei", "reply is not a row of elements")),
        ("<ERR>OK</ERR> 另有 <AAB301>340100</AAB301>", Unknown("demo_card_hefei", "reply is not a row of elements")),
        ("系统维护中", Unknown("demo_card_hefei", "reply is not a row of elements")),
        (
            "<ERR>OK</ERR><AAB301>340100</AAB301><AAC002>340104199109169978</AAC002><AAZ500></AAZ500>",
            Unknown("demo_card_hefei", "AAC002 is not the one asked for"),
        ),
        (f"<ERR>OK</ERR><AAC002>{PERSON.id_number}</AAC002><AAZ500/>", Unknown("demo_card_hefei", "AAB301 missing")),
        (
            f"<ERR>OK</ERR><AAC002>{PERSON.id_number}</AAC002><AAB301>340100</AAB301>",
            Unknown("demo_card_hefei", "AAZ500 missing"),
        ),
    ],
)
def test_what_the_card_system_says_besides(text: str, answer: Answer, ask: Ask) -> None:
    found = ask("card", soap("getAC01", text), soap("getAZ03", text))
    assert found == answer


def test_chinese_names_and_stars_are_names_of_elements_too(ask: Ask) -> None:
    head = "<时间>20261121080000</时间><操作*>查询</操作*><未知项 >x</未知项><ZKZT>已发卡</ZKZT>"
    answer = ask("card", data(ONE, head), NO_ORDER)
    assert isinstance(answer, Found) and answer.as_of == date(2026, 11, 21)


@pytest.mark.parametrize("words", ["用户名或密码错误", "系统维护，请稍候"])
def test_a_card_system_that_lets_nobody_in_or_cannot_is_away(words: str, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask("card", soap("getAC01", f"<ERR>{words}</ERR>"))
    assert caught.value.reason == ("refused" if "密码" in words else "down")


FAULT = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
    f"<faultcode>soapenv:Server</faultcode><faultstring>NullPointer {PERSON.id_number}</faultstring></soapenv:Fault>"
    "</soapenv:Body></soapenv:Envelope>"
)


@pytest.mark.parametrize("status", [200, 500])
def test_a_fault_is_the_systems_own_trouble(status: int, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask("card", {"status": status, "body": FAULT})
    assert caught.value.reason == "down" and PERSON.id_number not in f"{caught.value!r} {caught.value.detail}"


LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    "declared",
    [
        f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>',
        '<!DOCTYPE x [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "{url}/never.dtd">',
        "<!DOCTYPE x>",
    ],
)
def test_no_document_type_is_taken(declared: str, ask: Ask, scripted: ScriptedSystem) -> None:
    reply = data(ONE).replace("?>", "?>" + declared.replace("{url}", scripted.url)).replace("王小芳", "&a9;")
    assert ask("card", reply.replace("&amp;a9;", "&a9;"), NO_ORDER) == Unknown(
        "demo_card_hefei", "reply is no SOAP answer"
    )
    assert [request["path"] for request in scripted.requests] == ["/card"]


@pytest.mark.parametrize("body", ["", "plain words", "<a/>", data(ONE)[:-40]])
def test_what_is_no_soap_answer_is_unknown(body: str, ask: Ask) -> None:
    answer = ask("card", body, body)
    assert isinstance(answer, Unknown) and answer.reason.startswith("reply ")


def test_many_ask_over_soap_at_once(connectors: dict[str, Connector], scripted: ScriptedSystem) -> None:
    """Each with a deadline of its own: one whose time is up does not shorten the others'."""
    scripted.answers(data(ONE + DONE))

    def one(number: int) -> str:
        try:
            return type(connectors["card"].look_up(PERSON, 0.0 if number % 4 == 0 else ENOUGH)).__name__
        except Away as away:
            return away.reason

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(one, range(40)))
    assert told[::4] == ["slow"] * 10
    assert set(told[1::4]) | set(told[2::4]) | set(told[3::4]) == {"Found"}


# the bus


def bus(rows: Any, code: Any = "0000", **more: Any) -> dict[str, Any]:
    told = {"AAC147": PERSON.id_number, "AAC003": PERSON.name, "rows": rows}
    return {"code": code, "msg": "成功", "time": "20261122103016", "data": told} | more


def pension(**more: Any) -> dict[str, Any]:
    return {
        "AAE140": "110", "AAB301": "340100", "AAC008": "1", "AAC031": "1", "AAC084": "0", "AAE200": "24",
        "AAE201": "186", "EAC047": "210", "AIC268": "72836.45", "AIC268_DATE": "20251231",
    } | more  # fmt: skip


PAID = PensionFile("employee", "paying", "340100", 186, 24, 210, 7_283_645, date(2025, 12, 31))


@pytest.mark.parametrize(("system", "digest"), [("demo_bus_hefei", "sha256"), ("demo_bus_province", "sm3")])
def test_a_question_to_the_bus_is_signed(system: str, digest: str, scripted: ScriptedSystem) -> None:
    scripted.answers(json.dumps(bus([pension()])))
    connector = PensionBusConnector(shipped(system, f"{scripted.url}/bus"), {"token": TOKEN}, lambda: NOW)
    nonces = set()
    for _ in range(2):
        connector.look_up(PERSON, ENOUGH)
    for request in scripted.requests:
        headers = {name.lower(): value for name, value in request["headers"].items()}
        stamp, nonce = headers["x-tif-timestamp"], headers["x-tif-nonce"]
        signed = f"{stamp}{TOKEN}{nonce}{stamp}"
        expected = sm3_hex(signed) if digest == "sm3" else hashlib.sha256(signed.encode()).hexdigest()
        assert (headers["x-tif-signature"], stamp) == (expected, str(int(NOW.timestamp())))
        assert (headers["x-tif-paasid"], headers["x-tif-serviceid"]) == ("hotline-12333", "SI_PENSION_PERSON")
        assert json.loads(request["body"]) == {"AAC147": PERSON.id_number, "AAC003": PERSON.name}
        assert PERSON.id_number not in request["path"] + str(headers) and TOKEN not in str(headers)
        nonces.add(nonce)
    assert len(nonces) == 2
    connector.close()


@pytest.mark.parametrize("shape", [lambda row: row, lambda row: [row]])
@pytest.mark.parametrize("number", [str, int])
def test_a_pension_is_read_from_every_spelling(
    shape: Callable[[Any], Any], number: Callable[[str], Any], ask: Ask
) -> None:
    row = pension(AAE201=number("186"), AAE200=number("24"), EAC047=number("210"), AIC268=72836.45)
    assert the_item(ask("bus", bus(shape(row)))) == PAID


RESIDENT = [
    ("1", "1", "paying"), ("2", "2", "paused"), ("1", "3", "drawing"), ("2", "3", "suspended"), ("4", "3", "ended"),
    ("4", "1", "unknown"), ("", "3", "unknown"), ("1", "", "unknown"),
]  # fmt: skip
OTHERS = [
    ("1", "0", "paying"), ("2", "0", "paused"), ("3", "0", "ended"), ("3", "1", "drawing"), ("3", "", "unknown"),
    ("1", "1", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("aac008", "aac031", "status"), RESIDENT)
def test_a_resident_is_read_by_both_codes(aac008: str, aac031: str, status: str, ask: Ask) -> None:
    row = pension(AAE140="170", AAC008=aac008, AAC031=aac031)
    assert the_item(ask("bus", bus([row]), bus([]))).status == status


@pytest.mark.parametrize("scheme", ["110", "120"])
@pytest.mark.parametrize(("aac031", "aac084", "status"), OTHERS)
def test_whoever_has_retired_is_not_terminated(scheme: str, aac031: str, aac084: str, status: str, ask: Ask) -> None:
    row = pension(AAE140=scheme, AAC031=aac031, AAC084=aac084)
    assert the_item(ask("bus", bus([row]), bus([]))).status == status


def test_a_benefit_is_asked_for_where_there_may_be_one(ask: Ask, scripted: ScriptedSystem) -> None:
    benefit = {"AAE140": "110", "AAB301": "340100", "EAC064": "202611", "AAE019": "4867.50", "AAE145": "1"}
    other = benefit | {"AAE140": "170", "AAE019": "1.00"}
    retired = pension(AAC031="3", AAC084="1")
    item = the_item(ask("bus", bus([retired]), bus([other, benefit])))
    assert (item.status, item.benefit_month, item.benefit_fen, item.benefit_way) == (
        "drawing",
        "202611",
        486_750,
        "银行发放",
    )
    asked = [request["headers"]["x-tif-serviceid"] for request in scripted.requests]
    assert asked == ["SI_PENSION_PERSON", "SI_PENSION_BENEFIT"]
    item = the_item(ask("bus", bus([retired]), bus([benefit | {"AAE145": "9"}])))
    assert item.benefit_way is None
    item = the_item(ask("bus", bus([retired]), bus(None, code="1001", data=None)))
    assert (item.status, item.benefit_fen) == ("drawing", None)


def test_an_amount_of_no_day_is_not_told(ask: Ask) -> None:
    item = the_item(ask("bus", bus([pension(AIC268_DATE="")])))
    assert (item.account_fen, item.account_as_of) == (None, None)


def test_insurances_in_use_come_first_and_give_the_place(ask: Ask) -> None:
    rows = [pension(AAC031="2"), pension(AAE140="170", AAB301="341200")]
    answer = ask("bus", bus(rows))
    assert isinstance(answer, Found)
    assert ([item.place for item in answer.items], answer.place) == (["341200", "340100"], "341200")


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (bus([]), NotFound("demo_bus_province")),
        (bus(None, code="1001", data=None, msg="未查询到参保信息"), NotFound("demo_bus_province")),
        (bus(None), Unknown("demo_bus_province", "data.rows missing")),
        (bus([], data=None), Unknown("demo_bus_province", "data is no object")),
        (bus([], code="7777"), Unknown("demo_bus_province", "code means nothing here")),
        (bus([], code=0), Unknown("demo_bus_province", "code means nothing here")),
        (bus([pension(AAE140="210")]), Unknown("demo_bus_province", "AAE140 means nothing here")),
        (bus([pension(AAE201="很久")]), Unknown("demo_bus_province", "AAE201 unreadable")),
        (bus([pension(AIC268="7.283.645")]), Unknown("demo_bus_province", "AIC268 unreadable")),
        (bus([pension(AAB301=None)]), Unknown("demo_bus_province", "AAB301 missing")),
        (bus(["无"]), Unknown("demo_bus_province", "data.rows is no object")),
        (
            bus([], data={"AAC147": "340104199109169978", "rows": [pension()]}),
            Unknown("demo_bus_province", "data.AAC147 is not the one asked for"),
        ),
        ("[]", Unknown("demo_bus_province", "reply is no object")),
        ("not json", Unknown("demo_bus_province", "reply is no JSON")),
    ],
)
def test_what_the_bus_says_besides(reply: Any, answer: Answer, ask: Ask) -> None:
    assert ask("bus", reply) == answer


def test_a_sentence_of_the_bus_is_told_without_its_numbers(scripted: ScriptedSystem) -> None:
    system = shipped("demo_bus_province", f"{scripted.url}/bus")
    codes = {**system.codes, "result": {**system.table("result"), "E9": "failed"}}
    connector = PensionBusConnector(replace(system, codes=codes), {"token": TOKEN}, lambda: NOW)
    scripted.answers(json.dumps(bus(None, code="E9", msg=f"{PERSON.id_number}正在转移，暂不能查")))
    assert connector.look_up(PERSON, ENOUGH) == Rejected("demo_bus_province", "（号码略）正在转移，暂不能查")
    connector.close()


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("1", "right"),
        (1, "right"),
        ("2", "wrong"),
        ("3", "initial"),
        ("4", "not_set"),
        ("5", None),
        (None, None),
        (1.0, None),
    ],
)
def test_verdicts_on_a_pin(
    said: Any, verdict: str | None, connectors: dict[str, Connector], scripted: ScriptedSystem
) -> None:
    scripted.answers(json.dumps(bus([], data={"RESULT": said})))
    checker = connectors["bus"]
    assert isinstance(checker, PensionBusConnector)
    found = checker.check(PERSON, PIN, ENOUGH)
    assert found == PinVerdict(verdict) if verdict else isinstance(found, Unknown)
    (request,) = scripted.requests
    assert request["headers"]["x-tif-serviceid"] == "SI_QUERY_PIN" and PIN not in request["path"] + str(
        request["headers"]
    )


# the wire itself, for all three


NAMES = ("medical", "card", "bus")
GOOD = {"medical": json.dumps(medical()), "card": data(ONE), "bus": json.dumps(bus([pension()]))}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("status", "reason"),
    [(500, "down"), (502, "down"), (503, "down"), (429, "busy"), (401, "refused"), (403, "refused"), (404, "refused")],
)
def test_a_status_of_failure_is_no_answer(name: str, status: int, reason: str, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask(name, {"status": status, "body": "<html>"})
    assert (caught.value.reason, caught.value.is_connection) == (reason, False)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_sent_elsewhere(name: str, ask: Ask, scripted: ScriptedSystem) -> None:
    with pytest.raises(Away) as caught:
        ask(name, {"status": 307, "body": "", "headers": {"Location": f"{scripted.url}/elsewhere"}})
    assert caught.value.reason == "refused" and len(scripted.requests) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", ["half", "cut", "unended"])
def test_a_connection_that_breaks_is_no_answer(name: str, mode: str, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask(name, {"mode": mode, "body": GOOD[name]})
    away = caught.value
    assert (away.reason, away.is_connection, away.was_sent) == ("down", True, True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", ["hang", "drip"])
def test_a_system_that_holds_us_is_left_at_the_deadline(name: str, mode: str, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask(name, {"mode": mode, "body": ""}, seconds=LITTLE)
    assert (caught.value.reason, caught.value.is_connection) == ("slow", False)


@pytest.mark.parametrize("name", NAMES)
def test_a_door_that_is_shut_was_never_gone_through(name: str, connectors: dict[str, Connector]) -> None:
    connector: Any = connectors[name]
    port = _free_port()
    system = replace(connector._system, address=f"http://127.0.0.1:{port}/")
    connector._system = system
    if name == "card":
        connector._soap._address = system.address
    with pytest.raises(Away) as caught:
        connector.look_up(PERSON, ENOUGH)
    away = caught.value
    assert (away.reason, away.is_connection, away.was_sent) == ("down", True, False)
    assert str(port) not in f"{away!r} {away.detail} {away.__cause__!r}" and not connector.probe()


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("name", NAMES)
def test_an_endless_answer_is_cut_off(name: str, ask: Ask) -> None:
    with pytest.raises(Away) as caught:
        ask(name, "x" * (2 * 1024 * 1024 + 1))
    assert caught.value.reason == "down"


def test_connections_are_kept(connectors: dict[str, Connector], scripted: ScriptedSystem) -> None:
    scripted.answers(GOOD["bus"])
    for _ in range(12):
        assert isinstance(connectors["bus"].look_up(PERSON, ENOUGH), Found)
    assert (len(scripted.requests), scripted.connections) == (12, 1)


def test_a_kept_connection_after_trouble_is_not_used_again(
    connectors: dict[str, Connector], scripted: ScriptedSystem
) -> None:
    """What a slow answer still brings must not be taken for the answer about the next person."""
    # Between two drops nothing is to be seen on the connection.
    scripted.answers({"mode": "drip", "body": "", "every": 0.4}, GOOD["bus"])
    with pytest.raises(Away):
        connectors["bus"].look_up(PERSON, 0.6)
    assert isinstance(connectors["bus"].look_up(PERSON, ENOUGH), Found) and scripted.connections == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("status", "is_there"), [(200, True), (405, True), (401, True), (500, False), (503, False)])
def test_a_probe_asks_nobodys_data(
    name: str, status: int, is_there: bool, connectors: dict[str, Connector], scripted: ScriptedSystem
) -> None:
    scripted.answers({"status": status, "body": ""})
    assert connectors[name].probe() is is_there
    (request,) = scripted.requests
    assert (request["method"], request["body"]) == ("GET", "")


def test_no_proxy_of_the_environment_sees_a_question(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, scripted: ScriptedSystem
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{_free_port()}")
    assert isinstance(ask("bus", GOOD["bus"]), Found)


def test_the_clock_of_a_question_is_the_one_in_china(scripted: ScriptedSystem) -> None:
    at = NOW.astimezone(SHANGHAI) - timedelta(hours=9)
    connector = MedicalConnector(
        shipped("demo_medical", f"{scripted.url}/medical"), {"sign_key": SIGN_KEY}, lambda: at, lambda: 20_007
    )
    scripted.answers(GOOD["medical"])
    connector.look_up(PERSON, ENOUGH)
    assert json.loads(scripted.requests[0]["body"])["msgid"] == "H34010012333202611220130150007"
    connector.close()


def test_what_is_sent_over_soap_stays_text(connectors: dict[str, Connector], scripted: ScriptedSystem) -> None:
    scripted.answers(NO_ORDER)
    assert isinstance(connectors["card"].look_up(Insured("DEU34</args2>&#x0;"[:12], "<b>&"), ENOUGH), NotFound)
    assert "<ns0:args3>&lt;b&gt;&amp;</ns0:args3>" in scripted.requests[0]["body"]

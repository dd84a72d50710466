"""The national medical platform over the wire, with a client of the test's own."""

from collections import Counter
from typing import Any

import pytest

from integrations.sandbox.people import Population
from tests.integrations.sandbox.clients import (
    INSTITUTION,
    ask_medical,
    look_up_medical,
    message,
    opened,
    post,
    signed,
)
from tests.integrations.sandbox_process import SandboxProcess

WANG_FANG = "340103198503089983"
NOBODY = "340103198503089991"
SUCCESS = (0, "0")


def insurances(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = opened(answer["output"])["insuinfo"]
    return found if isinstance(found, list) else [found]


def test_a_person_is_found_with_everything_that_is_read_out(sandbox: SandboxProcess) -> None:
    answer = look_up_medical(sandbox.port, WANG_FANG)
    assert answer["infcode"] in SUCCESS and answer["err_msg"] == ""
    assert len(answer["inf_refmsgid"]) == 30 and len(answer["respond_time"]) == 17
    base = opened(answer["output"])["baseinfo"]
    assert (base["certno"], base["psn_name"], base["brdy"], base["gend"]) == (WANG_FANG, "王芳", "1985-03-08", "2")
    [insurance] = insurances(answer)
    assert (insurance["insutype"], insurance["psn_insu_stas"], insurance["insuplc_admdvs"]) == ("310", "1", "349900")
    assert float(insurance["balc"]) == 3624.18


def test_everybody_is_told_as_they_were_made_up(sandbox: SandboxProcess, population: Population) -> None:
    for person in population.people[:150]:
        told = insurances(look_up_medical(sandbox.port, person.id_number))
        made_up = [(m.kind, m.place, m.status, m.balance_fen) for m in person.medical]
        codes = [(t["insutype"], t["insuplc_admdvs"], t["psn_insu_stas"]) for t in told]
        balances = [round(float(t["balc"]) * 100) for t in told]
        assert [(*c, b) for c, b in zip(codes, balances, strict=True)] == made_up


def test_every_quirk_occurs(sandbox: SandboxProcess, population: Population) -> None:
    seen: Counter[str] = Counter()
    for person in population.people[:150]:
        answer = look_up_medical(sandbox.port, person.id_number)
        seen[f"infcode {type(answer['infcode']).__name__}"] += 1
        seen[f"output {type(answer['output']).__name__}"] += 1
        found = opened(answer["output"])["insuinfo"]
        seen[f"insuinfo {type(found).__name__}"] += 1
        seen["insuinfo empty"] += found == []
        for one in insurances(answer):
            seen[f"balc {type(one['balc']).__name__}"] += 1
            seen[f"paused {one['paus_insu_date']!r}"[:9]] += 1
            seen[f"since {len(one['psn_insu_date'])}"] += 1
    wanted = {
        "infcode int", "infcode str", "output dict", "output str", "insuinfo dict", "insuinfo list", "insuinfo empty",
        "balc float", "balc str", "paused ''", "paused No", "paused '2", "since 10", "since 19",
    }  # fmt: skip
    assert {quirk for quirk in wanted if seen[quirk] < 3} == set()


@pytest.mark.parametrize(("shape", "kind"), [("plain", dict), ("sealed", str)])
def test_the_shape_can_be_forced_for_everybody(sandbox: SandboxProcess, shape: str, kind: type) -> None:
    sandbox.shape(shape)
    people = sandbox.population.people[:12]
    assert {type(look_up_medical(sandbox.port, person.id_number)["output"]) for person in people} == {kind}


def test_nobody_is_a_refusal_of_the_business(sandbox: SandboxProcess) -> None:
    answer = look_up_medical(sandbox.port, NOBODY)
    assert (answer["infcode"], answer["err_msg"], answer["output"]) == ("1", "未查询到该人员的参保信息", None)


def test_a_name_that_is_given_must_be_right(sandbox: SandboxProcess) -> None:
    for name, infcode in (("王芳", SUCCESS), ("李强", ("1",))):
        request = message(WANG_FANG)
        request["input"]["data"]["psn_name"] = name
        assert ask_medical(sandbox.port, signed(request))["infcode"] in infcode


def test_a_wrong_signature_is_refused_and_uses_no_msgid_up(sandbox: SandboxProcess) -> None:
    request = message(WANG_FANG)
    assert ask_medical(sandbox.port, signed(request, "another key"))["err_msg"] == "签名验证失败"
    assert ask_medical(sandbox.port, signed(request))["infcode"] in SUCCESS


def test_whatever_is_changed_after_signing_is_noticed(sandbox: SandboxProcess) -> None:
    for field in ("opter", "mdtrtarea_admvs", "inf_time", "sign_no", "opter_name"):
        changed = signed(message(WANG_FANG)) | {field: "changed"}
        assert ask_medical(sandbox.port, changed)["err_msg"] == "签名验证失败", field
    other = signed(message(WANG_FANG))
    other["input"]["data"]["certno"] = other["input"]["data"]["mdtrt_cert_no"] = NOBODY
    assert ask_medical(sandbox.port, other)["err_msg"] == "签名验证失败"


def test_a_msgid_is_good_once(sandbox: SandboxProcess) -> None:
    request = signed(message(WANG_FANG))
    assert ask_medical(sandbox.port, request)["infcode"] in SUCCESS
    again = ask_medical(sandbox.port, request)
    assert (again["infcode"], again["err_msg"]) == (-1, "msgid 重复")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"msgid": f"{INSTITUTION}202611221030"}, "msgid 应为"),
        ({"msgid": f"H99999999999{'2' * 18}"}, "msgid 应为"),
        ({"msgid": f"{INSTITUTION}202613411030550001"}, "时间不存在"),
        ({"msgid": f"{INSTITUTION}202001011030550001"}, "相差过大"),
        ({"fixmedins_code": "H99999999999"}, "机构未授权"),
        ({"infver": "V2.0"}, "infver"),
        ({"signtype": "SM2"}, "signtype"),
        ({"opter": ""}, "opter 不能为空"),
        ({"dev_no": None}, "dev_no"),
    ],
)
def test_a_message_against_the_rules_is_refused(
    sandbox: SandboxProcess, changed: dict[str, Any], sentence: str
) -> None:
    answer = look_up_medical(sandbox.port, WANG_FANG, **changed)
    assert answer["infcode"] == -1 and sentence in answer["err_msg"] and answer["output"] is None


def test_another_transaction_is_not_supported(sandbox: SandboxProcess) -> None:
    assert look_up_medical(sandbox.port, WANG_FANG, infno="2201")["infcode"] == "1"


RUBBISH = (b"", b"{", b"[]", b'"1101"', b"\xff\xfe", b'{"input": 7}', b'{"input": {"data": []}}')


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_gets_an_answer_of_the_platform(sandbox: SandboxProcess, body: bytes) -> None:
    status, answer = post(sandbox.port, "/medical/national", body, {})
    assert status == 200 and b'"infcode": -1' in answer


def test_the_journal_counts_whom_was_asked_for_and_names_nobody(sandbox: SandboxProcess) -> None:
    look_up_medical(sandbox.port, WANG_FANG)
    look_up_medical(sandbox.port, NOBODY)
    assert sandbox.asked("medical") == 2 and sandbox.asked("medical", "1101", WANG_FANG) == 1
    journal = sandbox.state()["journal"]
    assert [(e["about"], e["result"]) for e in journal] == [("*" * 14 + "9983", "0"), ("*" * 14 + "9991", "1")]

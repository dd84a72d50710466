"""The pension service buses over the wire, with a client of the test's own."""

import time
from pathlib import Path

import pytest

from integrations.sandbox.people import Population
from integrations.sandbox.records import Person
from tests.integrations.sandbox.clients import ask_bus
from tests.integrations.sandbox_process import SandboxProcess

LI_QIANG = "340102195806159993"
WANG_FANG = "340103198503089983"
NOBODY = "340103198503089991"
PERSON, BENEFIT, PIN = "SI_PENSION_PERSON", "SI_PENSION_BENEFIT", "SI_QUERY_PIN"


def test_a_retired_person_and_the_month_s_benefit(sandbox: SandboxProcess) -> None:
    status, answer = ask_bus(sandbox.port, "province", PERSON, {"AAC147": LI_QIANG, "AAC003": ""})
    assert (status, answer["code"]) == (200, "0000") and len(answer["time"]) == 14
    [row] = answer["data"]["rows"]
    assert {name: row[name] for name in ("AAE140", "AAB301", "AAC031", "AAC084", "AAE200", "AAE201", "EAC047")} == {
        "AAE140": "110", "AAB301": "340000", "AAC031": "3", "AAC084": "1", "AAE200": "96", "AAE201": "312",
        "EAC047": "408",
    }  # fmt: skip
    assert row["AIC268"] == "31000.00" and len(row["AIC268_DATE"]) == 8
    _, answer = ask_bus(sandbox.port, "province", BENEFIT, {"AAC147": LI_QIANG})
    [benefit] = answer["data"]["rows"]
    assert (benefit["AAE019"], benefit["AAE145"], len(benefit["EAC064"])) == ("4867.50", "1", 6)


def test_the_province_tells_everybody_as_they_were_made_up(sandbox: SandboxProcess, population: Population) -> None:
    for person in population.people[:80]:
        _, answer = ask_bus(sandbox.port, "province", PERSON, {"AAC147": person.id_number})
        rows = answer["data"]["rows"] if person.pensions else []
        assert answer["code"] == ("0000" if person.pensions else "1001")
        assert [(r["AAE140"], r["AAB301"], r["AAC008"], r["AAC031"]) for r in rows] == [
            (p.scheme, p.place, p.aac008, p.aac031) for p in person.pensions
        ]


def test_hefei_knows_its_own_insured_alone_and_only_what_they_have_there(
    sandbox: SandboxProcess, population: Population
) -> None:
    for person in population.people[:120]:
        _, answer = ask_bus(sandbox.port, "hefei", PERSON, {"AAC147": person.id_number})
        here = [p for p in person.pensions if p.place == "340100"]
        assert answer["code"] == ("0000" if here else "1001")
        assert len(answer["data"]["rows"] if here else []) == len(here)


def test_who_draws_nothing_has_no_benefit_and_is_still_known(sandbox: SandboxProcess) -> None:
    _, answer = ask_bus(sandbox.port, "province", BENEFIT, {"AAC147": WANG_FANG})
    assert answer["code"] == "0000" and answer["data"]["rows"] == []
    _, answer = ask_bus(sandbox.port, "province", BENEFIT, {"AAC147": NOBODY})
    assert answer["code"] == "1001" and answer["data"] is None


def with_pin(population: Population, *, initial: bool) -> Person:
    return next(p for p in population.people[14:] if p.pin and p.pin_is_initial == initial and p.pensions)


def verdict(sandbox: SandboxProcess, id_number: str, pin: str) -> str:
    _, answer = ask_bus(sandbox.port, "province", PIN, {"AAC147": id_number, "PIN": pin})
    return str(answer["data"]["RESULT"]) if answer["data"] else str(answer["code"])


def test_a_pin_is_right_wrong_initial_not_set_or_of_nobody(sandbox: SandboxProcess, population: Population) -> None:
    own, initial = with_pin(population, initial=False), with_pin(population, initial=True)
    unset = next(person for person in population.people if person.pin is None)
    assert own.pin and initial.pin
    wrong = "000000" if own.pin != "000000" else "111111"
    assert verdict(sandbox, own.id_number, own.pin) == "1"
    assert verdict(sandbox, own.id_number, wrong) == "2"
    assert verdict(sandbox, initial.id_number, initial.pin) == "3"
    assert verdict(sandbox, initial.id_number, "000001") == "2"
    assert verdict(sandbox, unset.id_number, "123456") == "4"
    assert verdict(sandbox, NOBODY, "123456") == "1001"


def test_a_pin_is_nowhere_to_be_read_afterwards(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "state")
    try:
        assert verdict(sandbox, WANG_FANG, "730914") == "2"
        assert verdict(sandbox, WANG_FANG, "258036") == "1"
        journal = str(sandbox.state()["journal"])
        assert "730914" not in journal and "258036" not in journal and WANG_FANG not in journal
    finally:
        sandbox.end()
    kept = [path.read_text(encoding="utf-8") for path in (tmp_path / "state").iterdir()]
    assert kept != [] and "730914" not in "".join(kept)


@pytest.mark.parametrize("place", ["hefei", "province"])
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"app_key": "somebody"}, "GW1002"),
        ({"token": "another"}, "GW1005"),
        ({"signature": "0" * 64}, "GW1005"),
        ({"signature": ""}, "GW1001"),
        ({"nonce": "short"}, "GW1001"),
        ({"nonce": "with blanks in it"}, "GW1001"),
        ({"timestamp": "yesterday"}, "GW1003"),
    ],
)
def test_the_gateway_refuses(sandbox: SandboxProcess, place: str, changed: dict[str, str], code: str) -> None:
    status, answer = ask_bus(sandbox.port, place, PERSON, {"AAC147": WANG_FANG}, **changed)
    assert (status, answer["errcode"]) == (401, code) and answer["errmsg"]


@pytest.mark.parametrize(("seconds", "status"), [(-200, 401), (-150, 200), (150, 200), (200, 401)])
def test_a_clock_may_be_three_minutes_off(sandbox: SandboxProcess, seconds: int, status: int) -> None:
    timestamp = str(int(time.time()) + seconds)
    assert ask_bus(sandbox.port, "province", PERSON, {"AAC147": LI_QIANG}, timestamp=timestamp)[0] == status


def test_each_bus_has_its_own_digest_and_token(sandbox: SandboxProcess) -> None:
    mixed = {"token": "sandbox-pension-hefei-token"}
    assert ask_bus(sandbox.port, "province", PERSON, {"AAC147": LI_QIANG}, **mixed)[0] == 401


def test_a_nonce_is_good_once_and_a_forged_request_does_not_use_it_up(sandbox: SandboxProcess) -> None:
    body, nonce = {"AAC147": LI_QIANG}, {"nonce": "nonce-of-this-test"}
    assert ask_bus(sandbox.port, "province", PERSON, body, **nonce, signature="0" * 64)[1]["errcode"] == "GW1005"
    assert ask_bus(sandbox.port, "province", PERSON, body, **nonce)[0] == 200
    assert ask_bus(sandbox.port, "province", PERSON, body, **nonce)[1]["errcode"] == "GW1004"


def test_an_unknown_service_and_a_bad_body(sandbox: SandboxProcess) -> None:
    status, answer = ask_bus(sandbox.port, "province", "SI_SOMETHING", {"AAC147": LI_QIANG})
    assert (status, answer["errcode"]) == (404, "GW1404")
    for body in ([], {}, {"AAC147": 7}, "x"):
        assert ask_bus(sandbox.port, "province", PERSON, body)[1]["code"] == "1002"
    assert ask_bus(sandbox.port, "province", PIN, {"AAC147": LI_QIANG, "PIN": 581206})[1]["code"] == "1002"

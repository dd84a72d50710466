"""Every switch, as a client meets it, and that the other systems notice nothing."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sandbox.switches import BY_CHANCE, MODES, TWISTS, BadSwitch, Fault, Switch, Switches
from tests.integrations.sandbox.clients import (
    ask_bus,
    bus_headers,
    look_up_card,
    look_up_medical,
    message,
    opened,
    post,
    signed,
    value,
)
from tests.integrations.sandbox_process import TOKEN, SandboxProcess
from tests.waiting import eventually

WANG_FANG = "340103198503089983"
SYSTEMS = ("medical", "card-hefei", "card-province", "pension-hefei", "pension-province")


def medical_raw(sandbox: SandboxProcess, timeout: float = 20) -> tuple[int, bytes]:
    body = json.dumps(signed(message(WANG_FANG))).encode()
    return post(sandbox.port, "/medical/national", body, {"Content-Type": "application/json"}, timeout)


def result(sandbox: SandboxProcess) -> str:
    return str(sandbox.state()["journal"][-1]["result"])


def test_slow_answers_late_and_right(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "slow", ms=300)
    begun = time.monotonic()
    assert look_up_medical(sandbox.port, WANG_FANG)["infcode"] in (0, "0")
    assert time.monotonic() - begun >= 0.3


def test_hang_says_nothing_until_it_is_let_go(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "hang")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(medical_raw, sandbox)
        eventually(lambda: sandbox.asked("medical") == 1)
        assert not answer.done()
        sandbox.turn("medical", "normal")
        with pytest.raises(ConnectionError):
            answer.result(timeout=10)
    assert medical_raw(sandbox)[0] == 200


def test_down_resets_the_connection_and_asks_nobody(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "down")
    with pytest.raises(ConnectionResetError):
        medical_raw(sandbox)
    assert result(sandbox) == "down" and sandbox.asked("medical") == 1


def test_error_is_a_page_with_500(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "error")
    status, body = medical_raw(sandbox)
    assert status == 500 and body.startswith(b"<html>")


def test_half_cuts_the_connection_inside_the_body(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "half")
    with pytest.raises(IncompleteRead) as caught:
        medical_raw(sandbox)
    assert caught.value.partial.startswith(b'{"infcode"') and caught.value.expected


def test_lost_does_it_and_says_nothing(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "lost")
    with pytest.raises(RemoteDisconnected):
        medical_raw(sandbox)
    assert result(sandbox) == "0"


def test_a_broken_answer_cannot_be_read_though_it_is_complete(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "wrong", twist="broken")
    status, body = medical_raw(sandbox)
    assert status == 200
    with pytest.raises(ValueError):
        json.loads(body)


@pytest.mark.parametrize(("twist", "begins"), [("html", b"<html>"), ("empty", b"")])
def test_an_answer_may_be_something_else_altogether(sandbox: SandboxProcess, twist: str, begins: bytes) -> None:
    for system in SYSTEMS:
        sandbox.turn(system, "wrong", twist=twist)
    told = [
        medical_raw(sandbox),
        post(sandbox.port, "/pension/hefei", b"{}", bus_headers("hefei", "SI_QUERY_PIN")),
        post(sandbox.port, "/card/hefei", b"", {}),
    ]
    assert all(status == 200 and body[:6] == begins for status, body in told)


def test_wrong_types_inside_what_can_be_read(sandbox: SandboxProcess) -> None:
    for system in SYSTEMS:
        sandbox.turn(system, "wrong", twist="types")
    output = opened(look_up_medical(sandbox.port, WANG_FANG)["output"])
    assert output == {"baseinfo": [], "insuinfo": "无", "idetinfo": 0}
    rows = ask_bus(sandbox.port, "province", "SI_PENSION_PERSON", {"AAC147": WANG_FANG})[1]["data"]["rows"]
    assert {*rows[0].values()} == {"不详"}
    verdict = ask_bus(sandbox.port, "province", "SI_QUERY_PIN", {"AAC147": WANG_FANG, "PIN": "258036"})[1]
    assert verdict["data"]["RESULT"] == 1.5
    text = look_up_card(sandbox.port, "province", WANG_FANG)
    assert (value(text, "ERR"), value(text, "AAZ502"), value(text, "AAB301")) == ("OK", "不详", "不详")


def test_an_answer_may_be_about_another_person(sandbox: SandboxProcess) -> None:
    for system in SYSTEMS:
        sandbox.turn(system, "wrong", twist="other")
    base = opened(look_up_medical(sandbox.port, WANG_FANG)["output"])["baseinfo"]
    told = ask_bus(sandbox.port, "province", "SI_PENSION_PERSON", {"AAC147": WANG_FANG})[1]["data"]["AAC147"]
    card = value(look_up_card(sandbox.port, "province", WANG_FANG), "AAC002")
    assert {base["certno"], told, card} == {"340102195806159993"}


def test_a_platform_whose_core_is_down_may_answer_with_zeros(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "wrong", twist="zero")
    answer = look_up_medical(sandbox.port, WANG_FANG)
    [insurance] = opened(answer["output"])["insuinfo"]
    assert answer["infcode"] in (0, "0") and answer["err_msg"] == "核心系统暂不可用，返回缺省值"
    assert (insurance["balc"], insurance["insutype"], insurance["insuplc_admdvs"]) == (0, "", "")


def test_a_switch_can_be_for_so_many_requests_and_for_one_operation(sandbox: SandboxProcess) -> None:
    sandbox.turn("card-province", "error", times=2, operation="getAZ03")
    told = []
    for operation in ("getAC01", "getAZ03", "getAC01", "getAZ03", "getAZ03"):
        try:
            look_up_card(sandbox.port, "province", WANG_FANG, operation)
            told.append("ok")
        except AssertionError:
            told.append("error")
    assert told == ["ok", "error", "ok", "error", "ok"]


def test_one_system_that_hangs_leaves_the_others_alone(sandbox: SandboxProcess) -> None:
    """Hundreds wait on one, and the others answer as if nothing were."""
    sandbox.turn("medical", "hang")
    waiting = [hanging(sandbox) for _ in range(400)]
    try:
        eventually(lambda: sandbox.asked("medical") == 400)
        for _ in range(20):
            begun = time.monotonic()
            assert value(look_up_card(sandbox.port, "province", WANG_FANG), "ERR") == "OK"
            assert time.monotonic() - begun < 20
    finally:
        for connection in waiting:
            connection.close()
    # A client that has gone is not waited for.
    eventually(lambda: {e["result"] for e in sandbox.state()["journal"] if e["system"] == "medical"} <= {"client left"})


def hanging(sandbox: SandboxProcess) -> socket.socket:
    body = json.dumps(signed(message(WANG_FANG))).encode()
    connection = socket.create_connection(("127.0.0.1", sandbox.port))
    head = f"POST /medical/national HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def test_hundreds_of_slow_answers_are_given_at_once(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "slow", ms=1000)
    begun = time.monotonic()
    waiting = [hanging(sandbox) for _ in range(300)]
    for connection in waiting:
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.close()
    # One after the other would be five minutes.
    assert time.monotonic() - begun < 120


def test_a_killed_client_in_the_middle_of_its_request_harms_nobody(sandbox: SandboxProcess) -> None:
    for sent in (b"POST /medical/nat", b"POST /medical/national HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{"):
        connection = socket.create_connection(("127.0.0.1", sandbox.port))
        connection.sendall(sent)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    assert medical_raw(sandbox)[0] == 200 and sandbox.asked("medical") == 1


def test_chance_brings_faults_and_honest_answers(sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "random", p=0.6, ms=1)
    told = []
    for _ in range(80):
        try:
            told.append(str(medical_raw(sandbox)[0]))
        except (ConnectionError, HTTPException) as error:
            told.append(type(error).__name__)
    assert {"200", "500"} < set(told) and len(set(told)) >= 4


def test_the_wsdl_goes_through_the_switch_as_well(sandbox: SandboxProcess) -> None:
    sandbox.turn("card-hefei", "error")
    assert sandbox.get("/card/hefei?wsdl")[0] == 500
    sandbox.reset()
    assert sandbox.get("/card/hefei?wsdl")[0] == 200 and sandbox.get("/card/hefei")[0] == 500


# turning them


@pytest.mark.parametrize(
    "given",
    [
        {"system": "water", "mode": "down"}, {"system": "medical", "mode": "purple"}, {"system": "medical"},
        {"system": "medical", "mode": "slow", "ms": -1}, {"system": "medical", "mode": "slow", "ms": "soon"},
        {"system": "medical", "mode": "wrong", "twist": "left"}, {"system": "medical", "mode": "random", "p": 2},
        {"system": "medical", "mode": "down", "times": 0}, {"system": "exchange", "mode": "lost"},
        {"system": "exchange", "mode": "stale", "days": 0}, {"system": "medical", "mode": "slow", "ms": []},
    ],
)  # fmt: skip
def test_a_switch_that_does_not_exist_is_refused(sandbox: SandboxProcess, given: dict[str, Any]) -> None:
    status, body = sandbox.request("POST", "/admin/switch", json.dumps(given), {"X-Sandbox-Token": TOKEN})
    assert status == 400 and len(json.loads(body)["error"]) > 3
    assert {s["mode"] for s in sandbox.state()["switches"].values()} == {"normal"}


@given(
    mode=st.sampled_from(MODES), twist=st.sampled_from(TWISTS), ms=st.integers(0, 600_000), p=st.floats(0, 1),
    times=st.none() | st.integers(1, 9), operation=st.sampled_from(["", "a", "b"]),
    asked=st.lists(st.sampled_from(["a", "b"]), max_size=20),
)  # fmt: skip
def test_a_switch_is_met_as_often_as_it_says_and_then_never(
    mode: str, twist: str, ms: int, p: float, times: int | None, operation: str, asked: list[str]
) -> None:
    switches = Switches(["one", "other"])
    switches.turn("one", Switch(mode, ms, p, twist, times, operation))
    met = [switches.take("one", each) for each in asked]
    meant = [each for each in asked if operation in ("", each)][:times]
    faults = [fault for fault in met if fault.mode != "normal"]
    if mode == "random":
        assert len(faults) <= len(meant) and {fault.mode for fault in faults} <= set(BY_CHANCE)
    else:
        assert faults == [Fault(mode, ms, twist)] * (len(meant) if mode != "normal" else 0)
    assert switches.take("other", "a").mode == "normal"


def test_a_system_nobody_knows_cannot_be_turned() -> None:
    with pytest.raises(BadSwitch):
        Switches(["one"]).turn("two", Switch())

"""Whatever arrives, every system answers in its own way and the journal stays readable and small."""

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.sandbox import card, pension_bus
from integrations.sandbox.card import CardSystem
from integrations.sandbox.card_state import CardState
from integrations.sandbox.journal import Journal
from integrations.sandbox.medical import MedicalPlatform
from integrations.sandbox.page import TITLES
from integrations.sandbox.pension_bus import PensionBus
from integrations.sandbox.people import build_population
from integrations.sandbox.switches import CONTENT_TWISTS
from integrations.sandbox.wire import Call, Reply, System
from tests.integrations.sandbox.clients import bus_headers, envelope, message, signed
from tests.integrations.sandbox_process import SandboxProcess

WANG_FANG = "340103198503089983"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TWISTS = st.sampled_from(["", *CONTENT_TWISTS])


@cache
def systems() -> dict[str, System]:
    population, journal = build_population(date(2026, 11, 22), 40), Journal()
    state = CardState(None)
    made: list[System] = [MedicalPlatform(population)]
    made += [CardSystem(deployment, population, state, journal) for deployment in (card.HEFEI, card.PROVINCE)]
    made += [PensionBus(bus, population) for bus in (pension_bus.HEFEI, pension_bus.PROVINCE)]
    return {system.name: system for system in made}


def told(name: str, body: bytes, headers: dict[str, str], twist: str) -> Reply:
    system = systems()[name]
    question = system.read(Call("POST", "http://127.0.0.1/x", {}, headers, body))
    reply = question.refused or system.answer(question, twist)
    Journal().note(name, question, "normal").about.encode()
    assert isinstance(reply.body, bytes) and reply.result
    return reply


def test_every_system_has_a_title_on_the_page() -> None:
    assert set(systems()) == set(TITLES)


@given(name=st.sampled_from(sorted(TITLES)), body=st.binary(max_size=200), twist=TWISTS)
def test_bytes(name: str, body: bytes, twist: str) -> None:
    told(name, body, bus_headers(name.removeprefix("pension-"), "SI_QUERY_PIN") if "pension" in name else {}, twist)


@given(changed=st.dictionaries(st.sampled_from([*message("1"), "other"]), JSON, max_size=3), twist=TWISTS)
def test_medical_messages_signed_over_anything(changed: dict[str, Any], twist: str) -> None:
    unsigned = message(WANG_FANG) | changed
    try:
        request = signed(unsigned)
    except (UnicodeEncodeError, TypeError):
        # What could not even be signed.
        request = unsigned
    json.loads(told("medical", json.dumps(request).encode(), {}, twist).body)


@given(data=st.dictionaries(st.sampled_from(["certno", "mdtrt_cert_no", "psn_name", "mdtrt_cert_type"]), JSON))
def test_medical_data_of_any_kind(data: dict[str, Any]) -> None:
    told("medical", json.dumps(message(WANG_FANG) | {"input": {"data": data}}).encode(), {}, "")


@given(
    place=st.sampled_from(["hefei", "province"]), service=st.sampled_from(pension_bus.SERVICES),
    body=JSON | st.dictionaries(st.sampled_from(["AAC147", "AAC003", "PIN"]), JSON | st.just(WANG_FANG)), twist=TWISTS,
)  # fmt: skip
def test_bodies_of_the_bus(place: str, service: str, body: Any, twist: str) -> None:
    reply = told(f"pension-{place}", json.dumps(body).encode(), bus_headers(place, service), twist)
    assert reply.status == 200 and json.loads(reply.body)["code"] in ("0000", "1001", "1002")


XML_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=60)


@settings(max_examples=60)
@given(place=st.sampled_from(["hefei", "province"]), strings=st.lists(XML_TEXT, max_size=6), twist=TWISTS)
def test_strings_of_the_card_systems(place: str, strings: list[str], twist: str) -> None:
    for operation in ("getAC01", "getAZ03", "allDsjk"):
        assert told(f"card-{place}", envelope(operation, *strings), {}, twist).status == 200


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda s: s.request("POST", "/medical/national", b"[" * 200_000, {}), 200),
        (lambda s: s.request("POST", "/medical/national", json.dumps(signed(message("\ud800" * 9))), {}), 200),
        (lambda s: s.request("POST", "/medical/national", json.dumps(signed(message("9" * 300_000))), {}), 200),
        (lambda s: s.request("POST", "/pension/hefei", b"[" * 200_000, bus_headers("hefei", "SI_QUERY_PIN")), 200),
        (lambda s: s.request("POST", "/card/hefei", b"<a>" * 200_000, {}), 500),
        (lambda s: s.request("PUT", "/pension/hefei", b"", {}), 404),
        (lambda s: s.request("DELETE", "/medical/national", b"", {}), 200),
    ],
)
def test_the_page_can_be_read_after_anything(
    sandbox: SandboxProcess, send: Callable[[SandboxProcess], tuple[int, bytes]], status: int
) -> None:
    assert send(sandbox)[0] == status
    assert sandbox.get("/")[0] == 200 and len(json.dumps(sandbox.state()["journal"])) < 1000

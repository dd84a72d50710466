"""A look-up that something else comes before: a consultant who accepts, or a caller who would rather have a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboards.web_app import build_flask
from integrations.sandbox.records import Person
from integrations.services import Services
from integrations.telephony.client import CarrierClient
from ivr.keeper import LibraryKeeper
from ivr.service import Line
from ivr.webhooks import ivr_blueprint
from queueing.webhooks import queueing_blueprint
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.integrations.sandbox_process import SandboxProcess
from tests.ivr.conftest import MONDAY_TEN, Clock
from tests.ivr.query.asker import PENSION, Asker
from tests.ivr.query.conftest import HASTY, WUHU, Rings, be_patient
from tests.ivr.query.truth import AFTER
from tests.queueing.line_scene import Scene
from tests.waiting import eventually

Somebody = Callable[[str], Person]
Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


@pytest.fixture
def clock() -> Clock:
    """In working hours: there are people."""
    return Clock(MONDAY_TEN)


@pytest.fixture
def services(services: Services, stand_in: CarrierStandIn) -> Iterator[Services]:
    """The carrier is one that can be called."""
    stand_in.clear()
    settings = replace(services.settings, gateway_url=f"ws://127.0.0.1:{stand_in.port}")
    carrier = CarrierClient(settings)
    yield replace(services, settings=settings, carrier=carrier)
    carrier.close()


@pytest.fixture
def client(line: Line) -> FlaskClient:
    app = build_flask(line.services.settings)
    app.register_blueprint(ivr_blueprint(line))
    app.register_blueprint(queueing_blueprint(line.waiting, line.end_outbound))
    return app.test_client()


@pytest.fixture
def scene(line: Line, clock: Clock, stand_in: CarrierStandIn, _keeper: LibraryKeeper) -> Scene:
    """A dispatcher and seats beside the line, on its clock."""
    scene = Scene(line.services, dict(_keeper.library().centres), stand_in, at=clock())
    scene.line = line.waiting
    scene.dispatcher.line = line.waiting

    def tick(seconds: float) -> None:
        scene.at += timedelta(seconds=seconds)
        clock.at = scene.at

    scene.tick_clock = tick  # type: ignore[method-assign]
    return scene


@pytest.fixture
def looking(rings: Rings, somebody: Somebody, sandbox: SandboxProcess, line: Line) -> Asker:
    """A caller whose pension is being looked up, and will be for longer than anybody waits here."""
    asker = rings(WUHU).asks(PENSION).proves(somebody("王强"))
    assert asker.said[-len(AFTER) :] == AFTER
    asker.press("*")
    be_patient(line, HASTY)
    sandbox.turn("pension-province", "slow", ms=600)
    asker.press(PENSION)
    assert asker.is_looking
    return asker


def results(asker: Asker, since: int) -> list[str]:
    return [sentence for sentence in asker.heard[since:] if "养老保险" in sentence or "缴费" in sentence]


def test_a_consultant_who_accepts_wins(looking: Asker, scene: Scene, line: Line, rows: Rows) -> None:
    line.duty.forget()
    scene.seat("2001", WUHU)
    scene.calls["caller"] = looking.sid
    scene.joins("caller", centre=WUHU)
    scene.works()
    offer = scene.offer("2001")
    assert offer and looking.waiting is not None
    action = looking.waiting.verb.attrib["action"]
    scene.answers("2001")
    before = len(looking.heard)
    looking._go(f"{looking.base_url}/ivr/connect?offer={offer}", {"CallStatus": "in-progress"})
    assert any("工号二零零幺为您服务" in sentence for sentence in looking.heard[before:])
    talk = looking.documents[-1]
    assert f">offer-{offer}</Conference>" in talk
    # The answer comes into the talk, and the round that waited for it gets the talk.
    eventually(lambda: rows("SELECT count(*) FROM look_up_audit WHERE result IS NULL") == [(0,)])
    _, late = looking.request(action, {})
    assert late == talk and results(looking, before) == []
    [(pending,)] = rows("SELECT state::json ->> 'pending' FROM call_session WHERE call_sid = %s", looking.sid)
    assert not pending


def test_key_0_while_we_look_leads_to_a_person(looking: Asker, rows: Rows) -> None:
    before = len(looking.heard)
    looking.press("0")
    # Wuhu has a desk telephone.
    assert looking.waiting is not None and looking.waiting.verb.tag == "Dial"
    eventually(lambda: rows("SELECT count(*) FROM look_up_audit WHERE result IS NULL") == [(0,)])
    assert results(looking, before) == []


def test_key_0_leads_to_a_person_even_when_the_answer_is_there(looking: Asker, rows: Rows, line: Line) -> None:
    """It came in the same second: who asked for a person gets one."""
    eventually(lambda: rows("SELECT count(*) FROM look_up_audit WHERE result IS NULL") == [(0,)])
    eventually(lambda: line.services.live_store.keys("answer:*look_up*"))
    before = len(looking.heard)
    looking.press("0")
    assert looking.waiting is not None and looking.waiting.verb.tag == "Dial" and results(looking, before) == []


@pytest.mark.parametrize("key", ["1", "5", "9", "*"])
def test_any_other_key_does_not_hurry_it(key: str, looking: Asker, rows: Rows) -> None:
    before = len(looking.heard)
    looking.press(key)
    assert looking.is_looking
    eventually(lambda: rows("SELECT count(*) FROM look_up_audit WHERE result IS NULL") == [(0,)])
    looking.waits()
    assert results(looking, before)[0].startswith("您的职工养老保险")

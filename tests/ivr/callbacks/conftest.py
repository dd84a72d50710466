"""A line beside a dispatcher, a carrier that can be called, and telephones that the hotline rings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from flask.testing import FlaskClient

from dashboards.web_app import build_flask
from integrations.services import Services
from integrations.telephony.client import CarrierClient
from ivr.keeper import LibraryKeeper
from ivr.service import Line
from ivr.webhooks import ivr_blueprint
from queueing.webhooks import queueing_blueprint
from tests.caller import Caller
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.ivr.callbacks.telephones import RungTelephone
from tests.ivr.conftest import Clock, client_transport
from tests.queueing.callback_scene import WANG_FANG, CallbackScene

WUHU, WUHU_NUMBER = "340200", "+8655312333"
Telephone = TypeVar("Telephone", bound=Caller)


def unhurried(caller: Telephone, scene: CallbackScene) -> Telephone:
    """A caller who takes a second for each key, so that none is taken for a bad line's echo."""
    press = caller.press

    def press_slowly(keys: str) -> Caller:
        scene.tick_clock(1)
        return press(keys)

    caller.press = press_slowly  # type: ignore[method-assign]
    return caller


@pytest.fixture(scope="module")
def stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


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
def scene(line: Line, clock: Clock, stand_in: CarrierStandIn, _keeper: LibraryKeeper) -> CallbackScene:
    """A dispatcher and seats beside the line, on its clock."""
    scene = CallbackScene(line.services, dict(_keeper.library().centres), stand_in, at=clock())
    scene.line, scene.callbacks, scene.dispatcher.line = line.waiting, line.callbacks, line.waiting

    def tick(seconds: float) -> None:
        scene.at += timedelta(seconds=seconds)
        clock.at = scene.at

    scene.tick_clock = tick  # type: ignore[method-assign]
    return scene


@pytest.fixture
def busy(scene: CallbackScene, line: Line) -> int:
    """A consultant of Wuhu who is at table: signed in, and not to be had."""
    agent = scene.seat("2001", WUHU, skills=("pension",))
    scene.desk.take_break(agent, "meal")
    line.duty.forget()
    return agent


@pytest.fixture
def rings(dial: Callable[..., Caller], scene: CallbackScene, line: Line) -> Callable[..., Caller]:
    """`rings(caller=..., dialled=...)`: a caller whom the carrier knows."""

    def make(caller: str = WANG_FANG, dialled: str = WUHU_NUMBER) -> Caller:
        line.duty.forget()
        found = dial(dialled, caller=caller)
        scene.calls[found.sid] = found.sid
        scene._carrier_has(found.sid, "in-progress")
        return unhurried(found, scene)

    return make


@pytest.fixture
def rung(client: FlaskClient, line: Line, scene: CallbackScene) -> Callable[..., RungTelephone]:
    """`rung()`: the telephone that the newest attempt rings, once the carrier has begun to."""
    base = line.services.settings.public_base_url

    def make(number: str = WANG_FANG) -> RungTelephone:
        scene.telephone("initiated", "ringing", number=number)
        attempt = scene.attempt(number)
        assert attempt.call_sid is not None
        transport = client_transport(client, base)
        rung = RungTelephone(base, transport, WUHU_NUMBER, number, sid=attempt.call_sid, attempt=attempt.id)
        return unhurried(rung, scene)

    return make

"""A caller and a consultant, by the carrier's signed webhooks on the real database: from key 0 to the judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from flask.testing import FlaskClient

from dashboards.web_app import build_flask
from integrations.services import Services
from integrations.telephony.client import CarrierClient
from ivr.keeper import LibraryKeeper
from ivr.ring import Ring
from ivr.service import Line
from ivr.webhooks import ivr_blueprint
from queueing.webhooks import queueing_blueprint
from tests.caller import Caller
from tests.integrations.carrier_stand_in import CarrierStandIn
from tests.ivr.conftest import Clock, client_transport
from tests.queueing.line_scene import Scene

WUHU = "340200"
Dial = Callable[..., Caller]


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


class Leg(Caller):
    """A consultant's telephone, called by the hotline."""

    def answer(self, offer: str) -> Leg:
        self._go(f"{self.base_url}/ivr/agent?offer={offer}", {"CallStatus": "in-progress"})
        return self


@pytest.fixture
def leg(client: FlaskClient, line: Line, scene: Scene) -> Callable[[str], Leg]:
    base = line.services.settings.public_base_url

    def make(number: str) -> Leg:
        leg = Leg(base, client_transport(client, base), sid=scene.leg(number))
        return leg.answer(scene.offer(number) or "")

    return make


def zero(dial: Dial, scene: Scene, line: Line) -> Caller:
    """A caller who has pressed 0, known to the carrier."""
    line.duty.forget()
    caller = dial("+8655312333")
    scene.calls["caller"] = caller.sid
    scene._carrier_has(caller.sid, "in-progress")
    caller.press("0")
    scene.works()
    return caller


def pushed(caller: Caller, path: str, offer: str) -> Caller:
    """The carrier goes on with the caller's call at an address that it was told."""
    caller._go(f"{caller.base_url}{path}?offer={offer}", {"CallStatus": "in-progress"})
    return caller


def outcome(scene: Scene, caller: Caller) -> str | None:
    return scene.rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid)[0][0]


def test_from_key_zero_to_the_judgement(dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]) -> None:
    agent = scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    assert "正在为您接通" in "".join(caller.heard[-3:])
    offer = scene.offer("2001") or ""
    consultant = leg("2001")
    assert f">offer-{offer}</Conference>" in consultant.documents[-1]
    assert 'endConferenceOnExit="false"' in consultant.documents[-1]
    scene.works()
    pushed(caller, "/ivr/connect", offer)
    assert any("工号二零零幺为您服务" in said for said in caller.heard)
    assert 'endConferenceOnExit="true"' in caller.documents[-1]
    assert scene.state("2001") == ("on_call", None)
    scene.desk.hang_up(agent, offer)
    scene.works()
    pushed(caller, "/ivr/after", offer)
    assert any("请评价这次服务" in said for said in caller.heard)
    caller.press("5").speak(9)
    caller.hang_up()
    assert outcome(scene, caller) == "answered"
    assert scene.rows("SELECT score, comment_sid IS NOT NULL FROM rating") == [(5, True)]
    assert scene.rows("SELECT kind, centre, comment_sid IS NOT NULL, closed_at FROM work_order") == [
        ("low_rating", WUHU, True, None)
    ]


def test_a_repeated_push_is_one_talk(dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer = scene.offer("2001") or ""
    leg("2001")
    pushed(caller, "/ivr/connect", offer)
    document = caller.documents[-1]
    pushed(caller, "/ivr/connect", offer)
    assert caller.documents[-1] == document
    assert scene.rows("SELECT count(*) FROM call_step WHERE kind = 'connected'") == [(1,)]


def test_a_late_webhook_of_the_waiting_document_gets_the_talk(
    dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]
) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    late = caller.waiting
    leg("2001")
    pushed(caller, "/ivr/connect", scene.offer("2001") or "")
    document = caller.documents[-1]
    assert late is not None
    _, said = caller.request(late.verb.attrib["action"], {"Digits": "*"})
    assert said == document
    assert scene.state("2001") == ("on_call", None)


def test_a_connect_that_comes_too_late_goes_on_where_the_caller_is(dial: Dial, scene: Scene, line: Line) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer = scene.offer("2001") or ""
    pushed(caller, "/ivr/connect", offer)
    assert "Conference" not in caller.documents[-1] and "Gather" in caller.documents[-1]
    assert scene.state("2001") == ("reserved", None)


def test_a_telephone_must_press_one(dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]) -> None:
    scene.seat("2001", WUHU, telephone="+8613855112345")
    zero(dial, scene, line)
    consultant = leg("2001")
    assert consultant.heard[-1].startswith("幺二三三三来电，接听请按")
    assert scene.rows("SELECT accepted_at FROM offer") == [(None,)]
    consultant.press("1")
    assert "Conference" in consultant.documents[-1]
    assert scene.rows("SELECT status FROM offer") == [("accepted",)]


def test_whoever_picks_up_too_late_is_told(dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer, leg_sid = scene.offer("2001") or "", scene.leg("2001")
    caller.hang_up()
    base = line.services.settings.public_base_url
    consultant = Leg(base, caller.post, sid=leg_sid).answer(offer)
    assert "来电已转接" in consultant.heard[-1] and consultant.is_over
    assert outcome(scene, caller) == "short_abandon"


def test_the_agent_leg_dropping_brings_the_caller_back_to_the_front(
    dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]
) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer = scene.offer("2001") or ""
    consultant = leg("2001")
    pushed(caller, "/ivr/connect", offer)
    status = {"CallStatus": "completed", "SequenceNumber": "3"}
    ended = {"sid": consultant.sid, "to": "", "from": "", "status": "completed"}
    scene.stand_in.control(calls={consultant.sid: ended})
    assert consultant.request(f"{consultant.base_url}/queueing/leg?offer={offer}", status)[0] == 204
    scene.works()
    pushed(caller, "/ivr/after", offer)
    assert any("刚才断线了" in said for said in caller.heard)
    scene.seat("2002", WUHU)
    scene.works()
    assert scene.caller_of("2002") == "caller"
    caller.hang_up()
    assert outcome(scene, caller) == "answered" and scene.state("2002") == ("available", None)


def test_a_caller_who_waits_and_hangs_up_is_abandoned_in_the_line(dial: Dial, scene: Scene, line: Line) -> None:
    scene.desk.take_break(scene.seat("2001", WUHU), "meal")
    caller = zero(dial, scene, line)
    scene.tick_clock(45)
    caller.wait()
    caller.hang_up()
    assert outcome(scene, caller) == "abandoned_in_queue"
    assert scene.entry("caller") == ("ended", "hung_up")


def test_recording_begins_when_the_caller_has_come(
    dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]
) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer = scene.offer("2001") or ""
    consultant = leg("2001")
    pushed(caller, "/ivr/connect", offer)
    for joined in (consultant.sid, caller.sid, caller.sid):
        event = {"StatusCallbackEvent": "participant-join", "ConferenceSid": "CF" + "1" * 32, "CallSid": joined}
        assert caller.request(f"{caller.base_url}/queueing/conference?offer={offer}", event)[0] == 204
    scene.works()
    (form,) = scene.asked("CreateCallRecording")
    assert form["RecordingStatusCallback"].endswith(f"/queueing/recording?offer={offer}")
    assert scene.rows("SELECT conference_sid FROM offer") == [("CF" + "1" * 32,)]


def test_unsigned_reports_are_refused(client: FlaskClient, scene: Scene) -> None:
    for path in ("/queueing/leg", "/queueing/conference", "/queueing/recording", "/ivr/connect", "/ivr/agent"):
        assert client.post(f"{path}?offer=x", data={"CallSid": "CA1"}).status_code == 403


def test_a_push_that_failed_is_made_again_by_the_fallback(
    dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]
) -> None:
    agent = scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer = scene.offer("2001") or ""
    leg("2001")
    for path, sign in (("connect", "通话录音"), ("after", "请评价这次服务")):
        failed = {"ErrorUrl": f"{caller.base_url}/ivr/{path}?offer={offer}", "ErrorCode": "11200"}
        caller._go(f"{caller.base_url}/ivr/fallback", failed)
        assert sign in caller.heard[-1]
        if path == "connect":
            scene.desk.hang_up(agent, offer)


def test_a_talk_on_record_is_answered_whatever_was_lost(
    dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg]
) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    leg("2001")
    # The process died between the commit and everything after it.
    assert line.waiting.connect(scene.offer("2001") or "", caller.sid)
    caller.hang_up()
    assert outcome(scene, caller) == "answered"


def test_a_push_during_an_outage_keeps_its_offer(
    dial: Dial, scene: Scene, line: Line, leg: Callable[[str], Leg], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.seat("2001", WUHU)
    caller = zero(dial, scene, line)
    offer = scene.offer("2001") or ""
    leg("2001")
    connect = line.talks.connect

    def once(ring: Ring, offer_id: str) -> str:
        monkeypatch.setattr(line.talks, "connect", connect)
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(line.talks, "connect", once)
    pushed(caller, "/ivr/connect", offer)
    assert any("为您服务" in said for said in caller.heard)
    assert scene.state("2001") == ("on_call", None)

"""The carrier client against a carrier that knows the contract, and that fails in every usual way."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import jwt
import pytest
from flask import Flask
from twilio.request_validator import RequestValidator

from integrations.demo_keys import DemoKeys
from integrations.errors import IntegrationError
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, Settings
from integrations.telephony.carrier_answers import CarrierCall
from integrations.telephony.carrier_errors import CallGone, CarrierAway, CarrierRefused
from integrations.telephony.client import CarrierClient
from integrations.telephony.guard import signed_by_carrier
from tests.integrations.carrier_stand_in import OPERATIONS, CarrierStandIn, sid, silence
from tests.running import free_port

KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
BASE = "http://127.0.0.1:12333"
NUMBER = "+8613855512345"
CALL, CONFERENCE, RECORDING = sid("CA", 1), sid("CF", 1), sid("RE", 1)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[CarrierStandIn]:
    stand_in = CarrierStandIn()
    yield stand_in
    stand_in.end()


@pytest.fixture
def carrier(stand_in: CarrierStandIn) -> Iterator[CarrierStandIn]:
    """The carrier, which has forgotten everything; whatever a test asked for must have been within the contract."""
    stand_in.clear()
    yield stand_in
    assert stand_in.control()["violations"] == []


@pytest.fixture
def client(carrier: CarrierStandIn) -> Iterator[CarrierClient]:
    client = CarrierClient(settings_for(carrier.port))
    yield client
    client.close()


def settings_for(port: int, **env: str) -> Settings:
    return Settings.from_env({"GATEWAY_URL": f"ws://127.0.0.1:{port}", **env}, load_demo_keys=lambda var_dir: KEYS)


def dial(client: CarrierClient, to: str = "client:agent-17") -> str:
    return client.dial(to, f"{BASE}/ivr/agent?offer=o1", f"{BASE}/queueing/leg?offer=o1", 20, "12333")


def test_a_seat_is_rung_with_everything_the_carrier_must_know(carrier: CarrierStandIn, client: CarrierClient) -> None:
    assert dial(client) == CALL
    [request] = carrier.asked("CreateCall")
    assert request["form"] == {
        "To": ["client:agent-17"],
        "From": ["12333"],
        "Url": [f"{BASE}/ivr/agent?offer=o1"],
        "Method": ["POST"],
        "StatusCallback": [f"{BASE}/queueing/leg?offer=o1"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "StatusCallbackMethod": ["POST"],
        "Timeout": ["20"],
        "TimeLimit": ["14400"],
    }


def test_a_lost_leg_is_found_by_whom_it_rings(carrier: CarrierStandIn, client: CarrierClient) -> None:
    for number, status in enumerate(("completed", "queued", "ringing", "in-progress", "no-answer")):
        carrier.add_call(number, status)
    carrier.add_call(9, "ringing", to="client:agent-18")
    found = client.find_live_calls("client:agent-17")
    assert found == [(sid("CA", 1), "queued"), (sid("CA", 2), "ringing"), (sid("CA", 3), "in-progress")]
    assert client.find_live_calls("client:agent-99") == []


def test_the_calls_of_an_hour_are_taken_from_the_carrier_s_days(carrier: CarrierStandIn, client: CarrierClient) -> None:
    # 23:30 to 00:30 by UTC, so that two days are asked for; eight calls a quarter of an hour apart fill three pages.
    since = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    for number in range(8):
        carrier.add_caller(number, since + timedelta(minutes=15 * (number - 2)))
    carrier.add_call(8, "in-progress", "+8613855112345", direction="outbound-api", start_time=format_datetime(since))
    found = client.calls_between(since, since + timedelta(hours=1))
    assert [one.sid for one in found] == [sid("CA", number) for number in (2, 3, 4, 5, 8)]
    assert found[0] == CarrierCall(sid("CA", 2), "inbound", "completed", "12333", since, since)
    # Whom we ring is a caller: the number stays with the carrier.
    assert found[4].dialled == "" and not found[4].is_inbound


def test_an_hour_that_ends_at_midnight_asks_for_no_day_more(carrier: CarrierStandIn, client: CarrierClient) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert client.calls_between(midnight - timedelta(hours=1), midnight) == []
    [asked] = carrier.asked("ListCall")
    assert asked["query"]["StartTime>"] == ["2026-11-19T23:00:00Z"]
    assert asked["query"]["StartTime<"] == ["2026-11-20T00:00:00Z"]


def test_a_list_that_breaks_off_is_no_list(carrier: CarrierStandIn, client: CarrierClient) -> None:
    since = datetime(2026, 11, 19, 4, tzinfo=UTC)
    for number in range(5):
        carrier.add_caller(number, since)
    carrier.fail("ListCall", "", "500")
    with pytest.raises(CarrierAway):
        client.calls_between(since, since + timedelta(hours=1))
    assert len(carrier.asked("ListCall")) == 2


def test_the_state_of_a_call_is_the_carrier_s_word(carrier: CarrierStandIn, client: CarrierClient) -> None:
    assert client.call_status(carrier.add_call(1, "in-progress")) == "in-progress"
    assert client.call_status(sid("CA", 2)) is None


def test_a_live_call_goes_on_elsewhere(carrier: CarrierStandIn, client: CarrierClient) -> None:
    client.redirect(carrier.add_call(1, "in-progress"), f"{BASE}/ivr/connect?offer=o1")
    [request] = carrier.asked("UpdateCall")
    assert request["form"] == {"Url": [f"{BASE}/ivr/connect?offer=o1"], "Method": ["POST"]}


@pytest.mark.parametrize(
    ("status", "end"), [("ringing", "canceled"), ("queued", "canceled"), ("in-progress", "completed")]
)
def test_hanging_up_ends_a_ring_and_a_talk_each_in_its_way(
    carrier: CarrierStandIn, client: CarrierClient, status: str, end: str
) -> None:
    client.hang_up(carrier.add_call(1, status))
    assert carrier.control()["calls"][CALL]["status"] == end


def test_hanging_up_what_is_over_is_fine(carrier: CarrierStandIn, client: CarrierClient) -> None:
    client.hang_up(carrier.add_call(1, "completed"))
    client.hang_up(sid("CA", 2))


def test_a_carrier_that_refuses_to_cancel_a_talk_still_ends_it(carrier: CarrierStandIn, client: CarrierClient) -> None:
    carrier.add_call(1, "in-progress")
    carrier.fail("UpdateCall", "400")
    client.hang_up(CALL)
    assert carrier.control()["calls"][CALL]["status"] == "completed"


def test_a_conference_is_found_by_its_name(carrier: CarrierStandIn, client: CarrierClient) -> None:
    carrier.control(conferences={CONFERENCE: "offer-o1"})
    assert client.conference_sid("offer-o1") == CONFERENCE
    assert client.conference_sid("offer-o2") is None


def test_participants_are_held_muted_and_taken_out(carrier: CarrierStandIn, client: CarrierClient) -> None:
    carrier.control(conferences={CONFERENCE: "offer-o1"})
    client.hold(CONFERENCE, CALL, True, f"{BASE}/ivr/hold")
    client.hold(CONFERENCE, CALL, False, f"{BASE}/ivr/hold")
    client.mute(CONFERENCE, CALL, True)
    assert [request["form"] for request in carrier.asked("UpdateParticipant")] == [
        {"Hold": ["true"], "HoldUrl": [f"{BASE}/ivr/hold"], "HoldMethod": ["POST"]},
        {"Hold": ["false"]},
        {"Muted": ["true"]},
    ]
    client.remove(CONFERENCE, CALL)
    client.remove(sid("CF", 2), CALL)
    assert len(carrier.asked("DeleteParticipant")) == 2


def test_a_talk_is_recorded_and_silenced_while_a_secret_is_keyed_in(
    carrier: CarrierStandIn, client: CarrierClient
) -> None:
    assert client.start_recording(CALL, f"{BASE}/queueing/recording?offer=o1") == RECORDING
    client.pause_recording(CALL, RECORDING, True)
    client.pause_recording(CALL, RECORDING, False)
    [started] = carrier.asked("CreateCallRecording")
    assert started["form"] == {
        "RecordingChannels": ["dual"],
        "RecordingStatusCallback": [f"{BASE}/queueing/recording?offer=o1"],
        "RecordingStatusCallbackEvent": ["in-progress", "completed", "absent"],
        "RecordingStatusCallbackMethod": ["POST"],
    }
    assert [request["form"] for request in carrier.asked("UpdateCallRecording")] == [
        {"Status": ["paused"], "PauseBehavior": ["silence"]},
        {"Status": ["in-progress"]},
    ]


def test_the_recordings_of_a_call_are_listed(carrier: CarrierStandIn, client: CarrierClient) -> None:
    carrier.add_recording(1, CALL, 61)
    carrier.control(recordings={sid("RE", 2): {"sid": sid("RE", 2), "call_sid": CALL, "status": "in-progress"}})
    done, going = client.recordings_of(CALL)
    assert (done.sid, done.call_sid, done.status, done.seconds) == (RECORDING, CALL, "completed", 61)
    assert done.started_at is not None and done.started_at.tzinfo is not None
    assert (going.status, client.recordings_of(sid("CA", 2))) == ("in-progress", [])


def test_a_recording_is_brought_home_and_deleted(
    carrier: CarrierStandIn, client: CarrierClient, tmp_path: Path
) -> None:
    carrier.add_recording(1, CALL, 3)
    assert client.fetch_recording(RECORDING, tmp_path / "talk.wav") == 8000 * 4 * 3 + 44
    assert (tmp_path / "talk.wav").read_bytes() == silence(3)
    client.delete_recording(RECORDING)
    client.delete_recording(RECORDING)
    assert carrier.control()["recordings"] == {}
    with pytest.raises(CallGone):
        client.fetch_recording(RECORDING, tmp_path / "talk.wav")


def test_a_recording_that_breaks_off_is_no_recording(
    carrier: CarrierStandIn, client: CarrierClient, tmp_path: Path
) -> None:
    carrier.add_recording(1, CALL, 3)
    carrier.fail("Media", "half")
    with pytest.raises(CarrierAway):
        client.fetch_recording(RECORDING, tmp_path / "talk.wav")


def test_a_text_is_sent_and_asked_about(carrier: CarrierStandIn, client: CarrierClient) -> None:
    text = client.send_text(NUMBER, "您好", "12333", f"{BASE}/voicemail/text?r=7")
    assert (client.text_status(text), client.text_status(sid("SM", 2))) == ("queued", None)


CHANGES: dict[str, Callable[[CarrierClient], object]] = {
    "CreateCall": dial,
    "UpdateCall": lambda client: client.redirect(CALL, f"{BASE}/ivr/connect?offer=o1"),
    "UpdateParticipant": lambda client: client.mute(CONFERENCE, CALL, True),
    "DeleteParticipant": lambda client: client.remove(CONFERENCE, CALL),
    "CreateCallRecording": lambda client: client.start_recording(CALL, f"{BASE}/queueing/recording?offer=o1"),
    "UpdateCallRecording": lambda client: client.pause_recording(CALL, RECORDING, True),
    "DeleteRecording": lambda client: client.delete_recording(RECORDING),
    "CreateMessage": lambda client: client.send_text(NUMBER, "您好", "12333", f"{BASE}/voicemail/text?r=7"),
}
QUESTIONS: dict[str, Callable[[CarrierClient], object]] = {
    "ListCall": lambda client: client.find_live_calls(NUMBER),
    "FetchCall": lambda client: client.call_status(CALL),
    "ListConference": lambda client: client.conference_sid("offer-o1"),
    "ListCallRecording": lambda client: client.recordings_of(CALL),
    "FetchMessage": lambda client: client.text_status(sid("SM", 1)),
}


@pytest.fixture
def busy(carrier: CarrierStandIn) -> CarrierStandIn:
    """A carrier with a call, its conference and its recording, and a text."""
    carrier.control(texts={sid("SM", 1): {"sid": sid("SM", 1), "status": "delivered"}})
    carrier.add_call(1, "in-progress")
    carrier.add_recording(1, CALL, 3)
    carrier.control(conferences={CONFERENCE: "offer-o1"})
    return carrier


def test_every_operation_of_the_contract_copy_is_one_we_use() -> None:
    assert {**CHANGES, **QUESTIONS}.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("fault", ["500", "500 done", "cut"])
def test_a_change_without_an_answer_may_have_been_done(
    busy: CarrierStandIn, client: CarrierClient, operation: str, fault: str
) -> None:
    busy.fail(operation, fault)
    with pytest.raises(CarrierAway) as caught:
        CHANGES[operation](client)
    assert caught.value.is_unknown and not caught.value.permanent
    # It was asked once: whoever wants another try knows what it would mean.
    assert len(busy.asked(operation)) == 1


@pytest.mark.parametrize(
    "operation", ["CreateCall", "UpdateCall", "UpdateParticipant", "CreateCallRecording", "CreateMessage"]
)
def test_a_change_with_an_unreadable_answer_may_have_been_done(
    busy: CarrierStandIn, client: CarrierClient, operation: str
) -> None:
    busy.fail(operation, "broken")
    with pytest.raises(CarrierAway) as caught:
        CHANGES[operation](client)
    assert caught.value.is_unknown


def test_a_call_without_a_sid_may_be_ringing(carrier: CarrierStandIn, client: CarrierClient) -> None:
    carrier.fail("CreateCall", "empty")
    with pytest.raises(CarrierAway) as caught:
        dial(client)
    assert caught.value.is_unknown
    assert client.find_live_calls("client:agent-17") == [(CALL, "queued")]


def test_a_slow_carrier_is_not_waited_for(busy: CarrierStandIn) -> None:
    client = CarrierClient(settings_for(busy.port), read_seconds=0.2)
    busy.fail("CreateCall", "slow")
    busy.fail("FetchCall", "slow", "slow")
    with pytest.raises(CarrierAway) as change:
        dial(client)
    with pytest.raises(CarrierAway) as question:
        client.call_status(CALL)
    assert change.value.is_unknown and not question.value.is_unknown
    # A question is asked again after a lost connection only: a slow carrier would be slow twice.
    assert len(busy.asked("FetchCall")) == 1
    client.close()


@pytest.mark.parametrize("operation", QUESTIONS)
@pytest.mark.parametrize("fault", ["500", "broken"])
def test_a_question_without_an_answer_has_changed_nothing(
    busy: CarrierStandIn, client: CarrierClient, operation: str, fault: str
) -> None:
    busy.fail(operation, fault)
    with pytest.raises(CarrierAway) as caught:
        QUESTIONS[operation](client)
    assert not caught.value.is_unknown


@pytest.mark.parametrize("operation", QUESTIONS)
def test_a_question_is_asked_again_when_the_connection_was_lost(
    busy: CarrierStandIn, client: CarrierClient, operation: str
) -> None:
    busy.fail(operation, "cut")
    QUESTIONS[operation](client)


@pytest.mark.parametrize("operation", {**CHANGES, **QUESTIONS})
def test_too_many_requests_is_a_matter_of_time(busy: CarrierStandIn, client: CarrierClient, operation: str) -> None:
    busy.fail(operation, "429")
    with pytest.raises(CarrierAway) as caught:
        {**CHANGES, **QUESTIONS}[operation](client)
    assert not caught.value.is_unknown


@pytest.mark.parametrize("operation", ["UpdateCall", "UpdateParticipant", "CreateCallRecording", "UpdateCallRecording"])
def test_what_the_carrier_does_not_know_is_gone(busy: CarrierStandIn, client: CarrierClient, operation: str) -> None:
    busy.fail(operation, "404")
    with pytest.raises(CallGone):
        CHANGES[operation](client)


def test_a_call_that_is_over_cannot_go_on_elsewhere(carrier: CarrierStandIn, client: CarrierClient) -> None:
    carrier.add_call(1, "completed")
    with pytest.raises(CallGone):
        client.redirect(CALL, f"{BASE}/ivr/connect?offer=o1")


@pytest.mark.parametrize(("fault", "code"), [("400", 21210), ("404", 20404)])
def test_a_refused_call_is_refused_for_good(
    carrier: CarrierStandIn, client: CarrierClient, fault: str, code: int
) -> None:
    carrier.fail("CreateCall", fault)
    with pytest.raises(CarrierRefused) as caught:
        dial(client)
    assert caught.value.permanent and caught.value.code == code


def test_a_wrong_token_is_refused_for_good(carrier: CarrierStandIn) -> None:
    settings = replace(settings_for(carrier.port), carrier_auth_token="another")
    with pytest.raises(CarrierRefused) as caught:
        dial(CarrierClient(settings))
    assert caught.value.code == 20003


def test_a_carrier_nobody_can_reach_has_done_nothing() -> None:
    client = CarrierClient(settings_for(free_port()))
    for ask in {**CHANGES, **QUESTIONS}.values():
        with pytest.raises(CarrierAway) as caught:
            ask(client)
        assert not caught.value.is_unknown


@pytest.mark.parametrize("wrong", ["", "../Calls", "CA1/Recordings", "CA1?x=1", "热线", "x" * 65])
def test_what_is_no_sid_is_never_sent(carrier: CarrierStandIn, client: CarrierClient, wrong: str) -> None:
    assert client.call_status(wrong) is None
    with pytest.raises(CallGone):
        client.mute(CONFERENCE, wrong, True)
    with pytest.raises(CallGone):
        client.fetch_recording(wrong, Path("/dev/null"))
    assert carrier.control()["requests"] == []


@pytest.mark.parametrize("fault", ["400", "404", "500", "429", "cut", "broken", ""])
def test_numbers_are_neither_logged_nor_part_of_an_error(
    carrier: CarrierStandIn, client: CarrierClient, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    # As loud as an installation can be: its urllib3 is kept quiet by the logging set-up.
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "urllib3")
    for operation, ask in (
        ("CreateCall", lambda: dial(client, NUMBER)),
        ("ListCall", lambda: client.find_live_calls(NUMBER)),
    ):
        carrier.fail(operation, *([fault, fault] if fault else []))
        try:
            ask()
        except IntegrationError as error:
            assert NUMBER[3:] not in "".join(traceback.format_exception(error))
    assert NUMBER[3:] not in caplog.text


def test_many_threads_share_one_client(busy: CarrierStandIn, client: CarrierClient) -> None:
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: client.call_status(CALL), range(64)))
    assert statuses == ["in-progress"] * 64


def test_the_environment_does_not_move_the_carrier(
    busy: CarrierStandIn, client: CarrierClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TWILIO_EDGE": "sydney", "TWILIO_REGION": "au1", "HTTP_PROXY": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    assert client.call_status(CALL) == "in-progress"


ACCOUNT_ENV = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_API_KEY": "SK" + "2" * 32,
    "TWILIO_API_SECRET": "a secret of the pages, long enough for HMAC",
    "TWILIO_TWIML_APP_SID": "AP" + "3" * 32,
}


def test_a_page_gets_a_token_for_one_identity() -> None:
    token = CarrierClient(settings_for(1, **ACCOUNT_ENV)).access_token("agent-17", 600)
    assert token is not None
    claims = jwt.decode(token, ACCOUNT_ENV["TWILIO_API_SECRET"], algorithms=["HS256"])
    assert (claims["sub"], claims["iss"]) == (ACCOUNT_ENV["TWILIO_ACCOUNT_SID"], ACCOUNT_ENV["TWILIO_API_KEY"])
    assert claims["grants"]["identity"] == "agent-17"
    assert claims["grants"]["voice"]["incoming"] == {"allow": True}
    assert claims["exp"] - claims["nbf"] == 600


def test_without_credentials_of_pages_there_is_no_token() -> None:
    assert CarrierClient(settings_for(1)).access_token("agent-17") is None
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT_ENV["TWILIO_ACCOUNT_SID"]}
    assert CarrierClient(settings_for(1, **account)).access_token("agent-17") is None


def test_no_secret_is_shown() -> None:
    assert "demo" not in repr(CarrierClient(settings_for(1)))


def test_only_what_the_carrier_signed_reaches_a_guarded_view() -> None:
    settings = settings_for(1)
    app = Flask(__name__)

    @app.post("/queueing/leg")
    @signed_by_carrier(settings)
    def leg() -> tuple[str, int]:
        return "", 204

    assert leg.guarded_by == "carrier signature"
    form, url = {"CallSid": CALL}, f"{BASE}/queueing/leg?offer=o1"
    signature = RequestValidator(DEMO_AUTH_TOKEN).compute_signature(url, form)
    browser = app.test_client()

    def post(form: dict[str, str], **headers: str) -> int:
        return browser.post("/queueing/leg?offer=o1", data=form, headers=headers).status_code

    assert post(form) == 403
    assert post(form, **{"X-Twilio-Signature": signature}) == 204
    assert post({**form, "CallStatus": "completed"}, **{"X-Twilio-Signature": signature}) == 403
    assert DEMO_ACCOUNT_SID not in browser.post("/queueing/leg").text

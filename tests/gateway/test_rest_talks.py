"""Calls, conferences, participants and recordings of talks over REST: the carrier's shapes, parameters and errors."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from twilio.base.exceptions import TwilioRestException

from integrations.gateway import rest_calls, rest_conferences, rest_recordings
from integrations.gateway.audio import tone_level
from integrations.gateway.rest_form import PAGING
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.gateway.contract import OPERATIONS, check, parameters
from tests.gateway.pages import AGENT_HZ, CALLER_HZ, Page, Pages, carrier, pages_of
from tests.gateway.real_gateway import Place, eventually, real_gateway
from tests.gateway.scene import document

AUTH = {"Authorization": aiohttp.encode_basic_auth(DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN)}
BASE = f"/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}"
ROOM = '<Conference beep="false" participantLabel="{}">offer-7</Conference>'
DOCUMENTS = {
    "/ivr/incoming": document(f"<Dial>{ROOM.format('customer')}</Dial>"),
    "/ivr/agent": document(f"<Dial>{ROOM.format('agent')}</Dial>"),
    "/ivr/hold": document('<Pause length="60"/>'),
}
Steps = Callable[[Place, Pages], Awaitable[None]]


def at_a_gateway(folder: Path, steps: Steps) -> None:
    async def scene() -> None:
        async with real_gateway(folder, dict(DOCUMENTS)) as place, pages_of(place) as pages:
            await steps(place, pages)

    asyncio.run(scene())


async def get(place: Place, path: str, status: int = 200) -> Any:
    async with place.session.get(f"{place.http}{BASE}{path}", headers=AUTH) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def post(place: Place, path: str, form: dict[str, str], status: int = 200) -> Any:
    async with place.session.post(f"{place.http}{BASE}{path}", headers=AUTH, data=form) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def ask(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(work)


async def talk(place: Place, pages: Pages) -> tuple[Page, str, Page, str, str]:
    """Caller and consultant in a conference: page, CallSid; page, CallSid; ConferenceSid."""
    caller, caller_sid = await pages.caller()
    agent = await pages.registered("agent-17")
    url = f"{place.hotline.base}/ivr/agent"
    await ask(lambda: carrier(place).calls.create(to="client:agent-17", from_="12333", url=url))
    agent_sid = await pages.accepts(agent)
    await caller.hears(AGENT_HZ)
    [conference] = (await get(place, "/Conferences.json?FriendlyName=offer-7"))["conferences"]
    return caller, caller_sid, agent, agent_sid, conference["sid"]


# what is accepted

ACCEPTED = {
    "CreateCall": rest_calls.CREATE,
    "UpdateCall": rest_calls.UPDATE,
    "ListCall": rest_calls.FILTERS,
    "ListConference": rest_conferences.FILTERS,
    "UpdateConference": rest_conferences.UPDATE,
    "ListParticipant": rest_conferences.PARTICIPANT_FILTERS,
    "UpdateParticipant": rest_conferences.UPDATE_PARTICIPANT,
    "CreateCallRecording": rest_recordings.START,
    "UpdateCallRecording": rest_recordings.UPDATE,
    "ListCallRecording": rest_recordings.OF_CALL_FILTERS,
    "ListRecording": rest_recordings.FILTERS,
}


@pytest.mark.parametrize("operation", ACCEPTED)
def test_every_accepted_parameter_is_the_carriers(operation: str) -> None:
    listed = ACCEPTED[operation] | (PAGING if operation.startswith("List") else set())
    assert listed <= parameters(operation) and set(OPERATIONS[operation].get("required", ())) <= listed


def test_a_parameter_that_is_not_known_is_refused(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, caller_sid, _, agent_sid, room = await talk(place, pages)
        recording = (await post(place, f"/Calls/{agent_sid}/Recordings.json", {}, 201))["sid"]
        paths = {
            "/Calls.json": {"To": "client:agent-17", "From": "12333", "Url": f"{place.hotline.base}/ivr/agent"},
            f"/Calls/{caller_sid}.json": {"Status": "completed"},
            f"/Conferences/{room}.json": {"Status": "completed"},
            f"/Conferences/{room}/Participants/{caller_sid}.json": {"Hold": "true"},
            f"/Calls/{caller_sid}/Recordings.json": {},
            f"/Calls/{agent_sid}/Recordings/{recording}.json": {"Status": "paused"},
        }
        for path, form in paths.items():
            for extra in ("Colour", "status", "Coaching", "Record"):
                body = await post(place, path, {**form, extra: "true"}, 400)
                assert body["code"] == 20001 and extra in body["message"]
        for path in ("/Calls.json", "/Conferences.json", "/Recordings.json", f"/Calls/{caller_sid}/Recordings.json"):
            assert (await get(place, f"{path}?Colour=red", 400))["code"] == 20001
        # Nothing of all that has happened.
        assert place.gateway.calls.live_count == 2 and place.gateway.calls.conferences.live_count == 1

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "; rm"}, 21211),
        ({"To": "client:"}, 21211),
        ({"To": "+86138551123"}, 21211),
        ({"To": "+8612855112345"}, 21211),
        ({"To": "+86055312333"}, 21211),
        ({"To": "+12345"}, 21211),
        ({"From": ""}, 21213),
        ({"From": "王芳"}, 21213),
        ({"Url": ""}, 21205),
        ({"Url": "http://elsewhere.example.cn/"}, 20001),
        ({"StatusCallback": "http://elsewhere.example.cn/"}, 20001),
        ({"StatusCallbackEvent": "exploded"}, 20001),
        ({"Method": "PUT"}, 20001),
        ({"Timeout": "0"}, 20001),
        ({"Timeout": "soon"}, 20001),
        ({"TimeLimit": "-1"}, 20001),
    ],
)
def test_an_order_that_cannot_be_followed_is_refused(tmp_path: Path, change: dict[str, str], code: int) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        form = {"To": "client:agent-17", "From": "12333", "Url": f"{place.hotline.base}/ivr/agent", **change}
        assert (await post(place, "/Calls.json", form, 400))["code"] == code
        assert place.gateway.calls.all() == []

    at_a_gateway(tmp_path, steps)


# calls


def test_an_ordered_call_has_the_carriers_shape(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        agent = await pages.registered("agent-17")
        form = {"To": "client:agent-17?offer=7", "From": "12333", "Url": f"{place.hotline.base}/ivr/agent"}
        made = await post(place, "/Calls.json", form, 201)
        check(made, "api.v2010.account.call")
        assert (made["status"], made["direction"], made["start_time"]) == ("queued", "outbound-api", None)
        incoming = await agent.until("incoming")
        assert (incoming["call"], incoming["from"], incoming["parameters"]) == (made["sid"], "12333", {"offer": "7"})
        assert (await get(place, f"/Calls/{made['sid']}.json"))["status"] == "ringing"
        redirect = {"Url": f"{place.hotline.base}/ivr/agent"}
        assert (await post(place, f"/Calls/{made['sid']}.json", redirect, 400))["code"] == 21220
        ended = await post(place, f"/Calls/{made['sid']}.json", {"Status": "canceled"})
        assert ended["status"] == "canceled"
        assert await agent.until("incoming_over") == {
            "type": "incoming_over", "call": made["sid"], "reason": "canceled",
        }  # fmt: skip

    at_a_gateway(tmp_path, steps)


def test_an_answered_call_is_not_cancelled(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, _, _, agent_sid, _ = await talk(place, pages)
        assert (await post(place, f"/Calls/{agent_sid}.json", {"Status": "canceled"}))["status"] == "in-progress"
        assert (await post(place, f"/Calls/{agent_sid}.json", {"Status": "completed"}))["status"] == "completed"

    at_a_gateway(tmp_path, steps)


def test_calls_are_found_by_the_carriers_filters(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, caller_sid, _, agent_sid, _ = await talk(place, pages)
        both = {caller_sid, agent_sid}
        expected = {
            "To=client:agent-17": {agent_sid},
            "From=12333": {agent_sid},
            "Status=in-progress": both,
            "StartTime%3E=2020-01-01": both,
            "StartTime%3C=2020-01-01": set(),
            "EndTime%3E=2020-01-01": set(),
            f"ParentCallSid={caller_sid}": set(),
        }
        for query, sids in expected.items():
            listed = await get(place, f"/Calls.json?{query}")
            check(listed, "ListCallResponse")
            assert {call["sid"] for call in listed["calls"]} == sids, query

    at_a_gateway(tmp_path, steps)


def test_statuses_go_where_the_order_says(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        agent = await pages.registered("agent-17")
        url, leg = f"{place.hotline.base}/ivr/agent", f"{place.hotline.base}/queueing/leg?offer=7"
        events = ["initiated", "ringing", "answered", "completed"]
        await ask(
            lambda: carrier(place).calls.create(
                to="client:agent-17",
                from_="12333",
                url=url,
                status_callback=leg,
                status_callback_event=events,
                timeout=20,
            )
        )
        await pages.accepts(agent)
        await agent.say(type="hangup")
        await eventually(lambda: len(place.hotline.forms("/queueing/leg")) == 4)
        told = [form["CallStatus"] for form in place.hotline.forms("/queueing/leg")]
        assert told == ["initiated", "ringing", "in-progress", "completed"] and place.hotline.statuses == []

    at_a_gateway(tmp_path, steps)


# conferences


def test_conferences_and_participants_have_the_carriers_shapes(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, caller_sid, _, agent_sid, room = await talk(place, pages)
        check(await get(place, "/Conferences.json?Status=in-progress"), "ListConferenceResponse")
        check(await get(place, f"/Conferences/{room}.json"), "api.v2010.account.conference")
        listed = await get(place, f"/Conferences/{room}/Participants.json")
        check(listed, "ListParticipantResponse")
        assert [each["call_sid"] for each in listed["participants"]] == [caller_sid, agent_sid]
        for who in (caller_sid, "customer"):
            shown = await get(place, f"/Conferences/{room}/Participants/{who}.json")
            check(shown, "api.v2010.account.conference.participant")
            assert (shown["call_sid"], shown["label"], shown["hold"]) == (caller_sid, "customer", False)
        await caller.say(type="hangup")
        await eventually(lambda: len(place.gateway.calls.conferences.all()[0].participants) == 1)
        assert (await get(place, f"/Conferences/{room}/Participants/{caller_sid}.json", 404))["code"] == 20404
        ended = await post(place, f"/Conferences/{room}.json", {"Status": "completed"})
        check(ended, "api.v2010.account.conference")
        assert (ended["status"], ended["reason_conference_ended"]) == ("completed", "conference-ended-via-api")
        assert (await get(place, f"/Conferences/{room}/Participants.json"))["participants"] == []
        assert (await get(place, "/Conferences.json?Status=in-progress"))["conferences"] == []

    at_a_gateway(tmp_path, steps)


def test_participants_are_changed_by_the_carriers_own_client(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, caller_sid, agent, agent_sid, room = await talk(place, pages)
        caller = carrier(place).conferences(room).participants(caller_sid)
        hold_url = f"{place.hotline.base}/ivr/hold"
        held = await ask(lambda: caller.update(hold=True, hold_url=hold_url, hold_method="POST"))
        assert held.hold and (await get(place, f"/Conferences/{room}/Participants.json?Hold=true"))["participants"]
        assert not (await ask(lambda: caller.update(hold=False))).hold
        assert (await ask(lambda: caller.update(muted=True))).muted
        assert (await ask(lambda: caller.update(end_conference_on_exit=True))).end_conference_on_exit
        assert await ask(carrier(place).conferences(room).participants(agent_sid).delete)
        await agent.until("ended")
        await ask(caller.delete)
        assert (await ask(carrier(place).conferences(room).fetch)).status == "completed"

    at_a_gateway(tmp_path, steps)


def test_music_from_another_host_is_refused_and_nobody_is_held(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, caller_sid, _, _, room = await talk(place, pages)
        path = f"/Conferences/{room}/Participants/{caller_sid}.json"
        body = await post(place, path, {"Hold": "true", "HoldUrl": "http://elsewhere.example.cn/"}, 400)
        assert body["code"] == 20001 and not (await get(place, path))["hold"]

    at_a_gateway(tmp_path, steps)


# recordings


def test_the_recording_of_a_consultants_leg_holds_both_voices(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, _, agent, agent_sid, _ = await talk(place, pages)
        callback = f"{place.hotline.base}/queueing/recording?offer=7"
        form = {"RecordingChannels": "dual", "RecordingStatusCallback": callback,
                "RecordingStatusCallbackEvent": "in-progress completed"}  # fmt: skip
        made = await post(place, f"/Calls/{agent_sid}/Recordings.json", form, 201)
        check(made, "api.v2010.account.call.call_recording")
        assert (made["status"], made["channels"], made["source"]) == ("in-progress", 2, "StartCallRecordingAPI")
        assert (await post(place, f"/Calls/{agent_sid}/Recordings.json", form, 400))["code"] == 21220
        await asyncio.sleep(1.2)
        await agent.say(type="hangup")
        await eventually(lambda: len(place.hotline.forms("/queueing/recording")) == 2)
        last = place.hotline.forms("/queueing/recording")[1]
        assert (last["RecordingStatus"], last["RecordingDuration"], last["RecordingChannels"]) == (
            "completed",
            "1",
            "2",
        )
        heard, said = await download(place, f"{last['RecordingUrl']}.wav")
        assert tone_level(heard, AGENT_HZ) > 0.1 > 0.02 > tone_level(heard, CALLER_HZ)
        assert tone_level(said, CALLER_HZ) > 0.1 > 0.02 > tone_level(said, AGENT_HZ)

    at_a_gateway(tmp_path, steps)


async def download(place: Place, url: str) -> tuple[bytes, bytes]:
    """The two channels: what the telephone said, and what it was sent."""
    async with place.session.get(url, headers=AUTH) as answer, asyncio.timeout(30):
        content = await answer.read()
    with wave.open(BytesIO(content)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return both[:, 0].tobytes(), both[:, 1].tobytes()


def test_a_recording_is_paused_for_a_proof_and_goes_on(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, _, _, agent_sid, _ = await talk(place, pages)
        twilio = carrier(place).calls(agent_sid)
        made = await ask(lambda: twilio.recordings.create(recording_track="both"))
        paused = await ask(lambda: twilio.recordings("Twilio.CURRENT").update(status="paused", pause_behavior="skip"))
        assert (paused.sid, paused.status) == (made.sid, "paused")
        assert (await ask(twilio.recordings(made.sid).fetch)).status == "paused"
        assert (await ask(lambda: twilio.recordings(made.sid).update(status="in-progress"))).status == "in-progress"
        await asyncio.sleep(0.3)
        with pytest.raises(TwilioRestException) as caught:
            await ask(carrier(place).recordings(made.sid).delete)
        assert caught.value.status == 409
        stopped = await post(place, f"/Calls/{agent_sid}/Recordings/{made.sid}.json", {"Status": "stopped"})
        check(stopped, "api.v2010.account.call.call_recording")
        assert stopped["status"] == "stopped"
        shown = await get(place, f"/Calls/{agent_sid}/Recordings/{made.sid}.json")
        check(shown, "api.v2010.account.call.call_recording")
        assert shown["status"] == "completed"
        check(await get(place, f"/Calls/{agent_sid}/Recordings.json"), "ListCallRecordingResponse")
        assert (await post(place, f"/Calls/{agent_sid}/Recordings/{made.sid}.json", {"Status": "paused"}, 404))["code"]
        assert await ask(twilio.recordings(made.sid).delete)
        assert await ask(lambda: twilio.recordings.list()) == []

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(
    "change", [{"RecordingChannels": "many"}, {"RecordingTrack": "nobody"}, {"RecordingStatusCallbackEvent": "paused"},
               {"RecordingStatusCallback": "http://elsewhere.example.cn/"}, {"Trim": "trim-silence"}]
)  # fmt: skip
def test_a_recording_that_cannot_be_made_is_refused(tmp_path: Path, change: dict[str, str]) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, _, _, agent_sid, _ = await talk(place, pages)
        assert (await post(place, f"/Calls/{agent_sid}/Recordings.json", change, 400))["code"] == 20001
        assert (await get(place, f"/Calls/{agent_sid}/Recordings.json"))["recordings"] == []

    at_a_gateway(tmp_path, steps)


def test_only_a_live_call_is_recorded(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        assert (await post(place, f"/Calls/CA{'0' * 32}/Recordings.json", {}, 404))["code"] == 20404
        caller, sid = await pages.caller()
        await caller.say(type="hangup")
        await caller.until("ended")
        assert (await post(place, f"/Calls/{sid}/Recordings.json", {}, 400))["code"] == 21220

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(
    "path", ["/Conferences/CF{0}.json", "/Conferences/CF{0}/Participants.json", "/Calls/CA{0}/Recordings/RE{0}.json"]
)
def test_what_is_not_there_is_not_found(tmp_path: Path, path: str) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        assert (await get(place, path.format("0" * 32), 404))["code"] == 20404

    at_a_gateway(tmp_path, steps)


def test_what_this_gateway_does_not_do_is_said_in_the_carriers_shape(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        _, _, _, _, room = await talk(place, pages)
        with pytest.raises(TwilioRestException) as caught:
            await ask(lambda: carrier(place).conferences(room).participants.create(from_="12333", to="client:agent-18"))
        assert (caught.value.status, caught.value.code) == (404, 20404)

    at_a_gateway(tmp_path, steps)

"""The REST calls, over real HTTP: with the carrier's own client, and against a trimmed copy of its schemas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.gateway.contract import check
from tests.gateway.real_gateway import Phone, Place, eventually, real_gateway
from tests.gateway.scene import document, speech

MENU = document('<Say>请听音乐</Say><Pause length="300"/>')
MESSAGE = document('<Record action="/ivr/step" playBeep="false"/>')
AUTH = {"Authorization": aiohttp.encode_basic_auth(DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN)}
BASE = f"/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}"
Steps = Callable[[Place], Awaitable[None]]


def at_a_gateway(folder: Path, steps: Steps) -> None:
    documents = {"/ivr/incoming": MENU, "/ivr/message": MESSAGE, "/ivr/step": document(), "/ivr/connect": document()}

    async def scene() -> None:
        async with real_gateway(folder, documents) as place:
            await steps(place)

    asyncio.run(scene())


async def call(place: Place) -> tuple[Phone, str]:
    """A live call; its id."""
    phone = await place.connect()
    await phone.say(type="dial", to="12333", **{"from": "+8613855112345"})
    sid = (await phone.until("ringing"))["call"]
    await phone.until("caption")
    return phone, sid


async def record(place: Place) -> tuple[str, str]:
    """A call that has left a message; the ids of both."""
    place.hotline.documents["/ivr/incoming"] = MESSAGE
    phone = await place.connect()
    await phone.say(type="dial", to="12333", **{"from": ""})
    await phone.until("recording")
    for _ in range(50):
        await phone.socket.send_bytes(speech(0.02))
    await asyncio.sleep(0.2)
    await phone.say(type="digit", digit="#")
    await phone.until("ended")
    form = place.hotline.forms("/ivr/step")[0]
    return form["CallSid"], form["RecordingSid"]


class ToTheGateway(TwilioHttpClient):
    """The carrier's client with only its host changed."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._base), *args, **more)


def client(place: Place, token: str = DEMO_AUTH_TOKEN) -> Client:
    return Client(DEMO_ACCOUNT_SID, token, http_client=ToTheGateway(place.http))


async def get(place: Place, path: str, status: int = 200) -> Any:
    async with place.session.get(place.http + path, headers=AUTH) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


def test_calls_have_the_shape_of_the_carriers_schema(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone, sid = await call(place)
        live = await get(place, f"{BASE}/Calls/{sid}.json")
        check(live, "api.v2010.account.call")
        assert (live["status"], live["from"], live["duration"]) == ("in-progress", "+8613855112345", None)
        await phone.say(type="hangup")
        await phone.until("ended")
        over = await get(place, f"{BASE}/Calls/{sid}.json")
        check(over, "api.v2010.account.call")
        assert over["status"] == "completed" and over["end_time"] and over["duration"].isdigit()
        listed = await get(place, f"{BASE}/Calls.json?Status=completed&PageSize=1")
        check(listed, "ListCallResponse")
        assert [item["sid"] for item in listed["calls"]] == [sid]

    at_a_gateway(tmp_path, steps)


def test_recordings_have_the_shape_of_the_carriers_schemas(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        call_sid, sid = await record(place)
        check(await get(place, f"{BASE}/Recordings/{sid}.json"), "api.v2010.account.recording")
        check(await get(place, f"{BASE}/Recordings.json?CallSid={call_sid}"), "ListRecordingResponse")
        of_call = await get(place, f"{BASE}/Calls/{call_sid}/Recordings.json")
        check(of_call, "ListCallRecordingResponse")
        assert [item["sid"] for item in of_call["recordings"]] == [sid]
        url = place.hotline.forms("/ivr/step")[0]["RecordingUrl"]
        for address in (url, f"{url}.wav"):
            async with place.session.get(address, headers=AUTH) as answer:
                assert answer.content_type == "audio/x-wav" and (await answer.read())[:4] == b"RIFF"

    at_a_gateway(tmp_path, steps)


def test_the_carriers_own_client_works(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone, sid = await call(place)
        twilio = client(place)
        fetched = await asyncio.to_thread(twilio.calls(sid).fetch)
        assert (fetched.sid, fetched.status, fetched.direction) == (sid, "in-progress", "inbound")
        assert fetched.start_time is not None and fetched.start_time.tzinfo is not None
        assert [item.sid for item in await asyncio.to_thread(twilio.calls.list, status="in-progress")] == [sid]
        ended = await asyncio.to_thread(lambda: twilio.calls(sid).update(status="completed"))
        assert ended.status == "completed"
        assert (await phone.until("ended"))["reason"] == "completed"

        call_sid, recording_sid = await record(place)
        found = await asyncio.to_thread(lambda: twilio.calls(call_sid).recordings.list())
        assert [item.sid for item in found] == [recording_sid]
        assert (await asyncio.to_thread(twilio.recordings(recording_sid).fetch)).call_sid == call_sid
        assert await asyncio.to_thread(twilio.recordings(recording_sid).delete)
        assert await asyncio.to_thread(lambda: twilio.recordings.list(call_sid=call_sid)) == []

    at_a_gateway(tmp_path, steps)


def test_the_client_reads_every_page(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        sids = [(await call(place))[1] for _ in range(5)]
        found = await asyncio.to_thread(lambda: client(place).calls.list(page_size=2))
        assert sorted(item.sid for item in found) == sorted(sids)

    at_a_gateway(tmp_path, steps)


def test_a_live_call_is_sent_to_another_document(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone, sid = await call(place)
        url = f"{place.hotline.base}/ivr/connect?offer=7"
        await asyncio.to_thread(lambda: client(place).calls(sid).update(url=url, method="POST"))
        await phone.until("ended")
        assert len(place.hotline.forms("/ivr/connect")) == 1

    at_a_gateway(tmp_path, steps)


def test_a_call_is_never_sent_to_another_host(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        _, sid = await call(place)
        with pytest.raises(TwilioRestException) as caught:
            await asyncio.to_thread(lambda: client(place).calls(sid).update(url="http://elsewhere.example.cn/"))
        assert caught.value.status == 400

    at_a_gateway(tmp_path, steps)


def test_an_ended_call_cannot_be_sent_elsewhere(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone, sid = await call(place)
        await phone.say(type="hangup")
        await phone.until("ended")
        with pytest.raises(TwilioRestException) as caught:
            await asyncio.to_thread(lambda: client(place).calls(sid).update(url=f"{place.hotline.base}/ivr/connect"))
        assert (caught.value.status, caught.value.code) == (400, 21220)

    at_a_gateway(tmp_path, steps)


def test_errors_have_the_carriers_shape(tmp_path: Path) -> None:
    unknown = "0" * 32

    async def steps(place: Place) -> None:
        for path, status, code in (
            (f"{BASE}/Calls/CA{unknown}.json", 404, 20404),
            (f"{BASE}/Recordings/RE{unknown}.json", 404, 20404),
            (f"{BASE}/Recordings/..%2f..%2fsecrets.json", 404, 20404),
            (f"{BASE}/Recordings/RE{unknown}.wav", 404, 20404),
            (f"/2010-04-01/Accounts/AC{'1' * 32}/Calls.json", 404, 20404),
            (f"{BASE}/Calls.json?Colour=red", 400, 20001),
            (f"{BASE}/Calls.json?StartTime=yesterday", 400, 20001),
            (f"{BASE}/Calls.json?PageSize=many", 400, 20001),
        ):
            body = await get(place, path, status)
            assert set(body) == {"code", "message", "more_info", "status"}
            assert (body["code"], body["status"]) == (code, status)

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}])
def test_nobody_without_the_accounts_token_is_answered(tmp_path: Path, headers: dict[str, str]) -> None:
    async def steps(place: Place) -> None:
        for path in (f"{BASE}/Calls.json", f"{BASE}/Recordings/RE{'0' * 32}.wav"):
            async with place.session.get(place.http + path, headers=headers) as answer:
                assert answer.status == 401 and (await answer.json())["code"] == 20003
        with pytest.raises(TwilioRestException) as caught:
            await asyncio.to_thread(client(place, "wrong").calls("CA" + "0" * 32).fetch)
        assert caught.value.status == 401

    at_a_gateway(tmp_path, steps)


def test_figures_are_for_this_machine_or_the_account(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone, _ = await call(place)
        stats = await get(place, "/stats")
        assert stats["calls"] == 1 and stats["frames"] > 0 and set(stats) >= {"late_frames", "max_tick_lateness_ms"}
        forwarded = {"X-Forwarded-For": "10.0.0.9"}
        async with place.session.get(f"{place.http}/stats", headers=forwarded) as answer:
            assert answer.status == 403
        async with place.session.get(f"{place.http}/stats", headers=forwarded | AUTH) as answer:
            assert answer.status == 200
        async with place.session.get(f"{place.http}/healthz") as answer:
            assert await answer.json() == {"status": "ok"}
        await phone.say(type="hangup")
        await eventually(lambda: place.gateway.calls.live_count == 0)

    at_a_gateway(tmp_path, steps)

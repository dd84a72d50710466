"""Who has answered, as the hotline is told it.

| what answers                                     | Enable        | DetectMessageEnd    |
|--------------------------------------------------|---------------|---------------------|
| somebody who speaks                              | human         | human               |
| somebody who says nothing for 5 s                | unknown       | unknown             |
| a machine with a greeting and a beep             | machine_start | machine_end_beep    |
| a machine with a greeting and then silence       | machine_start | machine_end_silence |
| a machine that does not come to an end           | machine_start | machine_end_other   |
| a machine that is silent                         | machine_start | machine_end_other   |
| nobody any more                                  | nothing       | nothing             |
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException

from integrations.gateway.audio import beep, silence
from integrations.gateway.frames import FRAME_BYTES, is_tone, key_tones
from integrations.gateway.machine_detection import Detection
from integrations.gateway.outbound import OutboundCall
from integrations.gateway.scripted import Act
from integrations.gateway.talk import Goto
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.gateway.contract import check
from tests.gateway.pages import Pages, carrier, pages_of
from tests.gateway.real_gateway import Place, eventually, real_gateway
from tests.gateway.scene import BASE, Asked, Stage, document, mumble, on_stage

AUTH = {"Authorization": aiohttp.encode_basic_auth(DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN)}
HOME = "+8613855112345"
TOLD = "/queueing/callback?attempt=7"
TALK = document("<Say>您好，这里是回电</Say>", '<Pause length="60"/>')
GREETING_SECONDS = 3.0


GREETING = mumble(GREETING_SECONDS)
BEEP = beep(0.5)


def pick_up(said: bytes = b"", *, as_machine: bool = False, wait: float = 0.5, hang_up: bool = False) -> list[Act]:
    """Answer after two seconds, and then speak."""
    return [Act(wait=2, pick_up=True, as_machine=as_machine), Act(wait=wait, speech=said, hang_up=hang_up)]


def order(
    script: list[Act], *, waits_for_end: bool = True, seconds: float = 30.0, path: str = TOLD
) -> tuple[OutboundCall, list[Asked]]:
    """One ordered call to its end; what the hotline was told of who answered it."""

    async def scene(stage: Stage) -> tuple[OutboundCall, list[Asked]]:
        detection = Detection(waits_for_end, Goto(BASE + path) if path else None, seconds)
        call = stage.order(HOME, detection=detection)
        await call.wait_until_over(20_000)
        await stage.close()
        return call, stage.hotline.at(path)

    return on_stage(scene, {"agent": TALK, TOLD: document()}, {HOME: script})


VOICE = pick_up(mumble(1.0))
SILENT = pick_up(silence(0.02))
WITH_BEEP = pick_up(GREETING + BEEP + silence(0.02), as_machine=True)
BEEP_AND_NO_MORE = pick_up(GREETING + BEEP, as_machine=True)
WITHOUT_BEEP = pick_up(GREETING + silence(0.02), as_machine=True)
ENDLESS = pick_up(mumble(50), as_machine=True)
MUTE = pick_up(b"", as_machine=True)
CUT = pick_up(GREETING, as_machine=True, hang_up=True)
A_SHORT_BEEP = pick_up(GREETING + beep(0.15) + silence(0.02), as_machine=True)


@pytest.mark.parametrize(
    ("script", "at_once", "at_the_end"),
    [
        (VOICE, "human", "human"),
        (SILENT, "unknown", "unknown"),
        (WITH_BEEP, "machine_start", "machine_end_beep"),
        (BEEP_AND_NO_MORE, "machine_start", "machine_end_beep"),
        (WITHOUT_BEEP, "machine_start", "machine_end_silence"),
        (A_SHORT_BEEP, "machine_start", "machine_end_silence"),
        (ENDLESS, "machine_start", "machine_end_other"),
        (MUTE, "machine_start", "machine_end_other"),
        (pick_up(mumble(0.2), hang_up=True), None, None),
        (CUT, "machine_start", None),
        ([Act(wait=1, decline=True)], None, None),
        ([], None, None),
    ],
)
def test_who_has_answered(script: list[Act], at_once: str | None, at_the_end: str | None) -> None:
    for waits_for_end, expected in ((False, at_once), (True, at_the_end)):
        call, told = order(script, waits_for_end=waits_for_end)
        assert [asked.form["AnsweredBy"] for asked in told] == ([expected] if expected else [])
        assert call.answered_by == expected


def test_the_hotline_is_told_in_the_carriers_shape() -> None:
    call, [asked] = order(WITH_BEEP)
    assert set(asked.form) == {"CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"}
    assert asked.method == "POST" and asked.form["CallSid"] == call.sid
    # Milliseconds from the answer to the end of the beep.
    assert int(asked.form["MachineDetectionDuration"]) == pytest.approx(1000 * (0.5 + GREETING_SECONDS + 0.5), abs=150)
    assert asked.at == pytest.approx(2 + 0.5 + GREETING_SECONDS + 0.5, abs=0.15)


def test_the_document_does_not_wait_for_it() -> None:
    async def scene(stage: Stage) -> tuple[float, float]:
        call = stage.order(HOME, detection=Detection(True, Goto(BASE + TOLD)))
        await call.wait_until_over(20_000)
        await stage.close()
        return stage.hotline.at("/ivr/agent")[0].at, stage.hotline.at(TOLD)[0].at

    asked_at, told_at = on_stage(scene, {"agent": TALK, TOLD: document()}, {HOME: WITH_BEEP})
    assert asked_at == pytest.approx(2) and told_at > 5


def test_it_takes_no_longer_than_it_may() -> None:
    _, [asked] = order(ENDLESS, seconds=8.0)
    assert asked.at == pytest.approx(2 + 8, abs=0.15)


def test_nobody_need_be_told() -> None:
    call, told = order(WITH_BEEP, path="")
    assert call.answered_by == "machine_end_beep" and told == []


def test_a_beep_is_a_tone_and_a_voice_or_a_key_is_not() -> None:
    def tones(pcm: bytes) -> set[bool]:
        return {is_tone(pcm[at : at + FRAME_BYTES]) for at in range(320, len(pcm) - 640, FRAME_BYTES)}

    for hertz in (425, 440, 1000, 1400):
        assert tones(beep(0.5, hertz)) == {True}
    assert tones(mumble(2.0)) == {False} == tones(silence(0.5))
    assert tones(key_tones("1")[:1600]) == {False}


# over real HTTP


def at_a_gateway(folder: Path, steps: Any) -> None:
    documents = {"/ivr/agent": document('<Pause length="60"/>'), "/queueing/callback": document()}

    async def scene() -> None:
        async with real_gateway(folder, documents) as place, pages_of(place) as pages:
            await steps(place, pages)
            assert place.hotline.forged == 0

    asyncio.run(scene())


WANTED = {"machine_detection": "DetectMessageEnd", "async_amd": "true", "async_amd_status_callback_method": "POST"}


async def dial(place: Place, to: str = HOME, **more: Any) -> Any:
    url = f"{place.hotline.base}/queueing/callback?attempt=7"
    given = {**WANTED, "async_amd_status_callback": url, **more}
    calls = carrier(place).calls
    return await asyncio.to_thread(
        lambda: calls.create(to=to, from_="12333", url=f"{place.hotline.base}/ivr/agent", **given)
    )


async def say(page: Any, pcm: bytes) -> None:
    for at in range(0, len(pcm), FRAME_BYTES):
        await page.socket.send_bytes(pcm[at : at + FRAME_BYTES])


def test_a_page_answers_as_a_machine(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{HOME}")
        sid = (await dial(place)).sid
        await page.until("incoming")
        await page.say(**{"type": "accept", "call": sid, "as": "machine"})
        await page.until("answered")
        await say(page, GREETING + BEEP + silence(0.02))
        await eventually(lambda: bool(place.hotline.forms("/queueing/callback")))
        [form] = place.hotline.forms("/queueing/callback")
        assert (form["CallSid"], form["AnsweredBy"]) == (sid, "machine_end_beep")
        call = await asyncio.to_thread(carrier(place).calls(sid).fetch)
        assert (call.status, call.answered_by) == ("in-progress", "machine_end_beep")

    at_a_gateway(tmp_path, steps)


def test_a_page_answers_as_a_person(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{HOME}")
        await dial(place)
        sid = await pages.accepts(page)
        await eventually(lambda: bool(place.hotline.forms("/queueing/callback")))
        assert [form["AnsweredBy"] for form in place.hotline.forms("/queueing/callback")] == ["human"]
        url = f"{place.http}/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}/Calls/{sid}.json"
        async with place.session.get(url, headers=AUTH) as answer:
            check(await answer.json(), "api.v2010.account.call")

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(
    "wrong",
    [
        {"machine_detection": "Maybe"},
        {"async_amd": "false"},
        {"async_amd": "yes"},
        {"machine_detection_timeout": 2},
        {"machine_detection_timeout": 60},
        {"async_amd_status_callback": "https://elsewhere.example.cn/"},
        {"async_amd_status_callback_method": "PUT"},
        {"machine_detection_speech_threshold": 2000},
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        with pytest.raises(TwilioRestException) as caught:
            await dial(place, **wrong)
        assert caught.value.status == 400 and place.gateway.calls.live_count == 0

    at_a_gateway(tmp_path, steps)

"""The phone's connection over a real WebSocket, with a real gateway and a small hotline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from integrations.gateway import browser_leg
from integrations.gateway.audio import beep, duration_seconds, read_wav, tone_level
from integrations.gateway.tokens import issue_token
from tests.gateway.real_gateway import Phone, Place, eventually, real_gateway
from tests.gateway.scene import QuietSpeech, document

PROMPT = "请按一办理，请按二查询"
MENU = document(f'<Gather action="/ivr/step" numDigits="1" timeout="60"><Say>{PROMPT}</Say></Gather>')
GOODBYE = document("<Say>再见</Say>")
LEAVE_A_MESSAGE = document('<Record action="/ivr/step" maxLength="60" finishOnKey="#"/>')
Steps = Callable[[Place], Awaitable[None]]


class HummingSpeech(QuietSpeech):
    """A tone instead of words, so that it can be found again."""

    async def say(self, text: str, rate: float = 1.0, keep: bool = True) -> bytes:
        return beep(len(text) / 4.2, 440)


def at_a_gateway(folder: Path, steps: Steps, first: str = MENU) -> None:
    async def scene() -> None:
        documents = {"/ivr/incoming": first, "/ivr/step": GOODBYE}
        async with real_gateway(folder, documents, HummingSpeech()) as place:
            await steps(place)
            assert place.hotline.forged == 0

    asyncio.run(scene())


async def dial(place: Place, caller: str = "+8613855112345") -> Phone:
    phone = await place.connect()
    await phone.say(type="dial", to="12333", **{"from": caller})
    return phone


def test_a_call_from_dialling_to_its_end(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        ringing = await phone.next_event()
        assert ringing["type"] == "ringing" and ringing["call"].startswith("CA") and len(ringing["key"]) > 20
        assert await phone.next_event() == {"type": "answered"}
        assert await phone.next_event() == {"type": "gather", "digits": 1, "finish": "#", "timeout": 60}
        assert await phone.next_event() == {"type": "caption", "text": PROMPT, "seconds": 2.7}
        await asyncio.sleep(0.5)
        await phone.say(type="digit", digit="1")
        assert await phone.next_event() == {"type": "silenced"}
        assert (await phone.next_event())["text"] == "再见"
        assert await phone.next_event() == {"type": "ended", "reason": "completed", "sentence": "通话结束"}
        assert await phone.is_closed()
        assert place.hotline.forms("/ivr/step")[0]["Digits"] == "1"
        await eventually(lambda: "completed" in place.hotline.statuses)
        assert place.hotline.statuses == ["initiated", "ringing", "in-progress", "completed"]
        assert list((tmp_path / "gateway" / "live").rglob("CA*")) == []

    at_a_gateway(tmp_path, steps)


def test_sound_comes_in_frames_at_the_pace_of_speech(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        await phone.until("caption")
        with pytest.raises(TimeoutError):
            await phone.next_event(1.0)
        sound = b"".join(frame for _, frame in phone.frames)
        assert {len(frame) for _, frame in phone.frames} == {320}
        assert tone_level(sound, 440) > 0.1
        # Never more than the lead ahead, and after a second about fifty frames.
        began = phone.frames[0][0]
        ahead = [number * 0.02 - (at - began) for number, (at, _) in enumerate(phone.frames)]
        assert max(ahead) < 0.12 and 45 <= len(phone.frames) <= 60

    at_a_gateway(tmp_path, steps)


def test_nothing_is_sent_after_a_key_has_stopped_the_prompt(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        place.hotline.documents["/ivr/step"] = document("<Pause/>")
        phone = await dial(place)
        await phone.until("caption")
        await asyncio.sleep(0.3)
        await phone.say(type="digit", digit="1")
        await phone.until("silenced")
        frames = len(phone.frames)
        await phone.until("ended")
        assert len(phone.frames) == frames

    at_a_gateway(tmp_path, steps)


def test_what_is_said_is_in_the_file(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        assert await phone.until("recording") == {"type": "recording", "max": 60}
        message = beep(1.0, 700)
        began = asyncio.get_running_loop().time()
        for at in range(0, len(message), 320):
            await phone.socket.send_bytes(message[at : at + 320])
            await asyncio.sleep(max(0.0, began + at / 16000 + 0.02 - asyncio.get_running_loop().time()))
        await phone.socket.send_bytes(b"x" * 4000)  # too long for a frame
        await phone.say(type="digit", digit="#")
        assert (await phone.until("recorded"))["seconds"] == pytest.approx(1.0, abs=0.3)
        await phone.until("ended")
        [path] = (tmp_path / "gateway" / "recordings").glob("RE*.wav")
        recorded = read_wav(path.read_bytes())
        assert duration_seconds(recorded) == pytest.approx(1.0, abs=0.3) and tone_level(recorded, 700) > 0.1
        assert path.stat().st_mode & 0o077 == 0

    at_a_gateway(tmp_path, steps, LEAVE_A_MESSAGE)


def test_hanging_up_ends_the_call(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place, "")
        await phone.until("caption")
        await phone.say(type="hangup")
        assert (await phone.until("ended"))["reason"] == "completed"
        await eventually(lambda: "completed" in place.hotline.statuses)
        assert place.hotline.forms("/ivr/incoming")[0]["From"] == "anonymous"

    at_a_gateway(tmp_path, steps)


def test_a_rejected_call_says_why(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        ended = await phone.until("ended")
        assert (ended["reason"], ended["sentence"]) == ("busy", "对方正忙")

    at_a_gateway(tmp_path, steps, document('<Reject reason="busy"/>'))


def test_a_lost_network_is_bridged(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        ringing = await phone.until("ringing")
        await phone.until("caption")
        await asyncio.sleep(1.3)
        await phone.lose()
        await asyncio.sleep(2.0)
        assert place.gateway.calls.live_count == 1
        again = await place.connect()
        await again.say(type="resume", call=ringing["call"], key=ringing["key"])
        assert await again.next_event() == {"type": "resumed"}
        # The prompt waited, and goes on a second before the place where it was lost.
        caption = await again.next_event()
        assert caption["text"] == PROMPT and caption["seconds"] == pytest.approx(2.3, abs=0.35)
        await again.say(type="digit", digit="2")
        await again.until("ended")
        assert place.hotline.forms("/ivr/step")[0]["Digits"] == "2"

    at_a_gateway(tmp_path, steps)


def test_a_second_connection_takes_over_from_one_that_seems_alive(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        ringing = await phone.until("ringing")
        again = await place.connect()
        await again.say(type="resume", call=ringing["call"], key=ringing["key"])
        await again.until("resumed")
        assert await phone.is_closed()
        assert place.gateway.calls.live_count == 1

    at_a_gateway(tmp_path, steps)


def test_a_network_lost_for_too_long_is_a_hang_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_leg, "PATIENCE_SECONDS", 0.3)

    async def steps(place: Place) -> None:
        phone = await dial(place)
        ringing = await phone.until("ringing")
        await phone.until("caption")
        await phone.lose()
        await eventually(lambda: "completed" in place.hotline.statuses)
        again = await place.connect()
        await again.say(type="resume", call=ringing["call"], key=ringing["key"])
        assert (await again.next_event())["type"] == "ended"

    at_a_gateway(tmp_path, steps)


def test_a_call_is_resumed_only_with_its_key(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        ringing = await phone.until("ringing")
        thief = await place.connect()
        for key in ("", "guess", None):
            await thief.say(type="resume", call=ringing["call"], key=key)
            assert (await thief.next_event())["type"] == "error"
        assert place.gateway.calls.live_count == 1

    at_a_gateway(tmp_path, steps)


def test_only_our_page_with_a_fresh_token_may_dial(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        now, used = datetime.now(UTC), place.token()
        await place.connect(used)
        refused = [
            (used, None),
            (place.token(now - timedelta(seconds=70)), None),
            (issue_token(b"x" * 32, now, "demo"), None),
            ("", None),
            (place.token(), "http://elsewhere.example.cn"),
            (place.token(), f"https://127.0.0.1:{place.hotline.port}"),
            (place.token(), f"http://127.0.0.1:{place.hotline.port + 1}"),
            (place.token(), "null"),
            (place.token(), ""),
        ]
        for token, origin in refused:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await place.connect(token, origin)
            assert caught.value.status == 403
        await place.connect(None, f"http://localhost:{place.hotline.port}")

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "{}",
        '{"type":"sing"}',
        '{"type":"digit","digit":"1"}',
        '{"type":"dial","to":"; rm"}',
        '{"type":"dial","to":"12333","from":"王芳"}',
        '{"type":"dial"}',
        '{"type":"resume"}',
        "[" * 4000,
    ],
)
def test_nonsense_is_answered_with_a_sentence(tmp_path: Path, message: str) -> None:
    async def steps(place: Place) -> None:
        phone = await place.connect()
        await phone.socket.send_str(message)
        assert (await phone.next_event())["type"] == "error"
        assert place.gateway.calls.live_count == 0
        await phone.say(type="ping", t=7)
        assert await phone.next_event() == {"type": "pong", "t": 7}

    at_a_gateway(tmp_path, steps)


def test_one_call_on_each_connection(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        await phone.until("caption")
        await phone.say(type="dial", to="12333")
        assert (await phone.until("error"))["sentence"] == "这个连接已经在通话。"
        assert place.gateway.calls.live_count == 1

    at_a_gateway(tmp_path, steps)


def test_the_end_of_the_gateway_is_told_to_both_sides(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        phone = await dial(place)
        await phone.until("caption")
        await place.gateway.calls.end_all(5)
        assert (await phone.until("ended"))["reason"] == "completed"
        assert place.hotline.statuses[-1] == "completed"
        late = await place.connect()
        await late.say(type="dial", to="12333")
        assert (await late.next_event())["sentence"] == "线路都占着，可以过一会儿再拨。"

    at_a_gateway(tmp_path, steps)

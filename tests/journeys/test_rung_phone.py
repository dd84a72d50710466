"""The telephones of the journeys do with a call as they are told: at a real gateway, with a small hotline beside it.

| the telephone                     | the call                                       |
|-----------------------------------|------------------------------------------------|
| answers, presses, speaks          | in-progress, the document gets the key or voice|
| hangs up at a word, or after a time| completed                                      |
| is put off, is in a call          | busy                                           |
| lets it ring, is switched off     | no-answer                                      |
| answers as a machine              | in-progress, AnsweredBy machine_end_beep       |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from tests.gateway.pages import carrier
from tests.gateway.real_gateway import KEYS, Place, eventually, real_gateway
from tests.gateway.scene import document
from tests.journeys.rung_phone import BUSY, MACHINE, NOBODY_COMES, Manner, RungPhone
from tests.journeys.scripted_phones import ScriptedPhones
from tests.running import RunningHotline

HOME, OTHER = "+8613855112345", "+8613855112346"
ASK = '<Gather input="dtmf speech" action="/ivr/step" numDigits="1" timeout="30"><Say>方便，请按一</Say></Gather>'
DOCUMENTS = {
    "/ivr/agent": document(ASK),
    "/ivr/step": document("<Say>马上有人跟您说话</Say>", '<Pause length="60"/>'),
    "/queueing/callback": document(),
}


@dataclass
class Installation:
    """What the telephones must know of a running hotline."""

    port: int
    gateway_port: int
    var_dir: Path


class Stage:
    """A gateway, and telephones that run on a loop of their own, as in a journey."""

    def __init__(self, place: Place, phones: ScriptedPhones) -> None:
        self.place, self._phones = place, phones

    async def wait_at(self, *manners: Manner, number: str = HOME) -> RungPhone:
        return await asyncio.to_thread(self._phones.wait_at, number, *manners)

    async def do(self, deed: Callable[..., Any], *what: Any) -> None:
        await asyncio.to_thread(deed, *what)

    async def order(self, seconds: int = 30, number: str = HOME) -> str:
        base = self.place.hotline.base

        def create() -> Any:
            return carrier(self.place).calls.create(
                to=number, from_="+8655312333", url=f"{base}/ivr/agent", timeout=seconds,
                machine_detection="DetectMessageEnd", async_amd="true",
                async_amd_status_callback=f"{base}/queueing/callback?amd=1",
                status_callback=f"{base}/queueing/callback",
            )  # fmt: skip

        return str((await asyncio.to_thread(create)).sid)

    async def ends(self, sid: str, status: str) -> None:
        await eventually(lambda: self.status(sid) == status, 10)

    def status(self, sid: str) -> str:
        call = self.place.gateway.calls.find(sid)
        return call.status if call is not None else ""

    def given(self) -> list[tuple[str, str]]:
        forms = self.place.hotline.forms("/ivr/step")
        return [(form.get("Digits", ""), form.get("SpeechResult", "")) for form in forms]


def at_a_gateway(folder: Path, steps: Any) -> None:
    async def scene() -> None:
        async with real_gateway(folder, dict(DOCUMENTS)) as place:
            installation = cast(RunningHotline, Installation(place.hotline.port, place.gateway.port, folder))
            phones = await asyncio.to_thread(ScriptedPhones, installation, KEYS.secret_key)
            try:
                await steps(Stage(place, phones))
            finally:
                await asyncio.to_thread(phones.close)

    asyncio.run(scene())


def test_it_answers_and_presses_a_key(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        phone = await stage.wait_at(Manner(press={"请按一": "1"}, hangs_up_at="马上有人"))
        sid = await stage.order()
        await stage.ends(sid, "completed")
        [call] = phone.calls
        assert (call.sid, call.shown, call.was_answered) == (sid, "+8655312333", True)
        assert call.has_heard("方便") and stage.given() == [("1", "")]
        await eventually(lambda: call.reason == "completed")
        assert phone.call is None and phone.is_registered

    at_a_gateway(tmp_path, steps)


def test_it_answers_and_speaks(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        await stage.wait_at(Manner(speak={"请按一": 0.6}, hangs_up_after=3.5))
        sid = await stage.order()
        await stage.ends(sid, "completed")
        assert stage.given() == [("", "（有声音）")]
        answered_by = [
            form["AnsweredBy"] for form in stage.place.hotline.forms("/queueing/callback") if "AnsweredBy" in form
        ]
        assert answered_by == ["human"]

    at_a_gateway(tmp_path, steps)


def test_it_answers_as_a_machine(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        await stage.wait_at(MACHINE)
        await stage.order()
        callbacks = stage.place.hotline.forms
        await eventually(lambda: any("AnsweredBy" in form for form in callbacks("/queueing/callback")), 10)
        [told] = [form["AnsweredBy"] for form in callbacks("/queueing/callback") if "AnsweredBy" in form]
        assert told == "machine_end_beep"

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(("manner", "status"), [(BUSY, "busy"), (NOBODY_COMES, "no-answer")])
def test_it_does_not_answer(tmp_path: Path, manner: Manner, status: str) -> None:
    async def steps(stage: Stage) -> None:
        phone = await stage.wait_at(manner)
        await stage.ends(await stage.order(seconds=1), status)
        await eventually(lambda: phone.calls[0].reason == status)
        assert not phone.calls[0].was_answered

    at_a_gateway(tmp_path, steps)


def test_each_call_has_a_manner_of_its_own(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        phone = await stage.wait_at(BUSY, NOBODY_COMES, Manner(hangs_up_after=0.2))
        for status in ("busy", "no-answer", "completed", "completed"):
            await stage.ends(await stage.order(seconds=1), status)
        assert [call.was_answered for call in phone.calls] == [False, False, True, True]

    at_a_gateway(tmp_path, steps)


def test_a_telephone_in_a_call_is_busy_and_one_that_is_off_does_not_ring(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        phone = await stage.wait_at(Manner())
        first = await stage.order()
        await stage.ends(first, "in-progress")
        await stage.ends(await stage.order(), "busy")
        await stage.do(phone.hang_up)
        await stage.ends(first, "completed")
        await stage.do(phone.switch_off)
        await stage.ends(await stage.order(seconds=1), "no-answer")
        assert len(phone.calls) == 1

    at_a_gateway(tmp_path, steps)


def test_it_does_what_the_test_decides(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        phone = await stage.wait_at(NOBODY_COMES)
        await stage.order()
        await eventually(lambda: phone.call is not None)
        await stage.do(phone.answer)
        await eventually(lambda: phone.calls[0].has_heard("方便"))
        await stage.do(phone.press, "7")
        await eventually(lambda: stage.given() == [("7", "")])
        refused = await stage.wait_at(NOBODY_COMES, number=OTHER)
        sid = await stage.order(number=OTHER)
        await eventually(lambda: refused.call is not None)
        await stage.do(refused.reject)
        await stage.ends(sid, "busy")

    at_a_gateway(tmp_path, steps)


def test_a_talk_goes_on_when_its_connection_was_lost(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        phone = await stage.wait_at(Manner())
        await stage.order()
        await eventually(lambda: phone.call is not None and phone.call.has_heard("方便"))
        assert phone._socket is not None
        phone._run(phone._socket.close())
        await eventually(lambda: not phone.is_registered)
        await eventually(lambda: phone.is_registered)
        await stage.do(phone.press, "1")
        await eventually(lambda: stage.given() == [("1", "")])
        assert len(phone.calls) == 1

    at_a_gateway(tmp_path, steps)


def test_a_newer_telephone_has_the_number(tmp_path: Path) -> None:
    async def steps(stage: Stage) -> None:
        older, newer = await stage.wait_at(Manner()), await stage.wait_at(Manner())
        await eventually(lambda: older.was_replaced)
        await stage.ends(await stage.order(), "in-progress")
        assert older.calls == [] and len(newer.calls) == 1

    at_a_gateway(tmp_path, steps)

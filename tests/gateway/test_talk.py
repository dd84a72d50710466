"""Caller and consultant as two pages with real sound over real WebSockets, brought together as the hotline does it.

Each says a tone of its own; what the other one hears is measured in the spectrum.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from integrations.gateway import browser_leg
from integrations.gateway.audio import beep
from integrations.gateway.samples import to_samples
from tests.gateway.pages import AGENT_HZ, CALLER_HZ, THIRD_HZ, Page, Pages, carrier, pages_of, tone_frame
from tests.gateway.real_gateway import Place, eventually, real_gateway
from tests.gateway.scene import QuietSpeech, document

EVENTS = 'statusCallback="/queueing/conference" statusCallbackEvent="start end join leave mute hold"'
AGENT_ROOM = f'<Conference beep="false" waitUrl="" {EVENTS}>offer-7</Conference>'
CALLER_ROOM = '<Conference beep="false" waitUrl="" endConferenceOnExit="true">offer-7</Conference>'
DOCUMENTS = {
    "/ivr/incoming": document('<Pause length="600"/>'),
    "/ivr/agent": document(f'<Dial action="/ivr/agent-done">{AGENT_ROOM}</Dial>'),
    "/ivr/connect": document(f'<Dial action="/ivr/after">{CALLER_ROOM}</Dial>'),
    "/ivr/after": document('<Pause length="600"/>'),
    "/ivr/agent-done": document(),
    "/ivr/hold": document("<Play>/music.wav</Play>", "<Redirect/>"),
}
Steps = Callable[[Place, Pages], Awaitable[None]]


class WithMusic(QuietSpeech):
    async def fetch(self, url: str) -> bytes:
        return beep(2.0, THIRD_HZ)


def at_a_gateway(folder: Path, steps: Steps) -> None:
    async def scene() -> None:
        async with real_gateway(folder, dict(DOCUMENTS), WithMusic()) as place, pages_of(place) as pages:
            await steps(place, pages)
            assert place.hotline.forged == 0

    asyncio.run(scene())


async def ask(work: Callable[[], Any]) -> Any:
    """The carrier's client waits, so it works beside the loop."""
    return await asyncio.to_thread(work)


async def order(place: Place, to: str, path: str = "/ivr/agent", **more: Any) -> str:
    """The hotline has somebody rung; the call's id."""
    url = f"{place.hotline.base}{path}"
    call = await ask(lambda: carrier(place).calls.create(to=to, from_="12333", url=url, **more))
    return str(call.sid)


async def connect(place: Place, pages: Pages) -> tuple[Page, str, Page, str]:
    """A caller in the line, a consultant who accepts, and both brought together."""
    caller, caller_sid = await pages.caller()
    agent = await pages.registered("agent-17")
    await order(place, "client:agent-17")
    agent_sid = await pages.accepts(agent)
    await redirect(place, caller_sid, "/ivr/connect")
    await asyncio.gather(caller.hears(AGENT_HZ), agent.hears(CALLER_HZ))
    return caller, caller_sid, agent, agent_sid


async def redirect(place: Place, sid: str, path: str) -> None:
    await ask(lambda: carrier(place).calls(sid).update(url=f"{place.hotline.base}{path}"))


async def conference(place: Place) -> Any:
    [found] = await ask(lambda: carrier(place).conferences.list(friendly_name="offer-7", status="in-progress"))
    return found


def events(place: Place) -> list[str]:
    return [form["StatusCallbackEvent"] for form in place.hotline.forms("/queueing/conference")]


def test_caller_and_consultant_hear_each_other_and_nobody_else(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, _, agent, _ = await connect(place, pages)
        await agent.say(type="hangup")
        assert (await agent.until("ended"))["reason"] == "completed"
        await caller.hears()
        await eventually(lambda: "participant-leave" in events(place))

    at_a_gateway(tmp_path, steps)


def test_the_consultant_hangs_up_and_the_caller_is_sent_to_the_survey(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, caller_sid, agent, _ = await connect(place, pages)
        await redirect(place, caller_sid, "/ivr/after")
        await eventually(lambda: len(place.hotline.forms("/ivr/after")) == 1)
        # The caller's going ends the conference, and with it the consultant's document.
        await agent.until("ended")
        assert place.hotline.forms("/ivr/agent-done")[0]["DialCallStatus"] == "answered"
        await eventually(lambda: "conference-end" in events(place))
        reports = place.hotline.forms("/queueing/conference")
        assert [int(form["SequenceNumber"]) for form in reports] == list(range(1, len(reports) + 1))
        assert await caller.hears() is None

    at_a_gateway(tmp_path, steps)


def test_the_registration_outlives_the_call(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        agent = await pages.registered("agent-17")
        for _ in range(2):
            await order(place, "client:agent-17")
            await pages.accepts(agent)
            await agent.say(type="hangup")
            await agent.until("ended")

    at_a_gateway(tmp_path, steps)


def test_whoever_is_held_hears_music_and_is_not_heard(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, caller_sid, agent, _ = await connect(place, pages)
        room = (await conference(place)).sid
        participant = carrier(place).conferences(room).participants(caller_sid)
        await ask(lambda: participant.update(hold=True, hold_url=f"{place.hotline.base}/ivr/hold"))
        await asyncio.gather(caller.hears(THIRD_HZ), agent.hears())
        await ask(lambda: participant.update(hold=False))
        await asyncio.gather(caller.hears(AGENT_HZ), agent.hears(CALLER_HZ))
        await eventually(lambda: events(place)[-2:] == ["participant-hold", "participant-unhold"])

    at_a_gateway(tmp_path, steps)


def test_whoever_is_muted_hears_but_is_not_heard(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, caller_sid, agent, _ = await connect(place, pages)
        room = (await conference(place)).sid
        participant = carrier(place).conferences(room).participants(caller_sid)
        await ask(lambda: participant.update(muted=True))
        await asyncio.gather(caller.hears(AGENT_HZ), agent.hears())

    at_a_gateway(tmp_path, steps)


def test_three_hear_both_others(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, _, agent, _ = await connect(place, pages)
        third = await pages.registered("agent-18", THIRD_HZ)
        await order(place, "client:agent-18")
        await pages.accepts(third)
        await asyncio.gather(
            caller.hears(AGENT_HZ, THIRD_HZ), agent.hears(CALLER_HZ, THIRD_HZ), third.hears(CALLER_HZ, AGENT_HZ)
        )

    at_a_gateway(tmp_path, steps)


def test_a_consultant_at_home_is_rung_at_a_number(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        home = await pages.registered("number:+8613855112345")
        sid = await order(place, "+8613855112345", "/ivr/incoming")
        assert await pages.accepts(home) == sid
        found = await ask(lambda: carrier(place).calls.list(to="+8613855112345"))
        assert [(call.sid, call.status, call.direction) for call in found] == [(sid, "in-progress", "outbound-api")]

    at_a_gateway(tmp_path, steps)


def test_a_page_loaded_again_comes_back_to_its_talk(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, _, agent, agent_sid = await connect(place, pages)
        key = next(event["key"] for event in agent.events if event["type"] == "incoming")
        await agent.lose()
        await caller.hears()
        again = await pages.open("agent-17", AGENT_HZ)
        await again.say(type="resume", call=agent_sid, key=key)
        await again.until("resumed")
        again.speak()
        await asyncio.gather(caller.hears(AGENT_HZ), again.hears(CALLER_HZ))
        # It is registered as well: the next call rings here.
        await again.say(type="hangup")
        await again.until("ended")
        await order(place, "client:agent-17")
        await again.until("incoming")

    at_a_gateway(tmp_path, steps)


def test_another_tab_learns_of_the_talk_and_can_take_it_over(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, _, agent, agent_sid = await connect(place, pages)
        tab = await pages.open("agent-17", AGENT_HZ)
        await tab.say(type="register")
        registered = await tab.until("registered")
        assert registered["call"] == agent_sid
        await agent.until("replaced")
        # Until the other tab wants it, the talk stays where it is.
        await asyncio.gather(caller.hears(AGENT_HZ), agent.hears(CALLER_HZ))
        await tab.say(type="resume", call=agent_sid, key=registered["key"])
        await tab.until("resumed")
        await tab.hears(CALLER_HZ)

    at_a_gateway(tmp_path, steps)


def test_a_network_that_does_not_come_back_ends_the_consultants_leg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_leg, "PATIENCE_SECONDS", 0.3)

    async def steps(place: Place, pages: Pages) -> None:
        caller, _, agent, agent_sid = await connect(place, pages)
        await agent.lose()
        await eventually(lambda: events(place)[-1:] == ["participant-leave"])
        assert (await ask(lambda: carrier(place).calls(agent_sid).fetch())).status == "completed"
        # The caller is still in the conference, and can be sent on.
        assert (await conference(place)).status == "in-progress"
        assert await caller.hears() is None

    at_a_gateway(tmp_path, steps)


def test_the_end_of_the_gateway_ends_every_conference(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        caller, _, agent, _ = await connect(place, pages)
        await place.gateway.calls.end_all(5)
        await asyncio.gather(caller.until("ended"), agent.until("ended"))
        assert events(place)[-1] == "conference-end"
        assert place.gateway.calls.conferences.live_count == 0

    at_a_gateway(tmp_path, steps)


async def delays(speaker: Page, listener: Page, rounds: int) -> list[float]:
    """Silence and a tone by turns, a fifth of a second each: how long each tone's first frame took."""
    loop = asyncio.get_running_loop()
    began, spoken = loop.time(), []
    for number in range(rounds * 20):
        if number % 20 == 10:
            spoken.append(loop.time())
        await speaker.socket.send_bytes(tone_frame(AGENT_HZ, number) if number % 20 >= 10 else bytes(320))
        await asyncio.sleep(max(0.0, began + (number + 1) * 0.02 - loop.time()))
    await asyncio.sleep(0.2)
    loud = [np.abs(to_samples(frame)).max() > 0.05 for frame in listener.frames]
    heard = [at for at, before, now in zip(listener.times[1:], loud, loud[1:], strict=False) if now and not before]
    return [next(at for at in heard if at > spoke_at) - spoke_at for spoke_at in spoken]


def test_a_word_is_heard_on_the_other_side_within_80_ms(tmp_path: Path) -> None:
    """From the WebSocket of one page to that of the other; some 30 ms on a machine with nothing else to do."""

    async def steps(place: Place, pages: Pages) -> None:
        caller, caller_sid = await pages.caller()
        agent = await pages.registered("agent-17")
        await order(place, "client:agent-17")
        await agent.say(type="accept", call=(await agent.until("incoming"))["call"])
        await redirect(place, caller_sid, "/ivr/connect")
        await agent.hears(CALLER_HZ)
        waits = await delays(agent, caller, 8)
        # The machine may have other things to do in between.
        assert sorted(waits)[1] < 0.08, waits

    at_a_gateway(tmp_path, steps)

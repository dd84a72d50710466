"""Pages that are rung: registered, shown a call, taking it or not.

| page says                    | gateway says                                                                     |
|------------------------------|----------------------------------------------------------------------------------|
| register                     | registered (with call and key, when a talk of this client's is still live)       |
| register on a newer page     | replaced, to the older one                                                       |
|                              | incoming {call, key, from, parameters}                                           |
| accept {call}                | answered, and later ended; the page stays registered                             |
| reject {call}, hangup        | incoming_over {call, reason busy}                                                |
|                              | incoming_over {call, reason canceled, no-answer}: the caller gave up, nobody came|
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.gateway import browser_leg, client_leg
from integrations.gateway.lines import address_of
from tests.gateway.pages import Pages, carrier, pages_of
from tests.gateway.real_gateway import Place, eventually, real_gateway
from tests.gateway.scene import document

DOCUMENTS = {"/ivr/incoming": document('<Pause length="60"/>'), "/ivr/agent": document('<Pause length="60"/>')}
LEG = "/queueing/leg"
NUMBER = "+8613855112345"
Steps = Callable[[Place, Pages], Awaitable[None]]


def at_a_gateway(folder: Path, steps: Steps) -> None:
    async def scene() -> None:
        async with real_gateway(folder, dict(DOCUMENTS)) as place, pages_of(place) as pages:
            await steps(place, pages)

    asyncio.run(scene())


async def order(place: Place, to: str = "client:agent-17", timeout: int = 30) -> str:
    """Have somebody rung, and told of everything; the call's id."""

    def create() -> Any:
        return carrier(place).calls.create(
            to=to, from_="12333", url=f"{place.hotline.base}/ivr/agent", timeout=timeout,
            status_callback=place.hotline.base + LEG,
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )  # fmt: skip

    return str((await asyncio.to_thread(create)).sid)


def told(place: Place, sid: str) -> list[str]:
    return [form["CallStatus"] for form in place.hotline.forms(LEG) if form["CallSid"] == sid]


async def ends(place: Place, sid: str, *statuses: str) -> None:
    await eventually(lambda: told(place, sid)[-1:] == [statuses[-1]])
    assert told(place, sid) == list(statuses)


@pytest.mark.parametrize(
    ("caller", "address"),
    [
        ("agent-17", "client:agent-17"),
        ("number:+8613855112345", "+8613855112345"),
        ("demo", ""),
        ("agent-", ""),
        ("agent-1x", ""),
        ("xagent-1", ""),
        ("number:12333", ""),
        ("agent-１", ""),
        ("", ""),
    ],
)
def test_whose_token_may_be_rung_and_where(caller: str, address: str) -> None:
    assert address_of(caller) == address


def test_a_page_that_may_only_dial_is_told_so(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.open("demo")
        await page.say(type="register")
        assert (await page.until("error"))["sentence"] == "这个凭证只能拨出，不能接听来电。"
        await page.say(type="accept", call="CA1")
        await page.until("error")

    at_a_gateway(tmp_path, steps)


def test_whoever_takes_a_call_is_answered_and_stays_registered(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        for _ in range(2):
            sid = await order(place)
            incoming = await page.until("incoming")
            assert (incoming["call"], incoming["from"], incoming["parameters"]) == (sid, "12333", {})
            assert len(incoming["key"]) > 20
            await page.say(type="accept", call=sid)
            await page.until("answered")
            await page.say(type="hangup")
            assert await page.until("ended") == {"type": "ended", "reason": "completed", "sentence": "通话结束"}
            await ends(place, sid, "initiated", "ringing", "in-progress", "completed")
        assert not page.socket.closed

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize("message", [{"type": "reject"}, {"type": "hangup"}])
def test_whoever_does_not_want_it_is_busy(tmp_path: Path, message: dict[str, str]) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        sid = await order(place)
        await page.until("incoming")
        await page.say(**message, call=sid)
        assert (await page.until("incoming_over"))["reason"] == "busy"
        await ends(place, sid, "initiated", "ringing", "busy")

    at_a_gateway(tmp_path, steps)


def test_a_call_that_nobody_takes_is_over_at_its_time(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        sid = await order(place, timeout=1)
        assert (await page.until("incoming_over")) == {"type": "incoming_over", "call": sid, "reason": "no-answer"}
        await ends(place, sid, "initiated", "ringing", "no-answer")
        # Too late: it is said again.
        await page.say(type="accept", call=sid)
        assert (await page.until("incoming_over"))["reason"] == "no-answer"

    at_a_gateway(tmp_path, steps)


def test_somebody_elses_call_cannot_be_taken(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page, thief = await pages.registered("agent-17"), await pages.registered("agent-18")
        sid = await order(place)
        await page.until("incoming")
        await thief.say(type="accept", call=sid)
        await thief.until("incoming_over")
        await thief.say(type="reject", call=sid)
        await page.say(type="accept", call=sid)
        await page.until("answered")

    at_a_gateway(tmp_path, steps)


def test_a_second_call_is_busy(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        first = await order(place)
        await page.until("incoming")
        await ends(place, await order(place), "initiated", "busy")
        await page.say(type="accept", call=first)
        await page.until("answered")
        await ends(place, await order(place), "initiated", "busy")

    at_a_gateway(tmp_path, steps)


def test_a_page_that_dials_is_engaged_and_stays_registered(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        await page.say(type="dial", to="12333", **{"from": ""})
        await page.until("answered")
        await ends(place, await order(place), "initiated", "busy")
        await page.say(type="hangup")
        await page.until("ended")
        await order(place)
        await page.until("incoming")

    at_a_gateway(tmp_path, steps)


def test_a_client_that_nobody_is_registered_as_fails_at_once(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        await ends(place, await order(place), "initiated", "failed")
        page = await pages.registered("agent-17")
        await page.lose()
        await eventually(lambda: place.gateway.exchange.telephones.count == 0)  # type: ignore[attr-defined]
        await ends(place, await order(place), "initiated", "failed")

    at_a_gateway(tmp_path, steps)


def test_a_number_that_nobody_has_does_not_ring_and_nobody_comes(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        sid = await order(place, NUMBER, timeout=1)
        await ends(place, await order(place, NUMBER), "initiated", "busy")
        await ends(place, sid, "initiated", "no-answer")
        await ends(place, await order(place, NUMBER, timeout=1), "initiated", "no-answer")

    at_a_gateway(tmp_path, steps)


def test_a_telephone_that_is_off_can_be_given_up(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        sid = await order(place, NUMBER)
        await asyncio.to_thread(lambda: carrier(place).calls(sid).update(status="canceled"))
        await ends(place, sid, "initiated", "canceled")

    at_a_gateway(tmp_path, steps)


def test_a_telephone_that_is_switched_on_meanwhile_rings(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        sid = await order(place, NUMBER)
        await eventually(lambda: told(place, sid) == ["initiated"])
        page = await pages.registered(f"number:{NUMBER}")
        assert (await page.until("incoming"))["call"] == sid
        await page.say(type="accept", call=sid)
        await page.until("answered")
        await ends(place, sid, "initiated", "ringing", "in-progress")

    at_a_gateway(tmp_path, steps)


def test_whoever_takes_over_a_number_is_not_let_into_the_talk_of_the_one_before(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{NUMBER}")
        await order(place, NUMBER)
        sid = await pages.accepts(page)
        other = await pages.open(f"number:{NUMBER}")
        await other.say(type="register")
        assert await other.until("registered") == {"type": "registered"}
        await page.until("replaced")
        await other.say(type="hangup")
        await other.say(type="reject", call=sid)
        await ends(place, await order(place, NUMBER), "initiated", "busy")
        # The talk goes on where it was, and when it is over the number rings at the other page.
        await page.say(type="digit", digit="1")
        await page.say(type="hangup")
        await page.until("ended")
        await order(place, NUMBER)
        await other.until("incoming")

    at_a_gateway(tmp_path, steps)


def test_a_talk_of_a_number_is_resumed_by_whoever_had_it(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered(f"number:{NUMBER}")
        sid = await order(place, NUMBER)
        incoming = await page.until("incoming")
        await page.say(type="accept", call=sid)
        await page.until("answered")
        await page.lose()
        again = await pages.open(f"number:{NUMBER}")
        await again.say(type="resume", call=sid, key=incoming["key"])
        await again.until("resumed")
        await again.say(type="register")
        await again.until("registered")
        await again.say(type="hangup")
        await again.until("ended")
        await order(place, NUMBER)
        await again.until("incoming")

    at_a_gateway(tmp_path, steps)


def test_a_frozen_page_does_not_ring_and_nobody_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_leg, "FROZEN_AFTER_SECONDS", 0.0)

    async def steps(place: Place, pages: Pages) -> None:
        await pages.registered("agent-17")
        await ends(place, await order(place, timeout=1), "initiated", "no-answer")

    at_a_gateway(tmp_path, steps)


def test_a_page_that_wakes_up_rings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_leg, "FROZEN_AFTER_SECONDS", 0.0)

    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        sid = await order(place)
        await page.until("incoming")
        await eventually(lambda: told(place, sid) == ["initiated"])
        await page.say(type="ping", t=1)
        await eventually(lambda: told(place, sid) == ["initiated", "ringing"])
        await page.say(type="accept", call=sid)
        await page.until("answered")

    at_a_gateway(tmp_path, steps)


def test_a_newer_page_replaces_the_older_and_is_shown_the_call(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        older = await pages.registered("agent-17")
        sid = await order(place)
        first = await older.until("incoming")
        newer = await pages.registered("agent-17")
        await older.until("replaced")
        assert await newer.until("incoming") == first
        await older.say(type="accept", call=sid)
        await older.until("error")
        await newer.say(type="accept", call=sid)
        await newer.until("answered")
        await newer.say(type="register")
        await newer.until("registered")
        assert not older.socket.closed and [event["type"] for event in newer.events].count("replaced") == 0

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize("how", ["register", "resume"])
def test_a_page_loaded_again_while_it_rings_is_shown_the_call_again(tmp_path: Path, how: str) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        sid = await order(place)
        incoming = await page.until("incoming")
        await page.lose()
        again = await pages.open("agent-17")
        await again.say(type=how, call=sid, key=incoming["key"])
        assert await again.until("incoming") == incoming
        await again.say(type="accept", call=sid)
        await again.until("answered")
        await ends(place, sid, "initiated", "ringing", "in-progress")

    at_a_gateway(tmp_path, steps)


def test_a_page_that_does_not_come_back_while_it_rings_has_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_leg, "PATIENCE_SECONDS", 0.2)

    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        sid = await order(place)
        await page.until("incoming")
        await page.lose()
        await ends(place, sid, "initiated", "ringing", "no-answer")

    at_a_gateway(tmp_path, steps)


def test_a_talk_is_resumed_only_with_its_key(tmp_path: Path) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        await order(place)
        sid = await pages.accepts(page)
        for who in ("agent-17", "agent-18", "demo"):
            thief = await pages.open(who)
            await thief.say(type="resume", call=sid, key="guess")
            await thief.until("error")
        # A failed attempt has not taken the registration over either.
        await page.say(type="hangup")
        await page.until("ended")
        await order(place)
        await page.until("incoming")

    at_a_gateway(tmp_path, steps)


@pytest.mark.parametrize(
    "message", [{"type": "accept"}, {"type": "accept", "call": 7}, {"type": "reject"}, {"type": "digit", "digit": "1"}]
)
def test_nonsense_harms_nobody(tmp_path: Path, message: dict[str, object]) -> None:
    async def steps(place: Place, pages: Pages) -> None:
        page = await pages.registered("agent-17")
        await page.say(**message)
        await page.say(type="ping", t=7)
        assert (await page.until("pong"))["t"] == 7
        await order(place)
        await page.until("incoming")

    at_a_gateway(tmp_path, steps)

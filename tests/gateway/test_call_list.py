"""The list of calls that the ledger is held against: every call once, whichever gateway has or had it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.gateway.ended_calls import EndedCall, EndedCalls
from integrations.gateway.journal import Journal
from integrations.telephony.carrier_answers import CarrierCall
from integrations.telephony.client import CarrierClient
from tests.gateway.real_gateway import Place
from tests.gateway.test_rest_api import BASE, at_a_gateway, call, get

# Of yesterday: what ended days ago is not kept.
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def sid(number: int) -> str:
    return f"CA{number:032x}"


def ended(number: int, began: datetime, seconds: int = 60, status: str = "completed", **more: str) -> EndedCall:
    end = began + timedelta(seconds=seconds)
    values = {"dialled": "12333", "direction": "inbound", **more}
    return EndedCall(sid(number), values["dialled"], values["direction"], status, began, end, seconds)


async def listed(place: Place, since: datetime, until: datetime) -> dict[str, CarrierCall]:
    """What the hotline hears when it asks."""
    carrier = CarrierClient(place.settings)
    try:
        found = await asyncio.to_thread(carrier.calls_between, since, until)
    finally:
        carrier.close()
    assert len({one.sid for one in found}) == len(found)
    return {one.sid: one for one in found}


def test_calls_of_an_earlier_gateway_are_listed_by_the_time_they_began(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        kept = place.gateway.exchange.ended
        # At the hour, inside it, at its end, before it, and one that went on into the next day.
        for number, minutes in enumerate((0, 59, 60, -1)):
            kept.keep(ended(number, NOON + minutes * MINUTE))
        kept.keep(ended(9, NOON + MINUTE, seconds=20 * 3600))
        found = await listed(place, NOON, NOON + HOUR)
        assert found.keys() == {sid(0), sid(1), sid(9)}
        assert found[sid(0)] == CarrierCall(sid(0), "inbound", "completed", "12333", NOON, NOON + MINUTE)

    at_a_gateway(tmp_path, steps)


def test_a_call_that_nobody_answered_began_when_it_rang(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        place.gateway.exchange.ended.keep(EndedCall(sid(1), "12333", "inbound", "busy", NOON, NOON + MINUTE))
        assert (await listed(place, NOON, NOON + MINUTE))[sid(1)].started_at == NOON

    at_a_gateway(tmp_path, steps)


def test_a_live_call_and_one_that_just_ended_are_listed_once(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        _, live = await call(place)
        phone, over = await call(place)
        await phone.say(type="hangup")
        await phone.until("ended")
        now = datetime.now(UTC)
        found = await listed(place, now - HOUR, now + HOUR)
        assert {one: found[one].status for one in found} == {live: "in-progress", over: "completed"}
        assert found[live].ended_at is None and found[over].ended_at is not None
        # Whom somebody else is rung at is nobody's business here.
        assert all(one.dialled == "12333" and one.is_inbound for one in found.values())

    at_a_gateway(tmp_path, steps)


def test_the_calls_of_a_neighbour_are_listed_while_they_go_on_and_when_they_are_over(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        neighbour = Journal(tmp_path / "gateway" / "live")
        neighbour.begin(sid(7), "12333")
        neighbour.begin(sid(8), "", {"url": "", "direction": "outbound-api"})
        now = datetime.now(UTC)
        found = await listed(place, now - HOUR, now + HOUR)
        assert (found[sid(7)].status, found[sid(7)].direction) == ("in-progress", "inbound")
        assert (found[sid(8)].direction, found[sid(8)].dialled) == ("outbound-api", "")
        EndedCalls(tmp_path / "gateway" / "ended", lambda: now).keep(ended(7, now - MINUTE))
        assert (await listed(place, now - HOUR, now + HOUR))[sid(7)].status == "completed"
        neighbour.end()
        # Killed: what it left open has failed.
        assert (await listed(place, now - HOUR, now + HOUR))[sid(8)].status == "failed"

    at_a_gateway(tmp_path, steps)


def test_the_list_is_turned_page_by_page_in_a_fixed_order(tmp_path: Path) -> None:
    async def steps(place: Place) -> None:
        for number in range(7):
            place.gateway.exchange.ended.keep(ended(number, NOON + number * MINUTE))
        days = f"StartTime%3E={NOON:%Y-%m-%d}&StartTime%3C={NOON + timedelta(days=1):%Y-%m-%d}"
        path, seen = f"{BASE}/Calls.json?{days}&PageSize=3", []
        while path:
            page = await get(place, path)
            seen += [one["sid"] for one in page["calls"]]
            path = page["next_page_uri"]
        assert seen == [sid(number) for number in reversed(range(7))]

    at_a_gateway(tmp_path, steps)

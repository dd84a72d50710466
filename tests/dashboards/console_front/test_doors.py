"""Both doors of the softphone keep one contract: the gateway's over its wire, Twilio's with a scripted Device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.dashboards.console_front.doors import SID, GatewayEnd, TwilioEnd
from tests.dashboards.console_front.driver import Hotline
from tests.waiting import eventually


@pytest.fixture(params=[GatewayEnd, TwilioEnd], ids=["gateway", "twilio"])
def door(request: pytest.FixtureRequest, context: BrowserContext, hotline: Hotline) -> Iterator[Any]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield request.param(page, hotline)
    assert errors == []


def test_it_registers_and_tells_its_state(door: Any) -> None:
    assert door.do("state") == "off" and door.do("call") is None
    door.open()
    assert len(door.heard("state")) >= 2


def test_a_ring_is_told_once_with_the_carriers_id(door: Any) -> None:
    door.open().ring()
    assert door.do("call.call") == SID and door.do("call.stage") == "incoming"
    assert door.heard("incoming") == [[]] and door.do("kept") is None


def test_accepted_it_is_live_and_both_hear(door: Any) -> None:
    door.talk()
    assert door.do("call.stage") == "live" and door.saw("accept")
    eventually(lambda: door.hears_us)
    door.until(lambda: door.do("playedRms()") > 0.02)
    door.until(lambda: door.page.evaluate("window.level") > 0.05)


def test_rejected_it_is_free_again_and_the_other_end_knows(door: Any) -> None:
    door.open().ring().do("reject()")
    door.until(lambda: door.saw("reject"))
    assert door.do("call") is None and door.do("state") == "registered"


def test_a_caller_who_gives_up_is_told(door: Any) -> None:
    door.open().ring().caller_gives_up()
    door.until(lambda: door.heard("incomingOver") == [["canceled"]])
    assert door.do("call") is None


def test_we_hang_up(door: Any) -> None:
    door.talk().do("hangUp()")
    door.until(lambda: door.heard("ended"))
    assert door.saw("disconnect") and door.do("call") is None and door.do("state") == "registered"


def test_the_other_end_hangs_up(door: Any) -> None:
    door.talk().caller_hangs_up()
    door.until(lambda: door.heard("ended"))
    assert door.do("call") is None and not door.saw("disconnect")


def test_keys_reach_the_other_end(door: Any) -> None:
    door.talk()
    for key in "5#":
        door.do(f"press('{key}')")
    door.until(lambda: door.saw("digit") == ["5", "#"])


def test_muted_we_are_not_heard_until_we_are_again(door: Any) -> None:
    door.talk()
    eventually(lambda: door.hears_us)
    door.do("mute(true)")
    door.until(lambda: not door.hears_us)
    door.do("mute(false)")
    door.until(lambda: door.hears_us)


def test_a_lost_network_is_told_and_bridged(door: Any) -> None:
    door.talk().network_goes()
    door.until(lambda: door.heard("lost") and door.do("call.stage") == "lost")
    door.network_comes()
    door.until(lambda: door.heard("resumed") and door.do("call.stage") == "live")
    door.until(lambda: door.do("state") == "registered")


def test_a_kept_call_goes_on_at_another_door(door: Any) -> None:
    kept = door.talk().do("kept")
    assert kept["call"] == SID and kept["key"]
    door.do("close()")
    assert door.do("state") == "off" and door.do("call") is None and not door.saw("disconnect")
    door.open_again(kept)
    door.until(lambda: door.heard("resumed") and door.do("call.stage") == "live")
    assert door.do("kept.call") == SID


def test_a_kept_call_that_is_over_is_ended(door: Any) -> None:
    kept = door.talk().do("kept")
    door.do("close()")
    door.call_ends_unheard()
    door.open_again(kept)
    door.until(lambda: door.heard("ended") and door.do("state") == "registered")
    assert door.do("call") is None and not door.heard("resumed")


def test_the_next_call_rings_after_the_last(door: Any) -> None:
    door.talk().caller_hangs_up()
    door.until(lambda: door.heard("ended"))
    door.other_end_rings()
    door.until(lambda: len(door.heard("incoming")) == 2)
    door.do("accept()")
    door.until(lambda: len(door.heard("answered")) == 2)

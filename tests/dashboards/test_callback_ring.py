"""A ring that is a callback: the seat is kept while the caller's telephone rings, and everybody sees how far it is."""

import asyncio
from typing import Any

from dashboards.console.desk_view import steady
from queueing.desk import AgentDesk
from tests.dashboards.callback_app import AT_THREE, LI_QIANG, asks, comes_due, dials, hears, picks_up, rung_in_vain
from tests.dashboards.console_app import CALLER, HEFEI01, HEFEI02, ConsoleApp
from tests.dashboards.event_stream import running


def ring(console: ConsoleApp, username: str = HEFEI01) -> dict[str, Any]:
    offer = console.at(username).desk()["offer"]
    assert offer is not None
    return dict(offer)


def test_a_callback_says_for_whom_and_how_far_the_call_has_come(console: ConsoleApp) -> None:
    callback = asks(console, skill="pension", source="menu")
    asked_at = console.clock()
    comes_due(console, callback)
    attempt = dials(console, HEFEI01, callback)
    desk = console.at(HEFEI01).desk()
    offer = desk["offer"]
    assert (offer["status"], offer["caller"]["masked"], offer["skill_zh"]) == ("reserved", "138****2345", "养老")
    assert offer["callback"] == {
        "id": callback,
        "asked_at": asked_at.isoformat(),
        "source_zh": "按7约的",
        "attempt": 1,
        "attempts_before": [],
        "slot_from": None,
        "slot_until": None,
        "stage": "dialling",
        "stage_at": console.clock().isoformat(),
        "note": "",
        "case_id": None,
    }
    # The own telephone does not ring yet.
    assert (desk["agent"]["state"], desk["agent"]["state_zh"]) == ("reserved", "正在回电")
    stages = []
    for status in ("initiated", "ringing", "in-progress"):
        hears(console, attempt, status)
        stages.append(ring(console)["callback"]["stage"])
    assert stages == ["dialling", "ringing", "answered"]
    picks_up(console, attempt)
    desk = console.at(HEFEI01).desk()
    assert desk["offer"]["callback"]["stage"] == "confirmed" and desk["agent"]["state_zh"] == "振铃"


def test_earlier_attempts_and_the_promised_time_are_shown(console: ConsoleApp) -> None:
    callback = asks(console, slot=AT_THREE, note="查到了，告诉他", source="desk", call_sid="CAtalk")
    console.clock.at = AT_THREE
    comes_due(console, callback, 1)
    hears(console, dials(console, HEFEI02, callback), "initiated", "ringing", "no-answer")
    tried_at = console.clock()
    comes_due(console, callback, 1801)
    dials(console, HEFEI01, callback)
    shown = ring(console)["callback"]
    assert (shown["attempt"], shown["note"], shown["source_zh"]) == (2, "查到了，告诉他", "咨询员约的")
    assert [row["result_zh"] for row in shown["attempts_before"]] == ["没人接"]
    assert shown["attempts_before"][0]["at"].startswith(tried_at.strftime("%Y-%m-%dT%H:%M"))
    assert shown["slot_from"] == AT_THREE.isoformat()


def test_an_attempt_that_the_carrier_never_began_is_not_counted(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    attempt = dials(console, HEFEI01, callback)
    console.line.callbacks.end(attempt.id, "carrier")
    comes_due(console, callback, 61)
    console.write("UPDATE agent SET cool_until = NULL")
    dials(console, HEFEI01, callback)
    shown = ring(console)["callback"]
    assert (shown["attempt"], shown["attempts_before"]) == (1, [])


def test_a_callback_shows_what_was_pressed_in_the_call_that_asked_for_it(console: ConsoleApp) -> None:
    console.call("CAfirst")
    console.steps("CAfirst", ("main", None), ("guide_topics", "3"), ("guide_list", "3"), ("main", "7"))
    callback = asks(console, call_sid="CAfirst")
    comes_due(console, callback)
    dials(console, HEFEI01, callback)
    assert "问怎么办事：社保卡" in ring(console)["asked_zh"]


def test_the_talk_is_an_ordinary_one_that_still_says_what_it_is(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    attempt = dials(console, HEFEI01, callback)
    picks_up(console, attempt)
    (offer_id,) = console.rows("SELECT offer_id FROM callback_attempt")[0]
    line, call_sid = console.line.waiting, f"CA{attempt.id}"
    assert line.accept(offer_id, "CAleg") is not None and line.connect(offer_id, call_sid) is not None
    at = console.at(HEFEI01)
    desk = at.desk()
    assert (desk["offer"]["status"], desk["offer"]["callback"]["stage"]) == ("connected", "confirmed")
    assert desk["offer"]["caller"]["masked"] == "138****2345" and desk["wrap_up"]["offer_id"] == offer_id
    desk = at.act("hang-up", {"offer": offer_id}).get_json()["desk"]
    assert desk["agent"]["state"] == "wrap_up" and desk["wrap_up"]["offer_id"] == offer_id
    assert console.rows("SELECT end_reason FROM callback") == [("served",)]


def test_who_rang_in_himself_is_no_callback(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    console.write("UPDATE callback SET status = 'ended', ended_at = now(), end_reason = 'joined'")
    console.write("UPDATE queue_entry SET call_sid = 'CAhere', kind = 'call'")
    console.ring(console.on_duty(HEFEI01), console.rows("SELECT id FROM queue_entry")[0][0])
    assert ring(console)["callback"] is None


def test_a_number_is_never_shown_whole_and_its_showing_is_entered(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    dials(console, HEFEI01, callback)
    text = console.at(HEFEI01).client.get("/console/desk").get_data(as_text=True)
    assert CALLER.removeprefix("+86") not in text and "138****2345" in text
    (offer_id,) = console.rows("SELECT id FROM offer")[0]
    assert console.audit("caller_shown") == [("hefei01", "340100", f"offer {offer_id}")]


def test_each_step_of_the_carrier_reaches_the_page(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    dials(console, HEFEI01, callback)
    at = console.at(HEFEI01)

    async def story() -> None:
        async with running(console) as server, server.listen(at) as page:
            await page.until(lambda desk: desk["offer"]["callback"]["stage"] == "dialling")
            # Nobody was told of it: the look at what has moved must see it.
            await asyncio.to_thread(console.write, "UPDATE callback_attempt SET status = 'ringing'")
            await page.until(lambda desk: desk["offer"]["callback"]["stage"] == "ringing")

    asyncio.run(story())


def test_time_going_on_is_no_change_while_it_rings(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    dials(console, HEFEI01, callback)
    at = console.at(HEFEI01)
    before = steady(at.desk())
    console.clock.forward(seconds=3)
    assert steady(at.desk()) == before


# The line: who is only to be rung waits on no telephone


def test_callbacks_are_no_waiting_callers(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    asks(console, LI_QIANG, slot=AT_THREE)
    console.clock.forward(seconds=300)
    console.wait("CAhere", caller="+8613755100001")
    console.clock.forward(seconds=40)
    line = console.at(HEFEI01).desk()["line"]
    assert (line["waiting"], line["longest_wait_seconds"], line["callbacks"]) == (1, 40, 1)
    floor = console.at("hefei").floor()
    (centre,) = floor["centres"]
    assert (centre["waiting"], centre["longest_wait_seconds"]) == (1, 40)
    assert (centre["callbacks_due"], centre["callbacks_scheduled"], centre["callbacks_to_clear"]) == (1, 1, 0)
    rows = [(row["position"], row["is_on_the_telephone"], row["status_zh"]) for row in floor["line"]]
    assert rows == [(1, False, "等着回电"), (2, True, "等待")]


def test_a_line_of_callbacks_only_has_nobody_waiting(console: ConsoleApp) -> None:
    comes_due(console, asks(console))
    line = console.at(HEFEI01).desk()["line"]
    assert (line["waiting"], line["longest_wait_seconds"], line["oldest_at"], line["callbacks"]) == (0, None, None, 1)


def test_who_was_reached_and_waits_has_waited_since_then(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    attempt = dials(console, HEFEI01, callback)
    console.clock.forward(seconds=30)
    # The consultant's page has gone meanwhile.
    AgentDesk(console.line.waiting).reject(console.seat(HEFEI01), attempt.offer_id)
    picks_up(console, attempt)
    console.clock.forward(seconds=12)
    (centre,) = console.at("hefei").floor()["centres"]
    assert (centre["waiting"], centre["longest_wait_seconds"]) == (1, 12)
    (row,) = console.at("hefei").floor()["line"]
    assert (row["is_on_the_telephone"], row["waited_seconds"]) == (True, 12) and row["callback_asked_at"]
    assert console.at(HEFEI02).desk()["line"]["longest_wait_seconds"] == 12


def test_the_floor_says_which_seat_is_calling_back(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    attempt = dials(console, HEFEI01, callback)
    supervisor = console.at("hefei")
    assert supervisor.floor()["agents"][0]["state_zh"] == "正在回电"
    assert supervisor.floor()["line"][0]["status_zh"] == "正在拨打"
    picks_up(console, attempt)
    assert supervisor.floor()["agents"][0]["state_zh"] == "振铃"


def test_the_floor_lists_what_was_not_reached(console: ConsoleApp) -> None:
    callback = rung_in_vain(console, HEFEI01)
    assert console.at("hefei").floor()["callbacks"] == []
    console.write(
        "UPDATE callback SET status = 'ended', not_before = NULL, ended_at = %s, end_reason = 'unreached'",
        console.clock(),
    )
    (row,) = console.at("hefei").floor()["callbacks"]
    assert (row["id"], row["reasons_zh"], row["caller"]["masked"], row["attempts"]) == (
        callback, ["打满次数没接通"], "****2345", 1,
    )  # fmt: skip
    assert console.at("hefei").floor()["centres"][0]["callbacks_to_clear"] == 1
    assert console.at("wuhu").floor()["callbacks"] == []

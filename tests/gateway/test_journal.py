"""Calls of killed gateways are told of by the next one, and never those of a living one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from integrations.gateway.documents import Callback
from integrations.gateway.ended_calls import EndedCall, EndedCalls
from integrations.gateway.journal import Journal, settle
from integrations.gateway.reports import EVERY_EVENT
from integrations.gateway.the_dead import find_ended, report_the_dead
from integrations.gateway.webhooks import Answer
from integrations.settings import PROJECT_DIR
from tests.gateway.scene import BASE, NOON, FakeHotline, QuietSpeech, Stage, build_exchange, document, on_stage
from tests.gateway.virtual_time import run_in_virtual_time

SID = "CA" + "a" * 32
KEEP_A_CALL = """
import sys, time
from pathlib import Path
from integrations.gateway.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.begin(sys.argv[2], "12333")
print("begun", flush=True)
time.sleep(60)
"""


def other_gateway(folder: Path, sid: str = SID) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", KEEP_A_CALL, str(folder), sid]
    process = subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    return process


def left_open(journal: Journal) -> list[str]:
    with journal.of_the_dead() as calls:
        return [call.call_sid for call in calls]


def test_the_calls_of_a_killed_gateway_are_found_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    neighbour = other_gateway(tmp_path)
    journal = Journal(tmp_path)
    try:
        assert left_open(journal) == []
        neighbour.send_signal(signal.SIGKILL)
        neighbour.wait(10)
        assert left_open(journal) == [SID]
        with journal.of_the_dead() as calls:
            for call in calls:
                settle(call)
        assert left_open(journal) == []
        assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == [str(os.getpid())]
    finally:
        neighbour.kill()
        neighbour.wait()
        journal.end()


def test_an_orderly_end_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin(SID, "12333")
    journal.close(SID)
    journal.end()
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_file_still_names_its_call(tmp_path: Path) -> None:
    dead = Journal(tmp_path)
    dead.begin(SID, "12333")
    [path] = tmp_path.rglob("CA*.json")
    path.write_text('{"call')
    dead.end()
    assert left_open(Journal(tmp_path)) == [SID]


def test_no_callers_number_is_in_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin(SID, "12333")
    [path] = tmp_path.rglob("CA*.json")
    assert set(json.loads(path.read_text())) == {"call_sid", "dialled"}


def test_the_hotline_is_told_that_the_calls_of_a_dead_gateway_failed(tmp_path: Path) -> None:
    dead = Journal(tmp_path / "live")
    dead.begin(SID, "0551")
    dead.end()
    hotline = FakeHotline()
    hotline.replies["/ivr/status"] = [ConnectionError("not up yet"), ConnectionError("not up yet"), "<Response/>"]

    async def scene() -> list[int]:
        exchange = build_exchange(hotline, tmp_path, QuietSpeech())
        return [await report_the_dead(exchange) for _ in range(3)]

    assert run_in_virtual_time(scene()) == [0, 1, 0]
    form = hotline.at("/ivr/status")[-1].form
    assert (form["CallSid"], form["CallStatus"], form["To"], form["From"]) == (SID, "failed", "0551", "")


def test_a_call_of_a_dead_gateway_is_known_to_have_failed_also_before_anybody_was_told(tmp_path: Path) -> None:
    dead = Journal(tmp_path / "live")
    dead.begin(SID, "", {"url": f"{BASE}/queueing/leg?offer=7", "method": "POST", "direction": "outbound-api"})
    dead.end()

    async def scene() -> None:
        exchange = build_exchange(FakeHotline({"/queueing/leg?offer=7": [Answer(503, "")]}), tmp_path, QuietSpeech())
        known = find_ended(exchange, SID)
        assert known is not None and (known.status, known.direction, known.dialled) == ("failed", "outbound-api", "")
        for sid in ("CA" + "b" * 32, "CA*", "../live", ""):
            assert find_ended(exchange, sid) is None
        assert await report_the_dead(exchange) == 0
        assert find_ended(exchange, SID) == known

    run_in_virtual_time(scene())


def test_the_calls_of_a_living_neighbour_have_not_ended(tmp_path: Path) -> None:
    neighbour = other_gateway(tmp_path / "live")
    try:

        async def scene() -> None:
            exchange = build_exchange(FakeHotline(), tmp_path, QuietSpeech())
            assert find_ended(exchange, SID) is None
            neighbour.kill()
            neighbour.wait()
            found = find_ended(exchange, SID)
            assert found is not None and found.status == "failed"

        run_in_virtual_time(scene())
    finally:
        neighbour.kill()
        neighbour.wait()


def test_a_call_that_had_ended_before_its_gateway_was_killed_is_reported_as_it_ended(tmp_path: Path) -> None:
    """The hotline was away until then, and did not hear of it."""
    dead = Journal(tmp_path / "live")
    dead.begin(SID, "12333")
    dead.end()
    hotline = FakeHotline()

    async def scene() -> int:
        exchange = build_exchange(hotline, tmp_path, QuietSpeech())
        exchange.ended.keep(EndedCall(SID, "12333", "inbound", "completed", NOON, NOON, 73))
        return await report_the_dead(exchange)

    assert run_in_virtual_time(scene()) == 1
    form = hotline.at("/ivr/status")[-1].form
    assert (form["CallStatus"], form["CallDuration"]) == ("completed", "73")


def test_how_a_call_ended_is_known_for_two_days(tmp_path: Path) -> None:
    today = [NOON]
    ended = EndedCalls(tmp_path / "ended", lambda: today[0])
    for day in range(4):
        today[0] = NOON + timedelta(days=day)
        ended.keep(EndedCall(f"CA{day:032x}", "12333", "inbound", "completed", today[0], today[0], day))
    assert [ended.find(f"CA{day:032x}") is not None for day in range(4)] == [False, True, True, True]
    known = ended.find(f"CA{3:032x}")
    assert known is not None and (known.seconds, known.started_at) == (3, today[0] - timedelta(seconds=3))


def test_a_damaged_note_of_a_call_is_as_none(tmp_path: Path) -> None:
    ended = EndedCalls(tmp_path, lambda: NOON)
    ended.keep(EndedCall(SID, "12333", "inbound", "completed", NOON, NOON))
    [path] = tmp_path.rglob("CA*.json")
    path.write_text('{"sid": 7}')
    assert ended.find(SID) is None


def test_a_disk_that_is_full_keeps_no_call_from_ending(tmp_path: Path) -> None:
    (tmp_path / "ended").write_text("")
    ended = EndedCalls(tmp_path / "ended", lambda: NOON)
    ended.keep(EndedCall(SID, "12333", "inbound", "completed", NOON, NOON))
    assert ended.find(SID) is None


def test_an_ordered_call_is_reported_to_its_own_address(tmp_path: Path) -> None:
    dead = Journal(tmp_path / "live")
    dead.begin(SID, "", {"url": f"{BASE}/queueing/leg?offer=7", "method": "POST", "direction": "outbound-api"})
    dead.end()
    hotline = FakeHotline({"/queueing/leg?offer=7": ["<Response/>"]})

    async def scene() -> int:
        return await report_the_dead(build_exchange(hotline, tmp_path, QuietSpeech()))

    assert run_in_virtual_time(scene()) == 1
    [asked] = hotline.asked
    assert (asked.form["CallStatus"], asked.form["Direction"], asked.form["To"]) == ("failed", "outbound-api", "")


def test_whom_an_ordered_call_rings_is_not_written_down() -> None:
    """A consultant at home, or a caller who is called back."""

    async def steps(stage: Stage) -> tuple[str, str]:
        call = stage.order("+8613855112345", callback=Callback(f"{BASE}/queueing/leg", "POST", EVERY_EVENT))
        await asyncio.sleep(1)
        [live] = Path(stage.folder.name).rglob("CA*.json")
        during = live.read_text()
        await call.wait_until_over(100)
        await stage.close()
        [ended] = Path(stage.folder.name).rglob("CA*.json")
        return during, ended.read_text()

    during, afterwards = on_stage(steps, {"/queueing/leg": document()}, {"+8613855112345": []})
    assert "13855112345" not in during and "13855112345" not in afterwards and "no-answer" in afterwards


def test_a_call_of_whose_end_nobody_wants_to_hear_is_not_in_the_journal() -> None:
    async def steps(stage: Stage) -> list[Path]:
        stage.order("client:agent-17", callback=Callback(f"{BASE}/queueing/leg", "POST", ("ringing",)))
        await asyncio.sleep(1)
        return list(Path(stage.folder.name).rglob("CA*.json"))

    assert on_stage(steps, {"/queueing/leg": document()}, {"client:agent-17": []}) == []


def test_one_report_that_is_not_taken_does_not_hold_up_the_others(tmp_path: Path) -> None:
    dead = Journal(tmp_path / "live")
    dead.begin(SID, "", {"url": f"{BASE}/gone", "method": "POST", "direction": "outbound-api"})
    dead.begin("CA" + "b" * 32, "12333")
    dead.end()
    hotline = FakeHotline({"/gone": [Answer(404, "")]})

    async def scene() -> int:
        return await report_the_dead(build_exchange(hotline, tmp_path, QuietSpeech()))

    assert run_in_virtual_time(scene()) == 1 and hotline.statuses == ["failed"]

"""Calls of killed gateways are told of by the next one, and never those of a living one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from integrations.gateway.calls import Calls
from integrations.gateway.journal import Journal, settle
from integrations.settings import PROJECT_DIR
from tests.gateway.scene import FakeHotline, QuietSpeech, build_exchange
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
        calls = Calls(build_exchange(hotline, tmp_path, QuietSpeech()))
        return [await calls.report_the_dead() for _ in range(3)]

    assert run_in_virtual_time(scene()) == [0, 1, 0]
    form = hotline.at("/ivr/status")[-1].form
    assert (form["CallSid"], form["CallStatus"], form["To"], form["From"]) == (SID, "failed", "0551", "")

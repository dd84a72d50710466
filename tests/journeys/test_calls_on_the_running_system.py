"""Calls over HTTP to the running processes, signed as the carrier signs; processes stopped and killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from integrations.embedded import valkey_in
from integrations.live_store import build_live_store
from integrations.settings import PROJECT_DIR
from integrations.task_queue import DEFAULT_QUEUE, enqueue
from ivr.jobs import enter_missed_calls
from tests.caller import Caller, http_transport
from tests.journeys.conftest import Rows
from tests.running import RunningHotline
from tests.waiting import eventually

Dial = Callable[..., Caller]


def outcome(rows: Rows, caller: Caller) -> object:
    return rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid)[0][0]


def test_key_0_rings_the_desk(dial: Dial, rows: Rows) -> None:
    caller = dial()
    assert "转人工，请按零。" in caller.heard
    caller.press("0").desk("completed", picked_up=True)
    assert caller.is_over and caller.heard[-1] == "感谢您的来电，再见。"
    assert outcome(rows, caller) == "answered"


def test_key_2_plays_the_recordings_of_each_subject(dial: Dial, rows: Rows) -> None:
    caller = dial().press("2")
    for subject in "12345":
        heard = len(caller.heard)
        caller.press(subject)
        assert any(len(sentence) > 100 for sentence in caller.heard[heard:])
        caller.press("*")
    caller.hang_up()
    # A robot listens to nothing: it pressed on at once, so nothing counts as heard.
    assert outcome(rows, caller) in ("abandoned_in_menu", "after_hours")


def test_key_3_reads_a_guide_to_its_end(dial: Dial) -> None:
    caller = dial().press("3").press("5").press("1")
    # By listening on: the same key within 300 ms, as a robot presses it, is one press.
    for _ in range(4):
        caller.wait()
    assert "第五段，去哪里办，怎么问。" in caller.heard
    caller.wait()
    assert "这件事讲完了。" in caller.heard
    caller.hang_up()


def test_key_8_speaks_slowly(dial: Dial) -> None:
    caller = dial().press("8")
    assert 'rate="75%"' in caller.documents[-1]
    assert "我慢慢说，您别着急。" in caller.heard
    caller.hang_up()


def test_a_key_whose_room_is_closed_is_not_spoken_and_says_so_when_pressed(dial: Dial) -> None:
    caller = dial()
    spoken = "".join(caller.heard)
    assert "请按五。" in spoken and "请按四。" not in spoken
    caller.press("4")
    assert "这项服务还没有开通，电话里办不了。" in caller.heard
    caller.hang_up()


def test_silence_repeats_slowly_and_then_connects(dial: Dial) -> None:
    caller = dial().wait()
    assert "没听到您按键，我慢一点再说一遍。" in caller.heard
    caller.wait()
    assert caller.waiting is not None and caller.waiting.verb.tag == "Dial"
    caller.desk("busy").wait()
    assert caller.is_over


def test_a_hefei_number_is_handed_over_from_the_province(dial: Dial, rows: Rows) -> None:
    caller = dial(dialled="12333", caller="+8613855112345").press("1").hang_up()
    assert rows("SELECT first_centre, centre FROM call WHERE call_sid = %s", caller.sid) == [("340000", "340100")]


def test_a_killed_web_process_does_not_lose_the_call(dial: Dial, hotline: RunningHotline) -> None:
    caller = dial().press("2")
    web = hotline.child("web")
    before = {worker.pid for worker in web.children()}
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    caller.press("1")
    assert any("一共" in sentence for sentence in caller.heard)
    eventually(lambda: len({worker.pid for worker in web.children()} - before) >= len(before))
    caller.hang_up()


def test_the_whole_web_server_killed_in_mid_call_is_restarted_and_the_call_goes_on(
    dial: Dial, hotline: RunningHotline
) -> None:
    caller = dial().press("3")
    web = hotline.child("web")
    web.kill()
    # The runner keeps the listening socket: the request waits for the new server instead of being refused.
    caller.press("1")
    assert "您要办哪一件？" in caller.heard
    caller.hang_up()


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """Frozen, as a machine that does not answer."""
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.suspend()
    try:
        yield
    finally:
        for member in family:
            member.resume()


def named(hotline: RunningHotline, name: str) -> psutil.Process:
    return next(process for process in psutil.Process(hotline.process.pid).children() if name in process.name())


def test_a_database_that_hangs_in_mid_call_is_apologised_for_and_the_call_goes_on(
    dial: Dial, hotline: RunningHotline
) -> None:
    caller = dial().press("2")
    assert caller.waiting is not None
    action = caller.waiting.verb.attrib["action"]
    with stopped(named(hotline, "postgres")):
        status, document = caller.request(action, {"Digits": "1"})
    assert status == 200 and "系统出了问题" in document and "try=1" in document
    status, document = caller.request(f"{action}&try=1", {})
    # A server that only hung finishes what it was given: then the key has had its effect, once, and no apology is due.
    assert status == 200 and ("我们接着办" in document or "一共" in document)
    caller.hang_up()


def test_a_killed_database_comes_back_and_the_call_goes_on(dial: Dial, hotline: RunningHotline) -> None:
    caller = dial().press("2")
    named(hotline, "postgres").kill()
    caller.press("1")
    # Either the server was back in time, or the caller heard the apology and followed the redirect.
    assert any("一共" in sentence or "接着办" in sentence for sentence in caller.heard)
    caller.hang_up()


def test_redis_away_is_not_noticed_in_the_menu(dial: Dial, hotline: RunningHotline) -> None:
    # The database was killed a moment ago.
    eventually(lambda: (hotline.get("/readyz")[1] or {}).get("database", {}).get("state") == "ok")
    caller = dial()
    with stopped(named(hotline, "valkey")):
        caller.press("2").press("1").press("*")
        assert not [sentence for sentence in caller.heard if "对不起" in sentence]
        status, ready = hotline.get("/readyz")
        assert (status, ready["redis"]["state"]) == (200, "down")
    caller.hang_up()


def test_a_call_during_an_outage_is_entered_by_the_worker_afterwards(
    dial: Dial, hotline: RunningHotline, rows: Rows
) -> None:
    eventually(lambda: hotline.get("/readyz")[0] == 200)
    known = dial().hang_up()
    caller = Caller(known.base_url, http_transport(), dialled="+8655312333")
    with stopped(named(hotline, "postgres")):
        caller.ring()
    assert caller.is_over and "正在抢修" in caller.heard[-1]
    redis = build_live_store(valkey_in(hotline.var_dir).url)
    assert enqueue(redis, DEFAULT_QUEUE, enter_missed_calls)
    redis.close()
    eventually(lambda: rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid) == [("failed",)])


def test_the_ledger_of_all_these_calls_adds_up(dial: Dial, hotline: RunningHotline, rows: Rows) -> None:
    dial().hang_up()
    proof = subprocess.run(
        [sys.executable, "app.py", "ledger", "--since", "2020-01-01", "--until", "2100-01-01"],
        cwd=PROJECT_DIR,
        env={**os.environ, "VAR_DIR": str(hotline.var_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert "账目相符" in proof.stdout
    assert rows("SELECT count(*) FROM call WHERE ended_at IS NULL") == [(0,)]

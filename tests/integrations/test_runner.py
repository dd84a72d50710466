"""`python app.py run` as an operator meets it: real processes, killed and interrupted."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest

from integrations.settings import PROJECT_DIR
from integrations.supervisor import pause_before_restart
from integrations.work_calendar import SHANGHAI
from ivr.library import fingerprint
from ivr.proof import proof_of
from tests.running import RunningHotline, free_port
from tests.waiting import eventually


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation") / "var"


@pytest.fixture
def hotline(var_dir: Path) -> Iterator[RunningHotline]:
    running = RunningHotline(var_dir).wait_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    """One for the tests that leave it running."""
    running = RunningHotline(tmp_path_factory.mktemp("shared") / "var").wait_ready()
    yield running
    running.end()


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_everything_is_up_and_a_second_instance_is_refused(shared: RunningHotline) -> None:
    status, body = shared.get("/readyz")
    assert status == 200 and body["status"] == "ok"
    assert shared.get("/healthz") == (200, {"status": "ok"})
    for expected in (f"127.0.0.1:{shared.port}", "Ctrl-C", str(shared.var_dir)):
        assert expected in shared.output

    second = RunningHotline(shared.var_dir, is_brief=True)
    assert second.process.wait(20) == 2
    assert f"进程号 {shared.process.pid}" in second.output and "Traceback" not in second.output
    assert shared.get("/healthz")[0] == 200


def test_the_children_are_told_what_the_start_has_proven(shared: RunningHotline) -> None:
    today = datetime.now(SHANGHAI).date()
    # The start may have been before midnight.
    proofs = {proof_of(fingerprint(None), day) for day in (today, today - timedelta(days=1))}
    for name in ("web", "worker", "dispatcher", "streams", "transcriber"):
        assert shared.child(name).environ()["MENUS_PROVEN"] in proofs, name


def test_whoever_has_no_speech_model_is_told_once_how_to_bring_one(shared: RunningHotline) -> None:
    assert shared.output.count("vosk-model-small-cn-0.22") == 1


def test_a_demo_has_made_up_business_systems_with_filled_tables(shared: RunningHotline) -> None:
    address = f"http://127.0.0.1:{shared.sandbox_port}/"
    assert f"业务系统沙盒  {address}" in shared.output
    eventually(lambda: status_of(f"{address}readyz") == 200, 20)
    sandbox = shared.child("sandbox")
    sandbox.kill()
    eventually(lambda: not sandbox.is_running(), 10)
    eventually(lambda: status_of(f"{address}readyz") == 200, 20)


def status_of(url: str) -> int:
    """The status of an answer, 0 when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_killed_child_is_started_again(shared: RunningHotline) -> None:
    for name in ("web", "worker", "clock", "dispatcher", "transcriber"):
        before = shared.child(name)
        before.kill()
        eventually(lambda before=before: not before.is_running(), 10)
        assert shared.child(name).pid != before.pid
        assert f"{name} 已停止（被信号 SIGKILL 结束），正在重新启动" in shared.output
    eventually(lambda: (shared.get("/readyz")[1] or {}).get("status") == "ok", 20)


def test_a_request_during_a_restart_of_the_web_process_waits(shared: RunningHotline) -> None:
    web = shared.child("web")
    family = [web, *web.children()]
    web.kill()
    eventually(lambda: all_gone(family))
    assert shared.get("/healthz") == (200, {"status": "ok"})


def test_killed_servers_are_started_again_with_their_data(shared: RunningHotline) -> None:
    servers = [
        process
        for process in psutil.Process(shared.process.pid).children()
        if process.name() in ("postgres", "valkey-server")
    ]
    assert len(servers) == 2
    for server in servers:
        server.kill()
    eventually(lambda: shared.output.count("SIGKILL 结束），正在重新启动") >= 2, 10)
    eventually(lambda: (shared.get("/readyz")[1] or {}).get("status") == "ok", 90)


def test_an_interrupt_ends_everything(hotline: RunningHotline) -> None:
    family = hotline.descendants()
    assert len(family) > 5
    began = time.monotonic()
    assert hotline.interrupt() == 0
    # About half a second on a quiet machine: with nobody on the line there is nothing to wait for.
    assert time.monotonic() - began < 10
    eventually(lambda: all_gone(family), 5)
    assert "已全部停止" in hotline.output and "Traceback" not in hotline.output


def test_an_interrupt_during_the_start_ends_everything(var_dir: Path) -> None:
    running = RunningHotline(var_dir.parent / "interrupted")
    try:
        eventually(lambda: "正在更新数据库结构" in running.output, 20)
        family = running.descendants()
        assert running.interrupt() == 0
    finally:
        running.end()
    eventually(lambda: all_gone(family), 10)
    assert "Traceback" not in running.output


INTERRUPTED_IN_A_FORK = """
import os, signal, sys
import app, integrations.runner

spawn = integrations.runner.spawn


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass


def spawn_and_be_interrupted(*arguments, **more):
    os.register_at_fork(after_in_parent=interrupt)
    return spawn(*arguments, **more)


integrations.runner.spawn = spawn_and_be_interrupted
sys.exit(app.main(["run"]))
"""


def test_an_interrupt_in_the_middle_of_a_fork_is_not_lost(tmp_path: Path) -> None:
    """Python swallows what is raised in its hooks around a fork."""
    result = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IN_A_FORK],
        cwd=PROJECT_DIR,
        env={**os.environ, "VAR_DIR": str(tmp_path / "var"), "PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "正在更新数据库结构" in result.stdout and "已就绪" not in result.stdout
    assert "已全部停止" in result.stdout


def test_menus_that_cannot_be_used_are_told_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "centres.yaml").write_text("centres: 17\n", encoding="utf-8")
    running = RunningHotline(tmp_path / "var", is_brief=True, HOTLINE_CONFIG=str(tmp_path / "config"))
    assert running.process.wait(60) == 2
    assert "处问题" in running.output and "centres.yaml" in running.output
    assert "Traceback" not in running.output and "已就绪" not in running.output


def test_a_killed_runner_leaves_no_orphan_and_can_start_at_once(hotline: RunningHotline) -> None:
    family = hotline.descendants()
    hotline.process.send_signal(signal.SIGKILL)
    hotline.process.wait(5)
    again = RunningHotline(hotline.var_dir)
    try:
        again.wait_ready()
        eventually(lambda: all_gone(family), 15)
    finally:
        again.end()


def test_a_taken_port_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = RunningHotline(tmp_path / "var", port, is_brief=True)
        assert running.process.wait(20) == 2
    assert f"端口 {port} 已被其他程序占用" in running.output and "PORT=" in running.output
    assert "Traceback" not in running.output


def test_wrong_settings_are_listed_without_a_traceback(tmp_path: Path) -> None:
    running = RunningHotline(tmp_path / "var", is_brief=True, LOG_LEVEL="loud", WEB_THREADS="many")
    assert running.process.wait(20) == 2
    assert "LOG_LEVEL：" in running.output and "WEB_THREADS：" in running.output
    assert "Traceback" not in running.output


def test_pauses_between_restarts_grow_and_end() -> None:
    assert [pause_before_restart(deaths) for deaths in range(1, 8)] == [0, 1, 2, 4, 8, 10, 10]


def test_one_command_needs_its_servers(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    result = subprocess.run(
        [sys.executable, str(PROJECT_DIR / "app.py"), "worker"],
        env={**env, "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 2 and "DATABASE_URL" in result.stderr and "Traceback" not in result.stderr

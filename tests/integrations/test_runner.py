"""`python app.py run` as an operator meets it: real processes, killed and interrupted."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from integrations.settings import PROJECT_DIR
from integrations.supervisor import pause_before_restart
from tests.running import RunningHotline
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

    second = RunningHotline(shared.var_dir)
    assert second.process.wait(20) == 2
    assert f"进程号 {shared.process.pid}" in second.output and "Traceback" not in second.output
    assert shared.get("/healthz")[0] == 200


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
    for name in ("web", "worker", "clock"):
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
    assert hotline.interrupt() == 0
    eventually(lambda: all_gone(family), 5)
    assert "已全部停止" in hotline.output and "Traceback" not in hotline.output


def test_an_interrupt_during_the_start_ends_everything(var_dir: Path) -> None:
    running = RunningHotline(var_dir.parent / "interrupted")
    eventually(lambda: "正在更新数据库结构" in running.output, 20)
    family = running.descendants()
    assert running.interrupt() == 0
    eventually(lambda: all_gone(family), 10)
    assert "Traceback" not in running.output


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
        running = RunningHotline(tmp_path / "var", port)
        assert running.process.wait(20) == 2
    assert f"端口 {port} 已被其他程序占用" in running.output and "PORT=" in running.output
    assert "Traceback" not in running.output


def test_wrong_settings_are_listed_without_a_traceback(tmp_path: Path) -> None:
    running = RunningHotline(tmp_path / "var", LOG_LEVEL="loud", WEB_THREADS="many")
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

"""The process as an operator meets it: the page, who is let in, start and end, and what it takes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from app import _uses_the_sandbox as uses_the_sandbox
from integrations.demo_keys import DemoKeys
from integrations.sandbox import keys
from integrations.settings import PROJECT_DIR, Settings
from tests.integrations.sandbox.clients import look_up_medical
from tests.integrations.sandbox.test_switches import hanging
from tests.integrations.sandbox_process import TOKEN, SandboxProcess
from tests.running import free_port
from tests.waiting import eventually

WANG_FANG = "340103198503089983"
MOST_BYTES = 120_000_000
HOST = {"Host": "127.0.0.1"}


def test_the_page_lists_whom_to_try_and_every_switch(sandbox: SandboxProcess) -> None:
    look_up_medical(sandbox.port, WANG_FANG)
    status, body = sandbox.get("/")
    page = body.decode()
    assert status == 200
    for person in sandbox.population.people[:14]:
        assert person.name in page and (person.pin or "没有设") in page and person.shows in page
    assert "340103 19850308 9983" in page and page.count('action="/admin/switch"') == 6
    assert "*" * 14 + "9983" in page and WANG_FANG not in page
    assert "http://127.0.0.1" in page and "没有成功" not in page


def test_a_switch_on_the_page_turns_it_and_shows_the_page_again(sandbox: SandboxProcess) -> None:
    form = f"token={TOKEN}&system=medical&mode=slow&ms=1&p=0.5&times=&twist=broken"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = sandbox.request("POST", "/admin/switch", form, headers)
    assert status == 303 and sandbox.state()["switches"]["medical"]["mode"] == "slow"
    assert sandbox.state()["switches"]["medical"]["times"] is None
    assert 'id="medical"' in sandbox.get("/")[1].decode()
    assert sandbox.request("POST", "/admin/reset", f"token={TOKEN}&cards=1", headers)[0] == 303
    assert sandbox.state()["switches"]["medical"]["mode"] == "normal"


def test_json_that_says_it_is_a_form_is_json(sandbox: SandboxProcess) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Sandbox-Token": TOKEN}
    status, body = sandbox.request("POST", "/admin/switch", '{"system": "medical", "mode": "down"}', headers)
    assert (status, body) == (200, b'{"system": "medical", "mode": "down"}')


@pytest.mark.parametrize("path", ["switch", "reset", "asked", "writes", "shape"])
def test_nothing_is_turned_or_told_without_the_token(sandbox: SandboxProcess, path: str) -> None:
    for headers in ({}, {"X-Sandbox-Token": "guessed"}):
        assert sandbox.request("POST", f"/admin/{path}", '{"system": "medical", "mode": "down"}', headers)[0] == 403
    assert sandbox.get("/admin/state")[0] == 403
    assert sandbox.state()["switches"]["medical"]["mode"] == "normal"


@pytest.mark.parametrize("headers", [{"Host": "evil.example.cn"}, {"X-Forwarded-For": "203.0.113.7"}])
def test_the_page_and_its_switches_are_for_this_machine(sandbox: SandboxProcess, headers: dict[str, str]) -> None:
    assert sandbox.get("/", headers)[0] == 403
    assert sandbox.request("POST", "/admin/reset", "{}", headers | {"X-Sandbox-Token": TOKEN})[0] == 403
    assert sandbox.get("/healthz", headers)[0] == 200


def test_the_token_lies_beside_the_state_for_our_user_alone(sandbox: SandboxProcess) -> None:
    token = sandbox.state_dir / "token"
    assert token.read_text() == TOKEN and token.stat().st_mode & 0o077 == 0


def test_without_a_database_everything_else_is_there(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path)
    try:
        assert sandbox.get("/readyz")[0] == 200 and sandbox.state()["exchange"]["state"] == "off"
        assert look_up_medical(sandbox.port, WANG_FANG)["infcode"] in (0, "0")
    finally:
        sandbox.end()


def test_a_database_that_cannot_be_reached_is_said_and_holds_nothing_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "integrations.sandbox", "--port", "0", "--state", str(tmp_path)]
    command += ["--token", TOKEN, "--database", f"postgresql://who:hush@127.0.0.1:{free_port()}/none"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_DIR, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        assert look_up_medical(port, WANG_FANG)["infcode"] in (0, "0")
        eventually(lambda: "没有成功" in answer_of(f"http://127.0.0.1:{port}/"))
        assert "hush" not in answer_of(f"http://127.0.0.1:{port}/")
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


def answer_of(url: str) -> str:
    """The body of a good answer, "" for any other or none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_when_told_though_clients_hang(tmp_path: Path, number: int) -> None:
    sandbox = SandboxProcess(tmp_path)
    sandbox.turn("medical", "hang")
    waiting = [hanging(sandbox) for _ in range(20)]
    eventually(lambda: sandbox.asked("medical") == 20)
    begun = time.monotonic()
    assert sandbox.end(number) == 0
    assert time.monotonic() - begun < 20
    for connection in waiting:
        connection.close()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "integrations.sandbox", "--port", str(port), "--state", str(tmp_path)]
        done = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert f"端口 {port} 已被其他程序占用" in done.stderr and "SANDBOX_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "integrations.sandbox", "--port", "0", "--state", str(tmp_path / "file" / "in")]
    done = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and re.search("沙盒无法写入文件夹", done.stderr) and "Traceback" not in done.stderr


def test_it_is_up_in_two_seconds_of_work_and_stays_small(tmp_path: Path, postgres_url: str) -> None:
    sandbox = SandboxProcess(tmp_path, postgres_url)
    try:
        # Time of its own: other work on the machine does not count.
        used = psutil.Process(sandbox.process.pid).cpu_times()
        assert used.user + used.system < 2
        for person in sandbox.population.people[:300]:
            look_up_medical(sandbox.port, person.id_number)
        waiting = [hanging(sandbox) for _ in range(200)]
        eventually(lambda: sandbox.asked("medical") == 500)
        assert psutil.Process(sandbox.process.pid).memory_info().rss < MOST_BYTES
        for connection in waiting:
            connection.close()
    finally:
        sandbox.end()


# `python app.py sandbox`


def command(folder: Path, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROJECT_DIR / "app.py"), "sandbox"],
        env={**os.environ, "VAR_DIR": str(folder), "LOG_JSON": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_command_serves_on_its_port_with_the_tables_of_the_installation(tmp_path: Path, postgres_url: str) -> None:
    port = free_port()
    process = command(tmp_path, SANDBOX_PORT=str(port), DATABASE_URL=postgres_url)
    try:
        eventually(lambda: answer_of(f"http://127.0.0.1:{port}/readyz"), 20)
        assert (tmp_path / "sandbox" / "token").is_file()
        assert look_up_medical(port, WANG_FANG)["infcode"] in (0, "0")
        assert psutil.Process(process.pid).memory_info().rss < MOST_BYTES
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0 and "Traceback" not in output and "exchange_filled" in output


def test_the_command_is_for_demos(tmp_path: Path) -> None:
    process = command(tmp_path, DEMO="0")
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2 and output.strip() == "沙盒里的业务系统是编的，只能在本机演示时使用。"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (None, True),
        ("address: 'https://a.example.cn'\n", False),
        ("address: '{sandbox}/x'\n", True),
    ],
)
def test_whoever_has_business_systems_of_their_own_needs_no_sandbox(
    tmp_path: Path, own: str | None, expected: bool
) -> None:
    if own is not None:
        (tmp_path / "systems.yaml").write_text(own, encoding="utf-8")
    assert uses_the_sandbox(settings_of(tmp_path, HOTLINE_CONFIG=str(tmp_path))) is expected


def test_a_demo_knows_what_the_sandbox_lets_in(tmp_path: Path) -> None:
    published = {keys.MEDICAL_SIGN_KEY, keys.MEDICAL_SM4_KEY, keys.CARD_PASSWORD, *keys.PENSION_TOKENS.values()}
    assert published == set(settings_of(tmp_path).system_secrets.values())


def settings_of(folder: Path, **env: str) -> Settings:
    made = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
    return Settings.from_env({"VAR_DIR": str(folder / "var"), **env}, load_demo_keys=lambda var_dir: made)

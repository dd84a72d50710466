"""`python app.py gateway` as an operator meets it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from integrations.settings import PROJECT_DIR
from tests.running import free_port
from tests.waiting import eventually


def start(folder: Path, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROJECT_DIR / "app.py"), "gateway"],
        env={**os.environ, "VAR_DIR": str(folder), "LOG_JSON": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    port = free_port()
    gateway = start(tmp_path, GATEWAY_PORT=str(port))
    try:
        eventually(lambda: answers(port), 20)
        gateway.send_signal(signal.SIGTERM)
        output, _ = gateway.communicate(timeout=10)
    finally:
        gateway.kill()
    assert gateway.returncode == 0 and "Traceback" not in output
    assert list((tmp_path / "gateway" / "live").iterdir()) == []


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        gateway = start(tmp_path, GATEWAY_PORT=str(port))
        output, _ = gateway.communicate(timeout=20)
    assert gateway.returncode == 1
    assert f"端口 {port} 已被其他程序占用" in output and "GATEWAY_PORT" in output and "Traceback" not in output


def test_with_a_carriers_account_it_is_not_needed(tmp_path: Path) -> None:
    gateway = start(tmp_path, TWILIO_ACCOUNT_SID="AC" + "1" * 32)
    output, _ = gateway.communicate(timeout=20)
    assert gateway.returncode == 2 and "不需要语音网关" in output

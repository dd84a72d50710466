"""The sandbox as a process of its own, from the test's side.

sandbox = SandboxProcess(folder, database_url)      # the database is only needed for the exchange tables
sandbox.turn("medical", "slow", ms=1500)
sandbox.turn("exchange", "stale", days=9)
sandbox.asked("medical", about=person.id_number)    # how often
sandbox.reset()                                     # between tests
sandbox.end()
"""

import json
import signal
import subprocess
import sys
from datetime import date, datetime
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sandbox.exchange import reader_url
from integrations.sandbox.people import Population, build_population
from integrations.settings import PROJECT_DIR
from tests.waiting import eventually

TOKEN = "test-token"
START_SECONDS, STOP_SECONDS = 30.0, 10.0


class SandboxProcess:
    """`python -m integrations.sandbox` on a free port. Its people are those of `population`."""

    def __init__(self, state_dir: Path, database_url: str | None = None, port: int = 0) -> None:
        self.state_dir = state_dir
        self.reader_url = reader_url(database_url) if database_url else None
        self.today: date = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        command = [sys.executable, "-m", "integrations.sandbox", "--port", str(port), "--state", str(state_dir)]
        command += ["--token", TOKEN, "--today", self.today.isoformat()]
        command += ["--database", database_url] if database_url else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_DIR)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        if database_url:
            eventually(lambda: self.get("/readyz")[0] == 200, START_SECONDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def population(self) -> Population:
        """The same people, made here."""
        return build_population(self.today)

    def turn(self, system: str, mode: str, **how: Any) -> None:
        """Turn a switch; `how` is ms, p, twist, times, operation or days."""
        self.admin("switch", system=system, mode=mode, **how)

    def shape(self, shape: str) -> None:
        """How the medical platform writes its output: "plain", "sealed", or "" for by person."""
        self.admin("shape", shape=shape)

    def reset(self, *, cards: bool = False) -> None:
        """All systems normal, nothing was ever asked; with `cards` no card was ever frozen by telephone."""
        self.admin("reset", cards=cards)

    def asked(self, system: str, operation: str = "", about: str = "") -> int:
        """How often, since the start or the last reset: a system, an operation of it, about an ID or a card number."""
        return int(self.admin("asked", system=system, operation=operation, about=about)["count"])

    def writes(self, system: str, card: str) -> dict[str, int]:
        """What came for one card: received, frozen, already, released, refused."""
        return self.admin("writes", system=system, card=card)

    def state(self) -> dict[str, Any]:
        """Switches, counts and the last requests."""
        status, content = self.get("/admin/state", {"X-Sandbox-Token": TOKEN})
        assert status == 200
        return dict(json.loads(content))

    def admin(self, action: str, **given: Any) -> dict[str, Any]:
        """One administrative request; fails the test when it is refused."""
        status, content = self.request("POST", f"/admin/{action}", json.dumps(given), {"X-Sandbox-Token": TOKEN})
        assert status == 200, content.decode()
        return dict(json.loads(content))

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        return self.request("GET", path, None, headers or {})

    def request(self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """(status, body) of one request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def end(self, signal_number: int = signal.SIGTERM) -> int:
        """End it; returns the exit code."""
        self.process.send_signal(signal_number)
        code = self.process.wait(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

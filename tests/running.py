"""Starting the real `python app.py run` in a folder of its own, for tests that need everything."""

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import psutil

from integrations.settings import PROJECT_DIR
from tests.waiting import eventually

START_SECONDS = 240.0
# One for all test processes of this machine.
TURN_PATH = Path(tempfile.gettempdir()) / f"hotline-start-{os.getuid()}.lock"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Turn:
    """Hotlines start one at a time, or all would run out of time. Within one process the newest start counts."""

    _held: IO[str] | None = None

    @classmethod
    def take(cls) -> None:
        cls.give_back()
        file = open(TURN_PATH, "w", encoding="utf-8")  # noqa: SIM115
        fcntl.flock(file, fcntl.LOCK_EX)
        cls._held = file

    @classmethod
    def give_back(cls) -> None:
        if cls._held is not None:
            cls._held.close()
            cls._held = None


class RunningHotline:
    """`python app.py run` on its own port and data folder; `output` is what it has printed so far.

    Its start has the machine to itself until `wait_ready` or `end`; `is_brief` is for one that will not come up.
    """

    def __init__(self, var_dir: Path, port: int | None = None, is_brief: bool = False, **env: str) -> None:
        self.var_dir = var_dir
        self.port = port or free_port()
        self.gateway_port = free_port()
        self.stream_port = free_port()
        self.sandbox_port = free_port()
        self._log = Path(tempfile.mkstemp(prefix="output-", dir=var_dir.parent)[1])
        self._env = {
            **os.environ,
            "VAR_DIR": str(var_dir),
            "PORT": str(self.port),
            "GATEWAY_PORT": str(self.gateway_port),
            "STREAM_PORT": str(self.stream_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "LOG_JSON": "0",
            # A made-up year would be in the way of most tests, and costs its start.
            "DEMO_HISTORY_DAYS": "0",
            **env,
        }
        if not is_brief:
            _Turn.take()
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROJECT_DIR / "app.py"), "run"],
                env=self._env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def get(self, path: str) -> tuple[int, Any]:
        """(status, JSON); status 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def wait_ready(self) -> "RunningHotline":
        """Return when everything is up; fails with the output when it does not come up."""
        try:
            eventually(lambda: self.is_ready or self.process.poll() is not None, START_SECONDS)
        except AssertionError:
            # Whoever asked never gets to end it.
            self.end()
            raise AssertionError(self.output) from None
        finally:
            _Turn.give_back()
        assert self.is_ready, self.output
        return self

    @property
    def is_ready(self) -> bool:
        return "热线已就绪" in self.output

    def child(self, command: str) -> psutil.Process:
        """The running `app.py <command>` that the runner started itself."""
        # The runner waits longer before each restart of a child that keeps dying.
        return eventually(lambda: self._find(command), 30.0)

    def _find(self, command: str) -> psutil.Process | None:
        for process in psutil.Process(self.process.pid).children():
            try:
                if command in process.cmdline():
                    return process
            except psutil.Error:
                continue
        return None

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        _Turn.give_back()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def end(self) -> None:
        """For clean-up: whatever state it is in."""
        _Turn.give_back()
        if self.process.poll() is None:
            self.interrupt()

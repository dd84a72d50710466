"""A worker seen from its parent: started, asked, listened to with a deadline, ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from integrations.processes import describe_exit
from integrations.settings import PROJECT_DIR

_SAID_BYTES = 300
_LEAVING_SECONDS = 2.0


class Died(Exception):
    """The process is gone; the message says how it ended and what it said last."""


class Silent(Exception):
    """No answer by the deadline."""


class WorkerProcess:
    """One `worker`, idle or at a file. Not thread-safe but for `kill`."""

    def __init__(self, folder: Path, memory_mb: int, files: int) -> None:
        # What the libraries print would flood our log; the end of it is kept for when the process dies.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        arguments = [str(os.getpid()), str(folder), str(memory_mb), str(files)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "integrations.transcriber.worker", *arguments],
            cwd=PROJECT_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._replies = self._process.stdin, self._process.stdout
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)
        self._unread = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: dict[str, Any]) -> None:
        """Raises Died."""
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except OSError:
            raise Died(self._how_it_ended()) from None

    def answer(self, deadline: float) -> dict[str, Any]:
        """Its next line; `deadline` is of time.monotonic(). Raises Died and Silent."""
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                raise Silent()
            content = os.read(self._replies.fileno(), 65_536)
            if not content:
                raise Died(self._how_it_ended())
            self._unread += content
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def kill(self) -> None:
        """At once; from any thread."""
        self._process.kill()

    def end(self, *, kindly: bool) -> None:
        """Let it leave, or kill it; it is gone afterwards."""
        with contextlib.suppress(OSError):
            self._requests.close()
        if kindly:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LEAVING_SECONDS)
        self._process.kill()
        self._process.wait()
        self._replies.close()
        self._said.close()

    def _how_it_ended(self) -> str:
        self._process.kill()
        ended = describe_exit(self._process.wait())
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - _SAID_BYTES))
        said = self._said.read().decode("utf-8", errors="replace").strip()
        return f"{ended}: {said}" if said else ended

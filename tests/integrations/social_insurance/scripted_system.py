"""A business system that answers whatever a test tells it to, in a process of its own, over real connections.

Tests hand it replies, used up one after the other, the last one for ever; it keeps what it was asked. Modes of a
reply: normal; hang (nothing comes until it is let go); drip (a byte `every` so often, never to the end); half (the
whole length is announced and half of it comes); cut (the connection is closed without a word); unended (chunks
without the last one).
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.settings import PROJECT_DIR

CONTROL = "/control"
DRIP_SECONDS = 0.03


class Script:
    """What is to be answered, and what was asked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.release = threading.Event()
        self.clear()

    def clear(self) -> None:
        self.release.set()
        self.release = threading.Event()
        self.replies: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self.hanging = 0

    def next(self) -> dict[str, Any]:
        with self.lock:
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body would otherwise wait for each other's acknowledgement.
    disable_nagle_algorithm = True
    script: Script

    def setup(self) -> None:
        super().setup()
        self.is_counted = False

    def do_GET(self) -> None:
        if self.path == CONTROL:
            script = self.script
            told = {"requests": script.requests, "connections": script.connections, "hanging": script.hanging}
            self._send(200, json.dumps(told).encode(), {})
        else:
            self._answer("")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == CONTROL:
            self._control(json.loads(body))
        else:
            self._answer(body.decode())

    def _control(self, told: dict[str, Any]) -> None:
        if told.pop("clear", False):
            self.script.clear()
        if told.pop("release", False):
            self.script.release.set()
            self.script.release = threading.Event()
        if "replies" in told:
            self.script.replies = told["replies"]
        self._send(200, b"{}", {})

    def _answer(self, body: str) -> None:
        script = self.script
        if not self.is_counted:
            self.is_counted = True
            script.connections += 1
        script.requests.append(
            {"method": self.command, "path": self.path, "headers": dict(self.headers.items()), "body": body}
        )
        reply = script.next()
        mode = reply.get("mode", "normal")
        data = bytes.fromhex(reply["hex"]) if "hex" in reply else reply.get("body", "").encode()
        with suppress(OSError):
            getattr(self, f"_{mode}")(reply, data)

    def _normal(self, reply: dict[str, Any], data: bytes) -> None:
        self._send(reply.get("status", 200), data, reply.get("headers", {}))

    def _hang(self, reply: dict[str, Any], data: bytes) -> None:
        release = self.script.release
        self.script.hanging += 1
        release.wait()
        self.close_connection = True

    def _drip(self, reply: dict[str, Any], data: bytes) -> None:
        release = self.script.release
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not release.wait(reply.get("every", DRIP_SECONDS)):
            self.wfile.write(b" ")
        self.close_connection = True

    def _half(self, reply: dict[str, Any], data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def _unended(self, reply: dict[str, Any], data: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.close_connection = True

    def _cut(self, reply: dict[str, Any], data: bytes) -> None:
        self.close_connection = True

    def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


class ScriptedSystem:
    """The process, as a test holds it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_DIR)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def answers(self, *replies: Mapping[str, Any] | str) -> None:
        """From now on: these in turn, the last one for ever. Words are a body; what was asked before is forgotten."""
        told = [{"body": reply} if isinstance(reply, str) else dict(reply) for reply in replies]
        self._control("POST", {"clear": True, "replies": told})

    def let_go(self) -> None:
        """Whoever waits is let go."""
        self._control("POST", {"release": True})

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What it was asked since it was last told what to answer."""
        requests: list[dict[str, Any]] = self._control("GET")["requests"]
        return requests

    @property
    def connections(self) -> int:
        """How many connections asked something."""
        return int(self._control("GET")["connections"])

    @property
    def hanging(self) -> int:
        """How many questions were left without an answer."""
        return int(self._control("GET")["hanging"])

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _control(self, method: str, told: dict[str, Any] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, CONTROL, body=json.dumps(told or {}))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def main() -> None:
    Handler.script = Script()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

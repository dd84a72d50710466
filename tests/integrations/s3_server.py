"""An S3 server to keep things in, as a process of its own, and a line to it that breaks."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

from integrations.settings import Settings
from integrations.storage import Storage, build_storage
from tests.conftest import TEST_KEYS
from tests.running import free_port
from tests.waiting import eventually

BUCKET = "talks"
# A list longer than that comes in several answers.
PAGE_OF_KEYS = 10


class S3Server:
    """moto's server: the S3 protocol over HTTP, everything kept in its memory."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE_OF_KEYS)},
            )
        eventually(self._make_bucket, 30.0)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _make_bucket(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("PUT", f"/{BUCKET}")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def bucket_url(port: int, prefix: str = "") -> str:
    return f"s3://{BUCKET}{prefix}?endpoint=http://127.0.0.1:{port}"


def storage_at(url: str) -> Storage:
    """The storage that an installation with this STORAGE_URL has."""
    env = {"STORAGE_URL": url, "AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "a-secret"}
    return build_storage(Settings.from_env(env, load_demo_keys=lambda var_dir: TEST_KEYS))


class StallingLine:
    """A port that passes on so many bytes to the server and then no more, as a line does that is about to break."""

    def __init__(self, target_port: int, stall_after: int) -> None:
        self._target_port = target_port
        self._left = stall_after
        self.has_stalled = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target_port))
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, contextlib.suppress(OSError):
            while (data := near.recv(65536)) and self._left > 0:
                far.sendall(data)
                self._left -= len(data)
            self.has_stalled.set()
            # Nothing goes on until the sender is gone.
            while near.recv(65536):
                pass

    def _back(self, far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)

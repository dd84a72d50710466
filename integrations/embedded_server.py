"""What the embedded servers have in common: a data folder, a socket, a log, a child process."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import BinaryIO, ClassVar

import psutil

from integrations.errors import HotlineError
from integrations.processes import signal_group, spawn, wait_for_exit
from integrations.server_user import run_as, server_owner
from integrations.socket_dirs import prepare_socket_dir, remove_socket_dir, socket_dir_for

LOG_LIMIT_BYTES = 10_000_000
LEFTOVER_WAIT_SECONDS = 15.0


class EmbeddedServer(ABC):
    """One server over one data folder. Use: prepare(), start(), wait_ready(), url, stop()."""

    name: ClassVar[str]
    process_name: ClassVar[str]
    stop_signal: ClassVar[int]

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.socket_dir = socket_dir_for(self.data_dir)
        self.log_path = self.data_dir.parent / f"{self.data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._owner: tuple[int, int] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address for clients."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line of the server."""

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder usable; safe to call at every start."""

    @abstractmethod
    def is_ready(self) -> bool:
        """True when the server answers."""

    @property
    def owner(self) -> tuple[int, int]:
        """(uid, gid) the server runs as."""
        if self._owner is None:
            self._owner = server_owner()
        return self._owner

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as a child; it ends by itself when we die."""
        self.end_leftovers()
        prepare_socket_dir(self.socket_dir, self.owner)
        with self._open_log() as log:
            self.process = spawn(
                self.command(),
                parent_death_signal=self.stop_signal,
                stdout=log,
                stderr=subprocess.STDOUT,
                **run_as(self.owner),
            )
        return self.process

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Return when the server answers. Raises HotlineError, with the log's end, when it does not."""
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            exited = self.process is None or self.process.poll() is not None
            if exited or time.monotonic() > deadline:
                raise HotlineError(
                    f"{self.name} did not start: {self.log_tail()}",
                    f"{self.name} 没有启动成功，日志在 {self.log_path}。",
                )
            time.sleep(0.02)

    def stop(self, timeout: float = 20.0) -> None:
        """End the server in an orderly way, by force after `timeout` seconds."""
        if self.process is None:
            return
        if self.process.poll() is None:
            # Only the server itself: PostgreSQL tells its own children what to do.
            self.process.send_signal(self.stop_signal)
            if not wait_for_exit(self.process, timeout):
                signal_group(self.process, signal.SIGKILL)
                self.process.wait()
        self.process = None
        remove_socket_dir(self.socket_dir)

    def end_leftovers(self) -> None:
        """Wait for processes of a killed predecessor to leave our data folder, ending them if needed.

        Only processes that work inside this very folder count. Raises HotlineError when one stays.
        """
        started = time.monotonic()
        asked: set[int] = set()
        while leftovers := self._leftovers():
            waited = time.monotonic() - started
            if waited > LEFTOVER_WAIT_SECONDS:
                raise HotlineError(
                    f"{self.name} is still running on {self.data_dir}",
                    f"{self.data_dir} 仍被另一个 {self.name} 进程使用，请先结束它。",
                )
            signal_number = self.stop_signal if waited < LEFTOVER_WAIT_SECONDS / 2 else signal.SIGKILL
            for process in leftovers:
                if signal_number == signal.SIGKILL or process.pid not in asked:
                    self._end_leftover(process, signal_number)
            asked |= {process.pid for process in leftovers}
            time.sleep(0.05)

    def log_tail(self) -> str:
        """The last lines of the server's log, for an error message."""
        try:
            return self.log_path.read_text(encoding="utf-8", errors="replace")[-1500:]
        except OSError:
            return ""

    def is_main(self, process: psutil.Process) -> bool:
        """True for the server itself, False for a helper process that ends with it."""
        return True

    def _end_leftover(self, process: psutil.Process, signal_number: int) -> None:
        try:
            if signal_number == signal.SIGKILL or self.is_main(process):
                process.send_signal(signal_number)
        except psutil.NoSuchProcess:
            pass

    def _leftovers(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["name"]):
            if process.info["name"] != self.process_name:
                continue
            try:
                if Path(process.cwd()) == self.data_dir.resolve():
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def _open_log(self) -> BinaryIO:
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        descriptor = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "ab")

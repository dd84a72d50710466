"""Behind `python app.py run`: everything the hotline needs, started, watched and ended in order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from integrations.embedded import postgres_in, valkey_in
from integrations.embedded_server import EmbeddedServer
from integrations.errors import HotlineError
from integrations.instance_lock import CannotStart, open_listening_socket, take_instance_lock
from integrations.processes import signal_group, spawn
from integrations.readiness import missing_parts
from integrations.settings import Settings
from integrations.supervisor import Managed, Supervisor
from integrations.terminal import Terminal, survive_closed_output

EXIT_OK, EXIT_FAILED, EXIT_CANNOT_START = 0, 1, 2
SERVER_START_SECONDS = 60.0
READY_SECONDS = 60.0
TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Child:
    """One of our own processes: `python app.py <arguments>`. One that listens inherits the socket.

    One that ends first says goodbye to the others, which are told to end after it.
    """

    name: str
    arguments: Sequence[str]
    listens: bool = False
    ends_first: bool = False


@dataclass(frozen=True)
class Welcome:
    """What is shown when everything is up: (label, address) lines, and what the operator should know."""

    addresses: Sequence[tuple[str, str]]
    hints: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """What `python app.py prepare` hands back: what it has proven, for the children, and the logins of a demo."""

    menus_proven: str = ""
    demo_logins: str = ""

    def send(self, descriptor: int) -> None:
        """Write it to the descriptor that the runner gave, and close that."""
        with os.fdopen(descriptor, "w", encoding="utf-8") as pipe:
            json.dump({"menus_proven": self.menus_proven, "demo_logins": self.demo_logins}, pipe)


class _Stop(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived."""


class Runner:
    """Runs once: lock, port, servers, steps, children, then watches until a signal comes."""

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        app_file: Path,
        children: Sequence[Child],
        welcome: Welcome,
    ) -> None:
        self._settings = settings
        self._env = dict(env)
        self._app_file = app_file.resolve()
        self._children = children
        self._welcome = welcome
        self._terminal = Terminal(relay=not settings.log_json)
        self._own = Supervisor(self._terminal)
        self._servers = Supervisor(self._terminal)
        self._listener: socket.socket | None = None
        self._report = Report()
        self._signals = 0
        self._is_forking = False

    def run(self) -> int:
        """Returns the exit code: 0 after Ctrl-C, 1 when the start failed, 2 when we could not start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            with take_instance_lock(self._settings.var_dir):
                return self._run_locked()
        except CannotStart as error:
            print(error.sentence, file=sys.stderr)
            return EXIT_CANNOT_START
        except _Stop:
            return EXIT_OK

    def _run_locked(self) -> int:
        started = time.monotonic()
        try:
            self._listener = open_listening_socket(self._settings)
            self._start(started)
            while True:
                self._watch()
        except CannotStart:
            raise
        except HotlineError as error:
            print(f"{error.sentence}\n{error.detail}", file=sys.stderr)
            return EXIT_FAILED
        except (_Stop, BrokenPipeError):
            return EXIT_OK
        finally:
            self._stop_everything()

    def _start(self, started: float) -> None:
        self._terminal.say("12333 热线正在启动（按 Ctrl-C 停止）")
        self._start_servers()
        self._prepare("正在更新数据库结构、写入初始数据")
        for child in self._children:
            self._heed_signals()
            self._own.add(Managed(child.name, lambda child=child: self._spawn(child), ends_first=child.ends_first))
        self._wait_until_ready()
        self._say_welcome(time.monotonic() - started)

    def _start_servers(self) -> None:
        var_dir, settings = self._settings.var_dir, self._settings
        if settings.database_url is None:
            self._start_server("正在准备数据库", "DATABASE_URL", postgres_in(var_dir))
        if settings.redis_url is None:
            self._start_server("正在准备 Redis 服务", "REDIS_URL", valkey_in(var_dir))

    def _start_server(self, text: str, variable: str, server: EmbeddedServer) -> None:
        self._heed_signals()
        with self._terminal.step(text):
            server.prepare()
            child = Managed(server.name, server.start, server.stop_signal, stop_seconds=20.0)
            self._servers.add(child)
            server.wait_ready(SERVER_START_SECONDS)
        self._env[variable] = server.url

    def _prepare(self, text: str) -> None:
        """All that comes before the children, in one process: each would import most of the program again."""
        with self._terminal.step(text):
            reads, writes = os.pipe()
            with os.fdopen(reads, encoding="utf-8") as pipe:
                try:
                    command = [sys.executable, str(self._app_file), "prepare", "--report-fd", str(writes)]
                    process = self._fork(command, subprocess.PIPE, subprocess.STDOUT, (writes,))
                finally:
                    os.close(writes)
                output = self._wait_for(process)
                if process.returncode == EXIT_CANNOT_START:
                    raise CannotStart(output, output)
                if process.returncode != 0:
                    raise HotlineError(output, f"{text}时出错，程序没有启动。")
                self._report = Report(**json.load(pipe))

    def _wait_for(self, process: subprocess.Popen[bytes]) -> str:
        """What a step has printed until its end."""
        try:
            while True:
                self._heed_signals()
                try:
                    output, _ = process.communicate(timeout=TICK_SECONDS)
                    return output.decode("utf-8", errors="replace").strip()
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            # Nobody watches it any more, and the database is to end.
            signal_group(process, signal.SIGKILL)
            process.wait()
            raise

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(self._app_file), *child.arguments]
        fds: tuple[int, ...] = ()
        if child.listens and self._listener is not None:
            fds = (self._listener.fileno(),)
            command += ["--listen-fd", str(fds[0])]
        pipe = subprocess.PIPE if self._terminal.relay else None
        merge = subprocess.STDOUT if self._terminal.relay else None
        return self._fork(command, pipe, merge, fds)

    def _fork(
        self, command: list[str], stdout: int | None, stderr: int | None, fds: tuple[int, ...]
    ) -> subprocess.Popen[bytes]:
        self._is_forking = True
        try:
            return spawn(command, env=self._child_env(), stdout=stdout, stderr=stderr, pass_fds=fds)
        finally:
            self._is_forking = False

    def _child_env(self) -> dict[str, str]:
        # Their output is a pipe, so they could not see for themselves whether a person reads it.
        ours = {"LOG_JSON": str(int(self._settings.log_json)), "PYTHONUNBUFFERED": "1"}
        return {**self._env, **ours, "MENUS_PROVEN": self._report.menus_proven}

    def _wait_until_ready(self) -> None:
        names = "、".join(child.name for child in self._children)
        with self._terminal.step(f"正在启动 {names}"):
            deadline = time.monotonic() + READY_SECONDS
            while missing := missing_parts(self._settings):
                if time.monotonic() > deadline:
                    self._terminal.note(f"仍未就绪：{'、'.join(missing)}，将继续尝试")
                    return
                self._watch()

    def _watch(self) -> None:
        self._heed_signals()
        self._own.watch(TICK_SECONDS)
        self._servers.watch(0)

    def _say_welcome(self, seconds: float) -> None:
        lines = ["", f"12333 热线已就绪（用时 {seconds:.1f} 秒）"]
        lines += [f"  {label}  {address}" for label, address in self._welcome.addresses]
        if self._report.demo_logins:
            lines += ["", self._report.demo_logins]
        for hint in self._welcome.hints:
            lines += ["", hint]
        lines += ["", f"数据保存在 {self._settings.var_dir}；按 Ctrl-C 停止全部服务。", ""]
        self._terminal.say("\n".join(lines))

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1
        # What is raised in the hooks that Python runs around a fork is lost.
        if self._signals == 1 and not self._is_forking:
            raise _Stop()

    def _heed_signals(self) -> None:
        """Stop for a signal that could not be raised when it came."""
        if self._signals:
            raise _Stop()

    def _stop_everything(self) -> None:
        # From here on signals only count: a second one ends the patience, not the ending itself.
        self._signals = max(self._signals, 1)
        survive_closed_output(lambda: self._terminal.say("\n正在停止 …"))
        self._own.stop_all(kill_now=lambda: self._signals > 1)
        self._servers.stop_all(kill_now=lambda: False)
        if self._listener is not None:
            self._listener.close()
        survive_closed_output(lambda: self._terminal.say("已全部停止。"))

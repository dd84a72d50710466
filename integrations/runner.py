"""Behind `python app.py run`: everything the hotline needs, started, watched and ended in order."""

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
from integrations.processes import spawn
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
    """One of our own processes: `python app.py <arguments>`. One that listens inherits the socket."""

    name: str
    arguments: Sequence[str]
    listens: bool = False


@dataclass(frozen=True)
class Welcome:
    """What is shown when everything is up: (label, address) lines and the demo logins, both ready text."""

    addresses: Sequence[tuple[str, str]]
    demo_logins: str = ""


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
        self._signals = 0

    def run(self) -> int:
        """Returns the exit code: 0 after Ctrl-C, 1 when a step failed, 2 when we could not start."""
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
                self._own.watch(TICK_SECONDS)
                self._servers.watch(0)
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
        self._run_step("正在更新数据库结构", ["migrate"])
        self._run_step("正在写入初始数据", ["seed"])
        for child in self._children:
            self._own.add(Managed(child.name, lambda child=child: self._spawn(child)))
        self._wait_until_ready()
        self._say_welcome(time.monotonic() - started)

    def _start_servers(self) -> None:
        var_dir, settings = self._settings.var_dir, self._settings
        if settings.database_url is None:
            self._start_server("正在准备数据库", "DATABASE_URL", postgres_in(var_dir))
        if settings.redis_url is None:
            self._start_server("正在准备 Redis 服务", "REDIS_URL", valkey_in(var_dir))

    def _start_server(self, text: str, variable: str, server: EmbeddedServer) -> None:
        with self._terminal.step(text):
            server.prepare()
            child = Managed(server.name, server.start, server.stop_signal, stop_seconds=20.0)
            self._servers.add(child)
            server.wait_ready(SERVER_START_SECONDS)
        self._env[variable] = server.url

    def _run_step(self, text: str, arguments: Sequence[str]) -> None:
        with self._terminal.step(text):
            command = [sys.executable, str(self._app_file), *arguments]
            process = spawn(command, env=self._child_env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            output, _ = process.communicate()
            if process.returncode != 0:
                raise HotlineError(output.decode("utf-8", errors="replace").strip(), f"{text}时出错，程序没有启动。")

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(self._app_file), *child.arguments]
        fds: tuple[int, ...] = ()
        if child.listens and self._listener is not None:
            fds = (self._listener.fileno(),)
            command += ["--listen-fd", str(fds[0])]
        pipe = subprocess.PIPE if self._terminal.relay else None
        merge = subprocess.STDOUT if self._terminal.relay else None
        return spawn(command, env=self._child_env(), stdout=pipe, stderr=merge, pass_fds=fds)

    def _child_env(self) -> dict[str, str]:
        # Their output is a pipe, so they could not see for themselves whether a person reads it.
        return {**self._env, "LOG_JSON": str(int(self._settings.log_json)), "PYTHONUNBUFFERED": "1"}

    def _wait_until_ready(self) -> None:
        names = "、".join(child.name for child in self._children)
        with self._terminal.step(f"正在启动 {names}"):
            deadline = time.monotonic() + READY_SECONDS
            while missing := missing_parts(self._settings):
                if time.monotonic() > deadline:
                    self._terminal.note(f"仍未就绪：{'、'.join(missing)}，将继续尝试")
                    return
                self._own.watch(TICK_SECONDS)
                self._servers.watch(0)

    def _say_welcome(self, seconds: float) -> None:
        lines = ["", f"12333 热线已就绪（用时 {seconds:.1f} 秒）"]
        lines += [f"  {label}  {address}" for label, address in self._welcome.addresses]
        if self._settings.demo and self._welcome.demo_logins:
            lines += ["", self._welcome.demo_logins]
        lines += ["", f"数据保存在 {self._settings.var_dir}；按 Ctrl-C 停止全部服务。", ""]
        self._terminal.say("\n".join(lines))

    def _on_signal(self, number: int, frame: object) -> None:
        self._signals += 1
        if self._signals == 1:
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

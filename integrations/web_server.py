"""The web server: gunicorn with threads, each process building its own adapters after the fork."""

import logging
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from integrations.processes import die_with_parent
from integrations.settings import Settings

GRACEFUL_SECONDS = 8
KEEPALIVE_SECONDS = 30
# A thread stuck longer than this means the process is of no use any more.
HUNG_SECONDS = 60


class _OurLogger(Logger):
    """Gunicorn's lines go through our logging; we log requests ourselves."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True

    def access(self, *args: Any, **kwargs: Any) -> None:
        """No access log."""


class WebServer(BaseApplication):
    """Serves the app that `build_app` returns, on the settings' address or an inherited socket."""

    def __init__(self, settings: Settings, build_app: Callable[[], Flask], listen_fd: int | None = None) -> None:
        self._settings = settings
        self._build_app = build_app
        self._listen_fd = listen_fd
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": _address(self._settings, self._listen_fd),
            "worker_class": "gthread",
            "workers": self._settings.web_workers,
            "threads": self._settings.web_threads,
            "keepalive": KEEPALIVE_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "timeout": HUNG_SECONDS,
            "preload_app": False,
            "logger_class": _OurLogger,
            "control_socket_disable": True,
            "worker_tmp_dir": _memory_folder(),
            "limit_request_line": 8190,
            "post_fork": _post_fork,
            "child_exit": _child_exit,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._build_app()


def metrics_dir(settings: Settings) -> Path:
    """Where the web processes share their figures."""
    return settings.var_dir / "metrics"


def prepare_metrics_dir(folder: Path) -> None:
    """Empty the folder at the start: the figures of processes long gone would only pile up."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def _address(settings: Settings, listen_fd: int | None) -> str:
    if listen_fd is not None:
        return f"fd://{listen_fd}"
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    return f"{host}:{settings.port}"


def _memory_folder() -> str | None:
    # Gunicorn's heartbeat touches a file; on a busy disk that can look like a hung process.
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _post_fork(arbiter: Arbiter, worker: Worker) -> None:
    die_with_parent(signal.SIGKILL, worker.ppid)


def _child_exit(arbiter: Arbiter, worker: Worker) -> None:
    # Imported here: the folder for the figures must be set before the first import.
    from prometheus_client.multiprocess import mark_process_dead

    try:
        mark_process_dead(worker.pid)
    except OSError:
        logging.getLogger(__name__).warning("metrics of %s stay: %s", worker.pid, traceback.format_exc(1))

"""One instance for each data folder, one program for each port: checked before anything starts."""

import errno
import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from integrations.errors import HotlineError
from integrations.settings import Settings

LOCK_NAME = "run.lock"
BACKLOG = 1024


class CannotStart(HotlineError):
    """Something that must be ours alone is taken; the sentence says what and the way out."""


def take_instance_lock(var_dir: Path) -> IO[str]:
    """Lock the data folder for as long as the returned file stays open. Raises CannotStart."""
    path = var_dir / LOCK_NAME
    try:
        var_dir.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise CannotStart(str(error), f"无法写入数据文件夹 {var_dir}：{error.strerror}。") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "?"
        file.close()
        raise CannotStart(
            f"already running as {pid}",
            f"这个文件夹的热线已经在运行（进程号 {pid}，数据在 {var_dir}）。"
            f"要停止它，请在它的窗口按 Ctrl-C，或执行：kill {pid}",
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def open_listening_socket(settings: Settings) -> socket.socket:
    """Listen on the settings' address. Raises CannotStart.

    The runner keeps the socket open while web processes come and go, so a caller whose request
    falls into a restart waits a moment instead of being refused.
    """
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.bind, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotStart(str(error), _port_sentence(settings, error)) from error
    return listener


def _port_sentence(settings: Settings, error: OSError) -> str:
    port = settings.port
    other = port + 1 if port < 65535 else port - 1
    if error.errno == errno.EADDRINUSE:
        return f"端口 {port} 已被其他程序占用。请关闭那个程序，或换一个端口启动：PORT={other} make run"
    if error.errno == errno.EACCES:
        return f"没有权限使用端口 {port}。请换一个 1024 以上的端口启动，例如：PORT=12333 make run"
    return f"无法在 {settings.bind}:{port} 上监听：{error.strerror}。请检查 BIND 和 PORT。"

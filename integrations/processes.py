"""Starting and ending child processes so that none outlives its parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
# Loaded before any fork: a forked child must not load libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: int, parent_pid: int) -> None:
    """Ask the kernel to send this process a signal when its parent dies, however it dies.

    Call it in the child. Linux only; elsewhere a killed parent can leave its children behind.
    The kernel watches the parent's *thread*, so children are started from the main thread.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent_pid:
        # The parent died between fork and prctl.
        os._exit(1)


def spawn(
    argv: list[str], *, parent_death_signal: int = signal.SIGKILL, **popen_kwargs: Any
) -> subprocess.Popen[bytes]:
    """Start a child in its own process group, without a terminal to read from.

    Its own group keeps a Ctrl-C in the terminal from reaching it: the runner decides the order.
    """
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_death_watch(parent_death_signal),
        **popen_kwargs,
    )


def _death_watch(signal_number: int) -> Callable[[], None]:
    parent_pid = os.getpid()
    return lambda: die_with_parent(signal_number, parent_pid)


def signal_group(process: subprocess.Popen[bytes], signal_number: int) -> None:
    """Signal a child and everything in its group; nothing happens when all are gone."""
    try:
        os.killpg(process.pid, signal_number)
    except (ProcessLookupError, PermissionError):
        # PermissionError: macOS says so for a group of which only a zombie is left.
        pass


def wait_for_exit(
    process: subprocess.Popen[bytes], timeout: float, while_waiting: Callable[[], None] | None = None
) -> bool:
    """True when the process ended within `timeout` seconds. `while_waiting` is called often."""
    deadline = time.monotonic() + timeout
    while process.poll() is None:
        if time.monotonic() >= deadline:
            return False
        if while_waiting:
            while_waiting()
        time.sleep(0.01)
    return True


def describe_exit(returncode: int) -> str:
    """Say in Chinese how a child ended: by a signal or with a code."""
    if returncode >= 0:
        return f"退出码 {returncode}"
    try:
        return f"被信号 {signal.Signals(-returncode).name} 结束"
    except ValueError:
        return f"被信号 {-returncode} 结束"

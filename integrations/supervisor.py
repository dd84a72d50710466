"""Keeps children running: starts, watches, starts again, and ends them in order."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from integrations.errors import HotlineError
from integrations.processes import describe_exit, signal_group
from integrations.terminal import Terminal

LONGEST_PAUSE_SECONDS = 10.0
# A child that ran this long was fine; its next death is a new story.
HEALTHY_AFTER_SECONDS = 30.0
STOP_SECONDS = 10.0
# Between two looks at those that are ending.
LOOK_SECONDS = 0.01


@dataclass
class Managed:
    """One child: how to start it, which signal ends it, and how it has been doing."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = STOP_SECONDS
    # The others must still be there when it says goodbye.
    ends_first: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    deaths_in_a_row: int = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def pause_before_restart(deaths_in_a_row: int) -> float:
    """Seconds to wait: none after the first death, then 1, 2, 4 ... at most 10."""
    if deaths_in_a_row <= 1:
        return 0.0
    return min(2.0 ** (deaths_in_a_row - 2), LONGEST_PAUSE_SECONDS)


class Supervisor:
    """Watches a list of children. They start in the order given and end in `stop_all`'s order."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.children: list[Managed] = []

    def add(self, child: Managed) -> None:
        """Start a child and watch it from now on."""
        self.children.append(child)
        self._start(child)

    def watch(self, seconds: float) -> None:
        """Relay output for at most `seconds`, then start again whatever has died and is due."""
        self._terminal.pump(seconds)
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, child.process.returncode)
            if child.process is None and time.monotonic() >= child.start_again_at:
                self._restart(child)

    def stop_all(self, kill_now: Callable[[], bool]) -> None:
        """End the children: those that end first, then all others at the same time.

        Each gets its signal and its seconds, then SIGKILL for its whole group; `kill_now` cuts
        the wait short when the user asks a second time.
        """
        for is_first in (True, False):
            self._stop([child for child in self.children if child.ends_first == is_first], kill_now)

    def _start(self, child: Managed) -> None:
        child.process = child.start()
        child.started_at = time.monotonic()
        if child.process.stdout is not None:
            self._terminal.follow(child.name, child.process.stdout)

    def _bury(self, child: Managed, returncode: int) -> None:
        # What is left of its group (gunicorn's processes, a running job) must not stay behind.
        assert child.process is not None
        signal_group(child.process, signal.SIGKILL)
        if time.monotonic() - child.started_at > HEALTHY_AFTER_SECONDS:
            child.deaths_in_a_row = 0
        self._plan_restart(child, describe_exit(returncode))

    def _plan_restart(self, child: Managed, reason: str) -> None:
        child.process = None
        child.deaths_in_a_row += 1
        pause = pause_before_restart(child.deaths_in_a_row)
        child.start_again_at = time.monotonic() + pause
        when = f"{pause:.0f} 秒后重新启动" if pause else "正在重新启动"
        self._terminal.note(f"{child.name} 已停止（{reason}），{when}")

    def _restart(self, child: Managed) -> None:
        try:
            self._start(child)
        except (HotlineError, OSError) as error:
            reason = error.sentence if isinstance(error, HotlineError) else str(error)
            self._plan_restart(child, reason)

    def _stop(self, children: Sequence[Managed], kill_now: Callable[[], bool]) -> None:
        asked_at = time.monotonic()
        ending: list[tuple[subprocess.Popen[bytes], float]] = []
        for child in children:
            process, child.process = child.process, None
            if process is None:
                continue
            if process.poll() is None and not kill_now():
                process.send_signal(child.stop_signal)
            ending.append((process, asked_at + child.stop_seconds))
        while ending:
            ending = [(process, until) for process, until in ending if not self._has_ended(process, until, kill_now)]
            if ending:
                # A child blocked on a full pipe could not end.
                self._terminal.pump(LOOK_SECONDS)

    @staticmethod
    def _has_ended(process: subprocess.Popen[bytes], until: float, kill_now: Callable[[], bool]) -> bool:
        if process.poll() is None and time.monotonic() < until and not kill_now():
            return False
        signal_group(process, signal.SIGKILL)
        process.wait()
        return True

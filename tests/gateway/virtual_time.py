"""An event loop whose clock jumps to the next timer when nothing else is to be done: minutes take milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingWillHappen(Exception):
    """Everybody waits, and no timer is set: the real loop would hang."""


class _JumpingSelector:
    """Looks for input and output without waiting, then moves the clock by what the loop wanted to wait."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> Any:
        ready = self._real.select(0)
        if ready:
            return ready
        if timeout is None:
            raise NothingWillHappen
        self._loop.virtual_seconds += max(timeout, 0.0)
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.virtual_seconds = 0.0
        super().__init__(_JumpingSelector(self))  # type: ignore[arg-type]

    def time(self) -> float:
        return self.virtual_seconds

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """At once: what a thread does takes no virtual time."""
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run_in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; sleeping costs nothing."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)

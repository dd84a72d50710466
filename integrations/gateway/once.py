"""Work that several callers want at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Shares one running task among all who ask for the same key. Keeps nothing afterwards."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Made]] = {}

    async def run(self, key: str, make: Callable[[], Coroutine[Any, Any, Made]]) -> Made:
        """What `make` returns or raises. A caller who gives up does not stop it for the others."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(make())
            self._running[key] = task
            task.add_done_callback(lambda done: self._finish(key, done))
        return await asyncio.shield(task)

    def _finish(self, key: str, task: asyncio.Task[Made]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            # Asked for here, so that a failure nobody waited for is no warning at exit.
            task.exception()

    async def close(self) -> None:
        """End what still runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

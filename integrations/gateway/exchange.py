"""Everything the calls of one gateway share; built once at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from integrations.gateway.addresses import HotlineAddresses
from integrations.gateway.ended_calls import EndedCalls
from integrations.gateway.familiar import Familiar
from integrations.gateway.frame_clock import FrameClock
from integrations.gateway.journal import Journal
from integrations.gateway.recordings import RecordingStore
from integrations.gateway.talk import Speaks
from integrations.gateway.telephones import NoTelephones, Telephones
from integrations.gateway.webhooks import Webhooks


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Exchange:
    """`http_url` is where the hotline reaches this gateway's REST calls, without a slash at its end."""

    account_sid: str
    urls: HotlineAddresses
    http_url: str
    webhooks: Webhooks
    speech: Speaks
    recordings: RecordingStore
    journal: Journal
    ended: EndedCalls
    now: Callable[[], datetime] = utc_now
    clock: FrameClock = field(default_factory=FrameClock)
    telephones: Telephones = field(default_factory=NoTelephones)
    familiar: Familiar = field(default_factory=Familiar)
    background: set[asyncio.Task[Any]] = field(default_factory=set)

    def recording_url(self, sid: str) -> str:
        return f"{self.http_url}/2010-04-01/Accounts/{self.account_sid}/Recordings/{sid}"

    def in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start work that no call waits for; `finish` does."""
        task = asyncio.get_running_loop().create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task

    async def finish(self, seconds: float) -> None:
        """Wait for the background for at most so long, then drop the rest: the journal remembers the calls."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        # Some of it begins more: a recording that is put to rest is then told of.
        while self.background and loop.time() < deadline:
            await asyncio.wait(set(self.background), timeout=deadline - loop.time())
        for task in list(self.background):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

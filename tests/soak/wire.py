"""The way from the carrier to the hotline, on which reports are late, come twice, or overtake each other.

Everything the hotline serves goes through it, since signatures are made over the one public address. Only what the
carrier merely reports is meddled with, and documents are asked for a second time by nobody in particular: every
webhook may come as often as it likes.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.running import RunningHotline, free_port

REPORTS = ("/queueing/callback", "/queueing/leg", "/queueing/conference", "/ivr/status")
DOCUMENTS = ("/ivr/callback", "/ivr/step", "/ivr/connect", "/ivr/after", "/ivr/agent")
LATE_SECONDS, AGAIN_SECONDS = 2.0, 5.0
TRIES, TRY_AGAIN_SECONDS = 10, 0.5
# Of one connection, and of nobody else.
OWN_HEADERS = {"host", "transfer-encoding", "connection", "content-length", "content-encoding", "keep-alive"}
TROUBLE = (aiohttp.ClientError, OSError, TimeoutError)


class CarrierWire:
    """Runs beside the test, on a loop in a thread. `done` counts what was done to requests."""

    def __init__(self, target: int, chance: random.Random) -> None:
        self.port = free_port()
        self.done: Counter[str] = Counter()
        # Until then it only passes on.
        self.is_bad = False
        self._target = f"http://127.0.0.1:{target}"
        self._chance = chance
        self._later: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._open()).result(10)

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(20))
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    def close(self) -> None:
        self._run(self._close()).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _close(self) -> None:
        for task in list(self._later):
            task.cancel()
        await self._runner.cleanup()
        await self._session.close()

    async def _take(self, request: web.Request) -> web.Response:
        asked = (request.method, request.raw_path, dict(request.headers), await request.read())
        luck = self._chance.random() if self.is_bad else 1.0
        if request.method == "POST" and request.path in REPORTS:
            if luck < 0.15:
                # The carrier is content, and the hotline hears of it when others have been heard.
                self._send_in(self._chance.uniform(0.1, LATE_SECONDS), "late", asked)
                return web.Response(status=204)
            if luck < 0.35:
                self._send_in(self._chance.uniform(0.0, AGAIN_SECONDS), "again", asked)
        elif request.method == "POST" and request.path in DOCUMENTS and luck < 0.1:
            self._send_in(self._chance.uniform(0.0, AGAIN_SECONDS), "document again", asked)
        try:
            return await self._pass_on(*asked)
        except TROUBLE:
            # What somebody without a wire between would see.
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)

    async def _pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> web.Response:
        kept = {name: value for name, value in headers.items() if name.lower() not in OWN_HEADERS}
        kept["Host"] = headers.get("Host", "")
        url = self._target + path
        async with self._session.request(method, url, headers=kept, data=body, allow_redirects=False) as answer:
            content = await answer.read()
            passed = [(name, value) for name, value in answer.headers.items() if name.lower() not in OWN_HEADERS]
            if encoding := answer.headers.get("Content-Encoding"):
                passed.append(("Content-Encoding", encoding))
            response = web.Response(status=answer.status, body=content)
            for name in {name for name, _ in passed}:
                response.headers.popall(name, None)
            for name, value in passed:
                response.headers.add(name, value)
            return response

    def _send_in(self, seconds: float, what: str, asked: tuple[Any, ...]) -> None:
        self.done[what] += 1

        async def send() -> None:
            await asyncio.sleep(seconds)
            for _ in range(TRIES):
                with suppress(*TROUBLE):
                    if (await self._pass_on(*asked)).status < 500:
                        return
                await asyncio.sleep(TRY_AGAIN_SECONDS)

        task = asyncio.create_task(send())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


class WiredHotline(RunningHotline):
    """A hotline behind such a wire; its `port` is that of the wire, as for everybody out there."""

    def __init__(self, var_dir: Path, config: Path, chance: random.Random, **env: str) -> None:
        behind = free_port()
        self.wire = CarrierWire(behind, chance)
        public = {"PUBLIC_BASE_URL": f"http://127.0.0.1:{self.wire.port}", "HOTLINE_CONFIG": str(config)}
        super().__init__(var_dir, behind, **public, **env)
        self.port = self.wire.port

    def end(self) -> None:
        super().end()
        self.wire.close()

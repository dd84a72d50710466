"""The event stream over real sockets: a running server, and pages that listen to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from dashboards.console.page import EVENTS_PATH
from dashboards.console.streams import Streams, open_streams
from ivr.service import Line
from tests.dashboards.console_app import Console, ConsoleApp, with_settings

PATIENCE_SECONDS = 10.0


class Page:
    """A page that listens."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self._lines = response.content

    async def next(self, event: str = "desk") -> dict[str, Any]:
        """The next event of this name, others are skipped; EOFError at the end of the stream."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                name, data = await self._event()
                if name == event:
                    return data

    async def until(self, wanted: Callable[[dict[str, Any]], Any], event: str = "desk") -> dict[str, Any]:
        """The first event that is as wanted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted(data := await self.next(event)):
                pass
        return data

    async def _event(self) -> tuple[str, dict[str, Any]]:
        name, data = "", "{}"
        while (line := (await self._lines.readline()).decode()) != "\n":
            if not line:
                raise EOFError
            key, _, value = line.rstrip("\n").partition(": ")
            name, data = (value, data) if key == "event" else (name, value if key == "data" else data)
        return name, json.loads(data)

    async def ended(self) -> bool:
        """Whether the server ends the stream soon, whatever it still says."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    await self._event()
        except EOFError:
            return True


class Running:
    """A server that runs, with a session of its own for the pages."""

    def __init__(self, console: ConsoleApp, streams: Streams, session: aiohttp.ClientSession) -> None:
        self.console = console
        self.streams = streams
        self._session = session
        self.origin = console.services.settings.public_base_url

    @asynccontextmanager
    async def listen(
        self, who: Console | None, floor: bool = False, query: str = "", **headers: str
    ) -> AsyncIterator[Page]:
        """Open the stream as this browser would."""
        cookie = who.client.get_cookie("session") if who else None
        cookies = {"Cookie": f"session={cookie.value}"} if cookie else {}
        url = f"http://127.0.0.1:{self.streams.port}{EVENTS_PATH}{'?floor=1' if floor else query}"
        async with self._session.get(url, headers={"Origin": self.origin, **cookies, **headers}) as response:
            yield Page(response)

    async def status(self, who: Console | None, floor: bool = False, query: str = "", **headers: str) -> int:
        async with self.listen(who, floor, query, **headers) as page:
            return page.response.status


@asynccontextmanager
async def running(console: ConsoleApp) -> AsyncIterator[Running]:
    """Streams over the console's database and Redis, on a free port."""
    line = Line(with_settings(console.services, stream_port=0), console.line.keeper)
    # The clock of the test stands still and is the same for both.
    async with open_streams(line) as streams, aiohttp.ClientSession() as session:
        yield Running(console, streams, session)

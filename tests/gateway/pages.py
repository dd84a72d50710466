"""Pages that talk: each says a tone of its own all the time, and knows which tones it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import numpy as np
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from integrations.gateway.frames import FRAME_BYTES, FRAME_SECONDS
from integrations.gateway.samples import SAMPLE_RATE, to_samples
from integrations.gateway.tokens import issue_token
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.gateway.real_gateway import Place

CALLER_HZ, AGENT_HZ, THIRD_HZ = 440.0, 700.0, 1100.0
LISTEN_SECONDS = 0.4
# Of full scale; the tones are a fifth.
HEARD_LEVEL = 0.05


def tone_frame(hz: float, number: int) -> bytes:
    """The number-th frame of an endless tone."""
    at = (np.arange(FRAME_BYTES // 2) + number * FRAME_BYTES // 2) / SAMPLE_RATE
    return bytes((0.2 * 32767 * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes())


def tones_in(pcm: bytes) -> set[float]:
    """Which of the three tones stand out in the sound's spectrum."""
    samples = to_samples(pcm)
    if not samples.size:
        return set()
    spectrum = 2 * np.abs(np.fft.rfft(samples * np.hanning(samples.size))) / (samples.size / 2)
    hertz = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE)
    return {
        hz for hz in (CALLER_HZ, AGENT_HZ, THIRD_HZ) if spectrum[np.abs(hertz - hz) < 15].max(initial=0.0) > HEARD_LEVEL
    }


class Page:
    """One page in a browser, with its microphone and its loudspeaker."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, hz: float) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self._hz = hz
        self._arrived = asyncio.Event()
        self._taken = 0
        self._tasks = [asyncio.create_task(self._listen())]

    async def say(self, **message: object) -> None:
        await self.socket.send_json(message)

    async def until(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        """The next message of this kind that was not taken yet; what came before it is skipped."""
        async with asyncio.timeout(seconds):
            while True:
                while self._taken < len(self.events):
                    self._taken += 1
                    if self.events[self._taken - 1]["type"] == kind:
                        return self.events[self._taken - 1]
                self._arrived.clear()
                await self._arrived.wait()

    def speak(self) -> None:
        """Say the tone, from now on."""
        self._tasks.append(asyncio.create_task(self._speak()))

    async def hears(self, *hertz: float, seconds: float = 30.0) -> None:
        """Wait until it hears exactly these tones."""
        heard: set[float] = set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    begin = len(self.frames)
                    await asyncio.sleep(LISTEN_SECONDS)
                    heard = tones_in(b"".join(self.frames[begin:]))
                    if heard == set(hertz):
                        return
        raise AssertionError(f"hears {heard} instead of {set(hertz)}")

    async def lose(self) -> None:
        """The network goes without a word."""
        connection = self.socket._response.connection
        assert connection is not None and connection.transport is not None
        connection.transport.abort()
        await self.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        async for message in self.socket:
            if message.type == aiohttp.WSMsgType.BINARY:
                self.frames.append(message.data)
                self.times.append(asyncio.get_running_loop().time())
            else:
                self.events.append(message.json())
                self._arrived.set()

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        number = 0
        with suppress(ConnectionError):
            while not self.socket.closed:
                await self.socket.send_bytes(tone_frame(self._hz, number))
                number += 1
                await asyncio.sleep(max(0.0, began + number * FRAME_SECONDS - loop.time()))


class Pages:
    """Opens pages of one place, and closes them at the end."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._open: list[Page] = []

    async def open(self, who: str, hz: float = CALLER_HZ) -> Page:
        """A connection with a token for `who`."""
        token = issue_token(self.place.settings.secret_key, datetime.now(UTC), who)
        socket = await self.place.session.ws_connect(
            f"{self.place.http}/phone", params={"token": token}, headers={"Origin": self.place.hotline.base}
        )
        page = Page(socket, hz)
        self._open.append(page)
        await page.until("ready")
        return page

    async def registered(self, who: str, hz: float = AGENT_HZ) -> Page:
        page = await self.open(who, hz)
        await page.say(type="register")
        await page.until("registered")
        return page

    async def caller(self, hz: float = CALLER_HZ) -> tuple[Page, str]:
        """Somebody who rings the hotline and talks; the call's id."""
        page = await self.open("demo", hz)
        await page.say(type="dial", to="12333", **{"from": "+8613855112345"})
        sid = (await page.until("ringing"))["call"]
        await page.until("answered")
        page.speak()
        return page, sid

    async def accepts(self, page: Page) -> str:
        """The page takes the call that rings at it, and talks; the call's id."""
        sid = str((await page.until("incoming"))["call"])
        await page.say(type="accept", call=sid)
        await page.until("answered")
        page.speak()
        return sid

    async def close(self) -> None:
        for page in self._open:
            await page.close()


@asynccontextmanager
async def pages_of(place: Place) -> AsyncIterator[Pages]:
    pages = Pages(place)
    try:
        yield pages
    finally:
        await pages.close()


class _ToTheGateway(TwilioHttpClient):
    """The carrier's client with only its host changed."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *args: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._base), *args, **more)


def carrier(place: Place) -> Client:
    """The carrier's own client, which waits for its answers: use it in a thread."""
    return Client(DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, http_client=_ToTheGateway(place.http))

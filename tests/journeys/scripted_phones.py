"""Many callers without a browser: each dials over the gateway's own socket, presses keys, and sends silence.

Telephones that wait to be rung are in `rung_phone.py`; `ScriptedPhones.wait_at` makes them.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from integrations.demo_keys import load_or_make_demo_keys
from integrations.gateway.tokens import issue_token
from tests.journeys.rung_phone import Manner, RungPhone
from tests.running import RunningHotline

FRAME_SECONDS = 0.02
SILENCE = bytes(320)


@dataclass
class ScriptedPhone:
    """One caller. `press` maps words of a caption to the key pressed when they are heard, once each."""

    name: str
    dialled: str
    number: str
    press: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    state: str = "new"
    frames: int = 0
    _socket: Any = None

    def has_heard(self, words: str) -> bool:
        return any(words in caption for caption in self.heard)

    async def call(self, session: aiohttp.ClientSession, url: str, origin: str) -> None:
        """The whole call."""
        async with session.ws_connect(url, headers={"Origin": origin}) as socket:
            self._socket = socket
            sending = asyncio.create_task(self._send_sound(socket))
            try:
                async for message in socket:
                    if message.type == aiohttp.WSMsgType.BINARY:
                        self.frames += 1
                    elif message.type == aiohttp.WSMsgType.TEXT:
                        await self._take(socket, json.loads(message.data))
                    if self.state == "ended":
                        break
            finally:
                sending.cancel()
                self.state = "ended"

    async def hang_up(self) -> None:
        await self._socket.send_str(json.dumps({"type": "hangup"}))

    async def _take(self, socket: Any, event: dict[str, Any]) -> None:
        match event["type"]:
            case "ready":
                dial = {"type": "dial", "to": self.dialled, "from": self.number}
                await socket.send_str(json.dumps(dial))
            case "answered":
                self.state = "live"
            case "caption":
                self.heard.append(event["text"])
                for words in [words for words in self.press if words in event["text"]]:
                    await socket.send_str(json.dumps({"type": "digit", "digit": self.press.pop(words)}))
            case "ended":
                self.state = "ended"

    async def _send_sound(self, socket: Any) -> None:
        """As a telephone does, by the clock: what a busy machine held up follows in a bunch."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not socket.closed:
            if self.state == "live":
                await self._send_frame(socket)
            due += FRAME_SECONDS
            await asyncio.sleep(due - loop.time())

    async def _send_frame(self, socket: Any) -> None:
        await socket.send_bytes(SILENCE)


class ScriptedPhones:
    """Runs them beside the test, on a loop in a thread."""

    def __init__(self, hotline: RunningHotline, secret: bytes | None = None) -> None:
        """`secret` is what tokens are signed with, by default the installation's own."""
        self._hotline = hotline
        self._secret = secret or load_or_make_demo_keys(hotline.var_dir).secret_key
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._session: aiohttp.ClientSession = self._run(self._open()).result(10)
        self._calls: list[Future[None]] = []
        self._rung: list[RungPhone] = []

    async def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    def dial(self, phone: ScriptedPhone) -> ScriptedPhone:
        self._calls.append(self._run(phone.call(self._session, self._url("demo"), self._origin)))
        return phone

    def wait_at(self, number: str, *manners: Manner) -> RungPhone:
        """A telephone registered under this number, which does with its calls as it is told, each in turn."""
        phone = RungPhone(self._run, self._connect, number, *manners)
        self._rung.append(phone)
        return phone.switch_on()

    def switch_off_all(self) -> None:
        """Nobody talks or can be rung any more."""
        for phone in self._rung:
            phone.hang_up()
            phone.switch_off()
        self._rung.clear()

    @property
    def _origin(self) -> str:
        return f"http://127.0.0.1:{self._hotline.port}"

    def _url(self, who: str) -> str:
        token = issue_token(self._secret, datetime.now(UTC), who)
        return f"ws://127.0.0.1:{self._hotline.gateway_port}/phone?token={token}"

    def _connect(self, who: str) -> Any:
        return self._session.ws_connect(self._url(who), headers={"Origin": self._origin})

    def hang_up(self, phone: ScriptedPhone) -> None:
        self._run(phone.hang_up()).result(10)

    def close(self) -> None:
        self.switch_off_all()
        self._run(self._session.close()).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, work: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


Dial = Callable[..., ScriptedPhone]

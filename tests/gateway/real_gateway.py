"""A gateway on a free port, with a small hotline beside it, both in this process and both over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from integrations.demo_keys import DemoKeys
from integrations.gateway.server import Gateway, open_gateway
from integrations.gateway.talk import Speaks
from integrations.gateway.tokens import issue_token
from integrations.settings import DEMO_AUTH_TOKEN, Settings
from tests.gateway.scene import QuietSpeech
from tests.running import free_port

KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)


@dataclass
class SmallHotline:
    """Answers each path with a fixed document; every request must be signed for exactly its address."""

    port: int
    documents: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    forged: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def statuses(self) -> list[str]:
        return [form["CallStatus"] for path, form in self.asked if path == "/ivr/status"]

    def forms(self, path: str) -> list[dict[str, str]]:
        return [form for asked, form in self.asked if asked == path]

    async def answer(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        signature = request.headers.get("X-Twilio-Signature", "")
        if not RequestValidator(DEMO_AUTH_TOKEN).validate(f"{self.base}{request.raw_path}", form, signature):
            self.forged += 1
            return web.Response(status=403)
        self.asked.append((request.path, form))
        text = self.documents.get(request.path)
        return web.Response(status=204) if text is None else web.Response(text=text, content_type="text/xml")


@dataclass
class Place:
    """Both of them, and how to reach the gateway."""

    gateway: Gateway
    hotline: SmallHotline
    settings: Settings
    session: aiohttp.ClientSession

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}"

    def token(self, now: datetime | None = None) -> str:
        return issue_token(self.settings.secret_key, now or datetime.now(UTC), "demo")

    async def connect(self, token: str | None = None, origin: str | None = None) -> Phone:
        socket = await self.session.ws_connect(
            f"{self.http}/phone",
            params={"token": self.token() if token is None else token},
            headers={"Origin": self.hotline.base if origin is None else origin},
        )
        phone = Phone(socket)
        assert await phone.next_event() == {"type": "ready"}
        return phone


class Phone:
    """The page's side of a connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.frames: list[tuple[float, bytes]] = []

    async def say(self, **message: object) -> None:
        await self.socket.send_str(json.dumps(message))

    async def next_event(self, seconds: float = 30.0) -> dict[str, Any]:
        """The next message; frames of sound are kept on the way."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive()
                if message.type == aiohttp.WSMsgType.BINARY:
                    self.frames.append((asyncio.get_running_loop().time(), message.data))
                    continue
                assert message.type == aiohttp.WSMsgType.TEXT, message
                self.events.append(json.loads(message.data))
                return self.events[-1]

    async def until(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        while (event := await self.next_event(seconds))["type"] != kind:
            pass
        return event

    async def is_closed(self) -> bool:
        async with asyncio.timeout(30):
            while (await self.socket.receive()).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
                pass
        return self.socket.closed

    async def lose(self) -> None:
        """The network goes without a word."""
        assert self.socket._response.connection is not None
        transport = self.socket._response.connection.transport
        assert transport is not None
        transport.abort()


@asynccontextmanager
async def real_gateway(folder: Path, documents: dict[str, str], voice: Speaks | None = None) -> AsyncIterator[Place]:
    hotline = SmallHotline(free_port(), documents)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hotline.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", hotline.port).start()
    env = {"VAR_DIR": str(folder), "PORT": str(hotline.port), "LOG_JSON": "1"}
    port = free_port()
    env["GATEWAY_PORT"] = str(port)
    settings = Settings.from_env(env, load_demo_keys=lambda var_dir: KEYS)
    try:
        async with (
            open_gateway(replace(settings, gateway_port=port), voice or QuietSpeech()) as gateway,
            aiohttp.ClientSession() as session,
        ):
            yield Place(gateway, hotline, settings, session)
    finally:
        await runner.cleanup()


async def eventually(claim: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not claim():
            await asyncio.sleep(0.02)

"""Two voice gateways side by side: each its own calls, and the living one reports those of the dead."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from integrations.gateway.tokens import issue_token
from integrations.settings import PROJECT_DIR, Settings
from tests.running import RunningHotline, free_port
from tests.waiting import eventually

ANSWER_SECONDS = 20.0


@pytest.fixture
def second_port(hotline: RunningHotline) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Another gateway of the same installation, as on a second machine."""
    port = free_port()
    env = {**os.environ, "VAR_DIR": str(hotline.var_dir), "PORT": str(hotline.port), "GATEWAY_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "app.py", "gateway"], cwd=PROJECT_DIR, env={**env, "LOG_JSON": "1"})
    yield port, process
    process.kill()
    process.wait()


class LivePhone:
    """A telephone on a gateway's WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.sid = ""

    async def until(self, kind: str, words: str = "") -> dict[str, Any]:
        """The next message of a kind (with these words in its text), whatever else comes before it."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                message = await self._socket.receive()
                if message.type != aiohttp.WSMsgType.TEXT:
                    assert message.type == aiohttp.WSMsgType.BINARY, message
                    continue
                event: dict[str, Any] = message.json()
                self.sid = event.get("call", self.sid)
                if event["type"] == kind and words in event.get("text", ""):
                    return event

    async def press(self, digit: str) -> None:
        await self._socket.send_json({"type": "digit", "digit": digit})


async def dial(session: aiohttp.ClientSession, settings: Settings, port: int) -> LivePhone:
    token = issue_token(settings.secret_key, datetime.now(UTC), "journey")
    url = f"http://127.0.0.1:{port}/phone?token={token}"
    phone = LivePhone(await session.ws_connect(url, headers={"Origin": settings.public_base_url}))
    await phone.until("ready")
    await phone._socket.send_json({"type": "dial", "to": "+8655312333", "from": ""})
    await phone.until("answered")
    return phone


def test_a_killed_gateway_takes_down_its_own_calls_only_and_its_neighbour_says_so(
    hotline: RunningHotline,
    second_port: tuple[int, subprocess.Popen[bytes]],
    rows: Callable[..., list[tuple[Any, ...]]],
) -> None:
    port, process = second_port
    settings = Settings.from_env({"VAR_DIR": str(hotline.var_dir), "PORT": str(hotline.port)})
    eventually(lambda: _listens(port), 20.0)

    async def calls() -> tuple[str, str]:
        async with aiohttp.ClientSession() as session:
            stays = await dial(session, settings, hotline.gateway_port)
            dies = await dial(session, settings, port)
            await dies.until("caption", "您好")
            process.kill()
            await stays.press("2")
            await stays.until("caption", "您要听哪一类")
            await stays._socket.send_json({"type": "hangup"})
            await stays.until("ended")
            return stays.sid, dies.sid

    stayed, died = asyncio.run(calls())
    eventually(lambda: _outcome(rows, stayed) is not None)
    # A neighbour looks for the calls of the dead every ten seconds.
    eventually(lambda: _outcome(rows, died) is not None, 30.0)
    assert rows("SELECT carrier_status FROM call WHERE call_sid = %s", died) == [("failed",)]


def _outcome(rows: Callable[..., list[tuple[Any, ...]]], sid: str) -> object:
    return rows("SELECT outcome FROM call WHERE call_sid = %s", sid)[0][0]


def _listens(port: int) -> bool:
    async def ask() -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            return answer.status == 200

    try:
        return asyncio.run(ask())
    except aiohttp.ClientError:
        return False

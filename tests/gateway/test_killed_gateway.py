"""A gateway killed in the middle of a recorded talk, and the next one: real processes, a real page, a real hotline."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web

from integrations.gateway.tokens import issue_token
from integrations.settings import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, PROJECT_DIR, Settings
from tests.gateway.contract import check
from tests.gateway.pages import AGENT_HZ, Page
from tests.gateway.real_gateway import SmallHotline, eventually
from tests.gateway.scene import document
from tests.running import free_port

AUTH = {"Authorization": aiohttp.encode_basic_auth(DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN)}
START_SECONDS = 30.0
CALLBACK = "/queueing/callback"


@asynccontextmanager
async def running(settings: Settings, session: aiohttp.ClientSession) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`python app.py gateway`, from when it answers."""
    env = {"VAR_DIR": str(settings.var_dir), "PORT": str(settings.port), "GATEWAY_PORT": str(settings.gateway_port)}
    process = subprocess.Popen([sys.executable, "app.py", "gateway"], cwd=PROJECT_DIR, env={**os.environ, **env})
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await answers(session, f"{settings.gateway_http_url}/healthz"):
                await asyncio.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


async def answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def small_hotline() -> AsyncIterator[SmallHotline]:
    hotline = SmallHotline(free_port(), {"/ivr/agent": document('<Pause length="600"/>')})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hotline.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", hotline.port).start()
    try:
        yield hotline
    finally:
        await runner.cleanup()


async def talk(settings: Settings, hotline: SmallHotline, session: aiohttp.ClientSession) -> tuple[str, str]:
    """A consultant's page talks and is recorded; the ids of the call and the recording."""
    token = issue_token(settings.secret_key, datetime.now(UTC), "agent-17")
    url = f"{settings.gateway_http_url}/phone?token={token}"
    page = Page(await session.ws_connect(url, headers={"Origin": settings.public_base_url}), AGENT_HZ)
    await page.say(type="register")
    await page.until("registered")
    form = {
        "To": "client:agent-17",
        "From": "12333",
        "Url": f"{hotline.base}/ivr/agent",
        "StatusCallback": f"{hotline.base}/queueing/leg?offer=7",
    }
    call = await post(settings, session, "/Calls.json", form)
    await page.until("incoming")
    await page.say(type="accept", call=call)
    await page.until("answered")
    page.speak()
    form = {"RecordingStatusCallback": f"{hotline.base}/queueing/recording?offer=7"}
    return call, await post(settings, session, f"/Calls/{call}/Recordings.json", form)


async def ring(settings: Settings, hotline: SmallHotline, session: aiohttp.ClientSession, seconds: int) -> str:
    """Somebody is rung whose telephone is off; the id of the call."""
    form = {
        "To": "+8613855112345",
        "From": "12333",
        "Url": f"{hotline.base}/ivr/agent",
        "Timeout": str(seconds),
        "StatusCallback": f"{hotline.base}/queueing/callback?attempt=7",
    }
    return await post(settings, session, "/Calls.json", form)


async def status(settings: Settings, session: aiohttp.ClientSession, call: str) -> str:
    """What the gateway says when it is asked about a call."""
    url = f"{settings.gateway_http_url}/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}/Calls/{call}.json"
    async with session.get(url, headers=AUTH) as answer:
        assert answer.status == 200, await answer.text()
        found = await answer.json()
        check(found, "api.v2010.account.call")
        return str(found["status"])


async def post(settings: Settings, session: aiohttp.ClientSession, path: str, form: dict[str, str]) -> str:
    url = f"{settings.gateway_http_url}/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}{path}"
    async with session.post(url, headers=AUTH, data=form) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["sid"])


def test_the_next_gateway_ends_the_call_and_saves_the_recording(tmp_path: Path) -> None:
    async def scene() -> None:
        async with small_hotline() as hotline, aiohttp.ClientSession() as session:
            env = {"VAR_DIR": str(tmp_path), "PORT": str(hotline.port), "GATEWAY_PORT": str(free_port())}
            settings = Settings.from_env(env)
            async with running(settings, session) as gateway:
                over = await ring(settings, hotline, session, 1)
                await eventually(lambda: bool(hotline.forms(CALLBACK)), 10)
                hotline.asked.clear()
                call, recording = await talk(settings, hotline, session)
                ringing = await ring(settings, hotline, session, 600)
                assert await status(settings, session, ringing) == "queued"
                live = tmp_path / "gateway" / "recordings" / f"{recording}.live"
                await eventually(lambda: live.stat().st_size > 16_000, 10)
                gateway.kill()
                gateway.wait()
            expected = ("/queueing/leg", CALLBACK, "/queueing/recording")
            assert not any(hotline.forms(path) for path in expected)
            async with running(settings, session):
                await eventually(lambda: all(hotline.forms(path) for path in expected), 15)
                assert [await status(settings, session, sid) for sid in (call, ringing, over)] == [
                    "failed", "failed", "no-answer",
                ]  # fmt: skip
            [leg], [recorded] = hotline.forms("/queueing/leg"), hotline.forms("/queueing/recording")
            assert (leg["CallSid"], leg["CallStatus"], leg["Direction"]) == (call, "failed", "outbound-api")
            [rung] = hotline.forms(CALLBACK)
            assert (rung["CallSid"], rung["CallStatus"], rung["To"]) == (ringing, "failed", "")
            assert (recorded["RecordingSid"], recorded["RecordingStatus"]) == (recording, "completed")
            assert int(recorded["RecordingDuration"]) >= 1 and recorded["CallSid"] == call
            with wave.open(str(tmp_path / "gateway" / "recordings" / f"{recording}.wav")) as file:
                assert file.getnframes() > 8_000
            assert hotline.forged == 0 and not live.exists()

    asyncio.run(scene())

"""The voice gateway alone on one core: how many calls at once without late sound, and how quickly a key is heard.

Every call hears a prompt, presses a key into it, hears another, and records; then it begins again. The hotline is a
few constant documents, so that only the gateway is measured; callers and hotline run on the other core.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

import aiohttp
import psutil
from aiohttp import web

from integrations.gateway.tokens import issue_token
from integrations.settings import PROJECT_DIR, Settings
from tests.running import free_port

FRAME = b"\x10\x20" * 160
PROMPT = "这是一段用来测量的话，说得长一些，好让来电人在中间按键。" * 2
DOCUMENTS = {
    "/ivr/incoming": f'<Gather action="/ivr/key" numDigits="1" timeout="5"><Say>{PROMPT}</Say></Gather>',
    "/ivr/key": f'<Gather action="/ivr/record" numDigits="1" timeout="5"><Say>{PROMPT}</Say></Gather>',
    "/ivr/record": '<Record action="/ivr/incoming" maxLength="5" timeout="5" playBeep="true"/>',
}
LEVELS = (50, 100, 150, 200)
SECONDS = 12.0
KEY_AFTER_SECONDS = 2.5


@dataclass
class Heard:
    """What the callers of one level measured."""

    first_sound_ms: list[float] = field(default_factory=list)
    key_to_silence_ms: list[float] = field(default_factory=list)
    gaps: int = 0
    frames: int = 0


@asynccontextmanager
async def constant_hotline(port: int) -> Any:
    async def answer(request: web.Request) -> web.Response:
        await request.post()
        body = DOCUMENTS.get(request.path)
        if body is None:
            return web.Response(status=204)
        return web.Response(text=f"<Response>{body}</Response>", content_type="text/xml")

    app = web.Application()
    app.router.add_post("/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield
    await runner.cleanup()


async def caller(session: aiohttp.ClientSession, settings: Settings, heard: Heard, until: float) -> None:
    """One telephone: a frame up every 20 ms, a key into every prompt."""
    token = issue_token(settings.secret_key, datetime.now(UTC), "bench")
    url = f"{settings.gateway_http_url}/phone?token={token}"
    async with session.ws_connect(url, headers={"Origin": settings.public_base_url}) as socket:
        await socket.send_json({"type": "dial", "to": "12333", "from": ""})
        talking = asyncio.ensure_future(_speak(socket, until))
        try:
            await _listen(socket, heard, until)
        finally:
            talking.cancel()
            with suppress(ConnectionError):
                await socket.send_json({"type": "hangup"})


async def _speak(socket: aiohttp.ClientWebSocketResponse, until: float) -> None:
    due = time.perf_counter()
    while due < until and not socket.closed:
        with suppress(ConnectionError):
            await socket.send_bytes(FRAME)
        due += 0.02
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def _listen(socket: aiohttp.ClientWebSocketResponse, heard: Heard, until: float) -> None:
    answered_at = first_at = pressed_at = last_at = None
    while (left := until - time.perf_counter()) > 0:
        try:
            message = await socket.receive(timeout=left)
        except TimeoutError:
            return
        now = time.perf_counter()
        if message.type == aiohttp.WSMsgType.BINARY:
            heard.frames += 1
            if answered_at is not None:
                heard.first_sound_ms.append(1000 * (now - answered_at))
                answered_at = None
            if last_at is not None and now - last_at > 0.1:
                heard.gaps += 1
            last_at = now
            first_at = first_at or now
            if pressed_at is None and now - first_at > KEY_AFTER_SECONDS:
                pressed_at = now
                await socket.send_json({"type": "digit", "digit": "1"})
        elif message.type == aiohttp.WSMsgType.TEXT:
            kind = json.loads(message.data)["type"]
            if kind == "answered":
                answered_at = now
            elif kind == "silenced" and pressed_at is not None:
                heard.key_to_silence_ms.append(1000 * (now - pressed_at))
            if kind in ("silenced", "gather", "recording", "recorded", "caption"):
                # Between two sounds there is a pause, which is no gap.
                first_at = pressed_at = last_at = None
        else:
            return


async def measure() -> None:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as folder:
        port, gateway_port = free_port(), free_port()
        env = {"PORT": str(port), "GATEWAY_PORT": str(gateway_port), "VAR_DIR": folder, "LOG_LEVEL": "error"}
        settings = Settings.from_env(env)
        process = subprocess.Popen([sys.executable, "app.py", "gateway"], cwd=PROJECT_DIR, env={**os.environ, **env})
        gateway = psutil.Process(process.pid)
        gateway.cpu_affinity([0])
        psutil.Process().cpu_affinity([psutil.cpu_count() - 1])
        try:
            async with constant_hotline(port), aiohttp.ClientSession() as session:
                await _until_up(session, settings)
                for calls in LEVELS:
                    await _level(session, settings, gateway, calls)
        finally:
            process.terminate()
            process.wait()


async def _until_up(session: aiohttp.ClientSession, settings: Settings) -> None:
    for _ in range(200):
        try:
            async with session.get(f"{settings.gateway_http_url}/healthz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
    raise RuntimeError("the gateway did not come up")


async def _level(session: aiohttp.ClientSession, settings: Settings, gateway: psutil.Process, calls: int) -> None:
    heard, before = Heard(), await _stats(session, settings)
    cpu, started = sum(gateway.cpu_times()[:2]), time.perf_counter()
    until = started + SECONDS + calls / 50
    tasks = []
    for _ in range(calls):
        tasks.append(asyncio.ensure_future(caller(session, settings, heard, until)))
        # Fifty new calls a second.
        await asyncio.sleep(0.02)
    await asyncio.gather(*tasks)
    after = await _stats(session, settings)
    busy = (sum(gateway.cpu_times()[:2]) - cpu) / (time.perf_counter() - started)
    late = after["late_frames"] - before["late_frames"]
    frames = max(1, after["frames"] - before["frames"])
    print(
        f"  {calls:4} 路：网关 CPU {busy:4.0%}，{frames:,} 帧里迟到 {late}（{late / frames:.3%}），"
        f"听者断续 {heard.gaps} 次，接通到出声 {_shown(heard.first_sound_ms)}，"
        f"按键到停播 {_shown(heard.key_to_silence_ms)}，内存 {gateway.memory_full_info().uss / 1e6:.0f} MB",
        flush=True,
    )


async def _stats(session: aiohttp.ClientSession, settings: Settings) -> dict[str, int]:
    async with session.get(f"{settings.gateway_http_url}/stats") as answer:
        return dict(await answer.json())


def _shown(milliseconds: list[float]) -> str:
    if not milliseconds:
        return "—"
    ordered = sorted(milliseconds)
    return f"p50 {median(ordered):.0f} p99 {ordered[int(0.99 * (len(ordered) - 1))]:.0f} ms"


def measure_gateway() -> None:
    print("语音网关，一个核（提示音 + 按键 + 录音）", flush=True)
    asyncio.run(measure())


if __name__ == "__main__":
    measure_gateway()

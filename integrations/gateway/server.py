"""The gateway's process: HTTP, WebSocket, the clock of all calls, and an orderly end."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from integrations.errors import HotlineError
from integrations.gateway.addresses import HotlineAddresses
from integrations.gateway.browser import PhoneDoor
from integrations.gateway.calls import Calls
from integrations.gateway.ended_calls import EndedCalls
from integrations.gateway.exchange import Exchange, utc_now
from integrations.gateway.frame_clock import FrameClock
from integrations.gateway.http_post import http_post, open_session
from integrations.gateway.journal import Journal
from integrations.gateway.lines import Lines
from integrations.gateway.recordings import RecordingStore
from integrations.gateway.rest_api import RestApi
from integrations.gateway.talk import Speaks
from integrations.gateway.the_dead import keep_reporting_the_dead
from integrations.gateway.webhooks import Webhooks
from integrations.settings import Settings, is_loopback

log = structlog.get_logger(__name__)
# The runner waits ten seconds before it kills.
GOODBYE_SECONDS = 6.0


@dataclass
class Gateway:
    """A running gateway and the port it listens on."""

    calls: Calls
    clock: FrameClock
    exchange: Exchange
    port: int


def run_gateway(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then every call is ended and the hotline told. Raises HotlineError."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from integrations.gateway.speech import Speech

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    speech = Speech(settings.var_dir, {urlsplit(settings.public_base_url).netloc}, settings.tts_command)
    try:
        async with open_gateway(settings, speech):
            await stop.wait()
    finally:
        await speech.close()


@asynccontextmanager
async def open_gateway(
    settings: Settings, speech: Speaks, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Gateway]:
    """A gateway that serves while the block runs. Port 0 takes a free one. Raises HotlineError."""
    folder = settings.var_dir / "gateway"
    async with open_session() as session:
        clock = FrameClock()
        lines = Lines(clock)
        exchange = Exchange(
            account_sid=settings.carrier_account_sid,
            urls=HotlineAddresses(settings.public_base_url),
            http_url=settings.gateway_http_url,
            webhooks=Webhooks(http_post(session), settings.carrier_auth_token, settings.public_base_url),
            speech=speech,
            recordings=RecordingStore(folder / "recordings"),
            journal=Journal(folder / "live"),
            ended=EndedCalls(folder / "ended", now),
            now=now,
            clock=clock,
            telephones=lines,
        )
        calls = Calls(exchange)
        runner = web.AppRunner(_build_app(settings, exchange, calls, lines), access_log=None, shutdown_timeout=1.0)
        try:
            port = await _listen(runner, settings)
            log.info("gateway_ready", port=port)
            async with _running(clock.run(), keep_reporting_the_dead(exchange)):
                try:
                    yield Gateway(calls, clock, exchange, port)
                finally:
                    await calls.end_all(GOODBYE_SECONDS)
        finally:
            await runner.cleanup()
            exchange.journal.end()


def _build_app(settings: Settings, exchange: Exchange, calls: Calls, lines: Lines) -> web.Application:
    app = web.Application()
    door = PhoneDoor(calls, lines, exchange.clock, settings.secret_key, settings.public_base_url, exchange.now)
    rest = RestApi(exchange, calls, settings.carrier_auth_token)

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def stats(request: web.Request) -> web.Response:
        if not (rest.is_allowed(request) or _is_from_here(request)):
            raise web.HTTPForbidden(text="只对本机或带有账户凭证的请求开放。")
        figures = exchange.clock.figures
        return web.json_response(
            {
                "calls": calls.live_count,
                "conferences": calls.conferences.live_count,
                "registered": lines.count,
                "frames": figures.frames,
                "late_frames": figures.late_frames,
                "max_tick_lateness_ms": round(figures.max_lateness_seconds * 1000, 1),
            }
        )

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/stats", stats)
    app.router.add_get("/phone", door.open)
    rest.add_to(app)
    return app


def _is_from_here(request: web.Request) -> bool:
    # A proxy on this machine passes on what comes from elsewhere.
    return is_loopback(request.remote or "") and "X-Forwarded-For" not in request.headers


async def _listen(runner: web.AppRunner, settings: Settings) -> int:
    await runner.setup()
    port = settings.gateway_port
    try:
        await web.TCPSite(runner, settings.gateway_bind, port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = f"语音网关的端口 {port} 已被其他程序占用。请关闭那个程序，或用 GATEWAY_PORT 换一个端口。"
        else:
            sentence = f"语音网关无法在 {settings.gateway_bind}:{port} 上监听，请检查 GATEWAY_BIND 和 GATEWAY_PORT。"
        raise HotlineError(str(error), sentence) from error
    return int(runner.addresses[0][1])


@asynccontextmanager
async def _running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on as long as the block does."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

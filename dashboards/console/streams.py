"""The process of the event streams: thousands of pages on one loop, so that none holds a thread of the web server."""

from __future__ import annotations

import asyncio
import errno
import resource
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from aiohttp import web

from dashboards.console.errors import Refused
from dashboards.console.page import EVENTS_PATH, scope_of
from dashboards.console.stream_door import SignedOut, StreamDoor, Ticket
from dashboards.console.stream_hub import NO_DATABASE, Hub, Listener
from dashboards.console.watch import Watch
from dashboards.provincial.scope import centres_of
from dashboards.provincial.wall.keeper import WallKeeper
from dashboards.sign_in import SESSION_LIFETIME, WALL_LIFETIME
from dashboards.staff import StaffMember
from dashboards.staff_area import SETS_DUTY
from integrations.errors import HotlineError
from integrations.services import Services
from ivr.library import Library
from ivr.service import Line
from queueing.notices import listen
from voicemail.subjects_file import load_subjects

log = structlog.get_logger(__name__)
PING_SECONDS = 10.0
CHECK_SECONDS = 30.0
# A page that takes nothing for so long is gone, or will come back by itself.
WRITE_SECONDS = 15.0
RETRY_MS = 1000
# Windows of one person.
MOST_OF_ONE = 20
THREADS = 4
NOT_YOURS = "这一项不归您的岗位或您的中心。"


@dataclass
class Streams:
    """A running event stream, for tests."""

    hub: Hub
    port: int


def run_streams(line: Line) -> None:
    """Serve until SIGTERM or SIGINT. Raises HotlineError when the port is taken."""
    _allow_many_connections()
    asyncio.run(_serve(line))


def _allow_many_connections() -> None:
    # Usually 1,024 to begin with, which a province's pages in two windows each would use up.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(line: Line) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_streams(line):
        await stop.wait()


@asynccontextmanager
async def open_streams(line: Line) -> AsyncIterator[Streams]:
    """Streams that serve while the block runs. Raises HotlineError."""
    services = line.services
    tree = load_subjects(services.settings.config_dir, line.keeper.library().content.pieces())
    threads = ThreadPoolExecutor(THREADS, "streams")
    hub, door = Hub(Watch(line, tree), threads), StreamDoor(services)
    runner = web.AppRunner(
        _build_app(line, hub, door, threads), access_log=None, shutdown_timeout=1.0, handler_cancellation=True
    )
    try:
        port = await _listen(runner, services)
        log.info("streams_ready", port=port)
        with _Ear(services, hub), WallKeeper(line, _from_thread(hub.walls.show)).running():
            async with _running(hub.look_for_ever(), hub.floors_for_ever(), _check_for_ever(services, hub, door)):
                yield Streams(hub, port)
    finally:
        for listener in hub.listeners():
            listener.close()
        await runner.cleanup()
        threads.shutdown(wait=False, cancel_futures=True)


class _Ear:
    """Hands notices to the hub as long as the block runs; the listening itself waits in a thread."""

    def __init__(self, services: Services, hub: Hub) -> None:
        self._url = services.settings.redis_url or ""
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._is_over = threading.Event()

    def __enter__(self) -> None:
        threading.Thread(target=self._listen, name="notices", daemon=True).start()

    def __exit__(self, *details: object) -> None:
        self._is_over.set()

    def _listen(self) -> None:
        for notice in listen(self._url):
            if self._is_over.is_set():
                return
            with suppress(RuntimeError):
                # The loop may have ended a moment ago.
                self._loop.call_soon_threadsafe(self._hub.note, notice)


def _from_thread(work: Callable[[Any], None]) -> Callable[[Any], None]:
    """The same on this loop, for whoever calls from a thread."""
    loop = asyncio.get_running_loop()

    def call(value: Any) -> None:
        with suppress(RuntimeError):
            # The loop may have ended a moment ago.
            loop.call_soon_threadsafe(work, value)

    return call


async def _check_for_ever(services: Services, hub: Hub, door: StreamDoor) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        try:
            await hub.check_sessions(door.still_there, services.now())
        except NO_DATABASE as error:
            log.warning("sessions_not_checked", error=type(error).__name__)


def _build_app(line: Line, hub: Hub, door: StreamDoor, threads: ThreadPoolExecutor) -> web.Application:
    app = web.Application()

    async def healthz(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok" if hub.is_live else "blind", "pages": len(hub.listeners())})

    async def events(request: web.Request) -> web.StreamResponse:
        if not door.is_ours(request):
            raise web.HTTPForbidden(text="只能从热线自己的页面打开。")
        headers = _headers(request)
        try:
            ticket = door.ticket(request, WALL_LIFETIME if _wants(request, "wall") else SESSION_LIFETIME)
            member = await asyncio.get_running_loop().run_in_executor(threads, door.member, ticket)
        except SignedOut:
            raise web.HTTPUnauthorized(text="登录已过期，请重新登录。", headers=headers) from None
        except NO_DATABASE:
            raise web.HTTPServiceUnavailable(text="现在连不上数据库。", headers=headers) from None
        try:
            listener = _listener(request, member, ticket, line.keeper.library())
        except Refused as refused:
            raise web.HTTPForbidden(text=refused.sentence, headers=headers) from None
        if sum(one.member.id == member.id for one in hub.listeners()) >= MOST_OF_ONE:
            raise web.HTTPTooManyRequests(text="打开的页面太多了，请关掉几个。", headers=headers)
        return await _stream(request, headers, hub, listener)

    app.router.add_get("/healthz", healthz)
    app.router.add_get(EVENTS_PATH, events)
    return app


def _listener(request: web.Request, member: StaffMember, ticket: Ticket, library: Library) -> Listener:
    """What a page wants to be told. Raises Refused for what is not open to who is signed in."""
    if _wants(request, "wall"):
        return Listener(member, ticket, wall=centres_of(member, library))
    if _wants(request, "floor"):
        if member.role not in SETS_DUTY:
            raise Refused(403, NOT_YOURS)
        return Listener(member, ticket, scope_of(member, library))
    if not member.agent_id:
        raise Refused(403, NOT_YOURS)
    return Listener(member, ticket)


def _wants(request: web.Request, what: str) -> bool:
    return request.query.get(what, "").startswith("1")


def _headers(request: web.Request) -> dict[str, str]:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Vary": "Origin"}
    if origin := request.headers.get("Origin"):
        headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
    return headers


async def _stream(request: web.Request, headers: dict[str, str], hub: Hub, listener: Listener) -> web.StreamResponse:
    # A proxy that gathers what it passes on would make all of this pointless.
    response = web.StreamResponse(headers={**headers, "X-Accel-Buffering": "no"})
    response.content_type, response.charset = "text/event-stream", "utf-8"
    await response.prepare(request)
    hub.join(listener)
    try:
        await _write(response, f"retry: {RETRY_MS}\n\n".encode())
        await _tell_for_ever(response, hub, listener)
    except (ConnectionError, TimeoutError):
        log.debug("page_gone", user_id=listener.member.id)
    finally:
        hub.leave(listener)
    return response


async def _tell_for_ever(response: web.StreamResponse, hub: Hub, listener: Listener) -> None:
    """Send what is pending as it comes, and a sign of life in between."""
    ping_at = monotonic() + PING_SECONDS
    while not listener.is_closed:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, ping_at - monotonic())):
                await listener.wake.wait()
        taken = listener.take()
        if monotonic() >= ping_at:
            ping_at += PING_SECONDS
            if hub.is_live:
                taken["ping"] = b"{}"
        if taken:
            await _write(response, b"".join(_event(name, data) for name, data in taken.items()))


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(data)


async def _listen(runner: web.AppRunner, services: Services) -> int:
    await runner.setup()
    settings = services.settings
    try:
        await web.TCPSite(runner, settings.stream_bind, settings.stream_port).start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            port = settings.stream_port
            sentence = f"推送服务的端口 {port} 已被其他程序占用。请关闭那个程序，或用 STREAM_PORT 换一个端口。"
        else:
            sentence = "推送服务无法监听，请检查 STREAM_BIND 和 STREAM_PORT。"
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

"""The hotline's outside as one small process: pages, JSON, event stream and telephone line.

`python -m tests.dashboards.console_front.stand_in <port>`; the test drives it by `POST /_world`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web
from jinja2 import Environment, FileSystemLoader

from dashboards.staff_area import entry_of
from dashboards.web_app import SECURITY_HEADERS
from integrations.settings import PROJECT_DIR
from tests.dashboards.console_front import callback_samples
from tests.dashboards.console_front.board_door import BoardDoor
from tests.dashboards.console_front.case_door import CaseDoor
from tests.dashboards.console_front.cities_door import CitiesDoor
from tests.dashboards.console_front.explore_door import ExploreDoor
from tests.dashboards.console_front.freeze_door import FreezeDoor
from tests.dashboards.console_front.samples import CENTRES, GUIDES, Json, console_config
from tests.dashboards.console_front.systems_door import SystemsDoor
from tests.dashboards.console_front.wall_door import WallDoor
from tests.dashboards.console_front.world import World

STATIC = PROJECT_DIR / "dashboards" / "static"
TEMPLATES = Environment(loader=FileSystemLoader(PROJECT_DIR / "dashboards" / "templates"), autoescape=True)
TEMPLATES.globals |= {
    "url_for": lambda endpoint, filename="": f"/static/{filename}",
    "get_flashed_messages": lambda with_categories: [],
    "user": {"name": "王芳", "role_name": "咨询员"},
    "navigation": [
        ("工作台", "/console"),
        ("现场", "/console/floor"),
        ("办件", "/cases"),
        ("回电", "/callbacks"),
        ("挂失", "/freezes"),
        ("督办", "/cases/board"),
        ("大屏", "/province"),
        ("统计", "/province/explore"),
        ("各市数据", "/province/cities"),
        ("菜单状态", "/status"),
    ],
}
PING_SECONDS = 1.0


class StandIn:
    def __init__(self, port: int) -> None:
        self.world = World()
        self.base = f"127.0.0.1:{port}"
        self._streams: set[asyncio.Queue[tuple[str, Json] | None]] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.are_streams_open = self.is_line_open = self.is_open = True
        self.world.tell = self._tell
        self.world.say = self._say
        self.world.sound = self._sound

    def build(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/console", self._console)
        app.router.add_get("/console/floor", self._floor)
        app.router.add_get("/callbacks", self._callbacks)
        app.router.add_get("/blank", self._blank)
        app.router.add_get("/login", self._login)
        app.router.add_get("/console/desk", self._desk)
        app.router.add_get("/console/floor/data", self._floor_data)
        app.router.add_get("/console/guides", self._guides)
        app.router.add_get("/console/guides/{id:.+}", self._guide)
        app.router.add_get("/console/callbacks/data", self._callbacks_data)
        app.router.add_get("/console/callbacks/badge", self._badge)
        app.router.add_get("/console/callbacks/{id}/slots", self._slots)
        app.router.add_get("/console/booking", self._booking)
        SystemsDoor(self.world, self._page).add_to(app)
        FreezeDoor(self.world, self._page).add_to(app)
        BoardDoor(self.world, self._page).add_to(app)
        CaseDoor(self.world, self._page).add_to(app)
        ExploreDoor(self.world, self._page).add_to(app)
        CitiesDoor(self.world, self._page).add_to(app)
        WallDoor(self.world, self.base, self._page).add_to(app)
        app.router.add_post("/console/phone-token", self._ticket)
        app.router.add_post("/console/{action:.+}", self._act)
        app.router.add_get("/events", self._events)
        app.router.add_get("/phone", self._phone)
        app.router.add_post("/_world", self._drive)
        app.router.add_static("/static", STATIC)
        return app

    # pages

    async def _console(self, request: web.Request) -> web.Response:
        return self._page("console.html", request, console_config=console_config(f"http://{self.base}/events"))

    async def _floor(self, request: web.Request) -> web.Response:
        config = {"stream_url": f"http://{self.base}/events?floor=1", "centres": CENTRES}
        return self._page("floor.html", request, floor_config=config, centres=CENTRES)

    async def _callbacks(self, request: web.Request) -> web.Response:
        config = callback_samples.callbacks_config(self.world.callback_tabs, self.world.callback_centres)
        return self._page("callbacks.html", request, callbacks_config=config, centres=config["centres"])

    async def _blank(self, request: web.Request) -> web.Response:
        """A page of ours with nothing on it, under the same policy."""
        text = "<!doctype html><meta charset=utf-8><title>空</title>"
        return web.Response(text=text, content_type="text/html", headers=self._headers())

    async def _login(self, request: web.Request) -> web.Response:
        return web.Response(text="<h1>登录</h1>", content_type="text/html")

    def _page(self, name: str, request: web.Request, **values: Any) -> web.Response:
        path, csrf = {"path": request.path}, self.world.csrf
        text = TEMPLATES.get_template(name).render(
            request=path, here=entry_of(request.path), csrf_token=lambda: csrf, **values
        )
        return web.Response(text=text, content_type="text/html", headers=self._headers())

    def _headers(self) -> dict[str, str]:
        policy = (
            f"{SECURITY_HEADERS['Content-Security-Policy']}; connect-src 'self' http://{self.base} ws://{self.base}"
        )
        return {**SECURITY_HEADERS, "Content-Security-Policy": policy}

    # JSON

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        path = request.path
        if not path.startswith(("/console/", "/events", "/province/")) or path == "/console/floor":
            response: web.StreamResponse = await handler(request)
            return response
        if not self.is_open and request.transport is not None:
            request.transport.abort()
        if not self.world.is_signed_in:
            return web.json_response({"error": "登录已过期，请重新登录。通话不受影响。"}, status=401)
        if request.method == "POST" and request.headers.get("X-CSRF-Token") != self.world.csrf:
            return web.json_response({"error": "页面放得太久了，请刷新后再试。"}, status=400)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _desk(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.desk)

    async def _floor_data(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.floor)

    async def _callbacks_data(self, request: web.Request) -> web.Response:
        query = request.query
        self.world.asked = dict(query)
        if self.world.refusal is not None:
            return web.json_response({"error": self.world.refusal[1]}, status=self.world.refusal[0])
        is_ended, most = query.get("ended") == "1", int(query["most"])
        found = callback_samples.look(self.world.callbacks, query["tab"], is_ended, query.get("tail", ""), most)
        return web.json_response(found)

    async def _badge(self, request: web.Request) -> web.Response:
        return web.json_response(callback_samples.badge(self.world.callbacks))

    async def _slots(self, request: web.Request) -> web.Response:
        return web.json_response({"slots": callback_samples.half_hours(9 if "more" in request.query else 3)})

    async def _booking(self, request: web.Request) -> web.Response:
        self.world.log.append({"do": "booking", **request.query})
        slots = callback_samples.half_hours(9 if "more" in request.query else 3)
        return web.json_response({"slots": slots, **self.world.booking})

    async def _guides(self, request: web.Request) -> web.Response:
        words = request.query.get("q", "")
        found = [
            guide
            for guide in GUIDES
            if words in str(guide["title"]) or (words == "tx" and "退休" in str(guide["title"]))
        ]
        return web.json_response({"guides": found})

    async def _guide(self, request: web.Request) -> web.Response:
        found = next((guide for guide in GUIDES if guide["id"] == request.match_info["id"]), None)
        return web.json_response(found) if found else web.json_response({"error": "没有这份指南。"}, status=404)

    async def _ticket(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.ticket or {"token": "t", "url": f"ws://{self.base}/phone"})

    async def _act(self, request: web.Request) -> web.Response:
        name, body = request.match_info["action"], await request.json()
        if self.world.refusal is not None and name != "heartbeat":
            status, sentence = self.world.refusal
            return web.json_response({"error": sentence, "error_id": "e1"}, status=status)
        self.world.act(name, body)
        if name.startswith(("callbacks/", "freezes/", "deputies")) or name == "book":
            return web.json_response({"ok": True, "said": self.world.said})
        return web.json_response({"ok": True, **({} if name == "heartbeat" else {"desk": self.world.desk})})

    # the event stream

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if not self.are_streams_open:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        queue: asyncio.Queue[tuple[str, Json] | None] = asyncio.Queue()
        self._streams.add(queue)
        event = next((name for name in ("floor", "wall") if name in request.query), "desk")
        queue.put_nowait((event, getattr(self.world, event)))
        with suppress(ConnectionError):
            while (told := await self._next(queue)) is not None:
                event, data = told
                await response.write(f"event: {event}\ndata: {json.dumps(data)}\n\n".encode())
        self._streams.discard(queue)
        return response

    async def _next(self, queue: asyncio.Queue[tuple[str, Json] | None]) -> tuple[str, Json] | None:
        try:
            async with asyncio.timeout(PING_SECONDS):
                return await queue.get()
        except TimeoutError:
            return "ping", {}

    def _tell(self, event: str, data: Json) -> None:
        for queue in self._streams:
            queue.put_nowait((event, json.loads(json.dumps(data))))

    # the telephone line

    async def _phone(self, request: web.Request) -> web.StreamResponse:
        if not self.is_line_open:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "ready"})
        async for message in socket:
            if message.type == WSMsgType.BINARY and self._sockets and socket is self._sockets[-1]:
                self.world.hear_sound(message.data)
            elif message.type == WSMsgType.TEXT:
                self._take(socket, json.loads(message.data))
        if socket in self._sockets:
            self._sockets.remove(socket)
        return socket

    def _take(self, socket: web.WebSocketResponse, message: Json) -> None:
        if message["type"] == "register" and socket not in self._sockets:
            for before in self._sockets:
                self._later(before.send_json({"type": "replaced"}))
            self._sockets.append(socket)
        if self._sockets and socket is self._sockets[-1]:
            self.world.hear(message)

    def _say(self, message: Json) -> None:
        if self._sockets:
            self._later(self._sockets[-1].send_json(message))

    def _sound(self, frame: bytes) -> None:
        if self._sockets and not self._sockets[-1].closed:
            self._later(self._sockets[-1].send_bytes(frame))

    def _later(self, work: Any) -> None:
        async def quietly() -> None:
            with suppress(ConnectionError):
                await work

        task = asyncio.get_running_loop().create_task(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # the test's hand

    async def _drive(self, request: web.Request) -> web.Response:
        order = await request.json()
        name, values = order.pop("do", ""), order
        if name == "look":
            world = self.world
            return web.json_response(
                {
                    "log": world.log,
                    "wire": world.wire,
                    "heard": world.heard_power**0.5,
                    "desk": world.desk,
                    "callbacks": world.callbacks,
                    "asked": world.asked,
                    "cases": world.cases,
                }
            )
        if name == "set":
            for key, value in values.items():
                setattr(self if hasattr(self, key) else self.world, key, value)
        elif hasattr(self, name):
            await getattr(self, name)()
        else:
            getattr(self.world, name)(**values)
        return web.json_response({})

    async def forget(self) -> None:
        """Everything as in the beginning."""
        await self.cut_streams()
        await self.cut_line()
        self.are_streams_open = self.is_line_open = self.is_open = True
        self.world.reset()

    async def cut_streams(self) -> None:
        for queue in self._streams:
            queue.put_nowait(None)

    async def cut_line(self) -> None:
        for socket in list(self._sockets):
            self._later(socket.close())
        self._sockets.clear()

    async def tell_floor(self) -> None:
        self._tell("floor", self.world.floor)

    async def tell_wall(self) -> None:
        self._tell("wall", self.world.wall)


async def serve(port: int) -> None:
    stand_in = StandIn(port)
    runner = web.AppRunner(stand_in.build(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await stand_in.world.sing()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

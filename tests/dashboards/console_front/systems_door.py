"""The business systems behind the stand-in: the consultant's questions, and the page that says how they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from tests.dashboards.console_front.systems_samples import systems_page
from tests.dashboards.console_front.world import World

LOOK_SECONDS = 0.02


class SystemsDoor:
    """`page` renders a template for a request."""

    def __init__(self, world: World, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_get("/console/api/look-up", self._form)
        app.router.add_post("/console/api/look-up", self._look_up)
        app.router.add_get("/systems", self._systems)

    async def _form(self, request: web.Request) -> web.Response:
        return web.json_response(self._world.look_up_form)

    async def _look_up(self, request: web.Request) -> web.Response:
        world = self._world
        world.act("look-up", await request.json() | {"url": str(request.rel_url)})
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1], "error_id": "e1"}, status=world.refusal[0])
        while world.look_up_answer is None:
            await asyncio.sleep(LOOK_SECONDS)
        return web.json_response({"ok": True, **world.look_up_answer})

    async def _systems(self, request: web.Request) -> web.Response:
        world = self._world
        if world.refusal is not None:
            return web.Response(text="<main>出错了</main>", content_type="text/html", status=world.refusal[0])
        world.systems_looks += 1
        return self._page("systems.html", request, **systems_page(world.systems_looks))

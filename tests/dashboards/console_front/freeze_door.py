"""Freezes behind the stand-in: the deed at the desk, and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from tests.dashboards.console_front import freeze_samples
from tests.dashboards.console_front.world import World

LOOK_SECONDS = 0.02


class FreezeDoor:
    """`page` renders a template for a request."""

    def __init__(self, world: World, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_post("/console/api/freeze", self._freeze)
        app.router.add_get("/freezes", self._freezes)
        app.router.add_get("/console/freezes/data", self._data)
        app.router.add_get("/console/freezes/badge", self._badge)

    async def _freeze(self, request: web.Request) -> web.Response:
        world = self._world
        world.act("freeze", await request.json() | {"url": str(request.rel_url)})
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1], "error_id": "e1"}, status=world.refusal[0])
        while world.freeze_answer is None:
            await asyncio.sleep(LOOK_SECONDS)
        return web.json_response({"ok": True, **world.freeze_answer})

    async def _freezes(self, request: web.Request) -> web.Response:
        config = freeze_samples.config(self._world.callback_centres)
        return self._page("freezes.html", request, freezes_config=config, centres=config["centres"])

    async def _data(self, request: web.Request) -> web.Response:
        world = self._world
        world.asked = dict(request.query)
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1]}, status=world.refusal[0])
        return web.json_response(freeze_samples.look(world.freezes, dict(request.query)))

    async def _badge(self, request: web.Request) -> web.Response:
        return web.json_response(freeze_samples.badge(self._world.freezes))

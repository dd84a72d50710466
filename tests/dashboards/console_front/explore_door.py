"""The page of figures behind the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from dashboards.provincial.explore.query import read_query
from tests.dashboards.console_front import explore_samples
from tests.dashboards.console_front.world import World
from voicemail.subjects import SubjectTree

TREE = SubjectTree()
LOOK_SECONDS = 0.02


class ExploreDoor:
    """`page` renders a template for a request. What the test sets is in `world.explore`."""

    def __init__(self, world: World, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_get("/province/explore", self._explore)
        app.router.add_get("/province/api/explore", self._figures)
        app.router.add_get("/province/api/calls", self._calls)

    async def _explore(self, request: web.Request) -> web.Response:
        config = explore_samples.config(self._world.explore.get("centres"))
        return self._page("explore.html", request, explore_config=config, centres=config["centres"])

    async def _figures(self, request: web.Request) -> web.Response:
        world, asked = self._world, dict(request.query)
        world.log.append({"do": "explore", **asked})
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1]}, status=world.refusal[0])
        while world.explore.get("is_slow"):
            await asyncio.sleep(LOOK_SECONDS)
        subjects = asked.pop("subjects", "")
        query = read_query(asked, explore_samples.TODAY, TREE)
        is_empty = bool(world.explore.get("is_empty")) or subjects == "none"
        return web.json_response(explore_samples.answer(query, bool(world.explore.get("is_demo")), is_empty))

    async def _calls(self, request: web.Request) -> web.Response:
        world, asked = self._world, dict(request.query)
        world.log.append({"do": "calls", **asked})
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1]}, status=world.refusal[0])
        return web.json_response(explore_samples.calls(asked.get("after", ""), asked.get("outcome", "")))

"""The province's wallboard behind the stand-in."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from tests.dashboards.console_front import wall_samples
from tests.dashboards.console_front.world import World


class WallDoor:
    """`page` renders a template for a request; `base` is the address of the stand-in."""

    def __init__(self, world: World, base: str, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._base = base
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_get("/province", self._wall)
        app.router.add_get("/province/api/wall", self._newest)

    async def _wall(self, request: web.Request) -> web.Response:
        config = wall_samples.config(f"http://{self._base}/events?wall=1", self._world.wall_centres)
        return self._page("wall.html", request, wall_config=config)

    async def _newest(self, request: web.Request) -> web.Response:
        world = self._world
        world.log.append({"do": "wall"})
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1]}, status=world.refusal[0])
        return web.json_response(world.wall)

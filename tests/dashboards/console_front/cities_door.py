"""The page of the cities' data behind the stand-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.dashboards.console_front import cities_samples as samples
from tests.dashboards.console_front.world import World

API = "/province/api/cities"


class CitiesDoor:
    """`page` renders a template for a request. What the test sets is in `world.cities`: decides, is_empty, bad."""

    def __init__(self, world: World, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_get("/province/cities", self._cities)
        app.router.add_get(API, self._look)
        app.router.add_get(f"{API}/batches", self._batches)
        app.router.add_get(f"{API}/batches/{{id}}", self._batch)
        app.router.add_get(f"{API}/days/{{centre}}/{{day}}", self._day)
        app.router.add_post(f"{API}/{{deed:.+}}", self._act)

    @property
    def _decides(self) -> bool:
        return bool(self._world.cities.get("decides", True))

    async def _cities(self, request: web.Request) -> web.Response:
        config = samples.config(self._decides, self._world.callback_centres)
        return self._page("cities.html", request, cities_config=config, centres=config["centres"])

    async def _look(self, request: web.Request) -> web.Response:
        self._world.asked = dict(request.query)
        return self._answer(samples.look(self._decides, bool(self._world.cities.get("is_empty"))))

    async def _batches(self, request: web.Request) -> web.Response:
        self._world.asked = dict(request.query)
        rows = [samples.batch(3, "refused", 30, 30)] if "bad" in request.query else [samples.batch(4, "accepted", 8)]
        return self._answer({"rows": rows, "next": None})

    async def _batch(self, request: web.Request) -> web.Response:
        found = samples.batch(int(request.match_info["id"]), "refused", 30, 30)
        return self._answer({**found, "problems": samples.problems(), "is_cut": False})

    async def _day(self, request: web.Request) -> web.Response:
        return self._answer(samples.day(request.match_info["centre"], request.match_info["day"]))

    async def _act(self, request: web.Request) -> web.Response:
        deed, world = request.match_info["deed"], self._world
        is_file = request.content_type == "text/csv"
        body = {"file": await request.text(), **request.query} if is_file else await request.json()
        world.log.append({"do": deed, **body})
        bad = int(world.cities.get("bad", 0))
        answers: dict[str, Any] = {
            "uploads/preview": samples.checked(bad),
            "uploads": samples.taken(bad),
            "keys": {"ok": True, "key": "ck-9", "words": samples.WORDS, "said": "密钥做好了。"},
        }
        return self._answer(answers.get(deed, {"ok": True, "said": world.said}))

    def _answer(self, found: Any) -> web.Response:
        if self._world.refusal is not None:
            status, sentence = self._world.refusal
            return web.json_response({"error": sentence, "error_id": "e1"}, status=status)
        return web.json_response(found)

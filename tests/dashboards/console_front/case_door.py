"""Cases behind the stand-in: the list and the page."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from aiohttp import web

from integrations.gateway.audio import wav_bytes
from tests.dashboards.console_front import case_samples
from tests.dashboards.console_front.world import World


class CaseDoor:
    """`page` renders a template for a request."""

    def __init__(self, world: World, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_get("/cases", self._cases)
        app.router.add_get("/cases/{id}", self._case)
        app.router.add_get("/console/cases/data", self._data)
        app.router.add_get("/console/cases/badge", self._badge)
        app.router.add_get("/console/cases/agents", self._agents)
        app.router.add_get("/console/cases/{id}/data", self._case_data)
        app.router.add_get("/console/messages/{id}/sound", self._sound)
        app.router.add_post("/console/cases/{rest:.+}", self._act)

    async def _cases(self, request: web.Request) -> web.Response:
        config = case_samples.config(self._world.callback_centres)
        return self._page("cases.html", request, cases_config=config, centres=config["centres"])

    async def _case(self, request: web.Request) -> web.Response:
        id = int(request.match_info["id"])
        return self._page("case.html", request, case_id=id, case_config=case_samples.case_config(id))

    async def _data(self, request: web.Request) -> web.Response:
        self._world.asked = dict(request.query)
        return self._refusal() or web.json_response(case_samples.look(self._world.cases, dict(request.query)))

    async def _badge(self, request: web.Request) -> web.Response:
        return web.json_response(case_samples.badge(self._world.cases))

    async def _agents(self, request: web.Request) -> web.Response:
        people = [{"id": 17, "number": "1023", "name": "王芳"}, {"id": 18, "number": "1002", "name": "吴涛"}]
        return web.json_response({"agents": people})

    async def _case_data(self, request: web.Request) -> web.Response:
        found = self._world.case
        seen = {"messages": None} if request.query.get("seen") == found["version"] else {}
        return self._refusal() or web.json_response({**found, **seen, "now": case_samples.iso()})

    async def _sound(self, request: web.Request) -> web.Response:
        wave = (int(8000 * math.sin(n / 3)) for n in range(8000))
        return web.Response(body=wav_bytes(struct.pack("<8000h", *wave)), content_type="audio/wav")

    async def _act(self, request: web.Request) -> web.Response:
        name, body = f"cases/{request.match_info['rest']}", await request.json()
        if (refusal := self._refusal()) is not None:
            return refusal
        self._world.act(name, body)
        if name.endswith("/number"):
            return web.json_response({"ok": True, "number": "13855115678"})
        return web.json_response({"ok": True, "said": self._world.said, "failed": self._world.bulk_failed})

    def _refusal(self) -> web.Response | None:
        if self._world.refusal is None:
            return None
        status, sentence = self._world.refusal
        return web.json_response({"error": sentence, "error_id": "e1"}, status=status)

"""The supervisors' page of cases and a message's voice behind the stand-in."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import Callable

from aiohttp import web

from tests.dashboards.console_front import board_samples
from tests.dashboards.console_front.world import World

RATE, SECONDS, TONE_HZ = 8000, 6, 300


class BoardDoor:
    """`page` renders a template for a request."""

    def __init__(self, world: World, page: Callable[..., web.Response]) -> None:
        self._world = world
        self._page = page

    def add_to(self, app: web.Application) -> None:
        """Before the console's catch-all address."""
        app.router.add_get("/cases/board", self._board)
        app.router.add_get("/console/cases/board/data", self._data)
        app.router.add_get("/console/messages/{sid}/sound", self._sound)

    async def _board(self, request: web.Request) -> web.Response:
        config = board_samples.config(self._world.callback_centres)
        return self._page("case_board.html", request, board_config=config, centres=config["centres"])

    async def _data(self, request: web.Request) -> web.Response:
        world = self._world
        world.asked = dict(request.query)
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1]}, status=world.refusal[0])
        centres = None if "centre" in request.query else world.callback_centres
        return web.json_response(board_samples.board(world.is_board_empty, centres))

    async def _sound(self, request: web.Request) -> web.Response:
        world = self._world
        world.log.append({"do": "listen", "range": request.headers.get("Range", "")})
        if world.refusal is not None:
            return web.json_response({"error": world.refusal[1]}, status=world.refusal[0])
        whole = tone()
        part = request.http_range
        start, stop = part.start or 0, min(part.stop or len(whole), len(whole))
        headers = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{stop - 1}/{len(whole)}"}
        return web.Response(body=whole[start:stop], status=206, content_type="audio/wav", headers=headers)


def tone() -> bytes:
    """Some seconds of a tone, as a WAV file."""
    steps = (int(9000 * math.sin(2 * math.pi * TONE_HZ * n / RATE)) for n in range(RATE * SECONDS))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(b"".join(struct.pack("<h", step) for step in steps))
    return buffer.getvalue()

"""The phone page and a real gateway without the rest of the hotline, which here is a few fixed documents."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Response, request
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboards.phone.page import phone_blueprint
from dashboards.web_app import build_flask
from integrations.demo_keys import DemoKeys
from integrations.gateway.audio import beep
from integrations.gateway.server import Gateway, open_gateway
from integrations.services import Services
from integrations.settings import Settings
from integrations.telephony.client import CarrierClient
from tests.gateway.scene import QuietSpeech
from tests.journeys.browser import CuttableWire
from tests.running import free_port
from tests.waiting import eventually

KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
SHOWN = "+8655312333"
T = TypeVar("T")


class HummingSpeech(QuietSpeech):
    """A tone instead of words."""

    async def say(self, text: str, rate: float = 1.0, keep: bool = True) -> bytes:
        return beep(len(text) / 4.2, 440)


class _Quiet(WSGIRequestHandler):
    """Pages still ask while a test ends, when what pytest has lent for printing is closed already."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class PhoneStage:
    """All in this process, each on a thread of its own. `documents` are what the hotline answers, by path."""

    def __init__(self, folder: Path, documents: dict[str, str]) -> None:
        self.documents = documents
        self.told: list[tuple[str, dict[str, str]]] = []
        port = free_port()
        # Pages reach the gateway by a wire that can be cut.
        self.wire = CuttableWire(free_port())
        self.base = f"http://127.0.0.1:{port}"
        env = {"VAR_DIR": str(folder), "PORT": str(port), "GATEWAY_PORT": str(self.wire.target), "LOG_JSON": "1",
               "GATEWAY_URL": f"ws://127.0.0.1:{self.wire.port}"}  # fmt: skip
        self.settings = Settings.from_env(env, load_demo_keys=lambda var_dir: KEYS)
        self._server = make_server("127.0.0.1", port, self._build_pages(), threaded=True, request_handler=_Quiet)
        self._serving = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._serving.start()
        self._loop = asyncio.new_event_loop()
        self._turning = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._turning.start()
        self._stop: asyncio.Event
        self.open_gateway()

    # the gateway

    def open_gateway(self) -> None:
        """As after a restart: nothing is known of what was before."""
        self._stop = asyncio.Event()
        opened: asyncio.Future[Gateway] = self._loop.create_future()

        async def hold() -> None:
            async with open_gateway(self.settings, HummingSpeech()) as gateway:
                opened.set_result(gateway)
                await self._stop.wait()

        self._holding = asyncio.run_coroutine_threadsafe(hold(), self._loop)
        self.gateway = self._do(asyncio.wait_for(opened, 20))

    def close_gateway(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._holding.result(20)

    def ring(self, number: str, seconds: int = 30, **more: str) -> str:
        """The hotline has somebody rung; the call's id."""
        carrier = CarrierClient(self.settings)
        try:
            status = f"{self.base}/queueing/callback?attempt=7"
            return carrier.dial(number, f"{self.base}/ivr/callback", status, seconds, SHOWN, **more)
        finally:
            carrier.close()

    def text(self, number: str, words: str) -> str:
        """The hotline sends somebody a text message; its id."""
        carrier = CarrierClient(self.settings)
        try:
            return carrier.send_text(number, words, SHOWN)
        finally:
            carrier.close()

    def status(self, sid: str) -> str:
        call = self.gateway.calls.find(sid)
        return call.status if call is not None else ""

    def ends(self, sid: str, status: str) -> None:
        eventually(lambda: self.status(sid) == status, 10.0)

    def hang_up(self, sid: str) -> None:
        """The hotline does not want it any longer."""

        async def end() -> None:
            call = self.gateway.calls.find(sid)
            assert call is not None
            call.end("completed")

        self._do(end())

    def be_quiet(self) -> None:
        """No call is left of what was before."""

        async def end() -> None:
            for call in self.gateway.calls.all():
                call.end("completed")

        self._do(end())
        eventually(lambda: self.gateway.calls.live_count == 0, 10.0)

    def forms(self, path: str) -> list[dict[str, str]]:
        """What the hotline was asked or told there."""
        return [form for told, form in self.told if told == path]

    # the pages

    def _build_pages(self) -> Any:
        nobody = Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0))
        none = cast(Any, None)
        services = Services(
            self.settings, none, nobody, none, carrier=none, storage=none, texts=none, social_insurance=none
        )
        app = build_flask(self.settings)
        app.register_blueprint(phone_blueprint(services))
        for room in ("ivr", "queueing"):
            app.add_url_rule(f"/{room}/<path:rest>", room, self._answer, methods=["GET", "POST"])
        return app

    def _answer(self, rest: str) -> Response:
        self.told.append((request.path, dict(request.form)))
        document = self.documents.get(request.path)
        return Response(status=204) if document is None else Response(document, content_type="text/xml")

    def end(self) -> None:
        self.close_gateway()
        self.wire.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._turning.join(10)
        self._server.shutdown()
        self._serving.join(10)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

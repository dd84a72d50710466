"""The sandbox's own side: the page with demo persons and switches, and the same for programs.

    GET  /                                          the page
    GET  /healthz   GET /readyz                     200; readyz 503 while the exchange tables are not filled
    GET  /admin/state                               everything: switches, exchange, shape, counts, the last requests
    POST /admin/switch   {system, mode, ms?, p?, twist?, times?, operation?, days?}
    POST /admin/shape    {shape}                    how the medical platform writes output: "", "plain" or "sealed"
    POST /admin/reset    {cards?}                   all normal, the journal empty; with cards all writes forgotten
    POST /admin/asked    {system, operation?, about?}          {"count": n}; about is an ID or a card number
    POST /admin/writes   {system, card}                        {received, frozen, already, released, refused}

Bodies are JSON, or a form from the page, which is then shown again. All but the health addresses answer only on this
machine under a loopback name, and /admin only with the token (header X-Sandbox-Token, or the form's `token`). What is
wrong is answered with 400 and {"error": a sentence}.
"""

import ipaddress
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from integrations.sandbox.exchange import ExchangeMode
from integrations.sandbox.exchange_keeper import NAME as EXCHANGE
from integrations.sandbox.journal import Entry
from integrations.sandbox.medical import SHAPES
from integrations.sandbox.page import render_page
from integrations.sandbox.parts import Parts
from integrations.sandbox.switches import BadSwitch, Switch

HERE = Path(__file__).parent
TOKEN_HEADER = "X-Sandbox-Token"
SHOWN = 50
FORM = "application/x-www-form-urlencoded"
PAGE_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Admin:
    """What can be looked at and turned."""

    parts: Parts
    token: str

    def add_to(self, app: web.Application) -> None:
        """Register the addresses above."""
        router = app.router
        router.add_get("/healthz", _healthz)
        router.add_get("/readyz", self._readyz)
        router.add_get("/", self._page)
        router.add_get("/style.css", _style)
        router.add_get("/admin/state", self._state)
        for path, do in (
            ("switch", self._switch),
            ("shape", self._shape),
            ("reset", self._reset),
            ("asked", self._asked),
            ("writes", self._writes),
        ):
            router.add_post(f"/admin/{path}", self._guarded(do))

    async def _readyz(self, request: web.Request) -> web.Response:
        exchange = self.parts.exchange
        content = {"exchange": {"state": exchange.state, "reason": exchange.reason}}
        return web.json_response(content, status=200 if exchange.is_ready else 503)

    async def _page(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        text = render_page(self.parts, self.token, request.host)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})

    async def _state(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        self._with_token(request.headers.get(TOKEN_HEADER, ""))
        exchange = self.parts.exchange
        counts = [{"system": s, "operation": o, "count": n} for (s, o), n in self.parts.journal.counts.items()]
        return web.json_response(
            {
                "switches": {name: asdict(switch) for name, switch in self.parts.switches.state.items()},
                "exchange": {"state": exchange.state, "reason": exchange.reason, **asdict(exchange.mode)},
                "shape": self.parts.medical.shape,
                "counts": counts,
                "journal": [_shown(entry) for entry in list(self.parts.journal.entries)[-SHOWN:]],
            }
        )

    def _guarded(
        self, do: Callable[[Given], Awaitable[Given]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            _only_from_here(request)
            # A command line that posts JSON often says that it is a form.
            is_form = request.content_type == FORM and not (await request.read()).lstrip().startswith(b"{")
            given = await _given(request, is_form)
            self._with_token(request.headers.get(TOKEN_HEADER) or str(given.get("token") or ""))
            try:
                answer = await do(given)
            except (BadSwitch, TypeError, ValueError) as error:
                sentence = str(error) if isinstance(error, BadSwitch) else "数值不正确"
                return _json({"error": sentence}, status=400)
            if is_form:
                raise web.HTTPSeeOther(f"/#{given.get('system', '')}")
            return _json(answer)

        return handle

    def _with_token(self, token: str) -> None:
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            raise web.HTTPForbidden(text="令牌不对。")

    async def _switch(self, given: Given) -> Given:
        system, mode = str(given.get("system")), str(given.get("mode"))
        if system == EXCHANGE:
            await self.parts.exchange.turn(_exchange_mode(mode, given))
        else:
            self.parts.switches.turn(system, _switch(mode, given))
        return {"system": system, "mode": mode}

    async def _shape(self, given: Given) -> Given:
        shape = str(given.get("shape") or "")
        if shape not in SHAPES:
            raise BadSwitch("写法应为空、plain 或 sealed")
        self.parts.medical.shape = shape
        return {"shape": shape}

    async def _reset(self, given: Given) -> Given:
        self.parts.switches.reset()
        self.parts.medical.shape = ""
        self.parts.journal.clear()
        if given.get("cards"):
            self.parts.cards.forget()
        if self.parts.exchange.mode != ExchangeMode():
            await self.parts.exchange.turn(ExchangeMode())
        return {}

    async def _asked(self, given: Given) -> Given:
        told = [str(given.get(name) or "") for name in ("system", "operation", "about")]
        return {"count": self.parts.journal.asked(*told)}

    async def _writes(self, given: Given) -> Given:
        return asdict(self.parts.journal.writes(str(given.get("system")), str(given.get("card"))))


async def _given(request: web.Request, is_form: bool) -> Given:
    if is_form:
        return {key: value for key, value in (await request.post()).items() if value != ""}
    try:
        given = json.loads(await request.read())
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="应为 JSON 对象。")
    return given


def _json(content: Given, status: int = 200) -> web.Response:
    return web.json_response(content, status=status, dumps=partial(json.dumps, ensure_ascii=False))


def _switch(mode: str, given: Given) -> Switch:
    usual = Switch()
    times = given.get("times")
    return Switch(
        mode,
        ms=int(given.get("ms", usual.ms)),
        p=float(given.get("p", usual.p)),
        twist=str(given.get("twist", usual.twist)),
        times=None if times is None else int(times),
        operation=str(given.get("operation", "")),
    )


def _exchange_mode(mode: str, given: Given) -> ExchangeMode:
    usual = ExchangeMode()
    return ExchangeMode(mode, int(given.get("ms", usual.ms)), int(given.get("days", usual.days)))


def _shown(entry: Entry) -> Given:
    return asdict(entry) | {"at": entry.at.isoformat()}


def _only_from_here(request: web.Request) -> None:
    """This machine, under a loopback name: a page elsewhere must not reach it by a name of its own."""
    host = urlsplit(f"//{request.host}").hostname or ""
    is_here = _is_loopback(request.remote or "") and (host == "localhost" or _is_loopback(host))
    if not is_here or "X-Forwarded-For" in request.headers:
        raise web.HTTPForbidden(text="只能在本机打开。")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


async def _healthz(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _style(request: web.Request) -> web.FileResponse:
    return web.FileResponse(HERE / "style.css")

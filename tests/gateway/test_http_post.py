"""Webhooks over real connections: nothing is followed, and every failure has its kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from integrations.gateway.http_post import http_post, open_session
from integrations.gateway.twiml_reader import LONGEST_DOCUMENT
from integrations.gateway.webhooks import Post
from tests.running import free_port


@asynccontextmanager
async def server(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[tuple[Post, str]]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner, port = web.AppRunner(app, shutdown_timeout=0.1), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with open_session() as session:
        yield http_post(session), f"http://127.0.0.1:{port}"
    await runner.cleanup()


def test_the_address_and_the_form_arrive_as_they_are() -> None:
    seen: list[tuple[str, str, dict[str, str]]] = []

    async def handler(request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        seen.append((request.method, request.raw_path, form))
        return web.Response(text="<Response/>")

    async def scene() -> None:
        async with server(handler) as (post, base):
            answer = await post(
                "POST", f"{base}/a%2Fb?x=%7E&y=%E4%BD%A0", {"From": "+86138", "Text": "王芳 & 李强"}, {}
            )
            assert (answer.status, answer.body) == (200, "<Response/>")
            await post("GET", f"{base}/c?Digits=%23", {}, {})

    asyncio.run(scene())
    assert seen == [
        ("POST", "/a%2Fb?x=%7E&y=%E4%BD%A0", {"From": "+86138", "Text": "王芳 & 李强"}),
        ("GET", "/c?Digits=%23", {}),
    ]


def test_a_redirect_is_not_followed() -> None:
    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://elsewhere.example.cn/")

    async def scene() -> None:
        async with server(handler) as (post, base):
            assert (await post("POST", base, {}, {})).status == 302

    asyncio.run(scene())


def test_an_endless_answer_is_cut_off() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 10_000)
        except ConnectionError:
            return response

    async def scene() -> None:
        async with server(handler) as (post, base):
            assert LONGEST_DOCUMENT < len((await post("POST", base, {}, {})).body) <= 3 * LONGEST_DOCUMENT

    asyncio.run(scene())


def test_a_closed_port_and_a_broken_connection_are_connection_errors() -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def scene() -> None:
        async with server(handler) as (post, base):
            for address in (base, f"http://127.0.0.1:{free_port()}"):
                with pytest.raises(ConnectionError):
                    await post("POST", address, {}, {})

    asyncio.run(scene())

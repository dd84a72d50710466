"""The door in front of the business systems: notes every request, lets the switch have its way, and answers."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from aiohttp import web

from integrations.sandbox.journal import OPEN, Entry, Journal
from integrations.sandbox.switches import DOWN, ERROR, HALF, HANG, LOST, RAW_TWISTS, SLOW, WRONG, Fault, Switches
from integrations.sandbox.wire import Call, Question, Reply, System

HTML = "text/html; charset=utf-8"
ERROR_PAGE = b"<html><body><h1>500 Internal Server Error</h1></body></html>"
TIMEOUT_PAGE = "<html><head><title>网关超时</title></head><body>网关超时，请稍后重试</body></html>".encode()
RESET = struct.pack("ii", 1, 0)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """One for all systems; each system's address gets a handler."""

    def __init__(self, switches: Switches, journal: Journal) -> None:
        self._switches = switches
        self._journal = journal

    def handler(self, system: System) -> Handler:
        """What aiohttp calls for this system's address."""

        async def serve(request: web.Request) -> web.StreamResponse:
            question = system.read(await _call(request))
            fault = self._switches.take(system.name, question.operation)
            entry = self._journal.note(system.name, question, fault.mode)
            try:
                return await self._act(request, system, question, fault, entry)
            except asyncio.CancelledError:
                if entry.result == OPEN:
                    entry.result = "client left"
                raise

        return serve

    async def _act(
        self, request: web.Request, system: System, question: Question, fault: Fault, entry: Entry
    ) -> web.StreamResponse:
        if fault.mode == HANG:
            await self._switches.until_turned(system.name)
        if fault.mode in (DOWN, HANG):
            entry.result = fault.mode
            return _cut(request, with_reset=True)
        if fault.mode == ERROR:
            entry.result = fault.mode
            return _response(Reply(ERROR_PAGE, fault.mode, HTML, 500))
        reply = self._reply(system, question, fault)
        entry.result = reply.result
        if fault.mode == SLOW:
            await asyncio.sleep(fault.ms / 1000)
        if fault.mode == LOST:
            return _cut(request, with_reset=False)
        return await _half(request, reply) if fault.mode == HALF else _response(reply)

    def _reply(self, system: System, question: Question, fault: Fault) -> Reply:
        twist = fault.twist if fault.mode == WRONG else ""
        content_twist = "" if twist in RAW_TWISTS else twist
        reply = question.refused or system.answer(question, content_twist)
        if twist == "html":
            return Reply(TIMEOUT_PAGE, reply.result, HTML)
        if twist == "empty":
            return Reply(b"", reply.result, reply.content_type)
        if twist == "broken":
            # Complete by its length, so only its reader can tell.
            return Reply(reply.body[: len(reply.body) // 2] + b"\x00<{", reply.result, reply.content_type)
        return reply


async def _call(request: web.Request) -> Call:
    return Call(
        request.method,
        f"{request.scheme}://{request.host}{request.path}",
        dict(request.query),
        {name.lower(): value for name, value in request.headers.items()},
        await request.read(),
    )


def _response(reply: Reply) -> web.Response:
    return web.Response(body=reply.body, status=reply.status, headers={"Content-Type": reply.content_type})


def _cut(request: web.Request, *, with_reset: bool) -> web.StreamResponse:
    """End the connection without an answer; with a reset the client's kernel says so at once."""
    transport = request.transport
    if transport is not None:
        if with_reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            transport.abort()
        else:
            transport.close()
    # Nobody is there to read it.
    return web.Response()


async def _half(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers={"Content-Type": reply.content_type})
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response

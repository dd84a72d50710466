"""Writing to a phone's WebSocket without ever waiting: the clock that serves all calls must not hang on one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

TEXT, BINARY = 1, 2
# About eight seconds of sound that the network has not taken: more would only be heard too late.
MOST_WAITING_FOR_SOUND = 128 * 1024
MOST_WAITING = 1024 * 1024


class PhoneSocket:
    """One connection. Frames are written whole (RFC 6455, no compression), so that their order is that of the calls."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._socket = socket
        self._transport = transport
        self.dropped_frames = 0

    def send_event(self, event: Mapping[str, object]) -> bool:
        """False when the page cannot be told any more."""
        return self._write(TEXT, json.dumps(event, ensure_ascii=False).encode(), MOST_WAITING)

    def send_sound(self, frame: bytes) -> None:
        if not self._write(BINARY, frame, MOST_WAITING_FOR_SOUND):
            self.dropped_frames += 1

    async def close(self) -> None:
        await self._socket.close()

    def _write(self, kind: int, content: bytes, limit: int) -> bool:
        if self._socket.closed or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() > limit:
            return False
        self._transport.write(_header(kind, len(content)) + content)
        return True


def _header(kind: int, length: int) -> bytes:
    if length < 126:
        return bytes((0x80 | kind, length))
    return bytes((0x80 | kind, 126)) + length.to_bytes(2, "big")

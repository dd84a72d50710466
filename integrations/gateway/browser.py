"""The phone's connection: who may open it, and what its messages mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from aiohttp import WSMsgType, web

from integrations.gateway.attributes import origin_of
from integrations.gateway.browser_leg import BrowserLeg, ended
from integrations.gateway.calls import Calls, LinesBusy
from integrations.gateway.documents import EVERY_KEY
from integrations.gateway.frame_clock import FrameClock
from integrations.gateway.leg import HungUp
from integrations.gateway.phone_socket import PhoneSocket
from integrations.gateway.tokens import BadToken, UsedTokens, check_token
from integrations.settings import is_loopback

log = structlog.get_logger(__name__)
LONGEST_MESSAGE = 4096
HEARTBEAT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
_NUMBER = re.compile(r"\+?[0-9]{2,18}", re.ASCII)


class Refused(Exception):
    """Said to the page as it is, in Chinese."""


class PhoneDoor:
    """`GET /phone?token=`: one connection for each call, or for one that lost its own."""

    def __init__(
        self, calls: Calls, clock: FrameClock, secret_key: bytes, base: str, now: Callable[[], datetime]
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._secret_key = secret_key
        self._origin = origin_of(base)
        self._now = now
        self._used = UsedTokens()
        self._legs: dict[str, BrowserLeg] = {}

    async def open(self, request: web.Request) -> web.StreamResponse:
        """The handler. 403 for a foreign page or a bad token."""
        if not self._is_our_page(request.headers.get("Origin", "")):
            log.warning("phone_refused", reason="origin")
            raise web.HTTPForbidden(text="只能从热线自己的页面拨打。")
        try:
            check_token(self._secret_key, token := request.query.get("token", ""), self._now())
            self._used.spend(token, self._now())
        except BadToken as error:
            log.warning("phone_refused", reason=str(error))
            raise web.HTTPForbidden(text="拨号凭证无效或已过期，请刷新页面再拨。") from error
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, timeout=CLOSE_SECONDS, max_msg_size=LONGEST_MESSAGE, compress=False
        )
        await socket.prepare(request)
        if request.transport is not None:
            await _Conversation(self, PhoneSocket(socket, request.transport)).hold(socket)
        return socket

    def _is_our_page(self, origin: str) -> bool:
        scheme, host, port = origin_of(origin)
        own_scheme, own_host, own_port = self._origin
        # On one's own machine 127.0.0.1 and localhost are the same door.
        is_same_host = host == own_host or (is_loopback(host) and is_loopback(own_host))
        return is_same_host and (scheme, port) == (own_scheme, own_port)

    def dial(self, socket: PhoneSocket, message: dict[str, Any]) -> BrowserLeg:
        """Start a call. Raises Refused."""
        dialled, caller = str(message.get("to", "")), str(message.get("from", ""))
        if not _NUMBER.fullmatch(dialled):
            raise Refused("拨打的号码不正确。")
        if caller and not _NUMBER.fullmatch(caller):
            raise Refused("来电号码不正确。")
        leg = BrowserLeg(self._clock, socket)
        try:
            call = self._calls.start(leg, caller or "anonymous", dialled)
        except LinesBusy:
            raise Refused("线路都占着，可以过一会儿再拨。") from None
        self._forget_the_gone()
        self._legs[call.sid] = leg
        return leg

    def resume(self, socket: PhoneSocket, message: dict[str, Any]) -> BrowserLeg | None:
        """Go on with a call; None when it has ended meanwhile, which the page is told. Raises Refused."""
        sid, key = str(message.get("call", "")), str(message.get("key", ""))
        leg, call = self._legs.get(sid), self._calls.find(sid)
        if leg is None or call is None or leg.key != key:
            raise Refused("这次通话已经结束。")
        if call.is_over or leg.hung_up.is_set():
            socket.send_event(ended(call.status if call.is_over else "completed"))
            return None
        leg.resume(socket)
        return leg

    def _forget_the_gone(self) -> None:
        self._legs = {sid: leg for sid, leg in self._legs.items() if self._calls.find(sid) is not None}


class _Conversation:
    """What is said on one connection."""

    def __init__(self, door: PhoneDoor, socket: PhoneSocket) -> None:
        self._door = door
        self._socket = socket
        self._leg: BrowserLeg | None = None

    async def hold(self, connection: web.WebSocketResponse) -> None:
        self._socket.send_event({"type": "ready"})
        try:
            async for message in connection:
                if message.type == WSMsgType.BINARY:
                    if self._leg is not None and self._leg.is_on(self._socket):
                        self._leg.hear(message.data)
                elif message.type == WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            if self._leg is not None:
                self._leg.lose(self._socket)

    def _take(self, text: str) -> None:
        try:
            message = json.loads(text)
            if not isinstance(message, dict):
                raise ValueError
            self._act(message)
        except (ValueError, RecursionError):
            self._say_error("无法理解的请求。")
        except Refused as refusal:
            self._say_error(str(refusal))

    def _act(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "ping":
                self._socket.send_event({"type": "pong", "t": message.get("t")})
            case "dial" | "resume" if self._leg is not None:
                raise Refused("这个连接已经在通话。")
            case "dial":
                self._leg = self._door.dial(self._socket, message)
            case "resume":
                self._leg = self._door.resume(self._socket, message)
            case "digit" if self._leg is not None:
                self._press(str(message.get("digit", "")))
            case "hangup" if self._leg is not None:
                self._leg.interrupt(HungUp())
            case _:
                raise ValueError

    def _press(self, digit: str) -> None:
        if len(digit) != 1 or digit not in EVERY_KEY:
            raise ValueError
        if self._leg is not None and self._leg.is_on(self._socket):
            self._leg.push_digit(digit)

    def _say_error(self, sentence: str) -> None:
        self._socket.send_event({"type": "error", "sentence": sentence})

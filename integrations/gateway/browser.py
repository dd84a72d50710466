"""The phone's door: who may open a connection, dial over it, be rung at it, or come back to a call."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from integrations.gateway.attributes import origin_of
from integrations.gateway.browser_leg import BrowserLeg, ended
from integrations.gateway.calls import Calls, LinesBusy
from integrations.gateway.client_leg import ClientLeg, incoming_over
from integrations.gateway.conversation import Conversation, Refused
from integrations.gateway.frame_clock import FrameClock
from integrations.gateway.lines import Lines, address_of
from integrations.gateway.phone_socket import PhoneSocket
from integrations.gateway.tokens import BadToken, UsedTokens, check_token
from integrations.settings import is_loopback

log = structlog.get_logger(__name__)
LONGEST_MESSAGE = 4096
HEARTBEAT_SECONDS = 10.0
CLOSE_SECONDS = 2.0
_NUMBER = re.compile(r"\+?[0-9]{2,18}", re.ASCII)


class PhoneDoor:
    """`GET /phone?token=`: one connection for each call that a page dials, or for all that ring at it."""

    def __init__(
        self,
        calls: Calls,
        lines: Lines,
        clock: FrameClock,
        secret_key: bytes,
        base: str,
        now: Callable[[], datetime],
    ) -> None:
        self._calls = calls
        self.lines = lines
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
            caller = check_token(self._secret_key, token := request.query.get("token", ""), self._now())
            self._used.spend(token, self._now())
        except BadToken as error:
            log.warning("phone_refused", reason=str(error))
            raise web.HTTPForbidden(text="拨号凭证无效或已过期，请刷新页面再拨。") from error
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS, timeout=CLOSE_SECONDS, max_msg_size=LONGEST_MESSAGE, compress=False
        )
        await socket.prepare(request)
        if request.transport is not None:
            await Conversation(self, PhoneSocket(socket, request.transport), address_of(caller)).hold(socket)
        return socket

    def _is_our_page(self, origin: str) -> bool:
        scheme, host, port = origin_of(origin)
        own_scheme, own_host, own_port = self._origin
        # On one's own machine 127.0.0.1 and localhost are the same door.
        is_same_host = host == own_host or (is_loopback(host) and is_loopback(own_host))
        return is_same_host and (scheme, port) == (own_scheme, own_port)

    def dial(self, socket: PhoneSocket, message: dict[str, Any], address: str) -> BrowserLeg:
        """Start a call; `address` is where this connection is registered, or "". Raises Refused."""
        dialled, caller = str(message.get("to", "")), str(message.get("from", ""))
        if not _NUMBER.fullmatch(dialled):
            raise Refused("拨打的号码不正确。")
        if caller and not _NUMBER.fullmatch(caller):
            raise Refused("来电号码不正确。")
        if self.lines.engaged(address) is not None:
            raise Refused("这个连接已经在通话。")
        leg = BrowserLeg(self._clock, socket, (lambda: self.lines.release(address)) if address else None)
        try:
            call = self._calls.start(leg, caller or "anonymous", dialled)
        except LinesBusy:
            raise Refused("线路都占着，可以过一会儿再拨。") from None
        if address:
            self.lines.engage(address, leg)
        self._remember(call.sid, leg)
        return leg

    def accept(self, socket: PhoneSocket, message: dict[str, Any], address: str) -> BrowserLeg | None:
        """Take the call that rings at this address; None when it no longer rings, which the page is told."""
        sid, as_machine = str(message.get("call", "")), message.get("as") == "machine"
        leg = self.lines.engaged(address)
        if isinstance(leg, ClientLeg) and leg.call_sid == sid and leg.accept(socket, as_machine):
            self._remember(sid, leg)
            return leg
        call = self._calls.find(sid)
        socket.send_event(incoming_over(sid, call.status if call is not None and call.is_over else "canceled"))
        return None

    def decline(self, sid: str, address: str) -> None:
        """Not this call, or not now; one that no longer rings is forgotten already."""
        leg = self.lines.engaged(address)
        if isinstance(leg, ClientLeg) and sid in ("", leg.call_sid):
            leg.decline()

    def resume(self, socket: PhoneSocket, message: dict[str, Any], address: str) -> BrowserLeg | None:
        """Go on with a call; None when it has ended, or still rings, which the page is told. Raises Refused."""
        sid, key = str(message.get("call", "")), str(message.get("key", ""))
        rung = self.lines.engaged(address)
        leg = rung if isinstance(rung, ClientLeg) and rung.call_sid == sid else self._legs.get(sid)
        call = self._calls.find(sid)
        if leg is None or call is None or leg.key != key:
            raise Refused("这次通话已经结束。")
        if leg is rung:
            self.lines.renew(address, socket)
        if call.is_over or leg.hung_up.is_set():
            socket.send_event(ended(call.status if call.is_over else "completed"))
            return None
        leg.resume(socket)
        # One that still rings has been shown again: it is for the page to accept.
        return None if isinstance(leg, ClientLeg) and not leg.is_picked_up else leg

    def _remember(self, sid: str, leg: BrowserLeg) -> None:
        self._forget_the_gone()
        self._legs[sid] = leg

    def _forget_the_gone(self) -> None:
        self._legs = {sid: leg for sid, leg in self._legs.items() if self._calls.find(sid) is not None}

"""What is said on one connection of a phone, and what it means.

JSON in text frames; sound in binary ones, 20 ms of PCM16LE at 8 kHz each way while a call is up.

page    dial {to, from}; register; accept {call, as: "machine" for an answering machine}; reject {call};
        resume {call, key}; digit {digit}; hangup; ping {t}
gateway ready; ringing {call, key}; registered {call, key: only to a client whose talk is still live}; replaced;
        incoming {call, key, from, parameters}; incoming_over {call, reason}; answered; resumed;
        caption {text, seconds}; silenced; gather {digits, finish, timeout, speech: only where a voice counts};
        recording; recorded; ended {reason, sentence}; pong {t}; error {sentence}

A voice is found by the loudness of what the page sends (`verbs/gather.py`). An answering machine is one because its
page says so, and is known by the end of its greeting (`machine_detection.py`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from integrations.gateway.browser_leg import BrowserLeg
from integrations.gateway.documents import EVERY_KEY
from integrations.gateway.leg import HungUp
from integrations.gateway.phone_socket import PhoneSocket

if TYPE_CHECKING:
    from integrations.gateway.browser import PhoneDoor


class Refused(Exception):
    """Said to the page as it is, in Chinese."""


class Conversation:
    """`address` is where its token lets the page be rung, "" when it may only dial."""

    def __init__(self, door: PhoneDoor, socket: PhoneSocket, address: str) -> None:
        self._door = door
        self._socket = socket
        self._address = address
        self._call: BrowserLeg | None = None

    async def hold(self, connection: web.WebSocketResponse) -> None:
        self._socket.send_event({"type": "ready"})
        try:
            async for message in connection:
                if self._address:
                    self._door.lines.hear(self._address, self._socket)
                if message.type == WSMsgType.BINARY:
                    if self._call is not None and self._call.is_on(self._socket):
                        self._call.hear(message.data)
                elif message.type == WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self._end()

    @property
    def _leg(self) -> BrowserLeg | None:
        """The call on this connection; a registered page may have had others before."""
        if self._call is not None and self._call.is_over_on(self._socket):
            self._call = None
        return self._call

    @property
    def _registered_at(self) -> str:
        return self._address if self._door.lines.is_registered(self._address, self._socket) else ""

    def _end(self) -> None:
        if self._address:
            self._door.lines.unregister(self._address, self._socket)
            if (ringing := self._door.lines.engaged(self._address)) is not None:
                ringing.lose(self._socket)
        if self._call is not None:
            self._call.lose(self._socket)

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
            case "register":
                self._register()
            case "dial" | "resume" | "accept" if self._leg is not None:
                raise Refused("这个连接已经在通话。")
            case "dial":
                self._call = self._door.dial(self._socket, message, self._registered_at)
            case "resume":
                self._call = self._door.resume(self._socket, message, self._address)
            case "accept" if self._registered_at:
                self._call = self._door.accept(self._socket, message, self._address)
            case "reject" if self._registered_at:
                self._door.decline(str(message.get("call", "")), self._address)
            case "digit" if self._leg is not None:
                self._press(str(message.get("digit", "")))
            case "hangup" if self._leg is not None:
                self._leg.interrupt(HungUp())
            case "hangup" if self._registered_at:
                # Nothing was picked up yet: putting down means not now.
                self._door.decline("", self._address)
            case _:
                raise ValueError

    def _register(self) -> None:
        if not self._address:
            raise Refused("这个凭证只能拨出，不能接听来电。")
        self._door.lines.register(self._address, self._socket)

    def _press(self, digit: str) -> None:
        if len(digit) != 1 or digit not in EVERY_KEY:
            raise ValueError
        if self._leg is not None and self._leg.is_on(self._socket):
            self._leg.push_digit(digit)

    def _say_error(self, sentence: str) -> None:
        self._socket.send_event({"type": "error", "sentence": sentence})

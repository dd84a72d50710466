"""The registered telephones: which page answers for which address, and which of them is engaged."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from integrations.gateway.browser_leg import BrowserLeg
from integrations.gateway.client_leg import ClientLeg
from integrations.gateway.frame_clock import FrameClock
from integrations.gateway.leg import Leg
from integrations.gateway.phone_socket import PhoneSocket
from integrations.gateway.telephones import Unreachable

log = structlog.get_logger(__name__)
CLIENT = "client:"
_CLIENT = re.compile(r"agent-[0-9]{1,9}", re.ASCII)
_NUMBER = re.compile(r"number:(\+[0-9]{5,15})", re.ASCII)


def address_of(caller: str) -> str:
    """What a token's caller may be rung at: `client:agent-17`, a number, or "" for one who may only dial."""
    if number := _NUMBER.fullmatch(caller):
        return number[1]
    return f"{CLIENT}{caller}" if _CLIENT.fullmatch(caller) else ""


@dataclass
class _Line:
    socket: PhoneSocket
    heard_at: float


class Lines:
    """One for each gateway. An address has one page, the last that registered, and one call at a time."""

    def __init__(self, clock: FrameClock) -> None:
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._engaged: dict[str, BrowserLeg] = {}

    @property
    def count(self) -> int:
        return len(self._lines)

    def register(self, address: str, socket: PhoneSocket) -> None:
        """From now on calls ring here; one that is ringing already does so too."""
        self.renew(address, socket)
        leg = self.engaged(address)
        socket.send_event({"type": "registered", **_talk_of(address, leg)})
        if isinstance(leg, ClientLeg) and leg.is_ringing:
            leg.ring_at(socket)

    def renew(self, address: str, socket: PhoneSocket) -> None:
        """This connection answers for the address; the one that did so before is told."""
        before = self._lines.get(address)
        if before is not None and before.socket is not socket:
            before.socket.send_event({"type": "replaced"})
        self._lines[address] = _Line(socket, asyncio.get_running_loop().time())
        log.info("line_registered", address=_shown(address), replaced=before is not None)

    def unregister(self, address: str, socket: PhoneSocket) -> None:
        """The connection is gone."""
        if self.is_registered(address, socket):
            del self._lines[address]
            log.info("line_gone", address=_shown(address))

    def is_registered(self, address: str, socket: PhoneSocket) -> bool:
        line = self._lines.get(address)
        return line is not None and line.socket is socket

    def hear(self, address: str, socket: PhoneSocket) -> None:
        """The page has said something, so it is alive."""
        if self.is_registered(address, socket):
            self._lines[address].heard_at = asyncio.get_running_loop().time()
            leg = self.engaged(address)
            if isinstance(leg, ClientLeg):
                leg.stir()

    def engaged(self, address: str) -> BrowserLeg | None:
        """The call that this telephone rings with, or is in."""
        return self._engaged.get(address)

    def engage(self, address: str, leg: BrowserLeg) -> None:
        self._engaged[address] = leg

    def release(self, address: str) -> None:
        self._engaged.pop(address, None)

    def leg_to(self, address: str, may_be_off: bool = False) -> Leg:
        line = self._lines.get(address)
        if address in self._engaged:
            return Unreachable("busy")
        if line is None and not (may_be_off and address.startswith("+")):
            return Unreachable("failed")
        socket, heard_at = (line.socket, line.heard_at) if line else (None, 0.0)
        leg = ClientLeg(self._clock, lambda: self.release(address), socket, heard_at)
        self.engage(address, leg)
        return leg

    def take_text(self, address: str, event: Mapping[str, object]) -> bool:
        """Show a text message on the page that has the number."""
        line = self._lines.get(address)
        return line is not None and line.socket.send_event(event)


def _talk_of(address: str, leg: BrowserLeg | None) -> dict[str, object]:
    """A client's page that was closed in mid-talk learns how to come back to it: who has its token is who was rung.

    A number may be anybody's, so whoever takes it over is not let into the talk of the one before.
    """
    if not address.startswith(CLIENT) or not isinstance(leg, ClientLeg):
        return {}
    return {"call": leg.call_sid, "key": leg.key} if leg.is_picked_up and not leg.hung_up.is_set() else {}


def _shown(address: str) -> str:
    # A number is somebody's.
    return address if address.startswith(CLIENT) else "number"

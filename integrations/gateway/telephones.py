"""Where telephones are found that can be rung; and the telephone that is not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from integrations.gateway.base_leg import BaseLeg
from integrations.gateway.leg import HungUp, Invitation, Leg


class Telephones(Protocol):
    """Everything with an address: `client:agent-17`, or a number."""

    def leg_to(self, address: str, may_be_off: bool = False) -> Leg:
        """A leg that can be summoned, once. Where nobody can be rung it says so when it is summoned.

        With `may_be_off` a number that nobody has is a telephone that is switched off: nobody comes, in all the time
        that it is given.
        """
        ...

    def take_text(self, address: str, event: Mapping[str, object]) -> bool:
        """Show a text message at an address; False when nobody has it."""
        ...


class NoTelephones:
    """A gateway to which nothing is connected."""

    def leg_to(self, address: str, may_be_off: bool = False) -> Leg:
        return Unreachable("failed")

    def take_text(self, address: str, event: Mapping[str, object]) -> bool:
        return False


class Unreachable(BaseLeg):
    """A telephone that cannot be rung: it is engaged, or there is none."""

    def __init__(self, status: str) -> None:
        super().__init__()
        self._status = status

    async def summon(self, invitation: Invitation, seconds: float, rings: Callable[[], None]) -> str:
        return self._status

    async def ring(self, call_sid: str) -> None:
        pass

    async def answer(self) -> None:
        pass

    async def play(self, pcm: bytes, caption: str = "") -> None:
        pass

    def stop(self) -> None:
        pass

    def send(self, frame: bytes) -> None:
        pass

    async def hangup(self, reason: str) -> None:
        self.interrupt(HungUp())

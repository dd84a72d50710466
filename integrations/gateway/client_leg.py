"""A registered page that is rung: it shows the call, and somebody takes it or not."""

from __future__ import annotations

from collections.abc import Callable

from integrations.gateway.browser_leg import BrowserLeg
from integrations.gateway.frame_clock import FrameClock
from integrations.gateway.leg import NOBODY_CAME, Invitation
from integrations.gateway.phone_socket import PhoneSocket

# A page says something every two seconds; one that has been silent for so long is frozen, or its network is dead.
FROZEN_AFTER_SECONDS = 6.0


class ClientLeg(BrowserLeg):
    """Rings wherever its page is just now: a page loaded again is shown the call again."""

    def __init__(
        self, clock: FrameClock, over: Callable[[], None], socket: PhoneSocket | None, heard_at: float
    ) -> None:
        """Without a socket it rings nowhere until a page registers; `heard_at` is when that page last said a word."""
        super().__init__(clock, socket, over)
        self.is_lost = socket is None
        self.call_sid = ""
        self.is_picked_up = False
        self._invitation: Invitation | None = None
        self._heard_at = heard_at
        self._rings: Callable[[], None] | None = None

    @property
    def is_ringing(self) -> bool:
        return self._summons is not None and not self._summons.done()

    async def summon(self, invitation: Invitation, seconds: float, rings: Callable[[], None]) -> str:
        self.call_sid = invitation.call_sid
        self._invitation, self._rings = invitation, rings
        self._show()
        if self._loop.time() - self._heard_at < FROZEN_AFTER_SECONDS:
            self.stir()
        return await self._until_picked_up(seconds)

    def stir(self) -> None:
        """The page is alive, so it rings."""
        if self._rings is not None and not self.is_lost:
            self._rings()
            self._rings = None

    def accept(self, socket: PhoneSocket, as_machine: bool = False) -> bool:
        """Take the call on this connection; False when it is no longer to be had."""
        if not self.is_ringing:
            return False
        self.ring_at(socket)
        self.is_picked_up = True
        self.pick_up(as_machine)
        return True

    def ring_at(self, socket: PhoneSocket) -> None:
        """The page is somewhere else now, for as long as nobody has picked up."""
        if self.is_on(socket):
            return
        if self._patience is not None:
            self._patience.cancel()
        self._socket = socket
        self.found()
        if self.is_ringing:
            self._show()
            self.stir()

    def resume(self, socket: PhoneSocket) -> None:
        if self.is_picked_up:
            super().resume(socket)
        else:
            self.ring_at(socket)

    def _show(self) -> None:
        if self._invitation is not None:
            parameters = dict(self._invitation.parameters)
            self.notice({"type": "incoming", "call": self.call_sid, "key": self.key,
                         "from": self._invitation.caller, "parameters": parameters})  # fmt: skip

    def _give_up(self) -> None:
        if self.is_picked_up:
            super()._give_up()
        else:
            self._come(NOBODY_CAME)

    def _last_word(self, reason: str) -> dict[str, object]:
        if self.is_picked_up:
            return super()._last_word(reason)
        return incoming_over(self.call_sid, reason)


def incoming_over(call_sid: str, reason: str) -> dict[str, object]:
    """A call that rang is no longer to be had; `reason` is its final status."""
    return {"type": "incoming_over", "call": call_sid, "reason": reason}

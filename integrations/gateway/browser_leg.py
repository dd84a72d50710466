"""A leg whose telephone is a page in a browser."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Mapping

from integrations.gateway.audio import duration_seconds
from integrations.gateway.base_leg import BaseLeg
from integrations.gateway.frame_clock import FrameClock, Playback
from integrations.gateway.leg import HungUp, Invitation
from integrations.gateway.phone_socket import PhoneSocket

PATIENCE_SECONDS = 30.0
# How much is said again after the network was away: nobody knows how much of it was heard.
SAID_AGAIN_SECONDS = 1.0
SENTENCES = {
    "completed": "通话结束",
    "busy": "对方正忙",
    "no-answer": "无人接听",
    "canceled": "已取消呼叫",
    "failed": "通话中断了，可以再拨一次",
}


class BrowserLeg(BaseLeg):
    """Outlives its sockets: a lost one may be replaced within 30 s by whoever has `key`."""

    def __init__(self, clock: FrameClock, socket: PhoneSocket | None, over: Callable[[], None] | None = None) -> None:
        """With `over` the socket is kept for the next call, and whoever gave it is told of the end."""
        super().__init__()
        self.key = secrets.token_urlsafe(16)
        self._clock = clock
        self._over = over
        self._is_put_down = False
        self._socket = socket
        self._playback: Playback | None = None
        self._playing: asyncio.Future[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._caption = ""
        self._paused_after = 0.0
        self._patience: asyncio.TimerHandle | None = None

    async def ring(self, call_sid: str) -> None:
        self.notice({"type": "ringing", "call": call_sid, "key": self.key})

    async def summon(self, invitation: Invitation, seconds: float, rings: Callable[[], None]) -> str:
        raise NotImplementedError("a page that dials is not rung")

    async def answer(self) -> None:
        self.notice({"type": "answered"})

    async def play(self, pcm: bytes, caption: str = "") -> None:
        gate = self._playing = self._new_gate()
        playback = self._playback = Playback(pcm, self._loop.time(), self.send, self.stop)
        self._caption, self._paused_after = caption, 0.0
        self._show_caption(duration_seconds(pcm))
        if not self.is_lost:
            self._clock.add(playback)
        try:
            await self._pass(gate, None)
        finally:
            self._clock.remove(playback)
            self._playback = self._playing = None
            self._caption = ""
            if not playback.is_over:
                self.notice({"type": "silenced"})

    def stop(self) -> None:
        if self._playing is not None and not self._playing.done():
            self._playing.set_result(None)

    def notice(self, event: Mapping[str, object]) -> None:
        if self._socket is not None:
            self._socket.send_event(event)

    async def hangup(self, reason: str) -> None:
        if self._patience is not None:
            self._patience.cancel()
        # The reason first: whoever is gone must not hear of anything else.
        self.interrupt(HungUp())
        self.notice(self._last_word(reason))
        socket, self._socket = self._socket, None
        self._is_put_down = True
        if self._over is not None:
            self._over()
        elif socket is not None:
            self._close(socket)

    # the connection

    def is_on(self, socket: PhoneSocket) -> bool:
        return self._socket is socket

    def is_over_on(self, socket: PhoneSocket) -> bool:
        """True when this connection is free for another call: this one has ended, or went on elsewhere."""
        return self._is_put_down or (self._over is not None and self._socket is not None and self._socket is not socket)

    def lose(self, socket: PhoneSocket) -> None:
        """A connection is gone; what is played waits for another one."""
        if self._socket is not socket or self.hung_up.is_set():
            return
        self._socket = None
        self.lost()
        if self._playback is not None:
            self._paused_after = self._playback.heard_seconds(self._loop.time())
            self._clock.remove(self._playback)
        self._patience = self._loop.call_later(PATIENCE_SECONDS, self._give_up)

    def resume(self, socket: PhoneSocket) -> None:
        """Go on over another connection; the one before is closed when it is still there."""
        before = self._socket
        if before is not None:
            self.lose(before)
        if self._patience is not None:
            self._patience.cancel()
        self._socket = socket
        self.found()
        self.notice({"type": "resumed"})
        if (playback := self._playback) is not None:
            from_second = max(self._paused_after - SAID_AGAIN_SECONDS, 0.0)
            playback.go_back_to(from_second, self._loop.time())
            self._show_caption(duration_seconds(playback.pcm) - from_second)
            self._clock.add(playback)
        if before is not None:
            self._close(before)

    def _give_up(self) -> None:
        """The network did not come back."""
        self.interrupt(HungUp())

    def _last_word(self, reason: str) -> dict[str, object]:
        return ended(reason)

    def _close(self, socket: PhoneSocket) -> None:
        # A dead connection answers no goodbye: nobody waits for it.
        task = self._loop.create_task(socket.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _show_caption(self, seconds: float) -> None:
        if self._caption:
            self.notice({"type": "caption", "text": self._caption, "seconds": math.ceil(seconds * 10) / 10})

    def send(self, frame: bytes) -> None:
        self._tell_sent(frame)
        if self._socket is not None:
            self._socket.send_sound(frame)


def ended(reason: str) -> dict[str, object]:
    """The last word of every call."""
    return {"type": "ended", "reason": reason, "sentence": SENTENCES.get(reason, SENTENCES["failed"])}

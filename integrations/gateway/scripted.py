"""A leg whose caller follows a script: for tests, and for measuring without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from integrations.gateway.audio import duration_seconds
from integrations.gateway.base_leg import BaseLeg
from integrations.gateway.frames import FRAME_BYTES, FRAME_SECONDS
from integrations.gateway.leg import HungUp, Invitation

KEY_GAP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Act:
    """Something the caller does: `after` a caption with these words has begun or ended, then `wait` seconds later.

    With `at` it happens so many seconds after the ring instead. Speech comes before the keys.
    """

    after: str = ""
    until_end: bool = True
    wait: float = 0.0
    at: float | None = None
    keys: str = ""
    gap: float = KEY_GAP_SECONDS
    speech: bytes = b""
    lose: bool = False
    find: bool = False
    pick_up: bool = False
    as_machine: bool = False
    decline: bool = False
    hang_up: bool = False


@dataclass(slots=True)
class Heard:
    """A sound as the caller heard it; seconds since the ring."""

    caption: str
    began_at: float
    seconds: float = 0.0
    is_over: bool = False


class ScriptedLeg(BaseLeg):
    """Plays by the loop's clock, which in tests is a virtual one."""

    def __init__(self, acts: Sequence[Act] = (), is_frozen: bool = False) -> None:
        super().__init__()
        self.is_frozen = is_frozen
        self.invitation: Invitation | None = None
        # Frames of other people's voices, with the loop's time.
        self.sent: list[tuple[float, bytes]] = []
        self.heard: list[Heard] = []
        self.events: list[Mapping[str, object]] = []
        self.is_answered = False
        self.ended = ""
        self._acts = acts
        self._rang_at = self._loop.time()
        self._something_heard = asyncio.Event()
        self._playing: asyncio.Future[None] | None = None
        self._script: asyncio.Task[None] | None = None

    @property
    def captions(self) -> list[str]:
        return [heard.caption for heard in self.heard if heard.caption]

    @property
    def now(self) -> float:
        """Seconds since the ring."""
        return self._loop.time() - self._rang_at

    async def ring(self, call_sid: str) -> None:
        self._rang_at = self._loop.time()
        self._script = self._loop.create_task(self._follow_script())

    async def summon(self, invitation: Invitation, seconds: float, rings: Callable[[], None]) -> str:
        self.invitation = invitation
        await self.ring(invitation.call_sid)
        if not self.is_frozen:
            rings()
        return await self._until_picked_up(seconds)

    def send(self, frame: bytes) -> None:
        self._tell_sent(frame)
        self.sent.append((self._loop.time(), frame))

    async def answer(self) -> None:
        self.is_answered = True

    async def play(self, pcm: bytes, caption: str = "") -> None:
        gate = self._playing = self._new_gate()
        heard = Heard(caption, self.now)
        self.heard.append(heard)
        self._something_heard.set()
        try:
            await self._pass(gate, duration_seconds(pcm))
        finally:
            heard.seconds, heard.is_over = self.now - heard.began_at, True
            self._something_heard.set()

    def stop(self) -> None:
        if self._playing is not None and not self._playing.done():
            self._playing.set_result(None)

    def notice(self, event: Mapping[str, object]) -> None:
        self.events.append(event)

    async def hangup(self, reason: str) -> None:
        self.interrupt(HungUp())
        self.ended = reason
        if self._script is not None:
            self._script.cancel()

    async def _follow_script(self) -> None:
        used = 0
        for act in self._acts:
            if act.at is not None:
                await asyncio.sleep(act.at - self.now)
            elif act.after:
                used = await self._caption(act, used)
            await asyncio.sleep(act.wait)
            await self._do(act)

    async def _caption(self, act: Act, used: int) -> int:
        """Wait for the next caption with these words; how many sounds are then accounted for."""
        while True:
            for number in range(used, len(self.heard)):
                heard = self.heard[number]
                if act.after in heard.caption and (heard.is_over or not act.until_end):
                    return number + 1
            self._something_heard.clear()
            await self._something_heard.wait()

    async def _do(self, act: Act) -> None:
        for at in range(0, len(act.speech), FRAME_BYTES):
            await asyncio.sleep(FRAME_SECONDS)
            self.hear(act.speech[at : at + FRAME_BYTES])
        for number, key in enumerate(act.keys):
            await asyncio.sleep(act.gap if number else 0)
            self.push_digit(key)
        if act.lose:
            self.lost()
        if act.find:
            self.found()
        if act.pick_up:
            self.pick_up(act.as_machine)
        if act.decline:
            self.decline()
        if act.hang_up:
            self.interrupt(HungUp())

"""One telephone's side of a call, as the verbs see it; every driver (browser, script, trunk) offers this."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")
# What comes of ringing a telephone; the words are those of a call's status, but for the first.
PICKED_UP, DECLINED, NOBODY_CAME = "answered", "busy", "no-answer"


class HungUp(Exception):
    """The telephone is gone. Raised out of every wait, now and from now on."""


class Interrupted(Exception):
    """Somebody outside wants the call to go on at `url`. Raised once, out of the wait in progress or the next."""

    def __init__(self, url: str, method: str) -> None:
        super().__init__(url)
        self.url, self.method = url, method


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a telephone that is rung is told: which call, from whom, and words for its display."""

    call_sid: str
    caller: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class Tap(Protocol):
    """Listens in on a leg, for a recording."""

    def heard(self, frame: bytes) -> None:
        """The telephone said this."""

    def said(self, frame: bytes) -> None:
        """The telephone was sent this."""


class Leg(Protocol):
    """Sound is PCM16LE, 8 kHz, mono. Everything that waits raises HungUp or Interrupted."""

    hung_up: asyncio.Event
    # Answered by an answering machine, as the telephone itself has said.
    is_machine: bool

    async def ring(self, call_sid: str) -> None:
        """Tell the telephone that the other side is being called."""

    async def summon(self, invitation: Invitation, seconds: float, rings: Callable[[], None]) -> str:
        """Ring this telephone until it is picked up: PICKED_UP, DECLINED, or NOBODY_CAME after so long.

        `rings` is called once it is known to ring; a telephone that is frozen never does.
        """
        ...

    async def answer(self) -> None:
        """Pick up."""

    async def play(self, pcm: bytes, caption: str = "") -> None:
        """Play to the end or until `stop`; `caption` is shown meanwhile."""

    def stop(self) -> None:
        """End what is being played."""

    async def rest(self, seconds: float) -> None:
        """Let time pass in silence."""

    async def next_digit(self, timeout: float | None) -> str | None:
        """The next key, typed ahead or still to come; None after `timeout` seconds without one."""

    async def digit_typed(self) -> None:
        """Wait until a key is there, without taking it."""

    def listen(self, ear: Callable[[bytes], None] | None) -> None:
        """Give every frame that is said to `ear`, or to nobody."""

    def send(self, frame: bytes) -> None:
        """Let the telephone hear a frame now."""

    def tap(self, tap: Tap) -> None:
        """Let somebody listen in on both directions."""

    def untap(self, tap: Tap) -> None:
        """No longer."""

    def clear_digits(self) -> None:
        """Forget what was typed ahead."""

    def start_record(self) -> None:
        """Keep what is heard from now on."""

    def stop_record(self) -> bytes:
        """What was heard since `start_record`."""

    def recorded_seconds(self) -> float:
        """How long ago `start_record` was."""

    def silent_seconds(self) -> float:
        """How long nobody has spoken, counted from `start_record` at most."""

    async def unless_interrupted(self, work: Awaitable[T]) -> T:
        """The result of `work`, which is cancelled when the telephone is gone or the call goes on elsewhere."""
        ...

    def interrupt(self, error: Exception) -> None:
        """End the wait in progress with this error; HungUp stays for good."""

    def notice(self, event: Mapping[str, object]) -> None:
        """Something that the telephone may show: keys wanted, recording, recorded."""

    async def hangup(self, reason: str) -> None:
        """Put down; `reason` is the call's final status."""

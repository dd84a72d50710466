"""One telephone's side of a call, as the verbs see it; every driver (browser, script, trunk) offers this."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")


class HungUp(Exception):
    """The telephone is gone. Raised out of every wait, now and from now on."""


class Interrupted(Exception):
    """Somebody outside wants the call to go on at `url`. Raised once, out of the wait in progress or the next."""

    def __init__(self, url: str, method: str) -> None:
        super().__init__(url)
        self.url, self.method = url, method


class Leg(Protocol):
    """Sound is PCM16LE, 8 kHz, mono. Everything that waits raises HungUp or Interrupted."""

    hung_up: asyncio.Event

    async def ring(self, call_sid: str) -> None:
        """Tell the telephone that the other side is being called."""

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

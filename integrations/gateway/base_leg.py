"""What all drivers share: being rung, keys, what is said and heard, and waits that a hang-up ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from integrations.gateway.audio import BYTES_PER_SECOND, silence
from integrations.gateway.frames import FRAME_BYTES, is_voice
from integrations.gateway.leg import DECLINED, NOBODY_CAME, PICKED_UP, HungUp, Tap

T = TypeVar("T")
# Keys that nobody asks for must not pile up.
MOST_DIGITS = 64
# Frames may come in a bunch after a hiccup of the network; whatever is further ahead of the clock is dropped.
MOST_AHEAD_SECONDS = 1.0
# A gap in what is heard longer than this is filled with silence, so that a recording keeps its timing. What is
# shorter comes after all, in a bunch: silence would cut a word in two.
LONGEST_GAP_SECONDS = 1.0


class BaseLeg:
    """A leg without its sound path: drivers add `play`, `stop`, `send`, `ring`, `answer`, `hangup` and `notice`.

    Every wait is a future in `_gates`, so that a hang-up ends all of them at once, at no cost while nothing happens.
    """

    def __init__(self) -> None:
        self.hung_up = asyncio.Event()
        self.is_lost = False
        self.is_machine = False
        self._times_found = 0
        self._loop = asyncio.get_running_loop()
        self._digits: deque[str] = deque(maxlen=MOST_DIGITS)
        self._gates: set[asyncio.Future[None]] = set()
        self._digit_gates: set[asyncio.Future[None]] = set()
        self._interruption: Exception | None = None
        self._recording: bytearray | None = None
        self._record_started_at = 0.0
        self._voice_at = 0.0
        self._ear: Callable[[bytes], None] | None = None
        self._taps: list[Tap] = []
        self._summons: asyncio.Future[None] | None = None
        self._summoned_by = NOBODY_CAME

    # being rung

    def pick_up(self, as_machine: bool = False) -> None:
        """Somebody took the receiver, or an answering machine did."""
        self.is_machine = as_machine
        self._come(PICKED_UP)

    def decline(self) -> None:
        """Somebody does not want this call."""
        self._come(DECLINED)

    async def _until_picked_up(self, seconds: float) -> str:
        """How the ringing ended. Raises HungUp when the other side gave up."""
        gate = self._summons = self._new_gate()
        try:
            await self._pass(gate, seconds)
        finally:
            self._summons = None
        return self._summoned_by

    def _come(self, how: str) -> None:
        if self._summons is not None and not self._summons.done():
            self._summoned_by = how
            self._summons.set_result(None)

    # keys

    def push_digit(self, digit: str) -> None:
        """A key was pressed."""
        self._digits.append(digit)
        for gate in list(self._digit_gates):
            _open(gate)

    async def next_digit(self, timeout: float | None) -> str | None:
        self._raise_if_interrupted()
        while not self._digits:
            found_before = self._times_found
            await self._wait_for_digit(timeout)
            # While the network was away nobody could press a key: the time begins anew.
            if not self._digits and not self.is_lost and self._times_found == found_before:
                return None
        return self._digits.popleft()

    async def digit_typed(self) -> None:
        self._raise_if_interrupted()
        while not self._digits:
            await self._wait_for_digit(None)

    def clear_digits(self) -> None:
        self._digits.clear()

    async def _wait_for_digit(self, timeout: float | None) -> None:
        gate = self._new_gate()
        self._digit_gates.add(gate)
        try:
            await self._pass(gate, timeout)
        finally:
            self._digit_gates.discard(gate)

    # what is said and heard

    def listen(self, ear: Callable[[bytes], None] | None) -> None:
        self._ear = ear

    def tap(self, tap: Tap) -> None:
        self._taps.append(tap)

    def untap(self, tap: Tap) -> None:
        if tap in self._taps:
            self._taps.remove(tap)

    def _tell_sent(self, frame: bytes) -> None:
        for tap in self._taps:
            tap.said(frame)

    def start_record(self) -> None:
        self._recording = bytearray()
        self._record_started_at = self._voice_at = self._loop.time()

    def stop_record(self) -> bytes:
        recorded, self._recording = bytes(self._recording or b""), None
        return recorded

    def recorded_seconds(self) -> float:
        return self._loop.time() - self._record_started_at

    def silent_seconds(self) -> float:
        # A lost network is not silence.
        return 0.0 if self.is_lost else self._loop.time() - self._voice_at

    def hear(self, frame: bytes) -> None:
        """A frame from the telephone; dropped when it is no frame."""
        if not frame or len(frame) > FRAME_BYTES or len(frame) % 2:
            return
        for tap in self._taps:
            tap.heard(frame)
        if self._ear is not None:
            self._ear(frame)
        if self._recording is not None:
            self._record(frame, self._recording)

    def _record(self, frame: bytes, recording: bytearray) -> None:
        """Add a frame where it belongs in time, unless it is far too early."""
        now = self._loop.time()
        behind = (now - self._record_started_at) - len(recording) / BYTES_PER_SECOND
        if behind < -MOST_AHEAD_SECONDS:
            return
        if behind > LONGEST_GAP_SECONDS:
            recording += silence(behind)
        recording += frame
        if is_voice(frame):
            self._voice_at = now

    # waits

    async def rest(self, seconds: float) -> None:
        await self._pass(self._new_gate(), seconds)

    async def unless_interrupted(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        try:
            gate = self._new_gate()
            task.add_done_callback(lambda _: _open(gate))
            await self._pass(gate, None)
            return task.result()
        finally:
            if not task.done():
                task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                # Also when it has failed meanwhile: nobody wants to hear of it any more.
                await task

    def interrupt(self, error: Exception) -> None:
        if isinstance(self._interruption, HungUp):
            return
        if isinstance(error, HungUp):
            self._interruption = error
            self.hung_up.set()
        waiting = [gate for gate in self._gates if not gate.done()]
        for gate in waiting:
            gate.set_exception(error)
        if not waiting:
            self._interruption = error

    def lost(self) -> None:
        """The network to the telephone is gone for now."""
        self.is_lost = True

    def found(self) -> None:
        """The network is back: silence and waits for keys count from now."""
        self.is_lost = False
        self._times_found += 1
        self._voice_at = self._loop.time()

    def notice(self, event: Mapping[str, object]) -> None:
        """Drivers with a display show it."""

    def _new_gate(self) -> asyncio.Future[None]:
        self._raise_if_interrupted()
        gate: asyncio.Future[None] = self._loop.create_future()
        self._gates.add(gate)
        return gate

    async def _pass(self, gate: asyncio.Future[None], timeout: float | None) -> None:
        """Wait until the gate opens or the time is over. Raises what `interrupt` was given."""
        timer = None if timeout is None else self._loop.call_later(max(timeout, 0.0), _open, gate)
        try:
            await gate
        finally:
            if timer is not None:
                timer.cancel()
            self._gates.discard(gate)

    def _raise_if_interrupted(self) -> None:
        error = self._interruption
        if error is None:
            return
        if not isinstance(error, HungUp):
            self._interruption = None
        raise error


def _open(gate: asyncio.Future[None]) -> None:
    if not gate.done():
        gate.set_result(None)

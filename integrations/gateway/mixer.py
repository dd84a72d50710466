"""Telephones that hear each other: each hears the sum of the others, a frame every tick of the shared clock."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Protocol

from integrations.gateway.frame_clock import ClockFigures, FrameClock
from integrations.gateway.frames import FRAME_BYTES, FRAME_SECONDS
from integrations.gateway.jitter import JitterBuffer
from integrations.gateway.mixing import to_frame, total, without

# After a longer halt of the whole process nobody wants to hear what was said meanwhile.
MOST_BEHIND_SECONDS = 0.1


class Heard(Protocol):
    """The side of a leg that a mixer needs."""

    def listen(self, ear: Callable[[bytes], None] | None) -> None: ...

    def send(self, frame: bytes) -> None: ...


class Seat:
    """One telephone's place: whether it is heard, and whether it hears."""

    def __init__(self, leg: Heard) -> None:
        self.leg = leg
        self.speaks = self.hears = True
        self.buffer = JitterBuffer()


class Mixer:
    """The seats of one talk. While there are fewer than two of them, and nothing is played, nothing ticks."""

    def __init__(self, clock: FrameClock) -> None:
        self._clock = clock
        self._seats: list[Seat] = []
        self._sound = b""
        self._next_at: float | None = None

    def add(self, seat: Seat) -> None:
        self._seats.append(seat)
        seat.leg.listen(seat.buffer.push)
        if len(self._seats) == 2:
            for waiting in self._seats:
                # What was said to nobody is nobody's to hear.
                waiting.buffer.clear()
            self._clock.add(self)

    def remove(self, seat: Seat) -> None:
        if seat in self._seats:
            self._seats.remove(seat)
            seat.leg.listen(None)

    def play(self, pcm: bytes) -> None:
        """A sound for everybody who hears, on top of what is said."""
        mixed = [to_frame(total(pair)) for pair in zip_longest(_frames(self._sound), _frames(pcm), fillvalue=b"")]
        self._sound = b"".join(mixed)
        self._clock.add(self)

    def tick(self, now: float, figures: ClockFigures) -> bool:
        """Mix the frames that are due; False when there is nobody to hear another."""
        if self._next_at is None or now - self._next_at > MOST_BEHIND_SECONDS:
            self._next_at = now
        # Half a frame of tolerance: ticks come a little early or late.
        while self._next_at <= now + FRAME_SECONDS / 2:
            sent = self._mix()
            figures.frames += sent
            figures.late_frames += sent if now - self._next_at > FRAME_SECONDS else 0
            self._next_at += FRAME_SECONDS
        return len(self._seats) > 1 or bool(self._sound)

    def _mix(self) -> int:
        """Send everybody a frame of the others; how many were sent."""
        sound, self._sound = self._sound[:FRAME_BYTES], self._sound[FRAME_BYTES:]
        # Everybody's buffer goes on, also of those who are not heard just now.
        said = [(seat, frame) for seat in self._seats if (frame := seat.buffer.pop()) is not None and seat.speaks]
        frames = [frame for _, frame in said] + ([sound] if sound else [])
        if not frames:
            return 0
        sent = 0
        sums = total(frames) if len(frames) > 2 else None
        own = dict(said)
        for seat in self._seats:
            if not seat.hears:
                continue
            others = [frame for frame in frames if frame is not own.get(seat)]
            if len(others) == 1:
                # A talk of two, nearly always: nothing to be calculated.
                seat.leg.send(others[0])
            elif others:
                sums = total(frames) if sums is None else sums
                seat.leg.send(to_frame(without(sums, own[seat]) if seat in own else sums))
            sent += bool(others)
        return sent


def _frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]

"""Sums of voices, and the mixer's ticks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from integrations.gateway.frame_clock import ClockFigures, FrameClock
from integrations.gateway.mixer import Mixer, Seat
from integrations.gateway.mixing import KNEE, LOUDEST, to_frame, total, without


def level(size: int) -> bytes:
    return np.full(160, size, "<i2").tobytes()


def size_of(frame: bytes) -> int:
    return int(np.frombuffer(frame, "<i2")[80])


def test_a_sum_without_ones_own_voice() -> None:
    frames = [level(100), level(-30), level(7)]
    assert [size_of(to_frame(without(total(frames), frame))) for frame in frames] == [-23, 107, 70]


def test_a_short_frame_is_silent_at_its_end() -> None:
    assert np.frombuffer(to_frame(total([level(5)[:100], level(1)])), "<i2").tolist() == [6] * 50 + [1] * 110


@pytest.mark.parametrize("sums", [30_000, 40_000, 100_000, -100_000, 8_000_000])
def test_what_is_too_loud_is_bent_and_never_wraps(sums: int) -> None:
    clipped = size_of(to_frame(np.full(160, sums, np.int32)))
    assert KNEE < abs(clipped) <= LOUDEST and (clipped > 0) == (sums > 0)


def test_louder_is_never_softer() -> None:
    ramp = np.arange(-90_000, 90_000, 7, dtype=np.int32)
    clipped = np.frombuffer(to_frame(ramp), "<i2").astype(int)
    assert (np.diff(clipped) >= 0).all()


class Ear:
    """A leg that a mixer needs."""

    def __init__(self) -> None:
        self.ear: Callable[[bytes], None] | None = None
        self.sent: list[int] = []

    def listen(self, ear: Callable[[bytes], None] | None) -> None:
        self.ear = ear

    def send(self, frame: bytes) -> None:
        self.sent.append(size_of(frame))


def talk(*sizes: int | None, ticks: int = 10) -> tuple[Mixer, list[Ear], list[Seat], ClockFigures]:
    """Everybody says a level of their own (None: nothing) for so many ticks."""
    mixer, figures = Mixer(FrameClock()), ClockFigures()
    ears = [Ear() for _ in sizes]
    seats = [Seat(ear) for ear in ears]
    for seat in seats:
        mixer.add(seat)
    run(mixer, ears, figures, *sizes, ticks=ticks)
    return mixer, ears, seats, figures


def run(
    mixer: Mixer, ears: list[Ear], figures: ClockFigures, *sizes: int | None, ticks: int, begin: float = 0.0
) -> None:
    for number in range(ticks):
        for ear, size in zip(ears, sizes, strict=True):
            if size is not None and ear.ear is not None:
                ear.ear(level(size))
        mixer.tick(begin + number * 0.02, figures)


def test_each_hears_all_others() -> None:
    _, ears, _, figures = talk(1, 20, 300)
    assert [set(ear.sent) for ear in ears] == [{320}, {301}, {21}]
    assert figures.frames == 27 and figures.late_frames == 0


def test_of_two_each_hears_the_other() -> None:
    _, ears, _, _ = talk(1, 20)
    assert [set(ear.sent) for ear in ears] == [{20}, {1}]


def test_whoever_says_nothing_hears_the_rest_and_silence_is_not_sent() -> None:
    _, ears, _, _ = talk(None, 20, None)
    assert [set(ear.sent) for ear in ears] == [{20}, set(), {20}]


def test_who_speaks_and_who_hears_can_be_chosen() -> None:
    mixer, ears, seats, figures = talk(1, 20, 300)
    for ear in ears:
        ear.sent.clear()
    seats[0].speaks, seats[1].hears = False, False
    run(mixer, ears, figures, 1, 20, 300, ticks=5, begin=0.2)
    assert [set(ear.sent) for ear in ears] == [{320}, set(), {20}]


def test_a_sound_is_heard_on_top() -> None:
    mixer, ears, _, figures = talk(1, 20)
    for ear in ears:
        ear.sent.clear()
    mixer.play(level(4000) * 2)
    mixer.play(level(500) * 3)
    run(mixer, ears, figures, 1, 20, ticks=4, begin=0.2)
    assert [ear.sent for ear in ears] == [[4520, 4520, 520, 20], [4501, 4501, 501, 1]]


def test_whoever_left_neither_hears_nor_is_heard() -> None:
    mixer, ears, seats, figures = talk(1, 20, 300)
    mixer.remove(seats[2])
    assert ears[2].ear is None
    for ear in ears:
        ear.sent.clear()
    run(mixer, ears, figures, 1, 20, 300, ticks=5, begin=0.2)
    assert [set(ear.sent) for ear in ears] == [{20}, {1}, set()]


def test_alone_nothing_ticks() -> None:
    mixer, _, seats, figures = talk(1, 20)
    assert mixer.tick(0.2, figures)
    mixer.remove(seats[1])
    assert not mixer.tick(0.22, figures)


def test_a_late_tick_sends_what_is_due_and_a_long_halt_is_left_out() -> None:
    mixer, ears, _, figures = talk(1, 20, ticks=5)
    before = figures.frames
    mixer.tick(0.04 + 3 * 0.02, figures)
    run(mixer, ears, figures, 1, 20, ticks=4, begin=0.12)
    mixer.tick(30.0, figures)
    assert figures.frames - before < 20


def test_a_broken_talk_does_not_stop_the_clock() -> None:
    class Broken:
        def tick(self, now: float, figures: ClockFigures) -> bool:
            raise RuntimeError("bug")

    assert FrameClock()._tick(Broken(), 0.0) is False

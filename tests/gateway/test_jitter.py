"""The jitter buffer: frames evened out, never far from the present."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.gateway.frames import FRAME_BYTES
from integrations.gateway.jitter import FEWEST_FRAMES, MOST_FRAMES, MOST_WAITED_FOR, JitterBuffer


def frame(number: int) -> bytes:
    return number.to_bytes(2, "big") * (FRAME_BYTES // 2)


def heard(arrivals: Sequence[int], buffer: JitterBuffer | None = None) -> list[int | None]:
    """How many frames come before each tick -> the number of the frame heard at it, None for silence."""
    buffer, sent, ticks = buffer or JitterBuffer(), 0, []
    for count in arrivals:
        for _ in range(count):
            sent += 1
            buffer.push(frame(sent))
        popped = buffer.pop()
        ticks.append(None if popped is None else int.from_bytes(popped[:2], "big"))
    return ticks


def test_frames_in_time_wait_for_one_tick() -> None:
    assert heard([1] * 6) == [None, 1, 2, 3, 4, 5]


def test_a_frame_a_little_late_is_not_missed() -> None:
    assert heard([1, 1, 1, 0, 2, 1, 0, 2]) == [None, 1, 2, 3, 4, 5, 6, 7]


def test_an_empty_buffer_is_silence_and_then_waits_a_little_longer() -> None:
    assert heard([1, 1, 0, 0, 0, 1, 1, 1, 1]) == [None, 1, 2, None, None, None, None, 3, 4]


def test_after_a_pause_of_the_speaker_nothing_more_is_waited_for() -> None:
    assert heard([1, 1, 0, *[0] * 10, 1, 1, 1]) == [None, 1, 2, *[None] * 11, 3, 4]


def test_a_bunch_is_heard_from_its_end() -> None:
    """What was said during a hiccup is lost rather than heard late for ever."""
    ticks = heard([1, 1, *[0] * 10, 12, 1, 1])
    assert ticks[-3:] == [13, 14, 15]


def test_what_is_ahead_for_a_whole_second_is_caught_up_with() -> None:
    buffer = JitterBuffer()
    ticks = heard([1, 4, *[1] * 200], buffer)
    assert ticks[2] == 2 and ticks[-1] == 204


def test_frames_of_any_length_are_put_together() -> None:
    buffer = JitterBuffer()
    for _ in range(FEWEST_FRAMES * 4):
        buffer.push(b"\1" * (FRAME_BYTES // 4))
    assert buffer.pop() == b"\1" * FRAME_BYTES


def test_no_more_is_kept_than_would_be_heard() -> None:
    buffer = JitterBuffer()
    for number in range(1000):
        buffer.push(frame(number % 9))
    assert sum(buffer.pop() is not None for _ in range(1000)) <= MOST_FRAMES


def test_the_wait_grows_only_so_far_and_shrinks_again() -> None:
    buffer = JitterBuffer()
    heard([1, 1, 0, 0] * 40, buffer)
    buffer.clear()
    assert heard([1] * 4, buffer).count(None) == MOST_WAITED_FOR - 1
    heard([1] * 600, buffer)
    buffer.clear()
    assert heard([1] * 4, buffer).count(None) == FEWEST_FRAMES - 1

"""The one clock of all calls: on time, ahead by no more than its lead, and honest about being late."""

from __future__ import annotations

import asyncio

import pytest

from integrations.gateway.audio import silence
from integrations.gateway.frame_clock import ClockFigures, FrameClock, Playback
from tests.gateway.virtual_time import run_in_virtual_time


def play(seconds: float, started_at: float = 0.0) -> tuple[Playback, list[bytes], list[str]]:
    sent: list[bytes] = []
    ended: list[str] = []
    return Playback(silence(seconds), started_at, sent.append, lambda: ended.append("over")), sent, ended


def test_frames_leave_as_they_are_due_and_a_little_ahead() -> None:
    playback, sent, ended = play(1.0)
    for now, expected in ((0.001, 4), (0.021, 5), (0.101, 9), (0.981, 50)):
        assert playback.tick(now, ClockFigures())
        assert len(sent) == expected
    assert not playback.tick(1.001, ClockFigures()) and ended == ["over"]


def test_a_late_tick_sends_what_it_owes_and_counts_it() -> None:
    playback, sent, _ = play(2.0)
    figures = ClockFigures()
    playback.tick(0.0, figures)
    playback.tick(0.05, figures)
    assert figures.late_frames == 0
    playback.tick(0.5, figures)
    assert len(sent) == 29 and figures.late_frames > 15


def test_the_last_frame_is_filled_up() -> None:
    playback, sent, _ = play(0.025)
    playback.tick(0.0, ClockFigures())
    assert [len(frame) for frame in sent] == [320, 320]


def test_what_a_dead_network_swallowed_is_sent_again() -> None:
    playback, sent, _ = play(3.0)
    playback.tick(1.0, ClockFigures())
    before = len(sent)
    assert playback.heard_seconds(1.0) == pytest.approx(1.0)
    playback.go_back_to(0.5, 20.0)
    playback.tick(20.001, ClockFigures())
    assert len(sent) == before + 4 and playback.heard_seconds(20.5) == pytest.approx(1.0)


def test_many_sounds_share_one_clock() -> None:
    async def scene() -> None:
        clock = FrameClock()
        ticking = asyncio.create_task(clock.run())
        await asyncio.sleep(7)  # nothing to play, and no timer set
        plays = [play(1.0, started_at=7.0 + number / 10) for number in range(50)]
        for number, (playback, _, _) in enumerate(plays):
            asyncio.get_running_loop().call_at(7.0 + number / 10, clock.add, playback)
        await asyncio.sleep(6)
        assert all(ended == ["over"] and len(sent) == 50 for _, sent, ended in plays)
        assert clock.figures.frames == 2500 and clock.figures.late_frames == 0
        ticking.cancel()

    run_in_virtual_time(scene())

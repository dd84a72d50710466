"""Both directions of a call laid side by side in time."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.gateway.audio import tone_level
from integrations.gateway.tracks import Tracks
from tests.gateway.pages import AGENT_HZ, CALLER_HZ, tone_frame


def recorded(channels: int = 1, wanted: str = "both", seconds: float = 1.0) -> bytes:
    tracks = Tracks(channels, wanted)
    pieces = []
    for number in range(round(seconds * 50)):
        tracks.heard(tone_frame(AGENT_HZ, number), number * 0.02)
        tracks.said(tone_frame(CALLER_HZ, number), number * 0.02)
        if number % 20 == 19:
            pieces.append(tracks.cut((number - 10) * 0.02))
    return b"".join([*pieces, tracks.cut(seconds)])


def test_one_channel_holds_both_voices() -> None:
    sound = recorded()
    assert len(sound) == 16000 and tone_level(sound, AGENT_HZ) > 0.15 and tone_level(sound, CALLER_HZ) > 0.15


def test_two_channels_hold_one_each() -> None:
    both = np.frombuffer(recorded(2), "<i2").reshape(-1, 2)
    first, second = both[:, 0].tobytes(), both[:, 1].tobytes()
    assert tone_level(first, AGENT_HZ) > 0.15 > 0.01 > tone_level(first, CALLER_HZ)
    assert tone_level(second, CALLER_HZ) > 0.15 > 0.01 > tone_level(second, AGENT_HZ)


@pytest.mark.parametrize(
    ("wanted", "hz", "other"), [("inbound", AGENT_HZ, CALLER_HZ), ("outbound", CALLER_HZ, AGENT_HZ)]
)
def test_one_direction_alone(wanted: str, hz: float, other: float) -> None:
    sound = recorded(wanted=wanted)
    assert tone_level(sound, hz) > 0.15 and tone_level(sound, other) < 0.01


def test_silence_keeps_its_length() -> None:
    tracks = Tracks(1, "both")
    tracks.heard(tone_frame(AGENT_HZ, 0), 0.0)
    tracks.heard(tone_frame(AGENT_HZ, 0), 5.0)
    sound = np.frombuffer(tracks.cut(6.0), "<i2")
    loud = np.flatnonzero(np.abs(sound) > 100) / 8000
    assert len(sound) == 48000 and loud.min() < 0.02 and loud[loud > 1].min() == pytest.approx(5.0, abs=0.01)


def test_a_bunch_does_not_push_the_rest_into_the_future() -> None:
    tracks = Tracks(1, "both")
    for _ in range(100):
        tracks.heard(tone_frame(AGENT_HZ, 0), 0.0)
    sound = np.frombuffer(tracks.cut(2.0), "<i2")
    assert np.flatnonzero(sound).max() / 8000 < 0.4


def test_voices_that_are_loud_together_are_not_cut_off() -> None:
    tracks = Tracks(1, "both")
    loud = (np.sin(np.arange(160) / 5) * 30000).astype("<i2").tobytes()
    tracks.heard(loud, 0.0)
    tracks.said(loud, 0.0)
    mixed = np.frombuffer(tracks.cut(0.02), "<i2")
    assert 30000 < np.abs(mixed).max() <= 32767 and len(set(mixed[np.abs(mixed) > 31000])) > 3

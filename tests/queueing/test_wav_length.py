"""The length of a WAV file by its header, and what is none."""

from __future__ import annotations

import io
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueing.wav_length import NoWav, wav_seconds


@given(frames=st.integers(0, 3000), rate=st.sampled_from([8000, 16000, 44100]), channels=st.sampled_from([1, 2]))
def test_the_length_of_a_wav_is_what_it_plays(frames: int, rate: int, channels: int) -> None:
    assert wav_seconds(io.BytesIO(wav(frames, rate, channels))) == pytest.approx(frames / rate)


@given(cut=st.integers(0, 843))
def test_a_wav_that_breaks_off_is_none(cut: int) -> None:
    with pytest.raises(NoWav):
        wav_seconds(io.BytesIO(wav(200, 8000, 2)[:cut]))


@given(st.binary(max_size=200))
def test_no_bytes_are_taken_for_a_wav_by_accident(content: bytes) -> None:
    with pytest.raises(NoWav):
        wav_seconds(io.BytesIO(content))
    with pytest.raises(NoWav):
        wav_seconds(io.BytesIO(b"RIFF\x00\x00\x00\x00WAVE" + content))


def test_a_wav_written_to_a_pipe_has_the_length_of_what_is_there() -> None:
    content = wav(8000, 8000, 1)
    assert wav_seconds(io.BytesIO(content[:40] + b"\xff\xff\xff\xff" + content[44:])) == 1.0


def wav(frames: int, rate: int, channels: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(2 * channels * frames))
    return file.getvalue()

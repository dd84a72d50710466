"""Telephone sound: levels, tones, WAV files of every usual kind."""

import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.gateway import audio
from integrations.gateway.resample import resample
from integrations.gateway.samples import Samples


def tone(hz: float, rate: int, seconds: float = 1.0, level: float = 0.5) -> Samples:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def wav(samples: Samples, rate: int, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(audio.to_pcm(np.repeat(samples, channels)))
    return file.getvalue()


def g711(coding: int, body: bytes) -> bytes:
    form = struct.pack("<HHIIHH", coding, 1, 8000, 8000, 1, 8)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_a_beep_is_found_again_at_its_pitch_only() -> None:
    beep = audio.beep(0.5, 1000)
    assert len(beep) == 8000
    assert audio.tone_level(beep, 1000) == pytest.approx(0.25, rel=0.03)
    assert audio.tone_level(beep, 1400) < 0.005


def test_silence_has_a_length_and_no_level() -> None:
    assert audio.duration_seconds(audio.silence(0.2)) == pytest.approx(0.2)
    assert audio.rms(audio.silence(1)) == audio.rms(b"") == audio.tone_level(b"", 1000) == 0


def test_a_beep_does_not_click() -> None:
    samples = audio.to_samples(audio.beep())
    assert abs(samples[0]) < 0.01 and abs(samples[-1]) < 0.01


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_any_usual_wav_file_becomes_telephone_sound(rate: int, channels: int) -> None:
    pcm = audio.read_wav(wav(tone(1000, rate), rate, channels))
    assert audio.duration_seconds(pcm) == pytest.approx(1, abs=0.001)
    assert audio.tone_level(pcm, 1000) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
def test_what_a_telephone_cannot_carry_is_not_folded_back(rate: int) -> None:
    # 5 kHz would come out as 3 kHz.
    pcm = audio.to_pcm(resample(tone(5000, rate), rate, 8000))
    assert audio.tone_level(pcm, 3000) < 0.001
    # The edges of a tone that begins at once hold a little of everything.
    assert audio.rms(pcm[800:-800]) < 0.001


def test_a_wav_file_of_ours_comes_back_unchanged() -> None:
    pcm = audio.beep()
    assert audio.read_wav(audio.wav_bytes(pcm)) == pcm
    with wave.open(io.BytesIO(audio.wav_bytes(pcm))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(file.getnframes()) == pcm


def test_companded_files_are_read_by_the_standards_own_values() -> None:
    # G.711: the ends and the middle of each scale.
    mu_law = np.frombuffer(audio.read_wav(g711(7, bytes([0x00, 0x80, 0xFF, 0x7F]))), "<i2")
    assert mu_law.tolist() == [-32124, 32124, 0, 0]
    a_law = np.frombuffer(audio.read_wav(g711(6, bytes([0x2A, 0xAA, 0xD5, 0x55]))), "<i2")
    assert a_law.tolist() == [-32256, 32256, 8, -8]


def test_a_file_written_to_a_pipe_has_no_length_and_is_read_to_its_end() -> None:
    whole = audio.wav_bytes(audio.beep())
    for length in (0, 0xFFFFFFFF):
        piped = whole[:40] + struct.pack("<I", length) + whole[44:]
        assert audio.read_wav(piped) == audio.beep()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>404</html>",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \4\0\0\0abcd",
        g711(7, b"")[:22] + b"\x09" + g711(7, b"")[23:],
        g711(85, b"mp3"),
        audio.wav_bytes(b"")[:34] + b"\x18" + audio.wav_bytes(b"")[35:],
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(audio.BadAudio):
        audio.read_wav(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 60))
def test_a_damaged_file_is_played_or_refused_but_never_an_error(noise: bytes, at: int) -> None:
    whole = audio.wav_bytes(audio.beep(0.01))
    try:
        audio.read_wav(whole[:at] + noise + whole[at + len(noise) :])
    except audio.BadAudio:
        pass


@pytest.mark.parametrize("level", [0.002, 0.02, 0.9])
def test_speech_is_brought_to_one_loudness(level: float) -> None:
    loud = audio.to_pcm(audio.normalise(tone(437, 8000, level=level)))
    expected = 0.1 if level > 0.01 else level * 8 / 2**0.5
    assert audio.rms(loud) == pytest.approx(expected, rel=0.05)


def test_nothing_stays_nothing() -> None:
    assert not audio.normalise(np.zeros(80, np.float32)).any()
    assert audio.normalise(np.zeros(0, np.float32)).size == audio.fade(np.zeros(0, np.float32)).size == 0
    assert resample(np.zeros(0, np.float32), 44_100, 8000).size == 0


def test_too_loud_is_clipped_and_not_wrapped() -> None:
    assert np.frombuffer(audio.to_pcm(np.array([1.5, -1.5], np.float32)), "<i2").tolist() == [32767, -32768]

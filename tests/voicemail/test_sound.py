"""Sound files of messages: refused with a reason, their voice found, their outline drawn, and never whole in memory."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from integrations.settings import PROJECT_DIR
from tests.sound_files import FLOAT, MP3, Sound, header, noise, pcm, samples_of, saved, sparse, tone, write
from tests.speech_model import needs_speech, recordings
from voicemail import sound
from voicemail.sound import BadSound, check, peaks, voice_seconds

HALF_A_GIGABYTE = 500_000_000
LARGEST_GROWTH_MB = 60


def syllables(count: int, level: float = 0.2) -> Sound:
    """As good as a voice: tones of many harmonics that glide, rise and fall, four a second."""
    times = np.arange(1600) / 8000
    found = []
    for number in range(count):
        pitch = 120 + 15 * (number % 5) + 60 * times
        phase = 2 * np.pi * np.cumsum(pitch) / 8000
        voice = sum(np.sin(each * phase) / each**0.3 for each in range(1, 16))
        found += [level / 4 * voice * np.hanning(1600), np.zeros(400)]
    return np.concatenate(found)


def on_a_line(*parts: Sound, decibels: float = -55) -> Sound:
    """One after another, with the noise of a line under all of it, and two seconds of nothing else around it."""
    whole = np.concatenate([np.zeros(16_000), *parts, np.zeros(16_000)])
    return whole + noise(whole.size / 8000, decibels)


# What it is


def test_a_message_is_known_by_its_header(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.wav", tone(2.5, 440))
    assert check(path) == sound.Sound(2.5, 8000, 1, path.stat().st_size)
    stereo = write(tmp_path / "y.wav", bytes(16_000), rate=16_000, channels=2, bits=24)
    assert check(stereo).seconds == pytest.approx(16_000 / 6 / 16_000, abs=0.001)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (header(0), "empty"),
        (b"\xff\xfb\x90\x64" + bytes(4000), "not_wav"),
        (b"ID3\x04" + bytes(4000), "not_wav"),
        (b"<Error>not found</Error>", "not_wav"),
        (header(4000, bits=8, coding=MP3) + bytes(4000), "wrong_format"),
        (header(4000, bits=32, coding=FLOAT) + bytes(4000), "wrong_format"),
        (header(4000, rate=100) + bytes(4000), "wrong_format"),
        (header(4000, channels=6) + bytes(4000), "wrong_format"),
        (header(4000)[:30], "corrupt"),
        (header(4000)[:40], "corrupt"),
        (header(4000) + bytes(3000), "corrupt"),
        (header(4000)[:20] + bytes([1, 0, 1, 0]) + bytes(4000), "wrong_format"),
        (header(4000)[:32] + b"\x07" + header(4000)[33:] + bytes(4000), "corrupt"),
        (header(4000)[:12] + b"junk\x00\x00\x00\x00" * 200, "corrupt"),
        (header(4000)[:12] + b"data\x10\x00\x00\x00" + bytes(16), "corrupt"),
    ],
)
def test_what_is_no_sound_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    for look in (check, *((voice_seconds, peaks) if content != header(0) else ())):
        with pytest.raises(BadSound) as caught:
            look(path)
        assert caught.value.reason == reason
        assert caught.value.sentence.startswith("录音文件")


def test_a_message_beyond_the_limit_is_refused_and_one_at_the_limit_is_not(tmp_path: Path) -> None:
    hour = sparse(tmp_path / "hour.wav", 3600 * 16_000)
    assert check(hour).seconds == 3600
    with pytest.raises(BadSound) as caught:
        check(hour, longest_seconds=3599)
    assert caught.value.reason == "too_long"
    with pytest.raises(BadSound, match="31250 s of sound") as caught:
        check(sparse(tmp_path / "large.wav", HALF_A_GIGABYTE))
    assert caught.value.sentence == "录音超过 60 分钟。"


def test_a_length_that_its_writer_did_not_know_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(header(0xFFFFFFFF) + bytes(16_000))
    assert check(path).seconds == 1


# Voice


@needs_speech
def test_what_people_say_is_voice_on_a_noisy_line_too(tmp_path: Path) -> None:
    for path in recordings():
        said = samples_of(path)
        found = voice_seconds(path)
        assert 1.0 < found < said.size / 8000, path.name
        # Half as loud, between two silences.
        noisy = voice_seconds(saved(tmp_path / "x.wav", on_a_line(said / 2)))
        assert noisy == pytest.approx(found, rel=0.5), path.name


def test_somebody_who_speaks_for_three_seconds_is_heard_for_three_seconds(tmp_path: Path) -> None:
    for level in (0.05, 0.2, 0.8):
        path = saved(tmp_path / "x.wav", on_a_line(syllables(12, level)))
        assert voice_seconds(path) == pytest.approx(3.0, abs=0.4)


@pytest.mark.parametrize(
    "heard",
    [
        np.zeros(80_000),
        *(noise(8, decibels) for decibels in (-30, -40, -50, -60, -75)),
        on_a_line(np.full(40, 0.9)),
        on_a_line(np.full(40, 0.9), np.zeros(9000), np.full(100, -0.5), np.zeros(1000), np.full(100, 0.5)),
        on_a_line(tone(0.5, 1000, level=0.25)),
        on_a_line(tone(3, 450)),
        on_a_line(*([tone(0.35, 450), np.zeros(2800)] * 10)),
        on_a_line(*([tone(0.2, 770, 1336), np.zeros(1600)] * 10)),
        on_a_line(tone(8, 50, level=0.05)),
        on_a_line(noise(5, -40)),
        on_a_line(*([noise(0.04, -25), np.zeros(2700)] * 15)),
    ],
    ids=[
        "silence", "noise -30 dB", "noise -40 dB", "noise -50 dB", "noise -60 dB", "noise -75 dB", "a click",
        "three clicks", "a beep", "a dial tone", "a busy tone", "keys", "mains hum", "an engine that starts",
        "rustling",
    ],
)  # fmt: skip
def test_what_is_no_voice_is_not_counted(heard: Sound, tmp_path: Path) -> None:
    assert voice_seconds(saved(tmp_path / "x.wav", heard)) < 0.5


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_voice_is_found_at_any_rate(rate: int, tmp_path: Path) -> None:
    said = on_a_line(syllables(12))
    stretched = np.interp(np.arange(int(said.size * rate / 8000)) * 8000 / rate, np.arange(said.size), said)
    assert voice_seconds(saved(tmp_path / "x.wav", stretched, rate)) == pytest.approx(3.0, abs=0.6)


# The outline


def test_the_outline_has_the_loudest_sample_of_every_stretch(tmp_path: Path) -> None:
    said = np.repeat([0.0, 0.5, -1.0, 0.25], 150_001)
    found = peaks(saved(tmp_path / "x.wav", said))
    assert len(found) == 400
    assert (found[50], found[150], found[250], found[350]) == (0, 128, 255, 64)
    whole = np.abs(np.frombuffer(pcm(said), "<i2") / 32768)
    ends = [-(-number * whole.size // 400) for number in range(401)]
    assert found == bytes(min(255, round(255 * whole[first:last].max())) for first, last in pairwise(ends))


def test_an_outline_is_never_longer_than_its_sound(tmp_path: Path) -> None:
    assert len(peaks(saved(tmp_path / "x.wav", np.ones(7) / 2))) == 7
    assert peaks(write(tmp_path / "y.wav", b"")) == b""
    assert len(peaks(saved(tmp_path / "x.wav", np.ones(9000)), most=10)) == 10


# Its size

_MEASURED = """
import sys
from pathlib import Path
from voicemail.sound import check, peaks, voice_seconds
def high_water():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1000
path, longest = Path(sys.argv[1]), 1e6
before = high_water()
sound = check(path, longest)
print(round(sound.seconds), round(voice_seconds(path), 1), len(peaks(path)), high_water() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read as Linux tells it")
@pytest.mark.parametrize("length", [3600 * 16_000, HALF_A_GIGABYTE], ids=["60 minutes", "500 MB"])
def test_a_long_message_is_never_whole_in_memory(length: int, tmp_path: Path) -> None:
    path = sparse(tmp_path / "long.wav", length)
    command = [sys.executable, "-c", _MEASURED, str(path)]
    said = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=True).stdout.split()
    assert [float(each) for each in said[:3]] == [length // 16_000, 0.0, 400]
    assert int(said[3]) < LARGEST_GROWTH_MB

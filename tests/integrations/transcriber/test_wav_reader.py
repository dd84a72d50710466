"""Every coding that a carrier or an operator may bring comes out as the same sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from integrations.gateway.wav import a_law, mu_law
from integrations.transcriber.wav_reader import BadWav, WavFile
from tests.sound_files import A_LAW, MU_LAW, Sound, companded, header, pcm, tone, write


def heard(path: Path, size: int = 1000) -> Sound:
    with WavFile(path) as wav:
        return np.concatenate(list(wav.pieces(size=size))).astype(float)


@pytest.mark.parametrize(("bits", "error"), [(8, 0.005), (16, 2e-5), (24, 1e-6), (32, 1e-6)])
def test_pcm_of_any_width_is_the_same_sound(bits: int, error: float, tmp_path: Path) -> None:
    said = tone(0.5, 440, 997)
    path = write(tmp_path / "x.wav", pcm(said, bits), bits=bits)
    assert np.abs(heard(path) - said).max() <= error


@pytest.mark.parametrize(("coding", "decode"), [(A_LAW, a_law), (MU_LAW, mu_law)])
def test_telephone_coding_is_the_same_sound(coding: int, decode: Callable[[], Sound], tmp_path: Path) -> None:
    said = tone(0.5, 440)
    path = write(tmp_path / "x.wav", companded(said, decode), bits=8, coding=coding)
    assert np.abs(heard(path) - said).max() < 0.01


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_two_channels_are_mixed_down(bits: int, tmp_path: Path) -> None:
    left, right = tone(0.5, 440), tone(0.5, 1200)
    both = np.stack([left, right], axis=1).reshape(-1)
    path = write(tmp_path / "x.wav", pcm(both, bits), bits=bits, channels=2)
    assert np.abs(heard(path) - (left + right) / 2).max() < 0.01


def test_a_part_is_read_without_what_is_before_it(tmp_path: Path) -> None:
    said = np.arange(1000) / 32768
    with WavFile(write(tmp_path / "x.wav", pcm(said))) as wav:
        pieces = list(wav.pieces(300, 750, size=200))
    assert [piece.size for piece in pieces] == [200, 200, 50]
    assert np.array_equal(np.concatenate(pieces) * 32768, np.arange(300, 750))


def test_titles_before_the_sound_are_passed_over(tmp_path: Path) -> None:
    plain = header(2000)
    path = tmp_path / "x.wav"
    path.write_bytes(plain[:36] + b"LIST\x03\x00\x00\x00abc\x00" + plain[36:] + bytes(2000) + b"id3 \x02\x00\x00\x00ab")
    assert heard(path).size == 1000


def test_half_a_sample_at_the_end_is_dropped(tmp_path: Path) -> None:
    assert heard(write(tmp_path / "x.wav", bytes(2001))).size == 1000


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", bytes(400_000))
    with WavFile(path) as wav, pytest.raises(BadWav) as caught:
        for _ in wav.pieces(size=1000):
            with open(path, "r+b") as file:
                file.truncate(100)
    assert caught.value.reason == "corrupt"

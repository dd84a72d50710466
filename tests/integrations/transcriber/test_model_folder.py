"""The setting of the model: looked at when the program starts, in words that say what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integrations.demo_keys import DemoKeys
from integrations.errors import SettingsError
from integrations.settings import Settings
from integrations.transcriber.model_folder import HOW_TO_BRING_ONE, model_problem, model_rate
from tests.speech_model import MODEL, needs_speech

KEYS = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)


def made(folder: Path, rate: str = "--sample-frequency=8000\n", is_old: bool = False) -> Path:
    """Files by the names that a model has."""
    for name in ("final.mdl", "mfcc.conf") if is_old else ("am/final.mdl", "conf/mfcc.conf"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(rate)
    return folder


def read(**env: str) -> Settings:
    return Settings.from_env(env, load_demo_keys=lambda var_dir: KEYS)


def problem(**env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(**env)
    [found] = caught.value.problems
    return found


def test_without_a_model_nothing_is_transcribed_and_the_way_to_one_is_a_sentence() -> None:
    assert read().vosk_model_path is None
    assert "vosk-model-small-cn-0.22" in HOW_TO_BRING_ONE and "VOSK_MODEL_PATH=" in HOW_TO_BRING_ONE
    assert "\n" not in HOW_TO_BRING_ONE


def test_a_model_is_named_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = made(tmp_path / "模型 1")
    assert read(VOSK_MODEL_PATH="模型 1").vosk_model_path == folder


def test_a_folder_that_is_no_model_is_told_at_the_start(tmp_path: Path) -> None:
    assert problem(VOSK_MODEL_PATH=str(tmp_path / "none")).startswith("VOSK_MODEL_PATH：文件夹不存在")
    assert "am/final.mdl" in problem(VOSK_MODEL_PATH=str(tmp_path))
    assert problem(VOSK_MODEL_PATH=str(made(tmp_path / "m") / "am" / "final.mdl")).startswith("VOSK_MODEL_PATH：文件夹")


def test_a_folder_around_the_model_is_told_by_the_name_of_the_right_one(tmp_path: Path) -> None:
    made(tmp_path / "vosk-model-small-cn-0.22")
    assert "里面的 vosk-model-small-cn-0.22 文件夹" in problem(VOSK_MODEL_PATH=str(tmp_path))


def test_as_many_at_once_as_there_are_cores_and_no_more_than_four_unasked() -> None:
    assert read().transcribe_processes == min(4, os.cpu_count() or 1)
    assert read(TRANSCRIBE_PROCESSES="12").transcribe_processes == 12
    assert problem(TRANSCRIBE_PROCESSES="0").startswith("TRANSCRIBE_PROCESSES：")


@pytest.mark.parametrize(
    ("conf", "rate"),
    [
        ("--use-energy=false\n--sample-frequency=16000\n", 16_000),
        ("  --sample-frequency = 8000.0 # telephone\n", 8000),
        ("# --sample-frequency=8000\n", 16_000),
        ("", 16_000),
    ],
)
def test_the_rate_is_the_one_that_the_model_was_made_for(conf: str, rate: int, tmp_path: Path) -> None:
    assert model_rate(made(tmp_path / "new", conf)) == rate
    assert model_rate(made(tmp_path / "old", conf, is_old=True)) == rate


@needs_speech
def test_the_small_real_model_is_one() -> None:
    assert model_problem(MODEL) is None
    assert model_rate(MODEL) == 8000

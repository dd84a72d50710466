"""A bad menu never replaces a good running one."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ivr.good_copy import GoodCopy
from ivr.keeper import LibraryKeeper, LibraryRefused
from ivr.library import Library
from ivr.walk import Walk, spoken
from tests.ivr.conftest import MONDAY_TEN

WORDS = "welcome: 您好，这里是热线。\n"


@pytest.fixture
def keeper(tmp_path: Path) -> LibraryKeeper:
    (tmp_path / "prompts").mkdir()
    return LibraryKeeper(tmp_path, lambda: MONDAY_TEN)


def welcome(keeper: LibraryKeeper) -> str:
    return keeper.library().flow("340000").prompts["welcome"].text


def test_a_changed_file_is_taken_into_use(keeper: LibraryKeeper, tmp_path: Path) -> None:
    before = welcome(keeper)
    (tmp_path / "prompts" / "zzz.yaml").write_text(WORDS, encoding="utf-8")
    keeper.look()
    assert before != welcome(keeper) == "您好，这里是热线。"


def test_a_bad_file_is_refused_with_its_line_and_the_good_one_stays(keeper: LibraryKeeper, tmp_path: Path) -> None:
    before = keeper.library()
    file = tmp_path / "prompts" / "zzz.yaml"
    file.write_text("# a comment\nwelcome: 您好，{nobody}。\n", encoding="utf-8")
    keeper.look()
    assert keeper.library() is before
    assert [(problem.file, problem.line) for problem in keeper.rejected] == [(str(file), 2)]
    file.write_text(WORDS, encoding="utf-8")
    keeper.look()
    assert keeper.rejected == () and keeper.library() is not before


def test_nothing_starts_on_bad_files_alone(tmp_path: Path) -> None:
    (tmp_path / "centres.yaml").write_text("centres: 17\n", encoding="utf-8")
    with pytest.raises(LibraryRefused) as refused:
        LibraryKeeper(tmp_path, lambda: MONDAY_TEN)
    assert refused.value.problems


def test_a_process_that_starts_while_the_files_are_bad_uses_the_last_good_ones(tmp_path: Path) -> None:
    config, copy = tmp_path / "config", GoodCopy(tmp_path / "good")
    (config / "prompts").mkdir(parents=True)
    file = config / "prompts" / "zzz.yaml"
    file.write_text(WORDS, encoding="utf-8")
    LibraryKeeper(config, lambda: MONDAY_TEN, copy)
    file.write_text("welcome: 您好，{nobody}。\n", encoding="utf-8")
    keeper = LibraryKeeper(config, lambda: MONDAY_TEN, copy)
    assert welcome(keeper) == "您好，这里是热线。"
    assert keeper.rejected
    file.write_text("welcome: 修好了。\n", encoding="utf-8")
    keeper.look()
    assert welcome(keeper) == "修好了。" and keeper.rejected == ()


def test_a_library_that_cannot_be_prepared_for_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    asked: list[Library] = []

    def accept(library: Library) -> None:
        asked.append(library)
        if len(asked) == 1:
            raise ConnectionError("the database is away")

    keeper = LibraryKeeper(tmp_path, lambda: MONDAY_TEN, accept=accept)
    (tmp_path / "prompts" / "zzz.yaml").write_text(WORDS, encoding="utf-8")
    with pytest.raises(ConnectionError):
        keeper.look()
    assert welcome(keeper) != "您好，这里是热线。"
    keeper.look()
    assert welcome(keeper) == "您好，这里是热线。"


def test_a_centre_that_is_no_longer_configured_is_answered_by_the_province(keeper: LibraryKeeper) -> None:
    library = keeper.library()
    assert library.flow("349999") is library.flow("340000")


def recording(path: Path, frames: bytes = b"\0\0" * 800) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(frames)


def test_a_recorded_prompt_is_played_and_slowly_the_voice_speaks(tmp_path: Path) -> None:
    recording(tmp_path / "prompts" / "audio" / "opt_2.wav")
    library = LibraryKeeper(tmp_path, lambda: MONDAY_TEN).library()
    walk = Walk(library, "340200", MONDAY_TEN)
    said = {say.prompt: say.recorded for say in spoken(walk.ring().verbs)}
    assert said["opt_2"] and not said["opt_3"]
    assert not any(say.recorded for say in spoken(walk.press("8").verbs))


@pytest.mark.parametrize(
    ("name", "frames", "sentence"),
    [
        ("opt_22", b"\0\0", "没有这句话"),
        ("welcome", b"\0\0", "不能用录音"),
        ("opt_2", b"", "不是能播的"),
    ],
)
def test_a_recording_that_cannot_be_meant_is_a_problem(tmp_path: Path, name: str, frames: bytes, sentence: str) -> None:
    recording(tmp_path / "prompts" / "audio" / f"{name}.wav", frames)
    with pytest.raises(LibraryRefused) as refused:
        LibraryKeeper(tmp_path, lambda: MONDAY_TEN)
    assert sentence in str(refused.value)

"""What the start has proven is not proven again, and whatever differs from it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import ivr.library
import ivr.proof
from ivr.library import load_library
from ivr.proof import hold_proof

TODAY = date(2026, 11, 21)
WORDS = "welcome: 您好，这里是热线。\n"


@pytest.fixture(autouse=True)
def nothing_is_held() -> Iterator[None]:
    yield
    hold_proof("")


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every proof that is made, by what of."""
    made: list[str] = []
    for name in ("check_flow", "check_size"):
        real = getattr(ivr.library, name)

        def counted(*arguments: Any, name: str = name, real: Any = real) -> Any:
            made.append(name)
            return real(*arguments)

        monkeypatch.setattr(ivr.library, name, counted)
    return made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An installation whose files the start has proven, for this process, too."""
    (tmp_path / "prompts").mkdir()
    words(tmp_path).write_text(WORDS, encoding="utf-8")
    hold_proof(load_library(TODAY, tmp_path).proof)
    return tmp_path


def words(config: Path) -> Path:
    return config / "prompts" / "zzz.yaml"


def test_the_same_files_are_read_and_not_proven_again(config: Path, proofs: list[str]) -> None:
    library = load_library(TODAY, config)
    assert proofs == []
    assert library.flow("340000").prompts["welcome"].text == "您好，这里是热线。"
    hold_proof("")
    again = load_library(TODAY, config)
    assert set(proofs) == {"check_flow", "check_size"}
    assert again.flows == library.flows and again.problems == library.problems == ()


def test_a_changed_file_is_proven_as_ever(config: Path, proofs: list[str]) -> None:
    words(config).write_text("welcome: 您好，{nobody}。\n", encoding="utf-8")
    assert load_library(TODAY, config).problems
    assert proofs


def test_another_folder_and_another_day_are_proven(config: Path, proofs: list[str]) -> None:
    load_library(TODAY)
    assert "check_flow" in proofs
    proofs.clear()
    # Content expires.
    load_library(TODAY + timedelta(days=1), config)
    assert "check_flow" in proofs


def test_other_code_proves_for_itself(
    tmp_path: Path, config: Path, proofs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ivr.proof, "PROJECT_DIR", tmp_path / "code")
    for room in ivr.proof.ROOMS:
        (tmp_path / "code" / room).mkdir(parents=True)
    hold_proof(load_library(TODAY, config).proof)
    proofs.clear()
    load_library(TODAY, config)
    assert proofs == []
    for room in ivr.proof.ROOMS:
        (tmp_path / "code" / room / "newer.py").touch()
        load_library(TODAY, config)
        assert "check_flow" in proofs, room
        proofs.clear()
        (tmp_path / "code" / room / "newer.py").unlink()


def test_a_file_that_changes_while_it_is_read_is_proven(
    config: Path, proofs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = iter([True])
    real = ivr.library.read_yaml

    def change_and_read(*arguments: Any) -> Any:
        if next(changed, False):
            words(config).write_text("welcome: 您好，{nobody}。\n", encoding="utf-8")
        return real(*arguments)

    monkeypatch.setattr(ivr.library, "read_yaml", change_and_read)
    assert load_library(TODAY, config).problems
    assert proofs


def test_nothing_is_handed_on_that_was_not_proven(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_library(TODAY, config, commands={}).proof == ""
    real = ivr.library.read_yaml

    def read_and_change(*arguments: Any) -> Any:
        block = real(*arguments)
        words(config).write_text(WORDS + "# one more line\n", encoding="utf-8")
        return block

    hold_proof("")
    with monkeypatch.context() as patched:
        patched.setattr(ivr.library, "read_yaml", read_and_change)
        assert load_library(TODAY, config).proof == ""
    assert load_library(TODAY, config).proof
    words(config).write_text("welcome: 您好，{nobody}。\n", encoding="utf-8")
    assert load_library(TODAY, config).proof == ""

"""Recordings on disk, and which sentences may be kept as sound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.gateway.familiar import MOST_REMEMBERED, Familiar
from integrations.gateway.recordings import RecordingStore, new_recording_sid
from tests.gateway.scene import speech

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CALL = "CA" + "1" * 32


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    store, sid = RecordingStore(tmp_path), new_recording_sid()
    kept = store.keep(sid, CALL, speech(2.4), NOON, NOON + timedelta(seconds=2))
    assert store.find(sid) == kept and kept.duration == "2" and kept.status == "completed"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{sid}.json", f"{sid}.wav"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_a_short_word_is_not_rounded_to_nothing(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path)
    assert store.keep(new_recording_sid(), CALL, speech(0.2), NOON, NOON).duration == "1"
    assert store.keep(new_recording_sid(), CALL, b"", NOON, NOON).duration == "0"


def test_recordings_of_a_call_newest_first(tmp_path: Path) -> None:
    store, sids = RecordingStore(tmp_path), [new_recording_sid() for _ in range(3)]
    for number, sid in enumerate(sids):
        store.keep(sid, CALL, speech(1), NOON + timedelta(minutes=number), NOON)
    store.keep(new_recording_sid(), "CA" + "2" * 32, speech(1), NOON, NOON)
    assert [recording.sid for recording in store.of_call(CALL)] == sids[::-1]
    assert len(store.of_call(None)) == 4


@pytest.mark.parametrize("sid", ["", "../../secrets", "RE" + "A" * 32, "RE" + "a" * 31, "RE" + "a" * 33])
def test_a_malformed_id_finds_nothing(tmp_path: Path, sid: str) -> None:
    store = RecordingStore(tmp_path)
    assert store.find(sid) is None and store.sound(sid) is None and not store.remove(sid)


def test_damaged_facts_are_no_recording(tmp_path: Path) -> None:
    store, sid = RecordingStore(tmp_path), new_recording_sid()
    (tmp_path / f"{sid}.json").write_text('{"sid": ')
    assert store.find(sid) is None and store.of_call(None) == []


def test_a_sentence_is_a_prompt_once_a_second_call_hears_it() -> None:
    familiar = Familiar()
    assert [familiar.is_prompt("您好", call) for call in ("CA1", "CA1", "CA2", "CA1")] == [False, False, True, False]
    assert not familiar.is_prompt("余额一千二百元", "CA1")


def test_old_sentences_are_forgotten() -> None:
    familiar = Familiar()
    for number in range(MOST_REMEMBERED + 1):
        familiar.is_prompt(str(number), "CA1")
    assert not familiar.is_prompt("0", "CA2") and familiar.is_prompt("9", "CA2")

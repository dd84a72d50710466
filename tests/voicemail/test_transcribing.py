"""The process that turns messages into words, with real rows, real files and the real library."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from psycopg.rows import dict_row

from integrations.services import Services
from integrations.settings import PROJECT_DIR
from integrations.transcriber.transcriber import Transcriber
from ivr.library import load_centres
from queueing.seed import seed_centres
from tests.sound_files import samples_of, saved
from tests.speech_model import MODEL, needs_speech, recording
from tests.waiting import eventually
from voicemail.transcribing import Transcribing

# The machine may be doing much else.
PATIENCE = 60.0
ROWS = """
WITH said AS (
    INSERT INTO message (call_sid, turn, kind, centre, source, begun_at)
    VALUES (%(sid)s, 1, 'message', '340100', 'key', now()) RETURNING id
), take AS (
    INSERT INTO message_recording
           (recording_sid, message_id, call_sid, status, seconds, started_at, ended_at, storage_key)
    SELECT %(sid)s, id, %(sid)s, 'home', 4, now(), now(), %(key)s FROM said RETURNING recording_sid
)
INSERT INTO transcript (recording_sid, made_at) SELECT recording_sid, now() FROM take
"""


class Desk:
    """Messages as the pipeline leaves them, and what becomes of them."""

    def __init__(self, services: Services) -> None:
        self.services = services
        seed_centres(services.database, load_centres(None))

    def leave(self, sid: str, sound: Path | None) -> str:
        """A message whose voice is in our storage (None: it is gone)."""
        key = f"messages/2026/03/06/{sid}.wav"
        if sound is not None:
            self.services.storage.put(key, sound)
        with self.services.database.pool.connection() as connection:
            connection.execute(ROWS, {"sid": sid, "key": key})
        return sid

    def row(self, sid: str) -> dict[str, Any]:
        with self.services.database.pool.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            found = cursor.execute("SELECT * FROM transcript WHERE recording_sid = %s", (sid,)).fetchone()
        assert found is not None
        return found

    def is_done(self, sid: str) -> bool:
        return bool(self.row(sid)["status"] == "done")

    def is_at(self, sid: str) -> bool:
        """Somebody has it."""
        return self.row(sid)["lease_until"] is not None

    def run_out(self) -> None:
        """The time of all leases."""
        with self.services.database.pool.connection() as connection:
            connection.execute("UPDATE transcript SET lease_until = now() WHERE lease_until IS NOT NULL")


@pytest.fixture
def desk(services: Services) -> Desk:
    return Desk(services)


@contextmanager
def transcribing(services: Services, model: Path | None, **options: Any) -> Iterator[Transcribing]:
    transcriber = Transcriber(model)
    try:
        yield Transcribing(services, transcriber, **options)
    finally:
        transcriber.close()


@contextmanager
def running(at_work: Transcribing) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=at_work.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def process(desk: Desk, model: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The real `python app.py transcriber`."""
    settings = desk.services.settings
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "VAR_DIR": str(settings.var_dir),
        "VOSK_MODEL_PATH": str(model),
        "LOG_JSON": "1",
    }
    command = [sys.executable, "app.py", "transcriber"]
    started = subprocess.Popen(command, cwd=PROJECT_DIR, env=env, stderr=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def long_message(path: Path, seconds: int) -> Path:
    once = samples_of(recording("human_0"))
    return saved(path, np.tile(once, seconds * 8000 // once.size))


def test_without_a_model_a_message_is_marked_so(desk: Desk, tmp_path: Path) -> None:
    desk.leave("RE1", saved(tmp_path / "x.wav", np.zeros(8000)))
    with transcribing(desk.services, None) as at_work:
        assert at_work.step()
        assert not at_work.step()
    assert (desk.row("RE1")["status"], desk.row("RE1")["said"]) == ("no_model", None)


@needs_speech
def test_a_message_gets_its_words_with_times_and_confidence(desk: Desk) -> None:
    desk.leave("RE1", recording("human_6"))
    with transcribing(desk.services, MODEL) as at_work:
        assert at_work.step()
    row = desk.row("RE1")
    assert (row["status"], row["said"], row["model"]) == ("done", "谢谢再见", "model-cn-tiny")
    assert [word[0] for word in row["words"]] == ["谢谢", "再见"]
    assert all(0 <= start < end <= 3.5 and 0 < confidence <= 1 for _, start, end, confidence in row["words"])
    assert 0.5 < row["confidence"] <= 1
    # No voice is left lying about.
    assert list((desk.services.settings.var_dir / "transcribing").iterdir()) == []


@needs_speech
def test_a_voice_that_cannot_be_read_is_given_up_at_once_and_the_next_one_is_heard(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF    WAVEfmt ")
    desk.leave("RE1", tmp_path / "bad.wav")
    desk.leave("RE2", None)
    desk.leave("RE3", recording("human_0"))
    with transcribing(desk.services, MODEL) as at_work:
        while at_work.step():
            pass
    assert [desk.row(sid)["status"] for sid in ("RE1", "RE2", "RE3")] == ["failed", "failed", "done"]
    assert desk.row("RE1")["error"].startswith("Untranscribable: corrupt")
    assert desk.row("RE2")["error"].startswith("NotStored")


@needs_speech
def test_what_was_left_without_words_gets_them_when_there_is_a_model(desk: Desk) -> None:
    desk.leave("RE1", recording("human_0"))
    with transcribing(desk.services, None) as nobody:
        nobody.step()
    with transcribing(desk.services, MODEL) as at_work, running(at_work):
        eventually(lambda: desk.is_done("RE1"), PATIENCE)
    assert desk.row("RE1")["said"] == "人工服务"


@needs_speech
def test_a_lease_is_renewed_while_somebody_is_at_it_and_given_back_at_a_stop(desk: Desk, tmp_path: Path) -> None:
    desk.leave("RE1", long_message(tmp_path / "x.wav", 1800))
    now = desk.services.now()
    clock = [now]
    with transcribing(replace(desk.services, now=lambda: clock[0]), MODEL, hold_seconds=0.05) as at_work:
        with running(at_work):
            first = eventually(lambda: desk.row("RE1")["lease_until"])
            clock[0] = now + timedelta(minutes=1)
            eventually(lambda: desk.row("RE1")["lease_until"] == first + timedelta(minutes=1))
        row = desk.row("RE1")
    assert (row["status"], row["lease_until"], row["error"]) == ("waiting", clock[0], None)


@needs_speech
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_message_is_put_into_words_though_its_process_ends_in_the_middle(
    desk: Desk, tmp_path: Path, number: signal.Signals
) -> None:
    desk.leave("RE1", long_message(tmp_path / "x.wav", 120))
    with process(desk, MODEL) as first:
        eventually(lambda: desk.is_at("RE1"), PATIENCE)
        first.send_signal(number)
        assert first.wait(PATIENCE) == (0 if number == signal.SIGTERM else -number)
    assert not desk.is_done("RE1")
    if number == signal.SIGKILL:
        desk.run_out()
    with process(desk, MODEL):
        eventually(lambda: desk.is_done("RE1"), PATIENCE)
    assert desk.row("RE1")["said"].count("人工服务") > 20
    assert desk.row("RE1")["attempts"] == 2

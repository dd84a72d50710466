"""What was said: brought home whatever dies, refused with a reason when it is no sound, deleted when it is void."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from integrations.services import Services
from integrations.settings import PROJECT_DIR
from integrations.task_queue import set_job_settings
from integrations.telephony.client import CarrierClient
from integrations.transcriber.transcription import Transcription, Word
from tests.integrations.carrier_stand_in import MEDIA
from tests.integrations.s3_server import storage_at
from tests.running import free_port
from tests.sound_files import MP3, header, noise, sparse
from tests.voicemail.message_scene import FIRST, LI_QIANGS, SECOND, WEDNESDAY_CLOSE, Mailbox, voice
from tests.waiting import eventually
from voicemail import transcripts
from voicemail.message_files import (
    ATTEMPTS_UNTIL_LOST,
    ATTEMPTS_UNTIL_UNUSABLE,
    EARLIER_COUNTS,
    HARDLY_ANYTHING,
    bring_home,
)
from voicemail.message_jobs import sweep_messages
from voicemail.message_wake import fetch_message

KEY = f"messages/2026/03/06/{FIRST}.wav"
BRING_HOME = """
import os, sys
from integrations.services import Services
from integrations.settings import Settings
from integrations.demo_keys import DemoKeys
from voicemail.message_files import bring_home
keys = DemoKeys(b"s" * 32, b"d" * 32, b"h" * 32)
bring_home(Services.build(Settings.from_env(os.environ, lambda var_dir: keys)), sys.argv[1])
"""


def events(mailbox: Mailbox, event: str) -> list[str]:
    return [row["note"] for row in mailbox.rows("SELECT note FROM case_event WHERE event = %s ORDER BY id", event)]


# brought home


def test_a_message_comes_home_and_leaves_nothing_at_the_carrier(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    mailbox.work()
    take = mailbox.take()
    assert (take["status"], take["storage_key"], take["stored_at"]) == ("home", KEY, mailbox.at)
    assert (take["attempts"], take["error"], take["lease_until"]) == (1, None, None)
    assert take["size_bytes"] == len(mailbox.services.storage.get(KEY)) and len(take["peaks"]) == 400
    assert 8 < take["voice_seconds"] < 11
    assert mailbox.at_carrier() == [] and mailbox.stored() == [KEY]
    assert list((mailbox.services.settings.var_dir / "fetching").iterdir()) == []
    assert mailbox.messages.take_of(message_id) == (FIRST, KEY)
    assert mailbox.rows("SELECT status FROM transcript") == [{"status": "waiting"}]
    assert mailbox.case()["status"] == "open" and mailbox.history() == ["opened"]


def test_the_job_finds_its_own_adapters(mailbox: Mailbox) -> None:
    mailbox.leave()
    fetch_message(FIRST)
    assert mailbox.take()["status"] == "home"


def test_a_job_for_nothing_does_nothing(mailbox: Mailbox) -> None:
    fetch_message(FIRST)
    assert mailbox.stand_in.control()["requests"] == []


def test_running_twice_changes_nothing(mailbox: Mailbox) -> None:
    mailbox.leave()
    bring_home(mailbox.services, FIRST)
    bring_home(mailbox.services, FIRST)
    assert (mailbox.take()["status"], mailbox.take()["attempts"]) == ("home", 1)
    assert len(mailbox.stand_in.asked(MEDIA)) == 1


def test_of_several_workers_at_once_one_does_it(mailbox: Mailbox) -> None:
    mailbox.leave()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: bring_home(mailbox.services, FIRST), range(4)))
    assert (mailbox.take()["status"], mailbox.take()["attempts"]) == ("home", 1)
    assert len(mailbox.stand_in.asked(MEDIA)) == 1 and mailbox.stored() == [KEY]


@pytest.mark.parametrize("fault", ["500", "404", "half", "cut"])
def test_a_failed_download_stays_in_the_row_and_is_tried_again(mailbox: Mailbox, fault: str) -> None:
    mailbox.leave()
    mailbox.stand_in.fail(MEDIA, fault, fault)
    mailbox.work()
    if mailbox.take()["status"] == "completed":
        assert mailbox.take()["error"] and mailbox.stored() == [] and mailbox.at_carrier() == [FIRST]
        bring_home(mailbox.services, FIRST)
        assert mailbox.take()["attempts"] == 1
        mailbox.stand_in.fail(MEDIA)
        mailbox.passes(minutes=2)
        assert mailbox.sweep() == [FIRST]
        mailbox.work()
    assert (mailbox.take()["status"], mailbox.take()["error"]) == ("home", None)


def test_a_recording_the_carrier_no_longer_has_is_lost_and_its_case_says_so(mailbox: Mailbox) -> None:
    mailbox.leave()
    mailbox.stand_in.clear()
    mailbox.goes_on(ATTEMPTS_UNTIL_LOST + 4)
    assert mailbox.take()["status"] == "lost"
    assert mailbox.case()["status"] == "open" and mailbox.case()["due_at"] == WEDNESDAY_CLOSE
    assert mailbox.history() == ["opened", "noted"] and "找不到" in events(mailbox, "noted")[0]
    assert mailbox.sweep() == []


def test_storage_away_leaves_the_voice_at_the_carrier(mailbox: Mailbox, tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    unmounted = storage_at((tmp_path / "mount").as_uri())
    (tmp_path / "mount").rmdir()
    mailbox.leave()
    mailbox.work(replace(mailbox.services, storage=unmounted))
    assert (mailbox.take()["status"], mailbox.take()["stored_at"]) == ("completed", None)
    assert "StorageAway" in mailbox.take()["error"] and mailbox.at_carrier() == [FIRST]
    mailbox.goes_on(1)
    assert mailbox.take()["status"] == "home"


def test_the_carrier_away_is_asked_again_and_again(mailbox: Mailbox) -> None:
    mailbox.leave()
    settings = replace(mailbox.services.settings, gateway_url=f"ws://127.0.0.1:{free_port()}")
    mailbox.work(replace(mailbox.services, carrier=CarrierClient(settings)))
    assert "CarrierAway" in mailbox.take()["error"]
    mailbox.goes_on(1)
    assert mailbox.take()["status"] == "home"


def test_a_carrier_that_will_not_delete_is_asked_again_without_another_download(mailbox: Mailbox) -> None:
    mailbox.leave()
    mailbox.stand_in.fail("DeleteRecording", "500")
    mailbox.work()
    assert mailbox.take()["status"] == "stored" and "CarrierAway" in mailbox.take()["error"]
    mailbox.goes_on(1)
    assert mailbox.take()["status"] == "home"
    assert mailbox.at_carrier() == [] and len(mailbox.stand_in.asked(MEDIA)) == 1


def test_a_worker_killed_in_the_middle_loses_nothing(mailbox: Mailbox) -> None:
    mailbox.leave()
    mailbox.stand_in.fail(MEDIA, "slow")
    settings = mailbox.services.settings
    env = {
        **os.environ,
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "VAR_DIR": str(settings.var_dir),
        "GATEWAY_URL": settings.gateway_url,
    }
    worker = subprocess.Popen([sys.executable, "-c", BRING_HOME, FIRST], env=env, cwd=PROJECT_DIR)
    eventually(lambda: mailbox.stand_in.asked(MEDIA), timeout=30)
    worker.kill()
    worker.wait()
    assert (mailbox.take()["status"], mailbox.take()["attempts"], mailbox.stored()) == ("completed", 1, [])
    [left] = (settings.var_dir / "fetching").iterdir()
    os.utime(left, (0, 0))
    # The worker lived by the real clock, and so does its lease.
    mailbox.at = mailbox.take()["lease_until"] - timedelta(seconds=1)
    assert mailbox.sweep() == []
    mailbox.passes(seconds=2)
    assert mailbox.sweep() == [FIRST]
    assert not left.exists()
    mailbox.work()
    assert mailbox.take()["status"] == "home" and mailbox.stored() == [KEY]


# what cannot be listened to


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (header(0), "empty"),
        (b"<html>captive portal</html>", "not_wav"),
        (header(160_000, bits=8, coding=MP3) + bytes(160_000), "wrong_format"),
        (header(160_000) + bytes(100_000), "corrupt"),
    ],
)
def test_a_file_that_is_no_sound_stays_at_the_carrier_and_its_case_says_so(
    mailbox: Mailbox, body: bytes, reason: str
) -> None:
    path = mailbox.folder / "bad.wav"
    path.write_bytes(body)
    message_id = mailbox.begin()
    mailbox.record(file=str(path))
    mailbox.messages.keep(message_id, FIRST, 10)
    mailbox.work()
    assert mailbox.take()["status"] == "completed"
    mailbox.goes_on(ATTEMPTS_UNTIL_UNUSABLE)
    assert (mailbox.take()["status"], mailbox.take()["error"]) == ("unusable", reason)
    assert mailbox.at_carrier() == [FIRST] and mailbox.stored() == []
    assert (mailbox.case()["status"], mailbox.case()["due_at"]) == ("open", WEDNESDAY_CLOSE)
    [said] = events(mailbox, "noted")
    assert said.startswith("录音不能用")
    assert mailbox.sweep() == []


def test_a_sound_that_its_reader_stumbles_over_is_given_up(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(path: Path) -> bytes:
        raise ValueError("an odd sample")

    monkeypatch.setattr("voicemail.sound.peaks", stumble)
    mailbox.leave()
    mailbox.goes_on(ATTEMPTS_UNTIL_UNUSABLE)
    assert (mailbox.take()["status"], mailbox.take()["error"]) == ("unusable", "unreadable")
    assert mailbox.case()["status"] == "open"


def test_an_hour_is_kept_and_more_is_not(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    for recording, seconds in ((FIRST, 3600), (SECOND, 3700)):
        mailbox.record(recording, seconds=seconds, file=str(sparse(mailbox.folder / recording, seconds * 16_000)))
    mailbox.messages.keep(message_id, FIRST, 3600)
    other = mailbox.begin(turn=9)
    mailbox.messages.keep(other, SECOND, 3700)
    mailbox.work()
    takes = mailbox.takes()
    assert (takes[FIRST]["status"], takes[SECOND]["status"]) == ("home", "unusable")
    assert (takes[SECOND]["error"], takes[SECOND]["attempts"]) == ("too_long", 1)


def test_half_a_gigabyte_is_refused_before_it_fills_the_disk(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.record(huge=500 * 1024 * 1024)
    mailbox.messages.keep(message_id, FIRST, 10)
    mailbox.work()
    assert (mailbox.take()["status"], mailbox.take()["error"]) == ("unusable", "too_large")
    assert mailbox.case()["due_at"] == WEDNESDAY_CLOSE
    assert list((mailbox.services.settings.var_dir / "fetching").iterdir()) == []


def test_a_file_that_stays_shorter_than_was_said_is_kept_as_it_is(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.record(seconds=30, sound=voice(12))
    mailbox.messages.keep(message_id, FIRST, 30)
    mailbox.work()
    assert (mailbox.take()["status"], mailbox.take()["error"]) == ("completed", "shorter")
    mailbox.goes_on(ATTEMPTS_UNTIL_UNUSABLE)
    assert mailbox.take()["status"] == "home" and 9 < mailbox.take()["voice_seconds"] < 13


# hardly anything was said


def silent(mailbox: Mailbox) -> int:
    message_id = mailbox.begin()
    mailbox.record(sound=np.concatenate([voice(1)[:4000], noise(9.5, -60)]))
    mailbox.messages.note_status(message_id, mailbox.form())
    return message_id


def test_silence_of_somebody_who_hung_up_is_closed_as_no_message(mailbox: Mailbox) -> None:
    silent(mailbox)
    mailbox.work()
    case = mailbox.case()
    assert (case["status"], case["closed_by"], case["look_at"]) == ("closed", "system", None)
    assert case["closed_reason"].startswith("不是留言") and mailbox.history() == ["opened", "closed"]
    assert mailbox.take()["status"] == "home" and mailbox.take()["voice_seconds"] < 2


def test_silence_of_somebody_who_was_told_a_number_stays_and_says_so(mailbox: Mailbox) -> None:
    mailbox.messages.told(silent(mailbox))
    mailbox.work()
    assert mailbox.case()["status"] == "open" and events(mailbox, "noted") == [HARDLY_ANYTHING]


def test_who_is_told_the_number_after_all_is_owed_an_answer(mailbox: Mailbox) -> None:
    message_id = silent(mailbox)
    mailbox.work()
    mailbox.messages.told(message_id)
    mailbox.messages.told(message_id)
    case = mailbox.case()
    assert (case["status"], case["due_at"], case["closed_at"]) == ("open", WEDNESDAY_CLOSE, None)
    assert case["look_at"] is not None and mailbox.history() == ["opened", "closed", "reopened"]


def test_a_number_that_was_changed_while_it_was_closed_is_rung(mailbox: Mailbox) -> None:
    message_id = silent(mailbox)
    mailbox.work()
    mailbox.messages.change_number(message_id, LI_QIANGS)
    assert (mailbox.case()["status"], mailbox.case()["number_tail"]) == ("closed", "2345")
    mailbox.messages.told(message_id)
    case, sealer = mailbox.case(), mailbox.services.sealer
    assert (case["status"], case["number_tail"]) == ("open", "7890")
    assert sealer.open(case["number_sealed"], "case.number") == LI_QIANGS
    assert case["number_hash"] == sealer.fingerprint(LI_QIANGS)
    assert mailbox.history() == ["opened", "closed", "reopened", "noted"]


def test_silence_that_somebody_has_taken_on_is_not_closed_under_the_hands(mailbox: Mailbox) -> None:
    silent(mailbox)
    mailbox.rows("INSERT INTO agent (number, name, centre) VALUES ('1023', '王芳', '340100') RETURNING id")
    mailbox.rows("UPDATE work_order SET status = 'owned', owner_id = (SELECT id FROM agent) RETURNING id")
    mailbox.work()
    assert mailbox.case()["status"] == "owned" and events(mailbox, "noted") == [HARDLY_ANYTHING]


# what does not count


@pytest.mark.parametrize("is_home", [False, True])
def test_a_superseded_take_is_deleted_here_and_there(mailbox: Mailbox, is_home: bool) -> None:
    message_id = mailbox.leave()
    if is_home:
        mailbox.work()
    mailbox.record(SECOND)
    mailbox.passes(seconds=30)
    mailbox.messages.keep(message_id, SECOND, 10)
    mailbox.work()
    # Woken by the later one, once that has come home.
    mailbox.work()
    assert mailbox.at_carrier() == [] and mailbox.stored() == [KEY.replace(FIRST, SECOND)]
    first, second = mailbox.takes()[FIRST], mailbox.takes()[SECOND]
    assert (second["status"], first["storage_key"], first["peaks"]) == ("home", None, None)
    assert first["deleted_at"] == mailbox.at and second["deleted_at"] is None
    assert mailbox.rows("SELECT recording_sid FROM transcript") == [{"recording_sid": SECOND}]
    mailbox.passes(days=1)
    assert mailbox.sweep() == []


def test_a_later_take_that_cannot_be_listened_to_gives_the_earlier_its_place_back(mailbox: Mailbox) -> None:
    """Nothing is deleted before somebody can hear the one that counts instead."""
    message_id = mailbox.leave()
    mailbox.record(SECOND, body="not a sound")
    mailbox.passes(seconds=30)
    mailbox.messages.keep(message_id, SECOND, 10)
    mailbox.goes_on(4)
    first, second = mailbox.takes()[FIRST], mailbox.takes()[SECOND]
    assert (first["status"], first["is_superseded"]) == ("home", False)
    assert (second["status"], second["is_superseded"]) == ("unusable", True)
    assert mailbox.stored() == [KEY] and mailbox.at_carrier() == [SECOND]
    assert mailbox.messages.take_of(message_id) == (FIRST, KEY)
    [noted] = mailbox.rows("SELECT note FROM case_event WHERE event = 'noted'")
    assert noted["note"].endswith("听得到前一遍录的")


@pytest.mark.parametrize("is_home", [False, True])
@pytest.mark.parametrize("is_told", [False, True])
def test_speaking_again_into_silence_leaves_the_first_message(mailbox: Mailbox, is_home: bool, is_told: bool) -> None:
    message_id = mailbox.leave()
    if is_home:
        mailbox.work()
    mailbox.record(SECOND, sound=noise(10, -60))
    mailbox.passes(seconds=30)
    mailbox.messages.keep(message_id, SECOND, 10)
    if is_told:
        mailbox.messages.told(message_id)
    mailbox.goes_on(3)
    first, second = mailbox.takes()[FIRST], mailbox.takes()[SECOND]
    assert (first["status"], first["is_superseded"], first["deleted_at"]) == ("home", False, None)
    assert second["is_superseded"] and second["deleted_at"] is not None
    assert mailbox.messages.take_of(message_id) == (FIRST, KEY)
    assert mailbox.stored() == [KEY] and mailbox.at_carrier() == []
    assert mailbox.case()["status"] == "open" and mailbox.history() == ["opened", "noted"]
    assert events(mailbox, "noted") == [EARLIER_COUNTS]
    assert mailbox.rows("SELECT recording_sid FROM transcript") == [{"recording_sid": FIRST}]
    assert mailbox.sweep() == []


def test_silence_twice_is_no_message(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    for recording in (FIRST, SECOND):
        mailbox.record(recording, sound=noise(10, -60))
        mailbox.passes(seconds=30)
        mailbox.messages.keep(message_id, recording, 10)
    mailbox.goes_on(4)
    assert mailbox.case()["status"] == "closed" and mailbox.history() == ["opened", "noted", "closed"]
    assert mailbox.messages.take_of(message_id) == (FIRST, KEY) and mailbox.at_carrier() == []


def test_a_take_superseded_while_it_is_fetched_is_deleted_when_the_later_one_is_home(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    mailbox.record(SECOND)
    real = mailbox.services.storage.put

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(mailbox.services.storage, name)

        def put(self, key: str, source: Any) -> None:
            real(key, source)
            mailbox.messages.keep(message_id, SECOND, 10)

    bring_home(replace(mailbox.services, storage=Slow()), FIRST)  # type: ignore[arg-type]
    assert mailbox.at_carrier() == [FIRST, SECOND]
    mailbox.work()
    mailbox.work()
    assert mailbox.stored() == [KEY.replace(FIRST, SECOND)] and mailbox.at_carrier() == []


# heard again by the caller


def test_the_present_take_is_heard_from_wherever_it_is(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    for _ in range(2):
        take = mailbox.messages.open_take(message_id)
        assert take is not None
        with take:
            assert take.read() == (mailbox.folder / f"{FIRST}.wav").read_bytes()
        mailbox.work()
    assert len(mailbox.stand_in.asked(MEDIA)) == 2
    assert list((mailbox.services.settings.var_dir / "fetching").iterdir()) == []


# words


def transcription(*words: str) -> Transcription:
    return Transcription.of([Word(word, n, n + 0.5, 0.9) for n, word in enumerate(words)], 10, 0)


@pytest.fixture
def stored(mailbox: Mailbox) -> Services:
    mailbox.leave()
    mailbox.work()
    return mailbox.services


def test_a_voice_is_put_into_words_by_one_at_a_time(mailbox: Mailbox, stored: Services) -> None:
    claim = transcripts.claim_next(stored, mailbox.at)
    assert claim is not None and (claim.recording_sid, claim.storage_key) == (FIRST, KEY)
    assert transcripts.claim_next(stored, mailbox.at) is None
    mailbox.passes(minutes=1)
    transcripts.hold(stored, [FIRST], mailbox.at)
    mailbox.passes(seconds=90)
    assert transcripts.claim_next(stored, mailbox.at) is None
    mailbox.passes(seconds=60)
    again = transcripts.claim_next(stored, mailbox.at)
    assert again is not None and again.attempt == 2


def test_the_words_give_the_case_its_subject_and_department(mailbox: Mailbox, stored: Services) -> None:
    said = transcription("我", "的", "养老金", "这个", "月", "没", "到账")
    assert transcripts.note_done(stored, FIRST, said, "a-model", mailbox.at)
    assert not transcripts.note_done(stored, FIRST, said, "a-model", mailbox.at)
    [row] = mailbox.rows("SELECT * FROM transcript")
    assert (row["status"], row["said"], row["model"]) == ("done", "我的养老金这个月没到账", "a-model")
    assert row["words"][2] == ["养老金", 2, 2.5, 0.9]
    case = mailbox.case()
    assert case["subject"] == case["suggested_subject"] == "pension-benefit"
    assert (case["subject_by"], case["desk"]) == ("words", "pension") and case["suggested_because"]
    assert mailbox.history() == ["opened", "transcribed", "subject"]
    # Words of the caller stay nowhere that is not deleted with the voice.
    assert events(mailbox, "subject") == ["养老保险：养老金发放和计算"]


def test_what_staff_has_chosen_stays(mailbox: Mailbox, stored: Services) -> None:
    mailbox.rows("UPDATE work_order SET subject = 'card-apply', subject_by = 'staff', desk = 'card' RETURNING id")
    transcripts.note_done(stored, FIRST, transcription("养老金", "没", "到账"), "a-model", mailbox.at)
    case = mailbox.case()
    assert (case["subject"], case["desk"], case["suggested_subject"]) == ("card-apply", "card", "pension-benefit")


def test_words_that_say_nothing_suggest_nothing(mailbox: Mailbox, stored: Services) -> None:
    transcripts.note_done(stored, FIRST, transcription(), "a-model", mailbox.at)
    assert mailbox.case()["subject"] is None and mailbox.history() == ["opened", "transcribed"]


def test_without_a_model_the_message_is_handled_all_the_same(mailbox: Mailbox, stored: Services) -> None:
    transcripts.note_no_model(stored, FIRST, mailbox.at)
    assert mailbox.rows("SELECT status FROM transcript") == [{"status": "no_model"}]
    mailbox.passes(days=1)
    assert transcripts.claim_next(stored, mailbox.at) is None
    assert transcripts.wait_again(stored) == 1
    assert transcripts.claim_next(stored, mailbox.at) is not None


def test_what_cannot_be_transcribed_is_given_up_after_an_hour_of_trying(mailbox: Mailbox, stored: Services) -> None:
    begun = mailbox.at
    for _ in range(200):
        if transcripts.claim_next(stored, mailbox.at):
            transcripts.note_failed(stored, FIRST, "TranscriberDied", mailbox.at)
        mailbox.passes(minutes=1)
    [row] = mailbox.rows("SELECT status, attempts, error FROM transcript")
    assert row == {"status": "failed", "attempts": transcripts.MOST_ATTEMPTS, "error": "TranscriberDied"}
    assert mailbox.at - begun > timedelta(hours=1) and mailbox.case()["status"] == "open"


def test_a_file_that_cannot_be_transcribed_is_not_tried_again(mailbox: Mailbox, stored: Services) -> None:
    transcripts.claim_next(stored, mailbox.at)
    transcripts.note_failed(stored, FIRST, "Untranscribable", mailbox.at, permanent=True)
    mailbox.passes(days=1)
    assert transcripts.claim_next(stored, mailbox.at) is None


def test_the_sweep_s_job_finds_its_own_adapters(mailbox: Mailbox) -> None:
    mailbox.leave()
    mailbox.passes(minutes=5)
    set_job_settings(mailbox.services.settings, mailbox.services)
    sweep_messages()
    mailbox.work()
    assert mailbox.take()["status"] == "home"

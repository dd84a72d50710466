"""How long voices are kept: by the centre's rule from the end of the case, and nothing of an open one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from integrations.work_calendar import SHANGHAI
from queueing.message_rules import MessageRules
from tests.integrations.carrier_stand_in import sid
from tests.integrations.s3_server import storage_at
from tests.voicemail.message_scene import FIRST, SECOND, Mailbox
from voicemail.message_jobs import run_retention
from voicemail.retention import delete_old_voices

WUHU = "340200"
TWO_YEARS_LATER = datetime(2028, 3, 7, 10, tzinfo=SHANGHAI)
DONE = "UPDATE transcript SET status = 'done', said = '养老金没到账', words = '[]', done_at = now() RETURNING status"


@pytest.fixture
def old(mailbox: Mailbox) -> Mailbox:
    """A message of two years ago, at home and in words, its case closed."""
    mailbox.leave()
    mailbox.work()
    mailbox.rows(DONE)
    mailbox.closes()
    mailbox.at = TWO_YEARS_LATER
    return mailbox


def test_the_voice_and_the_words_of_an_old_case_go(old: Mailbox) -> None:
    assert delete_old_voices(old.messages) == 1
    take = old.take()
    assert take["deleted_at"] == old.at and take["peaks"] is None
    assert old.rows("SELECT * FROM transcript") == []
    assert old.woken() == [FIRST]
    old.work()
    assert old.stored() == [] and old.take()["storage_key"] is None
    assert old.messages.take_of(old.message()["id"]) is None
    [said] = old.rows("SELECT note, detail FROM case_event WHERE event = 'deleted_voice'")
    assert said == {"note": "按保存期限（730天）删除录音和转写", "detail": {"recordings": 1}}
    assert delete_old_voices(old.messages) == 0 and old.sweep() == []


def test_the_words_that_led_to_a_subject_go_with_the_voice(old: Mailbox) -> None:
    old.rows(
        "UPDATE work_order SET suggested_subject = 'pension-benefit', suggested_because = '养老金、没到账' RETURNING id"
    )
    old.rows(
        "INSERT INTO subject_correction (case_id, at, by, suggested, because, chosen) "
        "SELECT id, now(), '1023', 'pension-benefit', '养老金、没到账', 'card-apply' FROM work_order RETURNING id"
    )
    delete_old_voices(old.messages)
    assert (old.case()["suggested_subject"], old.case()["suggested_because"]) == ("pension-benefit", None)
    assert old.rows("SELECT because, chosen FROM subject_correction") == [{"because": None, "chosen": "card-apply"}]
    old.rows("DELETE FROM subject_correction RETURNING id")


@pytest.mark.parametrize("status", ["open", "replied"])
def test_nothing_of_a_case_that_is_not_closed_goes(old: Mailbox, status: str) -> None:
    old.rows(
        "UPDATE work_order SET status = %s, closed_at = NULL, closed_reason = NULL, replied_at = opened_at "
        "RETURNING id",
        status,
    )
    assert delete_old_voices(old.messages) == 0
    assert len(old.stored()) == 1 and old.take()["deleted_at"] is None


def test_the_time_runs_from_the_end_of_the_case(old: Mailbox) -> None:
    old.rows("UPDATE work_order SET closed_at = closed_at + interval '2 days' RETURNING id")
    assert delete_old_voices(old.messages) == 0
    old.passes(days=2)
    assert delete_old_voices(old.messages) == 1


def test_each_centre_keeps_its_own_time(old: Mailbox) -> None:
    long = replace(old.centres["340100"], messages=MessageRules(keep_days=3650))
    short = replace(old.centres[WUHU], messages=MessageRules(keep_days=30))
    old.centres |= {"340100": long, WUHU: short}
    old.at = datetime(2028, 1, 10, 10, tzinfo=SHANGHAI)
    call = sid("CA", 20)
    other = old.begin(centre=WUHU, call_sid=call)
    old.record(SECOND, call=call)
    old.messages.keep(other, SECOND, 10)
    old.work()
    old.closes()
    old.at = TWO_YEARS_LATER
    assert delete_old_voices(old.messages) == 1
    old.work()
    assert [key.rpartition("/")[2] for key in old.stored()] == [f"{FIRST}.wav"]


def test_of_a_case_that_is_part_of_another_the_other_one_counts(old: Mailbox) -> None:
    later = old.begin(call_sid=sid("CA", 20))
    old.record(SECOND, call=sid("CA", 20))
    old.messages.keep(later, SECOND, 10)
    old.work()
    [first, second] = old.cases()
    old.rows(
        "UPDATE work_order SET status = 'merged', merged_into = %s WHERE id = %s RETURNING id",
        second["id"],
        first["id"],
    )
    assert delete_old_voices(old.messages) == 0
    old.closes()
    old.passes(days=731)
    assert delete_old_voices(old.messages) == 2
    old.work()
    assert old.stored() == []
    assert [row["case_id"] for row in old.rows("SELECT * FROM case_event WHERE event = 'deleted_voice'")] == [
        second["id"]
    ]


def test_storage_away_is_asked_again_until_the_file_is_gone(old: Mailbox, tmp_path: Any) -> None:
    (tmp_path / "mount").mkdir()
    unmounted = storage_at((tmp_path / "mount").as_uri())
    (tmp_path / "mount").rmdir()
    delete_old_voices(old.messages)
    old.work(replace(old.services, storage=unmounted))
    assert old.take()["storage_key"] and "StorageAway" in old.take()["error"]
    assert old.messages.take_of(old.message()["id"]) is None
    old.goes_on(1)
    assert old.stored() == [] and old.take()["storage_key"] is None


def test_what_could_not_be_used_goes_at_the_carrier(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.record(huge=300 * 1024 * 1024)
    mailbox.messages.keep(message_id, FIRST, 10)
    mailbox.work()
    assert mailbox.take()["status"] == "unusable" and mailbox.at_carrier() == [FIRST]
    mailbox.closes()
    mailbox.at = TWO_YEARS_LATER
    run_retention()
    mailbox.work()
    assert mailbox.at_carrier() == []

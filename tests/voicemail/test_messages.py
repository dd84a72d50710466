"""Messages: on the list with a date as soon as anything was said, once, in whatever order the carrier tells of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from twilio.request_validator import RequestValidator

from integrations.live_store import build_live_store
from integrations.telephony.client import CarrierClient
from integrations.work_calendar import SHANGHAI
from tests.integrations.carrier_stand_in import sid
from tests.running import free_port
from tests.voicemail.message_scene import (
    CALL,
    FIRST,
    FRIDAY_NIGHT,
    HEFEI,
    LI_QIANGS,
    SECOND,
    THIRD,
    WANG_FANGS,
    WEDNESDAY_CLOSE,
    Mailbox,
)
from tests.waiting import eventually
from voicemail.message_jobs import ask_again, sweep
from voicemail.messages import Kept
from voicemail.webhooks import voicemail_blueprint

OTHER_CALL = sid("CA", 99)


def test_a_message_left_on_friday_night_is_due_on_wednesday(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.passes(seconds=40)
    kept = mailbox.messages.keep(message_id, FIRST, 30)
    case = mailbox.case()
    assert kept == Kept(message_id, case["id"], WEDNESDAY_CLOSE, False, "2345", "message")
    assert case["id"] >= 1001
    assert (case["kind"], case["centre"], case["source"], case["status"]) == ("message", HEFEI, "closed", "open")
    assert (case["opened_at"], case["due_at"], case["due_policy"]) == (FRIDAY_NIGHT, WEDNESDAY_CLOSE, "reply")
    assert case["look_at"] > mailbox.at and case["look_at"].astimezone(SHANGHAI).hour in range(8, 18)
    assert mailbox.history() == ["opened"]
    assert mailbox.woken() == [FIRST]


def test_the_days_count_from_the_call_and_not_from_its_last_word(mailbox: Mailbox) -> None:
    mailbox.at = datetime(2026, 3, 6, 23, 59, 30, tzinfo=SHANGHAI)
    message_id = mailbox.begin()
    mailbox.passes(days=4)
    kept = mailbox.messages.keep(message_id, FIRST, 60)
    assert kept is not None and kept.due_at == WEDNESDAY_CLOSE


@pytest.mark.parametrize(("kind", "policy"), [("complaint", "accept"), ("report", "accept"), ("message", "reply")])
def test_each_kind_of_message_has_its_own_promise(mailbox: Mailbox, kind: str, policy: str) -> None:
    mailbox.leave(kind=kind)
    days = {"accept": 13, "reply": 11}[policy]
    assert (mailbox.case()["kind"], mailbox.case()["due_policy"]) == (kind, policy)
    assert mailbox.case()["due_at"] == datetime(2026, 3, days, 17, 30, tzinfo=SHANGHAI)


def test_a_date_beyond_the_last_notice_is_said_to_be_provisional(mailbox: Mailbox) -> None:
    mailbox.at = datetime(2030, 12, 30, 16, tzinfo=SHANGHAI)
    kept = mailbox.messages.keep(mailbox.begin(), FIRST, 10)
    assert kept is not None and kept.is_provisional and mailbox.case()["due_is_provisional"]


def test_a_message_begins_once_for_each_call_and_turn(mailbox: Mailbox) -> None:
    first = mailbox.begin()
    assert mailbox.begin() == first
    assert mailbox.begin(turn=5) != first and mailbox.begin(call_sid=OTHER_CALL) != first


def test_a_webhook_that_comes_twice_opens_one_case(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    kept = [mailbox.messages.keep(message_id, FIRST, 30) for _ in range(3)]
    assert kept[0] is not None and kept == [kept[0]] * 3
    assert len(mailbox.cases()) == 1 and mailbox.history() == ["opened"] and mailbox.woken() == [FIRST]


def test_nothing_may_be_said_of_what_was_not_kept(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    assert mailbox.messages.kept(message_id) is None and mailbox.messages.kept(777) is None
    assert mailbox.messages.keep(777, FIRST, 10) is None
    assert mailbox.messages.take_of(message_id) is None and mailbox.messages.open_take(message_id) is None
    assert mailbox.cases() == []


# too short, and empty


@pytest.mark.parametrize("seconds", [0, 1])
def test_less_than_two_seconds_are_not_kept_and_do_not_stay_at_the_carrier(mailbox: Mailbox, seconds: int) -> None:
    message_id = mailbox.begin()
    mailbox.record(seconds=1)
    assert mailbox.messages.keep(message_id, FIRST, seconds) is None
    mailbox.messages.note_status(message_id, mailbox.form(seconds=seconds))
    assert mailbox.cases() == [] and mailbox.message()["status"] == "recording"
    mailbox.work()
    assert mailbox.at_carrier() == [] and mailbox.stored() == []


def test_who_speaks_at_the_second_try_has_left_a_message(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    assert mailbox.messages.keep(message_id, FIRST, 1) is None
    assert mailbox.messages.keep(message_id, SECOND, 8) is not None
    assert mailbox.messages.take_of(message_id) == (SECOND, None)


def test_an_abandoned_message_is_on_no_list(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.messages.note_status(message_id, mailbox.form("absent"))
    mailbox.messages.abandon(message_id)
    assert mailbox.message()["status"] == "empty" and mailbox.cases() == []
    mailbox.messages.told(message_id)
    assert mailbox.message()["told_at"] is None


def test_what_is_told_of_after_all_is_kept_after_all(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.messages.abandon(message_id)
    mailbox.messages.note_status(message_id, mailbox.form())
    mailbox.messages.abandon(message_id)
    assert mailbox.message()["status"] == "kept" and mailbox.case()["due_at"] == WEDNESDAY_CLOSE


# hanging up, and what the carrier tells


def test_hanging_up_after_speaking_is_a_message(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    mailbox.messages.note_status(message_id, mailbox.form("in-progress"))
    mailbox.passes(seconds=20)
    mailbox.messages.note_status(message_id, mailbox.form(seconds=12))
    assert mailbox.case()["due_at"] == WEDNESDAY_CLOSE and mailbox.message()["status"] == "kept"
    assert mailbox.woken() == [FIRST]


@pytest.mark.parametrize("order", list(permutations(["in-progress", "completed", "action"])))
def test_the_order_of_what_is_told_does_not_matter(mailbox: Mailbox, order: tuple[str, ...]) -> None:
    message_id = mailbox.begin()
    for word in (*order, *order):
        if word == "action":
            mailbox.messages.keep(message_id, FIRST, 10)
        else:
            mailbox.messages.note_status(message_id, mailbox.form(word))
    assert (mailbox.take()["status"], mailbox.take()["seconds"]) == ("completed", 10)
    assert len(mailbox.cases()) == 1 and mailbox.history() == ["opened"] and mailbox.woken() == [FIRST]


def test_all_at_once_they_open_one_case(mailbox: Mailbox) -> None:
    message_id = mailbox.begin()
    tell = [
        lambda: mailbox.messages.keep(message_id, FIRST, 10),
        lambda: mailbox.messages.note_status(message_id, mailbox.form()),
        lambda: mailbox.messages.note_status(message_id, mailbox.form("in-progress")),
        lambda: mailbox.messages.change_number(message_id, LI_QIANGS),
    ]
    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(one) for one in tell * 4]:
            future.result()
    assert len(mailbox.cases()) == 1 and mailbox.history().count("opened") == 1
    assert mailbox.woken() == [FIRST]
    assert mailbox.case()["number_tail"] == mailbox.message()["number_tail"] == "7890"


def test_a_case_merged_while_its_message_is_changed_is_looked_for_again(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    mailbox.messages.keep(mailbox.begin(turn=9), SECOND, 10)
    [first, other] = mailbox.cases()
    merge = (
        "UPDATE work_order SET status = 'merged', merged_into = %s, closed_at = now(), closed_reason = '并案', "
        "look_at = NULL WHERE id = %s"
    )
    with ThreadPoolExecutor(1) as threads, mailbox.services.database.pool.connection() as connection:
        with connection.transaction():
            connection.execute(merge, (other["id"], first["id"]))
            changing = threads.submit(mailbox.messages.change_number, message_id, LI_QIANGS)
            eventually(lambda: mailbox.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
        changing.result()
    [first, other] = mailbox.cases()
    assert (first["number_tail"], other["number_tail"]) == ("2345", "7890")


@pytest.mark.parametrize(
    "strange",
    [{"RecordingSid": ""}, {"RecordingSid": "../RE1"}, {"RecordingStatus": "exploded"}, {"CallSid": OTHER_CALL}],
)
def test_strange_and_foreign_words_change_nothing(mailbox: Mailbox, strange: dict[str, str]) -> None:
    message_id = mailbox.begin()
    for status in ("in-progress", "completed", "absent"):
        mailbox.messages.note_status(message_id, mailbox.form(status) | strange)
    mailbox.messages.note_status(777, mailbox.form())
    mailbox.messages.note_status(message_id, {})
    assert mailbox.takes() == {} and mailbox.cases() == [] and mailbox.message()["status"] == "recording"


def test_a_recording_of_one_message_is_not_another_s(mailbox: Mailbox) -> None:
    first, second = mailbox.begin(), mailbox.begin(turn=9)
    mailbox.messages.keep(first, FIRST, 10)
    assert mailbox.messages.keep(second, FIRST, 10) is None
    mailbox.messages.note_status(second, mailbox.form())
    assert len(mailbox.cases()) == 1 and mailbox.take()["message_id"] == first
    assert mailbox.messages.kept(second) is None


# a second take


def test_a_second_take_supersedes_the_first_when_it_is_kept_itself(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    case = mailbox.case()
    mailbox.passes(seconds=20)
    mailbox.messages.note_status(message_id, mailbox.form("in-progress", recording=SECOND))
    assert mailbox.messages.take_of(message_id) == (FIRST, None)
    mailbox.messages.keep(message_id, SECOND, 1)
    assert mailbox.messages.take_of(message_id) == (FIRST, None)
    mailbox.passes(seconds=20)
    kept = mailbox.messages.keep(message_id, THIRD, 8)
    assert kept is not None and kept.case_id == case["id"] and mailbox.case() == case
    assert mailbox.messages.take_of(message_id) == (THIRD, None)
    mailbox.messages.keep(message_id, FIRST, 10)
    mailbox.messages.note_status(message_id, mailbox.form())
    assert mailbox.messages.take_of(message_id) == (THIRD, None)
    assert [sid for sid, take in mailbox.takes().items() if not take["is_superseded"]] == [THIRD]


# the number


def test_another_number_goes_to_the_case_too(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    kept = mailbox.messages.change_number(message_id, LI_QIANGS)
    assert kept is not None and kept.number_tail == "7890"
    sealer = mailbox.services.sealer
    for row in (mailbox.case(), mailbox.message()):
        assert sealer.open(row["number_sealed"], "case.number") == LI_QIANGS
        assert row["number_hash"] == sealer.fingerprint(LI_QIANGS)
    assert mailbox.case()["caller_hash"] == sealer.fingerprint(WANG_FANGS)
    assert mailbox.history() == ["opened", "noted"]
    mailbox.messages.change_number(message_id, "12333")
    mailbox.messages.change_number(message_id, LI_QIANGS)
    assert mailbox.messages.kept(message_id) == kept and mailbox.history() == ["opened", "noted"]


def test_another_number_before_the_beep_is_the_case_s_number(mailbox: Mailbox) -> None:
    message_id = mailbox.begin(number="")
    assert mailbox.messages.change_number(message_id, LI_QIANGS) is None
    kept = mailbox.messages.keep(message_id, FIRST, 10)
    assert kept is not None and kept.number_tail == mailbox.case()["number_tail"] == "7890"


def test_whoever_has_been_answered_keeps_the_number_that_was_rung(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    mailbox.rows("UPDATE work_order SET status = 'replied', replied_at = now() RETURNING id")
    mailbox.messages.change_number(message_id, LI_QIANGS)
    assert mailbox.case()["number_tail"] == "2345"


def test_an_anonymous_report_keeps_nothing_that_finds_a_person(mailbox: Mailbox) -> None:
    message_id = mailbox.leave(kind="report", is_anonymous=True, region="安徽省合肥市", id_number="34010119900307123X")
    mailbox.messages.change_number(message_id, LI_QIANGS)
    for row in (mailbox.message(), mailbox.case()):
        assert row["is_anonymous"]
        assert [row[name] for name in ("number_sealed", "number_hash", "number_tail", "person_hash")] == [None] * 4
        assert row["caller_region"] is None


def test_of_a_proven_person_only_the_fingerprint_is_kept(mailbox: Mailbox) -> None:
    mailbox.leave(id_number="34010119900307123X")
    proven = mailbox.services.social_insurance.person_hash("34010119900307123X")
    assert mailbox.case()["person_hash"] == mailbox.message()["person_hash"] == proven


# adding to a case


def test_adding_to_a_case_opens_no_other(mailbox: Mailbox) -> None:
    mailbox.leave()
    case = mailbox.case()
    added = mailbox.begin(turn=9, adds_to=case["id"])
    kept = mailbox.messages.keep(added, SECOND, 10)
    assert kept is not None and (kept.case_id, kept.due_at) == (case["id"], WEDNESDAY_CLOSE)
    assert mailbox.case() == case and mailbox.history() == ["opened", "added"]


@pytest.mark.parametrize("status", ["replied", "closed"])
def test_adding_to_what_was_answered_has_it_taken_up_again(mailbox: Mailbox, status: str) -> None:
    mailbox.leave()
    ended = {
        "replied": "status = 'replied', replied_at = opened_at",
        "closed": "status = 'closed', replied_at = opened_at, closed_at = opened_at, closed_reason = '已答复办结'",
    }
    mailbox.rows(f"UPDATE work_order SET look_at = NULL, {ended[status]} RETURNING id")
    mailbox.at = datetime(2026, 3, 13, 10, tzinfo=SHANGHAI)
    added = mailbox.begin(turn=9, adds_to=mailbox.case()["id"])
    kept = mailbox.messages.keep(added, SECOND, 10)
    assert kept is not None and kept.due_at == datetime(2026, 3, 18, 17, 30, tzinfo=SHANGHAI)
    assert mailbox.case()["status"] == "open" and mailbox.case()["replied_at"] is None
    assert mailbox.history() == ["opened", "added", "reopened"]


def test_adding_to_a_merged_case_adds_to_the_one_that_there_is(mailbox: Mailbox) -> None:
    mailbox.leave()
    first = mailbox.case()["id"]
    mailbox.messages.keep(mailbox.begin(turn=9), SECOND, 10)
    [_, other] = mailbox.cases()
    mailbox.rows(
        "UPDATE work_order SET status = 'merged', merged_into = %s, closed_at = now(), closed_reason = '并案', "
        "look_at = NULL WHERE id = %s RETURNING id",
        other["id"],
        first,
    )
    kept = mailbox.messages.keep(mailbox.begin(turn=12, adds_to=first), THIRD, 10)
    assert kept is not None and kept.case_id == other["id"]
    assert len(mailbox.cases()) == 2


# one telephone that does not stop


def leave_several(mailbox: Mailbox, many: int, turn: int = 20, **values: Any) -> list[Kept]:
    """So many messages of one telephone, a minute apart."""
    found = []
    for n in range(many):
        mailbox.passes(minutes=1)
        message_id = mailbox.begin(turn=turn + n, **values)
        kept = mailbox.messages.keep(message_id, sid("RE", 1000 + message_id), 10)
        assert kept is not None
        found.append(kept)
    return found


def test_one_telephone_does_not_bury_the_list(mailbox: Mailbox) -> None:
    kept = leave_several(mailbox, 7)
    assert len({one.case_id for one in kept}) == len(mailbox.cases()) == 5
    assert {(one.case_id, one.due_at) for one in kept[4:]} == {(kept[4].case_id, kept[4].due_at)}
    assert mailbox.history().count("added") == 2
    said = mailbox.rows("SELECT DISTINCT note FROM case_event WHERE event = 'added'")
    assert said == [{"note": "同一个电话一天里留言太多，这一段记在这一条里"}]
    # Another matter, another telephone, and another day.
    for n, values in enumerate(({"kind": "complaint"}, {"caller_hash": b"x" * 32}, {})):
        mailbox.passes(hours=24 * (n // 2))
        assert leave_several(mailbox, 1, 40 + n, **values)[0].case_id > kept[4].case_id


def test_what_is_over_takes_nothing_more_and_another_centre_has_its_own(mailbox: Mailbox) -> None:
    kept = leave_several(mailbox, 5)
    mailbox.rows(
        "UPDATE work_order SET status = 'closed', closed_at = now(), closed_reason = '撤回', look_at = NULL "
        "WHERE id = %s RETURNING id",
        kept[4].case_id,
    )
    assert leave_several(mailbox, 1, 30)[0].case_id == kept[3].case_id
    assert leave_several(mailbox, 1, 31, centre="340200")[0].case_id > kept[4].case_id
    mailbox.closes()
    assert leave_several(mailbox, 1, 32)[0].case_id > kept[4].case_id


@pytest.mark.parametrize(
    "values", [{"caller_hash": None}, {"kind": "report"}, {"kind": "report", "is_anonymous": True}]
)
def test_withheld_numbers_and_reports_are_not_limited(mailbox: Mailbox, values: dict[str, Any]) -> None:
    assert len({one.case_id for one in leave_several(mailbox, 7, **values)}) == 7


def test_of_several_too_many_at_once_none_is_lost(mailbox: Mailbox) -> None:
    leave_several(mailbox, 5)
    ids = [mailbox.begin(turn=60 + n) for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(lambda one: mailbox.messages.keep(one, sid("RE", 500 + one), 10), ids))
    assert all(kept) and len(mailbox.cases()) == 5


# what no webhook brought


def test_what_was_never_told_is_asked_for(mailbox: Mailbox) -> None:
    mailbox.begin()
    mailbox.record()
    mailbox.passes(minutes=5)
    mailbox.sweep()
    assert mailbox.cases() == [] and mailbox.stand_in.asked("ListCallRecording") == []
    mailbox.passes(minutes=15)
    mailbox.sweep()
    assert mailbox.case()["due_at"] == WEDNESDAY_CLOSE and mailbox.woken() == [FIRST]
    mailbox.sweep()
    assert len(mailbox.stand_in.asked("ListCallRecording")) == 1


def test_calls_are_asked_for_again_the_earliest_first_and_not_all_at_once(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicemail.message_jobs.MOST_ASKED_AGAIN", 2)
    calls = [sid("CA", n) for n in (80, 10, 50)]
    for call in calls:
        mailbox.passes(minutes=1)
        for turn in (1, 2):
            mailbox.messages.abandon(mailbox.begin(call_sid=call, turn=turn))
    mailbox.passes(minutes=20)
    ask_again(mailbox.messages)
    asked = mailbox.stand_in.asked("ListCallRecording")
    assert [call in str(request) for call, request in zip(calls[:2], asked, strict=True)] == [True, True]


def test_a_call_in_which_nothing_was_recorded_ends_as_empty(mailbox: Mailbox) -> None:
    mailbox.begin()
    mailbox.record(SECOND, seconds=1)
    mailbox.passes(minutes=20)
    mailbox.sweep()
    assert mailbox.message()["status"] == "empty" and mailbox.cases() == []
    mailbox.work()
    assert mailbox.at_carrier() == []


def test_with_the_carrier_away_nothing_is_taken_for_empty(mailbox: Mailbox) -> None:
    mailbox.begin()
    settings = replace(mailbox.services.settings, gateway_url=f"ws://127.0.0.1:{free_port()}")
    mailbox.passes(minutes=20)
    sweep(mailbox.messages_with(carrier=CarrierClient(settings)))
    assert mailbox.message()["status"] == "recording"
    mailbox.record()
    mailbox.sweep()
    assert mailbox.message()["status"] == "kept"


def test_a_recording_that_is_being_made_ready_is_waited_for(mailbox: Mailbox) -> None:
    mailbox.begin()
    mailbox.record(status="processing")
    mailbox.passes(hours=20)
    mailbox.sweep()
    assert mailbox.message()["status"] == "recording"
    mailbox.passes(hours=5)
    mailbox.sweep()
    assert mailbox.message()["status"] == "empty"


def test_two_messages_of_a_call_get_each_its_own(mailbox: Mailbox) -> None:
    first = mailbox.begin()
    mailbox.record(FIRST, start_time="Fri, 06 Mar 2026 13:30:05 +0000")
    mailbox.passes(minutes=3)
    second = mailbox.begin(turn=12, kind="complaint")
    mailbox.record(SECOND, start_time="Fri, 06 Mar 2026 13:33:05 +0000")
    mailbox.passes(minutes=20)
    mailbox.sweep()
    assert {sid: take["message_id"] for sid, take in mailbox.takes().items()} == {FIRST: first, SECOND: second}
    assert [case["kind"] for case in mailbox.cases()] == ["message", "complaint"]


def test_a_take_that_began_and_is_nowhere_is_lost_and_the_one_before_it_stays(mailbox: Mailbox) -> None:
    message_id = mailbox.leave()
    mailbox.messages.note_status(message_id, mailbox.form("in-progress", recording=SECOND))
    mailbox.passes(minutes=20)
    mailbox.sweep()
    assert mailbox.takes()[SECOND]["status"] == "lost"
    assert mailbox.messages.take_of(message_id) == (FIRST, None)


def test_redis_away_loses_nothing(mailbox: Mailbox) -> None:
    away = mailbox.messages_with(live_store=build_live_store(f"redis://127.0.0.1:{free_port()}"))
    message_id = mailbox.begin()
    mailbox.record()
    assert away.keep(message_id, FIRST, 10) is not None
    mailbox.passes(minutes=2)
    assert mailbox.sweep() == [FIRST] == mailbox.woken()


# the carrier's address


@pytest.fixture
def door(mailbox: Mailbox) -> Any:
    app = Flask(__name__)
    app.register_blueprint(voicemail_blueprint(mailbox.messages))
    return app.test_client()


def post(mailbox: Mailbox, door: Any, path: str, form: dict[str, str], signature: str = "") -> int:
    settings = mailbox.services.settings
    signature = signature or RequestValidator(settings.carrier_auth_token).compute_signature(
        f"{settings.public_base_url}{path}", form
    )
    return int(door.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code)


def test_the_carrier_tells_of_a_recording_at_the_message_s_address(mailbox: Mailbox, door: Any) -> None:
    message_id = mailbox.begin()
    assert post(mailbox, door, f"/voicemail/message?m={message_id}", mailbox.form()) == 204
    assert mailbox.message()["status"] == "kept"


@pytest.mark.parametrize("address", ["?m=777", "?m=", "", "?m=x", f"?m={'9' * 40}"])
def test_the_address_of_no_message_changes_nothing(mailbox: Mailbox, door: Any, address: str) -> None:
    assert post(mailbox, door, f"/voicemail/message{address}", mailbox.form()) == 204
    assert mailbox.takes() == {}


def test_nobody_but_the_carrier_is_heard(mailbox: Mailbox, door: Any) -> None:
    message_id = mailbox.begin()
    assert post(mailbox, door, f"/voicemail/message?m={message_id}", mailbox.form(), "forged") == 403
    assert mailbox.message()["status"] == "recording"


def test_a_message_of_a_judged_talk_is_on_that_talk_s_case(mailbox: Mailbox) -> None:
    mailbox.rows("INSERT INTO agent (number, name, centre) VALUES ('1023', '王芳', %s) RETURNING id", HEFEI)
    values = {"call": CALL, "centre": HEFEI, "at": FRIDAY_NIGHT - timedelta(minutes=5)}
    with mailbox.services.database.pool.connection() as connection:
        connection.execute(
            "INSERT INTO queue_entry (call_sid, centre, arrived_at, joined_at, rank_at, status, ended_at) "
            "VALUES (%(call)s, %(centre)s, %(at)s, %(at)s, %(at)s, 'ended', %(at)s)",
            values,
        )
        connection.execute(
            "INSERT INTO offer (id, entry_id, agent_id, call_sid, centre, status, made_at, ring_until, ended_at) "
            "SELECT 'o1', queue_entry.id, agent.id, %(call)s, %(centre)s, 'finished', %(at)s, %(at)s, %(at)s "
            "FROM agent, queue_entry",
            values,
        )
        connection.execute(
            "INSERT INTO work_order (kind, origin, centre, first_centre, source, call_sid, offer_id, opened_at) "
            "VALUES ('low_rating', 'offer:o1', %(centre)s, %(centre)s, 'survey', %(call)s, 'o1', %(at)s)",
            values,
        )
    message_id = mailbox.begin(kind="comment", offer_id="o1", source="survey")
    kept = mailbox.messages.keep(message_id, FIRST, 10)
    assert kept is not None and kept.case_id == mailbox.case()["id"]
    assert mailbox.case()["comment_sid"] == FIRST and mailbox.history() == ["added"]

"""A message by telephone, from the beep to the date, on the real database and with the carrier's signed webhooks."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.work_calendar import SHANGHAI
from ivr.jobs import correct_outcomes, forget_callers
from ivr.ledger import prove
from ivr.service import Line
from ivr.takes import take_token
from tests.ivr.conftest import Clock
from tests.ivr.messages.conftest import LI_QIANG, Rings
from tests.ivr.messages.speaker import Speaker
from tests.ivr.query.test_repeats import follow

Rows = Callable[..., list[tuple[Any, ...]]]
NIGHT = datetime(2026, 11, 23, 20, tzinfo=SHANGHAI)
START = "“嘀”声后请说您的事，会录音，只用来办这件事。最好说清姓名、哪个市的。说完可以直接挂机。"


@pytest.fixture(autouse=True)
def at_night(clock: Clock) -> None:
    clock.at = NIGHT


def kept(rows: Rows) -> list[tuple[Any, ...]]:
    return rows("SELECT status, kind, source, case_id FROM message ORDER BY id")


def outcome(rows: Rows, caller: Speaker) -> Any:
    [(found,)] = rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid)
    return found


def test_a_message_at_night_is_on_the_list_with_its_number_and_its_date(rings: Rings, rows: Rows) -> None:
    caller = rings().press("5")
    assert caller.said == START and caller.waiting and caller.waiting.verb.tag == "Record"
    # There from before the first word.
    assert kept(rows) == [("recording", "message", "closed", None)]
    caller.says(12)
    assert "尾号二三四五" in caller.said
    caller.waits()
    assert caller.said.startswith("收到了，编号幺零零幺。十一月二十六日，星期四下班前，我们给您答复。")
    caller.hang_up()
    assert kept(rows) == [("kept", "message", "closed", 1001)] and outcome(rows, caller) == "voicemail"
    [(at, due, told)] = rows(
        "SELECT opened_at, due_at, told_at IS NOT NULL FROM work_order JOIN message ON case_id = work_order.id"
    )
    assert (at.astimezone(SHANGHAI).date(), due.astimezone(SHANGHAI).date(), told) == (
        NIGHT.date(),
        datetime(2026, 11, 26).date(),
        True,
    )


@pytest.mark.parametrize(
    ("at", "promise"),
    [
        ("2026-02-14 20:00", "二月二十六日，星期四下班前，我们给您答复。"),
        ("2026-02-13 20:00", "二月二十五日，星期三下班前，我们给您答复。"),
        ("2026-12-30 20:00", "大约二零二七年一月五日前答复，放假安排公布后会算准，打幺二三三三按七能查到。"),
    ],
    ids=["before_spring_festival", "before_a_makeup_saturday", "on_30_december"],
)
def test_the_date_is_reckoned_by_the_national_calendar(at: str, promise: str, rings: Rings, clock: Clock) -> None:
    clock.at = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    caller = rings().press("5").says(9).waits()
    assert f"收到了，编号幺零零幺。{promise}" in caller.said


def test_hanging_up_after_speaking_is_a_valid_message(rings: Rings, rows: Rows) -> None:
    caller = rings().press("5").hangs_up_speaking(9)
    assert kept(rows) == [("kept", "message", "closed", 1001)] and outcome(rows, caller) == "voicemail"
    assert rows("SELECT told_at FROM message") == [(None,)]


@pytest.mark.parametrize("seed", range(6))
def test_webhooks_in_any_order_and_twice_are_one_message_with_one_date(
    seed: int, rings: Rings, rows: Rows, line: Line
) -> None:
    caller = rings().press("5")
    told = caller.hung_up(9) * 2
    random.Random(seed).shuffle(told)
    for request in [caller.report("in-progress"), *told]:
        assert caller.send(request) in (200, 204)
    correct_outcomes(line.services)
    assert kept(rows) == [("kept", "message", "closed", 1001)] and outcome(rows, caller) == "voicemail"
    assert rows("SELECT count(*) FROM work_order") == [(1,)]
    assert rows("SELECT count(*) FROM message_recording") == [(1,)]


def test_a_call_that_ended_before_its_recording_was_told_of_is_a_message_all_the_same(
    rings: Rings, rows: Rows, line: Line
) -> None:
    caller = rings().press("5")
    action, report, end = caller.hung_up(9)
    for request in (end, action, report):
        caller.send(request)
    assert kept(rows)[0][0] == "kept" and outcome(rows, caller) == "after_hours"
    assert correct_outcomes(line.services) == [caller.sid] and correct_outcomes(line.services) == []
    assert outcome(rows, caller) == "voicemail"
    with line.services.database.pool.connection() as connection:
        assert prove(connection, NIGHT - timedelta(hours=1), NIGHT + timedelta(hours=1)).holds


def test_who_achieved_more_or_said_nothing_keeps_the_outcome(rings: Rings, rows: Rows, line: Line) -> None:
    silent = rings().press("5")
    silent.hang_up()
    served = rings().press("2").press("1")
    served.clock.tick(30)
    served.press("*").press("*").press("5").hangs_up_speaking(9)
    assert correct_outcomes(line.services) == []
    assert (outcome(rows, silent), outcome(rows, served)) == ("after_hours", "self_served")


def test_the_second_take_takes_the_place_of_the_first(rings: Rings, rows: Rows) -> None:
    caller = rings().press("5").says(9)
    first = caller.take
    caller.press("3").says(5).waits()
    assert "编号幺零零幺" in caller.said
    assert rows("SELECT recording_sid FROM message_recording WHERE is_superseded") == [(first,)]
    assert rows("SELECT count(*) FROM work_order") == [(1,)]


def test_nothing_said_anew_leaves_what_was_said_before(rings: Rings, rows: Rows) -> None:
    caller = rings().press("5").says(9)
    first = caller.take
    caller.press("3").says(0, told=False).says(1, told=False)
    assert "没听到声音，前面录的还在。" in caller.said and "录好了。" in caller.said
    assert rows("SELECT recording_sid FROM message_recording WHERE NOT is_superseded") == [(first,)]


def test_another_number_is_read_back_and_the_answer_goes_there(rings: Rings, rows: Rows) -> None:
    caller = rings().press("5").says(9).press("2").press("13900001234").wait()
    caller.press("1")
    assert isinstance(caller, Speaker) and "好的，打尾号幺二三四找您。" in caller.said and "编号幺零零幺" in caller.said
    assert rows("SELECT number_tail FROM message") == rows("SELECT number_tail FROM work_order") == [("1234",)]


def test_a_withheld_number_is_asked_for_behind_the_message(rings: Rings, rows: Rows) -> None:
    caller = rings(caller="anonymous").press("5").says(9)
    assert caller.said.startswith("您的号码没有显示。")
    caller.waits().waits()
    assert "您没有留号码，我们打不给您。" in "".join(caller.heard)
    assert kept(rows)[0][0] == "kept" and rows("SELECT number_sealed FROM work_order") == [(None,)]


def test_nothing_heard_twice_is_a_callback_at_the_first_moment(rings: Rings, rows: Rows, a_seat: None) -> None:
    caller = rings().press("5").says(0, told=False)
    assert caller.said.startswith("没听到声音，没有录上。")
    caller.says(1, told=False)
    assert "还是没听到，不用再录。" in caller.said and "我们按来电号码，明天上午九点到九点半打给您" in caller.said
    assert kept(rows) == [("empty", "message", "closed", None)] and outcome(rows, caller) == "callback_requested"
    assert rows("SELECT number_tail, end_reason FROM callback") == [("2345", None)]
    assert rows("SELECT count(*) FROM work_order") == [(0,)]


def test_who_presses_nothing_at_night_speaks_at_once(rings: Rings, rows: Rows) -> None:
    caller = rings().waits().waits()
    assert caller.said.startswith("您别挂机。“嘀”声以后，请直接说您的事，我们会打给您。")
    caller.hangs_up_speaking(7)
    assert kept(rows) == [("kept", "message", "silence", 1001)]


def test_whatever_is_asked_for_twice_leads_to_the_same_document(rings: Rings, rows: Rows) -> None:
    caller = rings().press("5").says(9).waits()
    for url, form, document in list(caller.history):
        repeated = caller.request(url, form)[1]
        # That of the question, of which the answer came at once.
        assert document in (repeated, follow(caller, repeated) if "<Say" not in repeated else "")
    assert kept(rows) == [("kept", "message", "closed", 1001)]


# complaints and reports


def test_a_complaint_hears_when_it_is_taken_up_and_nothing_of_how_it_ends(rings: Rings, rows: Rows) -> None:
    caller = rings().press("4").press("1").says(9).waits()
    assert "登记好了，编号幺零零幺。十一月三十日，星期一前告诉您受理情况。" in caller.said
    assert rows("SELECT kind, due_policy FROM work_order") == [("complaint", "accept")]


def test_whoever_does_not_want_to_be_found_leaves_no_number(rings: Rings, rows: Rows, line: Line, a_seat: None) -> None:
    caller = rings().press("4").press("2")
    assert "不想让人知道您是谁，就不要说姓名和职务。" in caller.said
    caller.says(9).press("5")
    assert "好的，您的号码没有留。" in caller.said and "只能用这部电话打幺二三三三" in caller.said
    for table in ("message", "work_order"):
        assert rows(f"SELECT kind, is_anonymous, number_sealed, number_hash, number_tail FROM {table}") == [
            ("report", True, None, None, None)
        ]
    again = rings().press("7").press("1").press("1001#")
    assert "编号幺零零幺，芜湖中心正在办" in again.said
    assert "已经答复您了" not in again.said
    assert "补充好了" in again.press("2").says(5).said
    assert rows("SELECT number_tail, person_hash, caller_hash FROM message") == [(None, None, None)] * 2
    for one in (caller, again):
        one.hang_up()
    forget_callers(line.services)
    assert rows("SELECT caller_sealed, caller_hash, caller_tail, caller_region FROM call") == [(None,) * 4] * 2
    # Found again all the same, by this telephone and no other.
    assert "编号幺零零幺，芜湖中心正在办" in rings().press("7").press("1").press("1001#").said
    assert "没有查到这个编号" in rings(caller=LI_QIANG).press("7").press("1").press("1001#").said


# listening


def test_only_a_token_of_ours_opens_what_was_said_and_only_for_ten_minutes(
    rings: Rings, rows: Rows, line: Line, client: Any, clock: Clock, tmp_path: Any
) -> None:
    caller = rings().press("5").says(9)
    path = tmp_path / "take.wav"
    path.write_bytes(b"RIFF words")
    line.services.storage.put("messages/1.wav", path)
    rows("UPDATE message_recording SET storage_key = 'messages/1.wav', status = 'home' RETURNING 1")
    caller.press("4")
    address = caller.documents[-1].split("<Play>")[1].split("</Play>")[0]
    found = client.get(address.removeprefix(line.services.settings.public_base_url))
    assert (found.status_code, found.data, found.headers["Cache-Control"]) == (200, b"RIFF words", "no-store")
    found.close()
    assert "录好了。" in caller.said
    token = take_token(line.services.settings.secret_key, 1, clock())
    for wrong in ("", "1", token[:-1] + "0", token.replace("1.", "2.", 1), "x.y.z", token + "é"):
        assert client.get("/ivr/take", query_string={"t": wrong}).status_code == 404
    clock.tick(601)
    assert client.get("/ivr/take", query_string={"t": token}).status_code == 404


def test_what_cannot_be_had_yet_is_not_waited_for(rings: Rings, client: Any, line: Line) -> None:
    """The carrier does not answer: the caller hears the rest of the document."""
    caller = rings().press("5").says(9).press("4")
    address = caller.documents[-1].split("<Play>")[1].split("</Play>")[0]
    assert client.get(address.removeprefix(line.services.settings.public_base_url)).status_code == 404
    assert caller.waits().said.startswith("收到了，编号幺零零幺。")


def test_another_telephone_hears_nothing_of_it(rings: Rings, rows: Rows, a_seat: None) -> None:
    rings().press("5").hangs_up_speaking(9)
    stranger = rings(caller=LI_QIANG).press("7").press("1").press("1001#")
    assert "用这部电话，没有查到这个编号。" in stranger.said

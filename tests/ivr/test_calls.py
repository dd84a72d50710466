"""Calls through the real webhooks and the real database, from first ring to ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ivr.jobs import sweep
from ivr.service import Line
from tests.caller import Caller
from tests.ivr.conftest import Clock

Dial = Callable[..., Caller]
Rows = Callable[..., list[tuple[Any, ...]]]


def outcome(rows: Rows, caller: Caller) -> str:
    [(found,)] = rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid)
    return str(found)


def test_a_call_is_heard_and_ends_in_the_ledger(dial: Dial, rows: Rows, clock: Clock) -> None:
    caller = dial()
    assert caller.heard[0] == "芜湖市人社局幺二三三三，您好。"
    assert "转人工，请按零。" in caller.heard
    caller.press("2").press("1")
    clock.tick(30)
    caller.hang_up()
    assert outcome(rows, caller) == "self_served"
    [(centre, tail, kind, region, ended)] = rows(
        "SELECT first_centre, caller_tail, caller_kind, caller_region, ended_at IS NOT NULL FROM call"
    )
    assert (centre, tail, kind, ended) == ("340200", "8000", "mobile", True)
    assert "北京" in region


def test_the_steps_tell_the_call_and_the_session_is_gone(dial: Dial, rows: Rows, clock: Clock) -> None:
    caller = dial().press("3")
    caller.hang_up()
    assert rows("SELECT turn, kind, node, keys FROM call_step ORDER BY turn") == [
        (1, "call_started", "main", None),
        (2, "keys", "guide_topics", "3"),
    ]
    assert rows("SELECT count(*) FROM call_session") == [(0,)]


def test_a_callers_number_is_sealed_and_found_by_its_fingerprint(dial: Dial, rows: Rows, line: Line) -> None:
    dial(caller="+8613855112345")
    [(sealed, fingerprint)] = rows("SELECT caller_sealed, caller_hash FROM call")
    sealer = line.services.sealer
    assert sealer.open(bytes(sealed), "call.caller") == "+8613855112345"
    assert bytes(fingerprint) == sealer.fingerprint("+8613855112345")
    dump = rows("SELECT call::text FROM call") + rows("SELECT call_session::text FROM call_session")
    assert "13855112345" not in str(dump) + str(rows("SELECT convert_from(reply, 'UTF8') FROM call_step"))


def test_a_withheld_number_is_a_call_like_any_other(dial: Dial, rows: Rows) -> None:
    caller = dial(caller="anonymous").hang_up()
    assert rows("SELECT caller_sealed, caller_tail, caller_kind FROM call") == [(None, None, "withheld")]
    assert outcome(rows, caller) == "abandoned_in_menu"


def test_a_repeated_first_ring_is_one_call_with_the_same_answer(dial: Dial, rows: Rows) -> None:
    caller = dial()
    assert caller.repeat_last() == caller.documents[0]
    assert rows("SELECT count(*) FROM call") == [(1,)]


def test_a_repeated_key_has_one_effect_and_the_same_answer(dial: Dial, rows: Rows) -> None:
    caller = dial().press("2").press("1")
    before = rows("SELECT turn, state FROM call_session")
    assert caller.repeat_last() == caller.documents[-1]
    assert rows("SELECT turn, state FROM call_session") == before


def test_a_late_webhook_of_an_earlier_document_gets_the_answer_it_had(dial: Dial, rows: Rows) -> None:
    caller = dial().press("2")
    late = caller.last_request
    assert late is not None
    caller.press("1").press("1")
    before = rows("SELECT turn, state FROM call_session")
    assert caller.request(*late)[1] == caller.documents[1]
    assert rows("SELECT turn, state FROM call_session") == before


def test_silence_after_the_key_it_lost_to_changes_nothing(dial: Dial, rows: Rows) -> None:
    caller = dial()
    assert caller.waiting is not None
    redirect = caller.waiting.rest[0].text or ""
    caller.press("2")
    assert caller.request(redirect, {})[1] == caller.documents[1]
    assert rows("SELECT turn FROM call_session") == [(2,)]


def test_a_webhook_after_the_end_hears_a_hang_up_and_reopens_nothing(dial: Dial, rows: Rows) -> None:
    caller = dial()
    assert caller.waiting is not None
    action = caller.waiting.verb.attrib["action"]
    caller.hang_up()
    status, document = caller.request(action, {"Digits": "2"})
    assert status == 200 and "<Hangup" in document
    assert rows("SELECT count(*) FROM call WHERE ended_at IS NULL") == [(0,)]


def test_a_step_whose_first_ring_was_lost_begins_the_call(dial: Dial, rows: Rows) -> None:
    caller = dial()
    assert caller.waiting is not None
    stranger = Caller(caller.base_url, caller.post, dialled="+8655312333")
    status, document = stranger.request(caller.waiting.verb.attrib["action"], {"Digits": "2"})
    assert status == 200 and "您好" in document
    assert rows("SELECT count(*) FROM call") == [(2,)]


def test_the_province_hands_a_caller_over_without_counting_twice(dial: Dial, rows: Rows) -> None:
    caller = dial(dialled="12333", caller="+8613855112345").press("1")
    assert "合肥市人社局幺二三三三，您好。" in caller.heard
    caller.hang_up()
    assert rows("SELECT first_centre, centre FROM call") == [("340000", "340100")]


def test_a_talk_at_the_desk_is_answered_even_when_the_caller_hangs_up_in_it(dial: Dial, rows: Rows) -> None:
    caller = dial().press("0")
    assert caller.waiting is not None and caller.waiting.verb.tag == "Dial"
    number = caller.waiting.verb.find("Number")
    assert number is not None and number.text == "+865533812345"
    caller.request(number.attrib["statusCallback"], {"CallStatus": "in-progress", "CallSid": "CAdesk"})
    caller.hang_up()
    assert outcome(rows, caller) == "answered"


def test_a_desk_that_does_not_answer_is_told_and_counted(dial: Dial, rows: Rows) -> None:
    caller = dial().press("0").desk("no-answer")
    assert "值班电话没有接通。" in caller.heard
    caller.wait()
    assert caller.is_over and caller.heard[-1] == "感谢您的来电，再见。"
    assert outcome(rows, caller) == "human_unavailable"


def test_keys_typed_ahead_reach_the_recording_at_once(dial: Dial) -> None:
    caller = dial().press("21")
    assert any("一共" in sentence for sentence in caller.heard)


@pytest.mark.parametrize("status", ["ringing", "in-progress", "queued", "", "vanished"])
def test_a_status_that_is_not_final_ends_nothing(dial: Dial, rows: Rows, status: str) -> None:
    caller = dial()
    caller.request(f"{caller.base_url}/ivr/status", {"CallStatus": status})
    assert rows("SELECT count(*) FROM call WHERE ended_at IS NULL") == [(1,)]
    assert rows("SELECT status FROM call_status_event") == [(status,)]


def test_a_late_ringing_after_the_end_never_reopens_the_call(dial: Dial, rows: Rows) -> None:
    caller = dial().hang_up()
    before = rows("SELECT * FROM call")
    for status in ("ringing", "in-progress", "completed", "busy"):
        caller.request(f"{caller.base_url}/ivr/status", {"CallStatus": status})
    assert rows("SELECT * FROM call") == before
    assert rows("SELECT count(*) FROM call_status_event WHERE applied") == [(1,)]


def test_the_end_of_a_call_that_never_reached_us_is_a_failed_call(dial: Dial, rows: Rows) -> None:
    caller = dial()
    ghost = Caller(caller.base_url, caller.post, dialled="+8655312333")
    ghost.hang_up()
    assert outcome(rows, ghost) == "failed"


def test_a_call_nobody_heard_of_again_is_closed_by_the_sweep(dial: Dial, rows: Rows, line: Line, clock: Clock) -> None:
    caller = dial()
    clock.tick(line.services.settings.silence_close_seconds - 60)
    assert sweep(line.services) == []
    clock.tick(120)
    assert sweep(line.services) == [caller.sid]
    assert rows("SELECT outcome, end_reason FROM call") == [("failed", "sweep")]
    assert sweep(line.services) == []


def test_the_sweep_counts_nothing_as_heard(dial: Dial, rows: Rows, line: Line, clock: Clock) -> None:
    dial().press("2").press("1")
    clock.tick(line.services.settings.silence_close_seconds + 1)
    sweep(line.services)
    assert rows("SELECT outcome FROM call") == [("failed",)]


def test_a_call_that_moved_on_while_the_sweep_was_busy_is_left_alone(
    dial: Dial, rows: Rows, line: Line, clock: Clock
) -> None:
    caller = dial()
    long_ago = clock() - timedelta(hours=3)
    assert line.close_silent(caller.sid, silent_since=long_ago) is None
    assert rows("SELECT count(*) FROM call WHERE ended_at IS NULL") == [(1,)]


def test_a_long_talk_at_the_desk_is_not_swept_away(dial: Dial, line: Line, clock: Clock) -> None:
    caller = dial().press("0")
    assert caller.waiting is not None
    number = caller.waiting.verb.find("Number")
    assert number is not None
    caller.request(number.attrib["statusCallback"], {"CallStatus": "in-progress"})
    clock.tick(3 * 3600)
    assert sweep(line.services) == []
    clock.tick(2 * 3600)
    assert sweep(line.services) == [caller.sid]


def test_steps_cannot_be_rewritten(dial: Dial, line: Line) -> None:
    import psycopg

    dial()
    with (
        line.services.database.pool.connection() as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute("UPDATE call_step SET keys = '9'")

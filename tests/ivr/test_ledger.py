"""received = sum of outcomes + in progress, and a proof that can fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from ivr.ledger import Proof, prove
from ivr.service import Line
from tests.caller import Caller
from tests.ivr.conftest import MONDAY_TEN, Clock

Dial = Callable[..., Caller]


def proof(line: Line) -> Proof:
    with line.services.database.pool.connection() as connection:
        return prove(connection, MONDAY_TEN - timedelta(hours=1), MONDAY_TEN + timedelta(days=1))


def run(line: Line, sql: str, *values: Any) -> None:
    with line.services.database.pool.connection() as connection:
        connection.execute(sql, values)


def test_every_centre_and_hour_adds_up(dial: Dial, line: Line, clock: Clock) -> None:
    dial().hang_up()
    dial(dialled="12333").press("2").press("1")
    clock.tick(3600)
    dial().press("0").desk("completed", picked_up=True)
    dial()
    found = proof(line)
    assert found.holds
    assert [(row.centre, row.received, dict(row.outcomes)) for row in found.rows] == [
        ("340000", 1, {"in_progress": 1}),
        ("340200", 1, {"abandoned_in_menu": 1}),
        ("340200", 2, {"answered": 1, "in_progress": 1}),
    ]


def test_a_call_that_vanished_from_the_ledger_is_named(dial: Dial, line: Line) -> None:
    caller = dial()
    run(line, "DELETE FROM call WHERE call_sid = %s", caller.sid)
    found = proof(line)
    assert not found.holds
    assert found.rows[0].difference == 1
    assert found.contradictions["有按键记录而没有来电"] == (caller.sid,)


def test_a_call_left_open_without_a_session_is_named(dial: Dial, line: Line) -> None:
    caller = dial()
    run(line, "DELETE FROM call_session WHERE call_sid = %s", caller.sid)
    assert proof(line).contradictions == {"没有结束而菜单已经没有": (caller.sid,)}


def test_a_final_status_without_an_outcome_is_named(dial: Dial, line: Line) -> None:
    caller = dial()
    run(
        line,
        "INSERT INTO call_status_event (call_sid, status, received_at, applied) VALUES (%s, 'completed', now(), true)",
        caller.sid,
    )
    assert proof(line).contradictions == {"运营商说已经结束而没有结果": (caller.sid,)}


def test_a_call_counted_in_another_centre_than_it_rang_at_is_named(dial: Dial, line: Line) -> None:
    caller = dial()
    run(line, "UPDATE call SET first_centre = '340100' WHERE call_sid = %s", caller.sid)
    found = proof(line)
    assert {row.difference for row in found.rows} == {1, -1}
    assert found.contradictions["第一步的中心和来电不一致"] == (caller.sid,)


def test_calls_entered_after_an_outage_count_on_both_sides(dial: Dial, line: Line) -> None:
    known = dial()
    Caller(known.base_url, known.post, dialled="+8655312333").hang_up()
    assert proof(line).holds

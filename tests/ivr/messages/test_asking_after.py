"""Key 7: how the caller's own case stands, as the rows have it, and what the caller does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from integrations.work_calendar import SHANGHAI
from ivr.asked import Asked
from ivr.callback_actions import FOUND
from ivr.case_actions import note_satisfaction
from ivr.commands import Command
from ivr.service import Line
from ivr.session import Session
from queueing.callbacks import Asking
from tests.ivr.conftest import Clock
from tests.ivr.messages.conftest import WANG_FANG, WUHU, Rings
from tests.ivr.messages.speaker import Speaker

Rows = Callable[..., list[tuple[Any, ...]]]
WORKING = "编号幺零零幺，芜湖中心正在办，答复期限十一月二十六日，星期四。"
pytestmark = pytest.mark.usefixtures("a_message")


@pytest.fixture
def a_message(rings: Rings, clock: Clock, a_seat: None) -> None:
    rings().press("5").hangs_up_speaking(9)
    clock.tick(3600)


@pytest.fixture
def asks(rings: Rings) -> Callable[..., Speaker]:
    """`asks("1001")`: somebody who asks after a case by its number."""
    return lambda number="1001": rings().press("7").press("1").press(f"{number}#")


def events(rows: Rows) -> list[Any]:
    return [event for (event,) in rows("SELECT event FROM case_event WHERE case_id = 1001 ORDER BY id")]


def test_the_caller_hears_who_has_it_and_until_when(asks: Callable[..., Speaker], rows: Rows) -> None:
    caller = asks()
    assert caller.said.startswith(WORKING)
    caller.clock.tick(20)
    caller.hang_up()
    assert rows("SELECT outcome FROM call WHERE call_sid = %s", caller.sid) == [("self_served",)]


def test_urging_counts_once_a_day(asks: Callable[..., Speaker], rows: Rows) -> None:
    assert "催好了，值班长和经办人都看得到。" in asks().press("1").said
    again = asks()
    assert "您今天已经催过。" in again.said and "今天已经催过" in again.press("1").said
    assert events(rows).count("urged") == 1


def test_what_is_added_is_part_of_the_case(asks: Callable[..., Speaker], rows: Rows) -> None:
    caller = asks().press("2").says(7)
    assert "补充好了，记在编号幺零零幺里。" in caller.said
    assert rows("SELECT status, case_id FROM message ORDER BY id") == [("kept", 1001), ("kept", 1001)]
    assert rows("SELECT count(*) FROM work_order") == [(1,)] and "added" in events(rows)


def test_the_callers_own_word_stops_the_clock_and_is_judged(asks: Callable[..., Speaker], rows: Rows) -> None:
    caller = asks().press("4")
    assert caller.said.startswith("好的，记下了，这件事办好了。请评价这次答复。")
    caller.press("2")
    assert rows("SELECT status, reply_kind, satisfaction FROM work_order") == [("replied", "caller", 2)]


def test_what_was_not_solved_is_taken_up_again_with_a_new_date(asks: Callable[..., Speaker], rows: Rows) -> None:
    asks().press("4")
    caller = asks()
    assert "十一月二十三日已经给您答复。" in caller.said
    caller.press("3")
    assert "好的，重新办，编号幺零零幺，答复期限十一月二十六日，星期四。" in caller.said
    assert rows("SELECT status, reopened FROM work_order") == [("open", 1)]


def test_past_its_date_the_truth_is_told(asks: Callable[..., Speaker], clock: Clock) -> None:
    clock.at = datetime(2026, 11, 27, 10, tzinfo=SHANGHAI)
    assert "已经过了答复期限，对不起。已经报给值班长。" in asks().said


def test_a_number_that_is_none_is_asked_for_again_and_then_a_person(asks: Callable[..., Speaker]) -> None:
    caller = asks("2001")
    assert "没有查到这个编号。请再按一次。" in caller.said
    caller.press("99999999#").press("2003#")
    assert "没有查到这个编号。" in caller.said and "请再按一次。" not in caller.said


def test_numbers_that_follow_each_other_cannot_be_tried_through(asks: Callable[..., Speaker]) -> None:
    """Three in a call, nine a day: then the right one is not told either."""
    for first in (2001, 2004, 2007):
        asks(str(first)).press(f"{first + 1}#").press(f"{first + 2}#")
    assert "没有查到这个编号。" in asks().said


def test_the_judgement_of_a_talk_that_answered_a_case_is_the_cases_too(
    asks: Callable[..., Speaker], rows: Rows, line: Line
) -> None:
    asks().press("4")
    booked = line.callbacks.book(Asking("CA0", WUHU, "menu", WANG_FANG)).callback
    assert booked is not None
    rows(
        "INSERT INTO case_reply (case_id, kind, by, made_at, callback_id, ended_at, result) "
        "VALUES (1001, 'call', 'wuhu', now(), %s, now(), 'delivered') RETURNING id",
        booked.id,
    )
    moment, flow, rate = line.almanac.moment(WUHU, line.services.now()), line.flow(WUHU), Command("rate-1", "rate")
    for words in ({FOUND: str(booked.id)}, {FOUND: "999"}, {}):
        session = Session(centre=WUHU, words=words, facts={"attempt": "attempt1"})
        asked = Asked(line.services, line.waiting, line.callbacks, "CA1", rate, session, moment, flow)
        note_satisfaction(asked, 3 if words else 5)
    assert rows("SELECT satisfaction FROM work_order") == [(3,)]

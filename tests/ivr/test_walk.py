"""The menu dialled in a terminal."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from io import StringIO

import pytest

from integrations.work_calendar import SHANGHAI
from ivr.library import Library, load_library
from ivr.walk import Walk, walk_in_terminal
from tests.call_scripts.script import with_desk


@cache
def library() -> Library:
    return load_library(date(2026, 11, 21))


def dial(keys: str, at: str = "2026-11-23 10:00", centre: str = "340200", desk: str = "") -> tuple[str, str]:
    """The outcome, and what the terminal showed."""
    found = with_desk(library(), desk) if desk else library()
    walk = Walk(found, centre, datetime.fromisoformat(at).replace(tzinfo=SHANGHAI))
    out = StringIO()
    return walk_in_terminal(walk, StringIO(keys), out), out.getvalue()


def test_a_walk_shows_every_sentence_with_its_name_as_it_is_said() -> None:
    outcome, shown = dial("h\n")
    assert shown.startswith("拨通 芜湖  2026-11-23 10:00")
    assert "welcome" in shown
    assert "芜湖市人社局幺二三三三，您好。" in shown
    assert outcome == "abandoned_in_menu"
    assert shown.endswith("通话结束。结果：菜单中放弃（abandoned_in_menu）\n")


def test_keys_are_pressed_and_an_empty_line_is_silence() -> None:
    _, shown = dial("2\n1\n\nh\n")
    assert "topics_which" in shown
    assert "第一条，" in shown
    assert "第二条，" in shown


def test_silence_twice_ends_the_call_from_the_other_side() -> None:
    outcome, shown = dial("\n\n")
    assert "（慢）" in shown
    assert "感谢您的来电，再见。" in shown
    assert outcome == "human_unavailable"


def test_a_recording_that_was_heard_is_self_service() -> None:
    assert dial("2\n1\n\nh\n")[0] == "self_served"


def test_the_end_of_the_keys_is_a_hang_up() -> None:
    assert dial("2\n")[0] == "abandoned_in_menu"
    assert dial("")[0] == "abandoned_in_menu"


@pytest.mark.parametrize("typed", ["?", "x", "2 3", "二"])
def test_what_is_no_key_gets_help_and_nothing_is_pressed(typed: str) -> None:
    _, shown = dial(f"{typed}\nh\n")
    assert shown.count("直接回车表示不按键") == 2
    assert "wrong_key" not in shown


def test_the_desk_does_not_answer_in_a_walk() -> None:
    outcome, shown = dial("0\nh\n", desk="+8655312345678")
    assert "接值班电话" in shown
    assert "desk_busy" in shown
    assert outcome == "human_unavailable"


def test_any_hour_can_be_dialled() -> None:
    outcome, shown = dial("h\n", at="2026-11-22 10:00")
    assert "今天周末，没有人工。" in shown
    assert outcome == "after_hours"


def test_a_walk_that_was_not_rung_has_no_session() -> None:
    with pytest.raises(RuntimeError):
        Walk(library(), "340200", datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)).press("1")

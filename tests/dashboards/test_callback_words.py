"""How staff read a callback."""

from datetime import timedelta

import pytest

from dashboards.console.callback_words import (
    CANCEL_REASONS,
    CONFIRMED_STAGE,
    TEXTS_ZH,
    is_overdue,
    span_words,
    stage_of,
    state_words,
    to_clear_words,
    written_reason,
)
from queueing.callback import ATTEMPT_RANK, END_REASONS_ZH, ENDED, STATUSES, TO_BE_CLEARED
from tests.dashboards.callback_app import AT_THREE, HALF_PAST
from tests.dashboards.staff_app import FRIDAY


@pytest.mark.parametrize("status", ATTEMPT_RANK)
def test_every_state_of_an_attempt_is_a_stage_of_the_ring(status: str) -> None:
    assert (stage_of(status) == CONFIRMED_STAGE) == (status in ("confirmed", ENDED))


def test_without_an_attempt_of_its_own_the_caller_is_on_the_line() -> None:
    assert stage_of(None) == CONFIRMED_STAGE


@pytest.mark.parametrize("status", STATUSES)
def test_every_state_has_words(status: str) -> None:
    assert state_words(status, None, 0, False, "served")


@pytest.mark.parametrize("reason", END_REASONS_ZH)
def test_an_ended_one_says_why(reason: str) -> None:
    assert state_words(ENDED, None, 3, True, reason) == END_REASONS_ZH[reason]


def test_a_scheduled_one_says_what_it_waits_for() -> None:
    assert state_words("scheduled", None, 0, True, None) == "约好时间"
    assert state_words("scheduled", None, 1, True, None) == "等着再打"
    assert state_words("scheduled", None, 0, False, None) == "等到能打的时间"
    assert state_words("live", "connected", 1, False, None) == "正在通话"


def test_late_is_who_was_promised_a_time_and_not_tried_in_it() -> None:
    second = timedelta(seconds=1)
    assert is_overdue(HALF_PAST, False, HALF_PAST + second)
    assert not is_overdue(HALF_PAST, False, HALF_PAST)
    assert not is_overdue(HALF_PAST, True, HALF_PAST + second)
    assert not is_overdue(None, False, HALF_PAST)


def test_what_a_supervisor_has_to_see_to() -> None:
    for reason in END_REASONS_ZH:
        assert bool(to_clear_words(None, None, reason)) == (reason in TO_BE_CLEARED)
    assert len(to_clear_words(HALF_PAST, None, "unreached")) == 2
    assert to_clear_words(HALF_PAST, HALF_PAST, "unreached") == []
    assert to_clear_words(HALF_PAST, None, None) == ["没按约好的时间打"]


def test_a_reason_is_of_the_list_and_says_something() -> None:
    assert written_reason("done", "", CANCEL_REASONS) == "已经办好了"
    assert written_reason("done", "上午来过", CANCEL_REASONS) == "已经办好了：上午来过"
    assert written_reason("other", "搬走了", CANCEL_REASONS) == "搬走了"
    assert written_reason("other", "", CANCEL_REASONS) == written_reason("x", "y", CANCEL_REASONS) == ""


def test_a_half_hour_in_words() -> None:
    assert span_words(AT_THREE, HALF_PAST, FRIDAY) == "今天15:00到15:30"
    assert span_words(AT_THREE, HALF_PAST, FRIDAY - timedelta(days=1)) == "明天15:00到15:30"
    assert span_words(AT_THREE, HALF_PAST, FRIDAY - timedelta(days=2)) == "11月20日15:00到15:30"


def test_only_a_text_that_was_sent_is_said_to_have_been() -> None:
    assert [status for status, words in TEXTS_ZH.items() if words.startswith("已发")] == ["sent"]

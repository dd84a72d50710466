"""A case: its moves as a table, its names, and what it may be closed for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.work_calendar import SHANGHAI
from queueing.agent import IllegalMove
from voicemail import work_order
from voicemail.deadline import POLICIES
from voicemail.work_order import (
    CLOSE_REASONS,
    KINDS,
    MOVE_EVENTS,
    MOVES,
    STATUSES,
    close_problem,
    close_reasons,
    decision_problem,
    decision_stops_clock,
    may_reopen,
    next_status,
    reopens_until,
)

# Each row: take, assign, release, transfer, deliver, close, merge, reopen; "-" is no move.
TABLE = """
open     owned  owned  open  open  replied  closed  merged  -
owned    owned  owned  open  open  replied  closed  merged  -
replied  -      -      -     -     replied  closed  merged  open
closed   -      -      -     -     -        closed  -       open
merged   -      -      -     -     -        -       merged  -
"""
EVENTS = ("take", "assign", "release", "transfer", "deliver", "close", "merge", "reopen")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("row", TABLE.split("\n")[1:-1])
def test_each_state_moves_as_the_table_says_and_not_otherwise(row: str) -> None:
    status, *following = row.split()
    for event, expected in zip(EVENTS, following, strict=True):
        if expected == "-":
            with pytest.raises(IllegalMove):
                next_status(status, event)
        else:
            assert next_status(status, event) == expected


def test_the_table_knows_its_states_and_events_and_no_others() -> None:
    assert {status for status, _ in MOVES} == set(MOVES.values()) == set(STATUSES)
    assert set(MOVE_EVENTS) == set(EVENTS)
    with pytest.raises(IllegalMove):
        next_status("open", "forget")


def test_from_every_state_a_case_comes_to_an_end() -> None:
    ends = {"closed", "merged"}
    reached = {status for (status, _), following in MOVES.items() if following in ends}
    assert reached == set(STATUSES)


@pytest.mark.parametrize(
    "names",
    ["KINDS_ZH", "STATUSES_ZH", "SOURCES_ZH", "EVENTS_ZH", "CLOSE_REASONS_ZH", "DECISIONS_ZH", "REPLY_KINDS_ZH"],
)
def test_every_word_has_one_chinese_name(names: str) -> None:
    table = getattr(work_order, names)
    assert all("一" <= name[0] <= "龥" for name in table.values())
    assert len(set(table.values())) == len(table)


def test_the_words_fit_the_columns_that_keep_them() -> None:
    assert all(len(word) <= 10 for word in (*STATUSES, *work_order.DECISIONS_ZH, *work_order.REPLY_KINDS_ZH))
    assert all(len(word) <= 12 for word in work_order.SOURCES_ZH)
    assert all(len(word) <= 20 for word in (*KINDS, *work_order.EVENTS, *work_order.POLICY_OF.values()))


def test_complaints_and_reports_are_under_the_promise_of_being_taken_up() -> None:
    assert {kind for kind in KINDS if work_order.POLICY_OF[kind] == "accept"} == {"complaint", "report"}
    assert set(work_order.POLICY_OF.values()) <= POLICIES.keys()


# Closing


def test_a_message_that_nobody_answered_is_never_closed_as_answered() -> None:
    for status in ("open", "owned"):
        for kind in KINDS:
            assert "answered" not in close_reasons(status, kind, is_supervisor=True)
            assert close_problem(status, kind, "answered", is_supervisor=True, is_decided=True) == (
                "还没有答复到来电人，不能按“已答复办结”结案。"
            )


def test_an_answered_one_is_closed_as_that_and_as_nothing_else() -> None:
    assert close_reasons("replied", "message", is_supervisor=True) == ("answered",)
    assert close_problem("replied", "message", "answered") is None
    for reason in set(CLOSE_REASONS) - {"answered"}:
        assert close_problem("replied", "message", reason, "写明了", is_supervisor=True) is not None


@pytest.mark.parametrize("status", ["open", "owned"])
def test_a_consultant_closes_what_is_none_and_a_supervisor_what_cannot_be_answered(status: str) -> None:
    assert close_reasons(status, "message", is_supervisor=False) == ("not_a_message", "duplicate", "withdrawn")
    for reason in ("unreachable", "other"):
        name = work_order.CLOSE_REASONS_ZH[reason]
        assert close_problem(status, "message", reason, "写明了") == f"按“{name}”结案要由值班长决定。"
        assert close_problem(status, "message", reason, "写明了", is_supervisor=True) is None


def test_another_reason_needs_its_words() -> None:
    assert close_problem("owned", "message", "other", " \n", is_supervisor=True) == (
        "按“其他（要写明）”结案，请写明是什么原因。"
    )


def test_only_what_has_a_page_of_its_own_is_closed_there() -> None:
    for kind in KINDS:
        is_adopted = kind in ("card_freeze", "callback")
        assert (close_problem("open", kind, "source_cleared") is None) is is_adopted
        assert ("not_a_message" in close_reasons("open", kind, False)) is (kind in ("message", "complaint", "report"))
    assert close_problem("open", "message", "source_cleared") == "留言待接办，不能按“在原页面办结”结案。"


@pytest.mark.parametrize("status", ["closed", "merged"])
def test_what_has_ended_is_not_closed_again_for_another_reason(status: str) -> None:
    assert close_reasons(status, "message", is_supervisor=True) == ()
    assert close_problem(status, "message", "duplicate", is_supervisor=True) is not None


def test_a_reason_that_there_is_not_is_named() -> None:
    assert close_problem("open", "message", "tired") == "没有“tired”这个办结原因。"


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_chosen_is_what_passes(kind: str) -> None:
    for status in STATUSES:
        for is_supervisor in (False, True):
            passing = tuple(
                reason
                for reason in CLOSE_REASONS
                if not close_problem(status, kind, reason, "写明了", is_supervisor=is_supervisor, is_decided=True)
            )
            assert passing == close_reasons(status, kind, is_supervisor)


# Complaints and reports


def test_a_complaint_is_decided_before_it_is_closed() -> None:
    assert close_problem("replied", "complaint", "answered") == "投诉要先写明受理还是不予受理，再结案。"
    assert close_problem("replied", "complaint", "answered", is_decided=True) is None
    assert close_problem("open", "report", "duplicate") is None


@pytest.mark.parametrize(
    ("kind", "status", "decision", "reason", "problem"),
    [
        ("complaint", "owned", "accepted", "", None),
        ("report", "open", "refused", "不归劳动监察管", None),
        ("complaint", "replied", "accepted", "", None),
        ("complaint", "owned", "refused", "  ", "不予受理要写明理由，来电人会问。"),
        ("complaint", "closed", "accepted", "", "投诉已办结，不能再作受理决定。"),
        ("complaint", "owned", "maybe", "", "没有“maybe”这种决定，只有受理和不予受理。"),
        ("message", "owned", "accepted", "", "留言不用作受理决定，只有投诉和举报要。"),
    ],
)
def test_a_decision_is_for_complaints_and_reports_and_a_refusal_has_a_reason(
    kind: str, status: str, decision: str, reason: str, problem: str | None
) -> None:
    assert decision_problem(kind, status, decision, reason) == problem


def test_the_decision_ends_the_clock_only_where_nobody_can_be_told() -> None:
    assert decision_stops_clock("report", is_anonymous=True, has_number=False)
    assert not decision_stops_clock("report", is_anonymous=True, has_number=True)
    assert not decision_stops_clock("report", is_anonymous=False, has_number=False)
    assert not decision_stops_clock("complaint", is_anonymous=True, has_number=False)


# Taking it up again


def test_the_caller_has_seven_days_after_the_day_of_the_answer() -> None:
    replied = at("2026-03-10 23:50").astimezone(UTC)
    assert reopens_until(replied, 7) == at("2026-03-18 00:00")
    assert may_reopen("replied", replied, at("2026-03-17 23:59"), 7)
    assert not may_reopen("replied", replied, at("2026-03-18 00:00"), 7)
    assert may_reopen("closed", replied, at("2026-03-11 09:00"), 7)


@pytest.mark.parametrize("status", ["open", "owned", "merged"])
def test_only_what_was_answered_or_closed_is_taken_up_again(status: str) -> None:
    assert not may_reopen(status, at("2026-03-10 10:00"), at("2026-03-10 11:00"), 7)
    assert not may_reopen("replied", None, at("2026-03-10 11:00"), 7)

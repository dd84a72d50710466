"""What follows a try to give a caller the answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.work_calendar import SHANGHAI
from queueing import callback
from voicemail.reply_rules import (
    CALL_FAILURES,
    RESULTS_ZH,
    TEXT_FAILURES,
    Attempt,
    Next,
    failed_half_days,
    half_day,
    next_half_day,
    what_next,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def tried(*attempts: str) -> list[Attempt]:
    """`03-10 09:00 busy`, each on a day of 2026."""
    split = (attempt.rsplit(" ", 1) for attempt in attempts)
    return [Attempt(at(f"2026-{when}").astimezone(UTC), result) for when, result in split]


@pytest.mark.parametrize(
    ("when", "name", "following"),
    [
        ("2026-03-10 00:00", "2026-03-10 上午", "2026-03-10 12:00"),
        ("2026-03-10 11:59:59", "2026-03-10 上午", "2026-03-10 12:00"),
        ("2026-03-10 12:00", "2026-03-10 下午", "2026-03-11 00:00"),
        ("2026-12-31 23:59", "2026-12-31 下午", "2027-01-01 00:00"),
    ],
)
def test_a_day_has_two_halves_on_the_shanghai_clock(when: str, name: str, following: str) -> None:
    assert half_day(at(when).astimezone(UTC)) == name
    assert next_half_day(at(when).astimezone(UTC)) == at(following)


def test_at_first_the_caller_is_rung_at_once() -> None:
    assert what_next([]) == Next("again")


def test_after_a_failed_call_the_next_one_counts_from_the_next_half_day() -> None:
    assert what_next(tried("03-10 09:00 no_answer")) == Next("again", at("2026-03-10 12:00"))
    assert what_next(tried("03-10 09:00 busy", "03-10 15:00 machine")) == Next("again", at("2026-03-11 00:00"))


def test_three_failed_calls_on_different_half_days_lead_to_a_text() -> None:
    assert what_next(tried("03-10 09:00 busy", "03-10 15:00 no_answer", "03-11 09:00 too_short")) == Next("text")


def test_several_tries_within_one_half_day_count_once() -> None:
    morning = tried("03-10 09:00 busy", "03-10 09:05 busy", "03-10 11:59 no_answer")
    assert failed_half_days(morning) == ("2026-03-10 上午",)
    assert what_next(morning) == Next("again", at("2026-03-10 12:00"))
    assert what_next(morning + tried("03-10 12:00 busy", "03-10 17:00 busy")).step == "again"


@pytest.mark.parametrize("result", TEXT_FAILURES)
def test_a_text_that_does_not_arrive_leaves_it_to_the_supervisor(result: str) -> None:
    calls = tried("03-10 09:00 busy", "03-10 15:00 no_answer", "03-11 09:00 silent")
    assert what_next(calls + tried(f"03-11 10:00 {result}")) == Next("supervisor")
    # A text that somebody has written before it was time for one does not spare the calls.
    assert what_next(tried(f"03-11 10:00 {result}")) == Next("again")


@pytest.mark.parametrize("result", [callback.CARRIER, callback.UNSERVED, callback.CANCELLED, callback.LATER])
def test_trouble_of_ours_and_a_caller_who_asks_for_another_time_are_no_failures(result: str) -> None:
    calls = [f"03-{day} {hour} {result}" for day in (10, 11, 12) for hour in ("09:00", "15:00")]
    assert what_next(tried(*calls)) == Next("again")


def test_a_number_that_cannot_be_rung_gets_a_text_without_further_calls() -> None:
    assert what_next(tried("03-10 09:00 bad_number")) == Next("text")


def test_who_has_somebody_elses_number_gets_no_text_about_the_matter() -> None:
    assert what_next(tried("03-10 09:00 wrong_number")) == Next("supervisor")
    calls = tried("03-10 09:00 busy", "03-10 15:00 no_answer", "03-11 09:00 silent", "03-11 15:00 wrong_number")
    assert what_next(calls) == Next("supervisor")


def test_a_case_that_is_taken_up_again_begins_anew() -> None:
    earlier = tried("03-10 09:00 busy", "03-10 15:00 busy", "03-11 09:00 undelivered", "03-11 15:00 delivered")
    assert what_next(earlier) == Next("again")
    assert what_next(earlier + tried("03-16 09:00 busy")) == Next("again", at("2026-03-16 12:00"))


def test_the_order_in_which_tries_are_given_does_not_matter() -> None:
    calls = tried("03-11 09:00 too_short", "03-10 09:00 busy", "03-10 15:00 no_answer")
    assert what_next(calls) == Next("text") and failed_half_days(calls)[0] == "2026-03-10 上午"


def test_a_centre_may_ask_for_another_number_of_half_days() -> None:
    assert what_next(tried("03-10 09:00 busy"), half_days=1) == Next("text")
    assert what_next(tried("03-10 09:00 busy", "03-10 15:00 busy", "03-11 09:00 busy"), half_days=4).step == "again"


def test_every_result_has_a_chinese_name() -> None:
    assert {*CALL_FAILURES, *TEXT_FAILURES, *callback.RESULTS_ZH, "delivered"} <= RESULTS_ZH.keys()
    assert all("一" <= name[0] <= "龥" for name in RESULTS_ZH.values())

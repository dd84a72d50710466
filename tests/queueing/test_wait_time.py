"""What a caller is told about the wait: honest on simulated days, silent without data, never worse than said before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueing.wait_time import (
    Estimate,
    LineNow,
    Said,
    Spoken,
    busy_intervals,
    estimate_wait,
    remember,
    to_speak,
)
from tests.queueing.simulated_day import DayPlan, simulate
from tests.queueing.wait_judgement import Judgement, judge_days

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
# Ten seats, talks of five minutes: an answer every half minute.
LINE = LineNow(ahead=9, serving=10, handling_seconds=[240.0, 300.0, 360.0] * 10)


def told(line: LineNow) -> Estimate:
    estimate = estimate_wait(line)
    assert estimate is not None
    return estimate


def test_nine_ahead_of_ten_seats_with_five_minute_talks_wait_about_five_minutes() -> None:
    estimate = told(LINE)
    assert estimate.expected_seconds == pytest.approx(300)
    assert (estimate.low_minutes, estimate.high_minutes) == (3, 8)


@pytest.mark.parametrize(
    "line",
    [
        replace(LINE, serving=0),
        replace(LINE, handling_seconds=[300.0] * 4),
        replace(LINE, handling_seconds=[], answer_intervals=[30.0] * 4),
        replace(LINE, handling_seconds=[]),
    ],
)
def test_without_seats_or_recent_talks_nothing_is_told(line: LineNow) -> None:
    assert estimate_wait(line) is None


def test_intervals_alone_are_enough() -> None:
    assert told(replace(LINE, handling_seconds=[], answer_intervals=[30.0] * 5)).expected_seconds == pytest.approx(300)


def test_more_seats_free_than_callers_ahead_means_at_once() -> None:
    assert told(replace(LINE, ahead=1, free=2)) == Estimate(0, 1, 0.0)
    assert told(replace(LINE, ahead=2, free=2)).expected_seconds == pytest.approx(30)


def test_seats_that_serve_other_lines_too_show_in_what_was_seen() -> None:
    slower = told(replace(LINE, answer_intervals=[60.0] * 40))
    assert 480 < slower.expected_seconds < 600


def test_a_consultant_who_goes_to_lunch_is_felt_at_once() -> None:
    assert told(replace(LINE, serving=5)).expected_seconds == pytest.approx(600)


def test_callers_ahead_who_give_up_shorten_the_wait() -> None:
    assert told(replace(LINE, gave_up=10, waited_seconds=9000.0)).expected_seconds < 290


def test_only_intervals_in_which_the_next_caller_was_waiting_are_looked_at() -> None:
    def times(joined: float, answered: float) -> tuple[datetime, datetime]:
        return NOW + timedelta(seconds=joined), NOW + timedelta(seconds=answered)

    answers = [times(0, 10), times(5, 30), times(400, 410), times(405, 470)]
    assert busy_intervals(reversed(answers)) == [20.0, 60.0]
    assert busy_intervals([]) == []


lines = st.builds(
    LineNow,
    ahead=st.integers(0, 200),
    serving=st.integers(0, 200),
    handling_seconds=st.lists(st.floats(0, 3600), max_size=12),
    answer_intervals=st.lists(st.floats(0, 900), max_size=12),
    gave_up=st.integers(0, 100),
    waited_seconds=st.floats(0, 10**5),
    free=st.integers(0, 5),
)


@given(lines)
def test_a_range_is_whole_minutes_and_contains_what_is_expected(line: LineNow) -> None:
    estimate = estimate_wait(line)
    if estimate is not None:
        assert 0 <= estimate.low_minutes < estimate.high_minutes
        assert estimate.low_minutes * 60 <= estimate.expected_seconds <= estimate.high_minutes * 60
        if estimate.high_minutes > 15:
            assert estimate.high_minutes % 5 == 0


@given(lines)
def test_one_more_ahead_never_makes_it_shorter(line: LineNow) -> None:
    one, more = estimate_wait(line), estimate_wait(replace(line, ahead=line.ahead + 1))
    if one and more:
        assert more.expected_seconds >= one.expected_seconds and more.high_minutes >= one.high_minutes


def minutes(low: int, high: int, expected: float | None = None) -> Estimate:
    return Estimate(low, high, 60 * ((low + high) / 2 if expected is None else expected))


def speak(estimate: Estimate | None, ahead: int, said: Said = Said(), moved: bool = False, after: float = 0) -> Spoken:  # noqa: B008
    return to_speak(estimate, ahead, said, moved, NOW + timedelta(minutes=after))


def after_saying(ahead: int, low: int, high: int) -> Said:
    return remember(Said(), Spoken("position_and_time", ahead, low, high), NOW)


def test_position_and_time_are_told_when_both_are_known() -> None:
    assert speak(minutes(4, 6), 5) == Spoken("position_and_time", 5, 4, 6)


def test_who_is_next_hears_so() -> None:
    assert speak(minutes(0, 2), 0) == Spoken("next", 0, 0, 2)
    assert speak(None, 0) == Spoken("next", 0)


def test_without_an_estimate_the_position_is_told_alone() -> None:
    assert speak(None, 5) == Spoken("unsure", 5)
    assert speak(None, 6, after_saying(5, 4, 6)) == Spoken("unsure")


def test_when_a_rule_moved_somebody_ahead_only_time_is_told() -> None:
    said = after_saying(5, 4, 6)
    assert speak(minutes(4, 6), 5, said, moved=True) == Spoken("time_only", None, 4, 6)
    assert speak(minutes(4, 6), 6, said) == Spoken("time_only", None, 4, 6)


def test_the_position_is_told_again_when_it_is_no_worse_than_the_best_one() -> None:
    said = after_saying(5, 4, 6)
    said = remember(said, speak(minutes(4, 6), 6, said), NOW)
    assert speak(minutes(3, 5), 5, said).ahead == 5


def test_a_range_that_would_rise_a_little_is_told_as_before() -> None:
    assert speak(minutes(5, 7, 5.5), 5, after_saying(5, 4, 6)) == Spoken("position_and_time", 5, 4, 6)


def test_clearly_longer_is_an_apology_without_a_number_and_only_once() -> None:
    said = after_saying(5, 4, 6)
    spoken = speak(minutes(8, 12), 5, said)
    assert spoken == Spoken("longer")
    said = remember(said, spoken, NOW)
    assert speak(minutes(8, 12), 5, said) == Spoken("unsure", 5)
    assert speak(minutes(3, 6), 4, said) == Spoken("position_and_time", 4, 3, 6)


def test_a_promise_whose_minutes_have_passed_is_apologised_for_though_the_number_did_not_rise() -> None:
    said = after_saying(5, 4, 6)
    assert speak(minutes(3, 6, 4), 5, said, after=3).kind == "position_and_time"
    assert speak(minutes(3, 6, 4), 5, said, after=5) == Spoken("longer")


def test_what_was_said_survives_as_json() -> None:
    said = after_saying(5, 4, 6)
    for each in (said, Said(), remember(said, Spoken("longer"), NOW)):
        assert Said.from_json(json.loads(json.dumps(each.as_json()))) == each
    assert Said.from_json(None) == Said()


estimates = st.none() | st.builds(
    lambda low, width, share: Estimate(low, low + width, 60 * (low + share * width)),
    st.integers(0, 60),
    st.integers(1, 30),
    st.floats(0, 1),
)
rounds = st.lists(st.tuples(estimates, st.integers(0, 30), st.booleans(), st.floats(0, 3)), max_size=25)


@given(rounds)
def test_nothing_said_is_ever_worse_than_what_was_said_before(
    rounds: list[tuple[Estimate | None, int, bool, float]],
) -> None:
    said, at = Said(), NOW
    least: dict[str, int] = {}
    apologies = 0
    for estimate, ahead, moved, later in rounds:
        at += timedelta(minutes=later)
        spoken = to_speak(estimate, ahead, said, moved, at)
        for name in ("ahead", "low", "high"):
            value = getattr(spoken, name)
            if value is not None:
                assert value <= least.get(name, value)
                least[name] = value
        apologies += spoken.kind == "longer"
        said = remember(said, spoken, at)
    assert apologies <= 1


@given(rounds)
def test_whatever_is_said_is_true(rounds: list[tuple[Estimate | None, int, bool, float]]) -> None:
    """A position is the real one; a range reaches what is really expected; an apology comes with no number."""
    said, at = Said(), NOW
    for estimate, ahead, moved, later in rounds:
        at += timedelta(minutes=later)
        spoken = to_speak(estimate, ahead, said, moved, at)
        assert spoken.ahead in (None, ahead)
        assert spoken.kind != "longer" or (spoken.ahead, spoken.low, spoken.high) == (None, None, None)
        assert (spoken.kind == "next") <= (ahead == 0)
        if moved and ahead:
            assert spoken.ahead is None
        if spoken.high is not None:
            assert estimate is not None and spoken.low is not None
            assert spoken.low < spoken.high and estimate.expected_seconds <= 60 * spoken.high
        said = remember(said, spoken, at)


SEEDS = (11, 12)


@cache
def judged(kind: str) -> Judgement:
    return judge_days(kind, SEEDS)


@pytest.mark.parametrize("kind", ["普通的一天", "很小的中心", "坐席兼接别的业务"])
def test_on_simulated_days_the_estimate_is_nearer_than_the_running_average(kind: str) -> None:
    result = judged(kind)
    print(f"{kind}, seeds {SEEDS}: {result}")
    assert result.our_error < 0.75 * result.usual_error
    assert result.range_held > result.usual_held + 0.1
    assert result.range_held > 0.75
    assert result.too_short < 0.15


def test_a_simulated_day_is_the_same_for_the_same_seed_and_loses_nobody() -> None:
    plan = DayPlan(seed=SEEDS[0], agents=3, calls_in_the_busiest_hour=46)
    first, second = simulate(plan), simulate(plan)
    assert [look.actual_seconds for look in first.looks] == [look.actual_seconds for look in second.looks]
    assert all(caller.reached is not None and caller.reached >= caller.joined for caller in first.callers)
    assert fmean(look.actual_seconds for look in first.looks) > 0

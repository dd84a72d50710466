"""A seat's states: every legal move, every refusal, breaks that belong to the consultant, intervals without a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import HotlineError
from queueing.agent import (
    AVAILABLE,
    AWAY,
    AWAY_REASONS,
    BREAK,
    BREAK_REASONS,
    ENGAGED,
    EVENTS,
    FORGETS_MISSES,
    HOLD,
    LOGGED_OUT,
    MEAL,
    MOVES,
    NAMES_ZH,
    NO_ANSWER,
    NO_HEARTBEAT,
    ON_CALL,
    REASONS_ZH,
    RESERVED,
    SHORT,
    SIGNED_IN,
    STATES,
    TRAINING,
    WRAP_UP,
    IllegalMove,
    Interval,
    Standing,
    advance,
    after_miss,
    break_event,
    next_state,
    seconds_between,
    totals,
    turn_over,
)
from queueing.line_rules import LineRules

MORNING = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
# What the consultant does; everything else comes from callers, the carrier and the clock.
OWN_EVENTS = {"sign_in", "sign_out", "ready", "rest", "wish", "finish", "hold", "unhold"}

# One row an event: what it makes of each state. A dot is a refusal, = stays as it is.
TABLE = """
          logged_out  available   reserved   on_call  hold     wrap_up     break       away
sign_in   available   =           =          =        =        =           =           =
sign_out  =           logged_out  .          .        .        logged_out  logged_out  logged_out
offer     .           reserved    .          .        .        .           .           .
release   =           =           available  .        .        .           =           =
answer    .           .           on_call    =        =        .           .           .
hold      .           .           .          hold     =        .           .           .
unhold    .           .           .          =        on_call  .           .           .
end_talk  .           .           .          wrap_up  wrap_up  =           .           .
finish    .           =           =          .        .        available   =           .
rest      .           break       .          .        .        break       =           break
ready     .           =           =          =        =        =           available   available
wish      .           .           =          =        =        =           .           .
set_away  .           away        away       .        .        .           .           =
"""


def walk(*events: str | tuple[str, str]) -> Standing:
    standing = Standing()
    for event in events:
        standing = advance(standing, event) if isinstance(event, str) else advance(standing, *event)
    return standing


def test_every_state_and_event_is_in_the_table_above() -> None:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    assert set(header) == set(STATES)
    assert {row[0] for row in rows} == set(EVENTS)
    for event, *cells in rows:
        for state, cell in zip(header, cells, strict=True):
            expected = None if cell == "." else state if cell == "=" else cell
            assert MOVES.get((state, event)) == expected, f"{state} -{event}-> {cell}"


def test_a_call_from_ring_to_wrap_up() -> None:
    assert walk("sign_in", "offer", "answer", "hold", "unhold", "end_talk", "finish") == Standing(AVAILABLE)


def test_an_illegal_move_says_what_was_asked_and_a_kind_sentence() -> None:
    with pytest.raises(IllegalMove) as refusal:
        next_state(BREAK, "offer")
    assert isinstance(refusal.value, HotlineError)
    assert (refusal.value.state, refusal.value.event) == (BREAK, "offer")
    assert refusal.value.detail == "break -offer-> ?"
    assert refusal.value.http_status == 409
    assert "请看页面上最新的状态" in refusal.value.sentence


def test_every_state_and_reason_has_a_name_that_people_read() -> None:
    assert list(NAMES_ZH.values()) == ["离线", "空闲", "振铃", "通话", "保持", "话后整理", "休息", "系统置离"]
    assert list(REASONS_ZH.values()) == ["用餐", "培训", "会议", "小休", "三次未接", "页面没有响应"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [("rest", None), ("rest", NO_ANSWER), ("wish", "nap"), ("set_away", MEAL), ("set_away", None), ("ready", MEAL)],
)
def test_a_reason_that_is_not_of_the_event_is_refused(event: str, reason: str | None) -> None:
    with pytest.raises(ValueError, match="is no reason for"):
        advance(Standing(AVAILABLE), event, reason)


def test_a_break_has_its_reason_and_another_break_another() -> None:
    assert walk("sign_in", ("rest", MEAL)) == Standing(BREAK, MEAL)
    assert walk("sign_in", ("rest", MEAL), ("rest", TRAINING)) == Standing(BREAK, TRAINING)
    assert walk("sign_in", ("rest", MEAL), "ready") == Standing(AVAILABLE)


def test_asking_for_a_break_with_a_caller_is_a_wish() -> None:
    assert [state for state in STATES if break_event(state) == "wish"] == list(ENGAGED)


def test_a_break_wished_for_while_it_rings_comes_when_nobody_is_left() -> None:
    ringing = walk("sign_in", "offer", ("wish", MEAL))
    assert ringing == Standing(RESERVED, None, MEAL)
    assert advance(ringing, "release") == Standing(BREAK, MEAL)
    assert advance(ringing, "set_away", NO_ANSWER) == Standing(BREAK, MEAL)
    talking = advance(ringing, "answer")
    assert talking == Standing(ON_CALL, None, MEAL)
    assert advance(advance(talking, "end_talk"), "finish") == Standing(BREAK, MEAL)


def test_a_wish_is_replaced_or_taken_back_by_the_consultant_alone() -> None:
    talking = walk("sign_in", "offer", "answer", ("wish", MEAL))
    assert advance(talking, "wish", SHORT).next_reason == SHORT
    assert advance(talking, "ready") == Standing(ON_CALL)
    wrapping_up = advance(talking, "end_talk")
    assert advance(wrapping_up, "rest", TRAINING) == Standing(BREAK, TRAINING)
    assert advance(wrapping_up, "sign_out") == Standing(LOGGED_OUT)


def test_a_late_end_of_a_ring_leaves_a_seat_set_away_with_its_reason() -> None:
    away = walk("sign_in", "offer", ("set_away", NO_HEARTBEAT))
    assert advance(away, "release") == Standing(AWAY, NO_HEARTBEAT)
    assert advance(away, "set_away", NO_ANSWER) == Standing(AWAY, NO_HEARTBEAT)


def test_three_misses_in_a_row_set_a_seat_away() -> None:
    rules = LineRules(misses_until_away=3)
    assert [after_miss(misses, rules) for misses in range(4)] == [(1, False), (2, False), (3, True), (4, True)]
    assert after_miss(0, LineRules(misses_until_away=1)) == (1, True)
    assert set(EVENTS) > FORGETS_MISSES


commands = st.one_of(
    st.sampled_from(sorted(set(EVENTS) - {"rest", "wish", "set_away"})).map(lambda event: (event, None)),
    st.tuples(st.sampled_from(["rest", "wish"]), st.sampled_from(sorted(BREAK_REASONS))),
    st.tuples(st.just("set_away"), st.sampled_from(sorted(AWAY_REASONS))),
)
seconds = st.floats(-2, 7200, allow_nan=False)
shifts = st.lists(st.tuples(commands, seconds), max_size=60)
Commands = list[tuple[tuple[str, str | None], float]]


def follow(commands: Commands) -> list[tuple[Standing, str, Standing]]:
    """Each step that was legal: before, event, after."""
    standing, steps = advance(Standing(), "sign_in"), []
    for (event, reason), _ in commands:
        try:
            after = advance(standing, event, reason)
        except IllegalMove:
            assert (standing.state, event) not in MOVES
            continue
        steps.append((standing, event, after))
        standing = after
    return steps


@given(shifts)
def test_whatever_happens_the_seat_is_in_a_known_state_with_a_fitting_reason(commands: Commands) -> None:
    for _, _, after in follow(commands):
        allowed = {BREAK: BREAK_REASONS, AWAY: AWAY_REASONS}.get(after.state, {None: ""})
        assert after.state in STATES and after.reason in allowed
        assert after.next_reason is None or (after.state in ENGAGED and after.next_reason in BREAK_REASONS)


@given(shifts)
def test_the_table_alone_decides_unless_a_wish_comes_true(commands: Commands) -> None:
    for before, event, after in follow(commands):
        by_table = next_state(before.state, event)
        assert after.state == by_table or (before.next_reason and after == Standing(BREAK, before.next_reason))


@given(shifts)
def test_nothing_but_the_consultant_ends_a_break_or_changes_its_reason(commands: Commands) -> None:
    for before, event, after in follow(commands):
        if before.state == BREAK and after != before:
            assert event in {"ready", "sign_out", "rest"}
            assert (after.state == BREAK) == (event == "rest")


@given(shifts)
def test_a_wish_loses_to_nothing_but_the_consultants_own_word(commands: Commands) -> None:
    for before, event, after in follow(commands):
        if before.next_reason and event not in {"wish", "ready", "rest", "sign_out"}:
            is_kept = after.state in ENGAGED and after.next_reason == before.next_reason
            assert is_kept or after == Standing(BREAK, before.next_reason)


@given(shifts)
def test_a_seat_is_never_free_again_against_a_wish(commands: Commands) -> None:
    for before, _, after in follow(commands):
        assert not (before.next_reason and after.state in (AVAILABLE, AWAY))


@given(shifts)
def test_only_the_consultant_signs_in_out_or_rests(commands: Commands) -> None:
    for before, event, after in follow(commands):
        if after.state != before.state and LOGGED_OUT in (before.state, after.state):
            assert event in OWN_EVENTS


@given(shifts, st.floats(0, 3600))
def test_the_intervals_of_a_shift_add_up_to_it(commands: Commands, more: float) -> None:
    at, standing = MORNING, advance(Standing(), "sign_in")
    intervals = turn_over((), standing, at)
    for (event, reason), later in commands:
        if standing.state == LOGGED_OUT:
            break
        try:
            standing = advance(standing, event, reason)
        except IllegalMove:
            continue
        at += timedelta(seconds=later)  # some clocks are behind
        intervals = turn_over(intervals, standing, at)
    end = intervals[-1].until or max(at, intervals[-1].since) + timedelta(seconds=more)
    assert all(first.until == second.since for first, second in pairwise(intervals))
    assert all((first.state, first.reason) != (second.state, second.reason) for first, second in pairwise(intervals))
    found = totals(intervals, end)
    assert set(found) == set(SIGNED_IN)
    assert sum(found.values()) == seconds_between(MORNING, end)


def test_break_time_counts_each_break_from_its_own_beginning() -> None:
    def clock(minutes: float) -> datetime:
        return MORNING + timedelta(minutes=minutes)

    intervals = (
        Interval(AVAILABLE, None, clock(0), clock(10)),
        Interval(BREAK, SHORT, clock(10), clock(15)),
        Interval(WRAP_UP, None, clock(15), clock(45)),
        Interval(BREAK, MEAL, clock(45), clock(75)),
        Interval(HOLD, None, clock(75)),
    )
    found = totals(intervals, clock(77))
    assert (found[BREAK], found[WRAP_UP], found[AVAILABLE], found[HOLD]) == (35 * 60, 30 * 60, 600, 120)
    assert found[AWAY] == 0
    early = totals(intervals, clock(12))
    assert (early[AVAILABLE], early[BREAK], early[WRAP_UP]) == (600, 120, 0)


def test_signing_out_closes_the_last_interval_and_opens_none() -> None:
    intervals = turn_over((), Standing(AVAILABLE), MORNING)
    over = turn_over(intervals, Standing(LOGGED_OUT), MORNING + timedelta(hours=8))
    assert over == (Interval(AVAILABLE, None, MORNING, MORNING + timedelta(hours=8)),)
    assert turn_over(intervals, Standing(AVAILABLE), MORNING + timedelta(hours=1)) == intervals

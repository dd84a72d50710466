"""An offer from the reservation to the end of the talk: what comes late changes nothing, who comes late is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueing.agent import IllegalMove
from queueing.offer import (
    ACCEPTED,
    CANCELLED,
    CONNECTED,
    COOLS_DOWN,
    DROPPED,
    ENDED,
    EVENTS,
    FAILED,
    FINISHED,
    MISSED,
    MOVES,
    NAMES_ZH,
    OPEN,
    PLACE_KEPT,
    REJECTED,
    RELEASED,
    RESERVED,
    STATUSES,
    TALKED,
    TRANSFERRED,
    counts_as_miss,
    next_status,
)

# One row an event. A dot is a refusal, = stays as it is; for ended ones, a name is the only one it may be repeated in.
TABLE = """
             reserved   ringing    accepted   connected    ended
ring         ringing    =          =          =            =
accept       accepted   accepted   =          =            .
connect      .          .          connected  =            .
reject       rejected   rejected   .          .            rejected
no_answer    missed     missed     =          =            =
cancel       cancelled  cancelled  .          .            cancelled
caller_left  cancelled  cancelled  cancelled  finished     =
lease_over   released   missed     released   =            =
ring_over    released   missed     =          =            =
agent_left   rejected   rejected   released   dropped      =
fail         failed     failed     failed     dropped      =
finish       .          .          .          finished     finished
transfer     .          .          .          transferred  transferred
"""
REPORTED = {"ring", "no_answer", "caller_left", "lease_over", "ring_over", "agent_left", "fail"}


def walk(*events: str) -> str:
    status = RESERVED
    for event in events:
        status = next_status(status, event)
    return status


def test_every_status_and_event_is_in_the_table_above() -> None:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    assert header == [*OPEN, "ended"]
    assert {row[0] for row in rows} == set(EVENTS)
    for event, *cells, ended in rows:
        for status, cell in zip(OPEN, cells, strict=True):
            expected = None if cell == "." else status if cell == "=" else cell
            assert MOVES.get((status, event)) == expected, f"{status} -{event}-> {cell}"
        for status in ENDED:
            expected = status if ended in ("=", status) else None
            assert MOVES.get((status, event)) == expected, f"{status} -{event}-> {ended}"


def test_open_and_ended_are_all_there_is() -> None:
    assert (*OPEN, *ENDED) == STATUSES == tuple(NAMES_ZH)
    assert {*TALKED, *PLACE_KEPT, CANCELLED} == set(ENDED)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        (("ring", "accept", "connect", "finish"), FINISHED),
        (("ring", "accept", "connect", "caller_left"), FINISHED),
        (("ring", "accept", "connect", "agent_left"), DROPPED),
        (("ring", "accept", "connect", "transfer"), TRANSFERRED),
        (("accept", "ring", "connect", "ring"), CONNECTED),
        (("ring", "reject"), REJECTED),
        (("ring", "no_answer"), MISSED),
        (("ring", "ring_over"), MISSED),
        (("ring_over",), RELEASED),
        (("ring", "accept", "ring_over", "connect"), CONNECTED),
        (("ring", "accept", "lease_over"), RELEASED),
        (("ring", "caller_left"), CANCELLED),
        (("ring", "accept", "caller_left"), CANCELLED),
        (("ring", "fail"), FAILED),
    ],
)
def test_the_ways_of_an_offer(events: tuple[str, ...], status: str) -> None:
    assert walk(*events) == status


def test_a_key_of_the_callers_wins_before_the_accept_and_not_after() -> None:
    assert walk("ring", "cancel") == CANCELLED
    with pytest.raises(IllegalMove):
        walk("ring", "accept", "cancel")
    with pytest.raises(IllegalMove):
        walk("ring", "cancel", "accept")


def test_only_a_ring_that_nobody_took_or_declined_is_a_miss() -> None:
    assert [status for status in STATUSES if counts_as_miss(status)] == [MISSED]
    assert REJECTED in COOLS_DOWN and FAILED in COOLS_DOWN and CANCELLED not in COOLS_DOWN


@given(st.lists(st.sampled_from(EVENTS), max_size=25))
def test_nothing_reopens_or_renames_an_ended_offer(events: list[str]) -> None:
    status, furthest = RESERVED, 0
    for event in events:
        try:
            after = next_status(status, event)
        except IllegalMove:
            assert event not in REPORTED
            continue
        assert status in OPEN or after == status
        if after in OPEN:
            assert OPEN.index(after) >= furthest
            furthest = OPEN.index(after)
        status = after


@given(st.sampled_from(STATUSES), st.sampled_from(sorted(REPORTED)))
def test_what_the_carrier_or_the_clock_reports_is_never_refused(status: str, event: str) -> None:
    assert next_status(status, event) in STATUSES


@given(st.sampled_from(sorted(MOVES)))
def test_a_repetition_is_the_same_as_once(move: tuple[str, str]) -> None:
    status, event = MOVES[move], move[1]
    assert next_status(status, event) == status


def test_accepted_is_connected_only_by_the_callers_leg() -> None:
    assert walk("ring", "accept", "accept") == ACCEPTED
    assert walk("ring", "accept", "connect", "connect", "accept") == CONNECTED

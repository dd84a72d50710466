"""The live line on the real server: ordinary mornings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queueing.live_queue import LiveQueue
from tests.queueing.live_line import (
    ANQING,
    HEFEI,
    LEASE,
    WUHU,
    at,
    caller,
    free,
    join,
    lines_of,
    new_line,
    pairs,
    seat,
    take,
    write_line,
)


@pytest.fixture
def line(redis_url: str) -> Iterator[LiveQueue]:
    """An empty line."""
    line = new_line(redis_url)
    yield line
    line.live_store.close()


def test_who_came_first_is_offered_to_the_seat_that_was_idle_longest(line: LiveQueue) -> None:
    join(line, caller(1, came=10), caller(2, came=5), caller(3, came=20))
    free(line, seat(8, idle=3), seat(9, idle=1))
    assert pairs(take(line, 30)) == [(2, 9), (1, 8)]
    assert take(line, 30) == []


def test_no_more_pairs_than_asked_for(line: LiveQueue) -> None:
    join(line, *(caller(number, came=number) for number in range(1, 6)))
    free(line, *(seat(number, idle=number) for number in range(1, 6)))
    assert pairs(take(line, 30, limit=2)) == [(1, 1), (2, 2)]
    assert pairs(take(line, 30, limit=2)) == [(3, 3), (4, 4)]


def test_of_two_who_came_at_the_same_instant_the_lower_number_is_first(line: LiveQueue) -> None:
    join(line, caller(10, came=5), caller(9, came=5, skill="card"), caller(100, came=5))
    free(line, seat(1, idle=0, skills=["card"]), seat(2, idle=1), seat(3, idle=2))
    assert pairs(take(line, 6)) == [(9, 1), (10, 2), (100, 3)]


def test_a_microsecond_decides(line: LiveQueue) -> None:
    join(line, caller(1, came=5.000002), caller(2, came=5.000001))
    free(line, seat(1, idle=0))
    assert pairs(take(line, 6)) == [(2, 1)]


def test_a_seat_draws_only_from_its_own_lines(line: LiveQueue) -> None:
    join(line, caller(1, came=0, skill="pension"), caller(2, came=1, centre=ANQING))
    free(line, seat(1, idle=0, skills=["card"]), seat(2, idle=1, skills=["pension"], centre=WUHU))
    assert take(line, 2) == []
    # Nobody who serves them is free, which must not keep the next ones waiting.
    join(line, caller(3, came=2, skill="card"))
    assert pairs(take(line, 3)) == [(3, 1)]


def test_seats_that_had_nobody_to_talk_to_are_found_when_somebody_comes(line: LiveQueue) -> None:
    free(line, *(seat(number, idle=number, skills=["card"]) for number in (1, 2)), seat(3, idle=0, centre=ANQING))
    assert take(line, 5) == []
    join(line, caller(1, came=6))
    assert pairs(take(line, 6)) == [(1, 1)]
    join(line, caller(2, came=7, centre=ANQING))
    assert pairs(take(line, 7)) == [(2, 3)]
    assert take(line, 8) == []
    join(line, caller(3, came=8, skill="card"))
    assert pairs(take(line, 8)) == [(3, 2)]


def test_any_seat_of_the_centre_serves_after_a_minute_and_a_helping_centre_after_a_minute_and_a_half(
    line: LiveQueue,
) -> None:
    join(line, caller(1, came=0, language="hefei"), caller(2, came=1))
    free(line, seat(7, idle=0, centre=WUHU))
    assert take(line, 89) == []
    free(line, seat(8, idle=50, languages=["wuhu"]))
    assert pairs(take(line, 59)) == [(2, 8)]
    join(line, caller(3, came=59))
    free(line, seat(8, idle=60))
    assert pairs(take(line, 60)) == [(1, 8)]
    assert take(line, 148) == []
    assert pairs(take(line, 149)) == [(3, 7)]


def test_a_bonus_moves_ahead_but_is_no_waiting(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=80, bonus=120))
    free(line, seat(7, idle=0, centre=WUHU))
    # The second is ahead, but has waited ten seconds only: the helping centre takes who has waited.
    assert line.ahead(1) == 1
    assert pairs(take(line, 90)) == [(1, 7)]
    free(line, seat(8, idle=90))
    assert pairs(take(line, 90)) == [(2, 8)]


def test_a_seat_that_cools_down_is_passed_over(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0, cool=15), seat(2, idle=5))
    assert line.claim(1, at(14), LEASE) is None
    assert pairs(take(line, 14)) == [(1, 2)]
    assert pairs(take(line, 15)) == [(2, 1)]


def test_one_seat_is_served_by_itself(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0), seat(2, idle=1))
    claim = line.claim(2, at(2), LEASE)
    assert pairs([claim]) == [(1, 2)]
    assert line.claim(2, at(2), LEASE) is None
    assert line.claim(99, at(2), LEASE) is None


def test_everything_may_be_said_twice(line: LiveQueue) -> None:
    assert [line.join(caller(1, came=0)) for _ in range(2)] == [True, False]
    assert [line.agent_free(seat(1, idle=0), lines_of(seat(1, idle=0))) for _ in range(2)] == [True, False]
    assert line.count(HEFEI) == 1
    assert [line.leave(1) for _ in range(2)] == [True, False]
    assert [line.agent_gone(1) for _ in range(2)] == [True, False]
    assert line.count(HEFEI) == 0


def test_those_claimed_and_those_being_offered_count_as_ahead_until_they_are_connected(line: LiveQueue) -> None:
    join(line, *(caller(number, came=number) for number in (1, 2, 3)), caller(4, came=0, centre=ANQING))
    free(line, seat(1, idle=0))
    [claim] = take(line, 5)
    assert [line.ahead(number) for number in (1, 2, 3)] == [0, 1, 2]
    line.confirm(claim)
    assert line.ahead(3) == 2 and line.count(HEFEI) == 3
    line.leave(1)
    assert line.ahead(3) == 1 and line.count(HEFEI) == 2
    assert line.ahead(1) is None


def test_a_confirmed_pair_is_out_until_it_is_said_otherwise(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0))
    [claim] = take(line, 5)
    assert line.confirm(claim) is True
    assert line.confirm(claim) is False
    assert take(line, 6) == []
    free(line, seat(2, idle=6))
    assert pairs(take(line, 6)) == [(2, 2)]
    # The first was not answered: its caller has the old place, its seat is free since now.
    join(line, caller(1, came=0), caller(3, came=3))
    free(line, seat(1, idle=7), seat(3, idle=6.5))
    assert pairs(take(line, 8)) == [(1, 3), (3, 1)]


def test_what_is_given_back_has_its_old_place(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0), seat(2, idle=1))
    first, second = take(line, 5)
    assert line.give_back(first, entry_back=True, agent_back=True)
    assert line.give_back(second, entry_back=True, agent_back=True)
    assert pairs(take(line, 5)) == [(1, 1), (2, 2)]


def test_what_is_not_given_back_is_gone(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0), seat(2, idle=1))
    first, second = take(line, 5)
    line.give_back(first, entry_back=False, agent_back=True)
    line.give_back(second, entry_back=True, agent_back=False)
    assert line.count(HEFEI) == 1
    assert pairs(take(line, 5)) == [(2, 1)]


def test_who_left_while_being_claimed_does_not_come_back(line: LiveQueue) -> None:
    join(line, caller(1, came=0))
    free(line, seat(1, idle=0))
    [claim] = take(line, 5)
    assert line.leave(1)
    assert line.agent_gone(1)
    line.give_back(claim, entry_back=True, agent_back=True)
    assert line.entry_holds() == line.seat_holds() == {}


def test_rows_win_over_a_claim(line: LiveQueue) -> None:
    join(line, caller(1, came=0))
    free(line, seat(1, idle=0))
    [claim] = take(line, 5)
    # Offered and refused before the claimer said that it was offered.
    join(line, caller(1, came=0))
    free(line, seat(1, idle=6))
    assert line.confirm(claim)
    assert pairs(take(line, 7)) == [(1, 1)]


def test_a_transfer_moves_to_another_line_with_the_old_place(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1, centre=ANQING, skill="card"))
    join(line, caller(1, came=0, centre=ANQING, skill="card"))
    assert (line.count(HEFEI), line.count(ANQING)) == (0, 2)
    assert (line.ahead(1), line.ahead(2)) == (0, 1)
    free(line, seat(1, idle=0), seat(2, idle=0, skills=["card"], centre=ANQING))
    assert pairs(take(line, 5)) == [(1, 2)]


def test_a_claim_whose_lease_has_run_out_is_put_back_in_its_place(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1))
    free(line, seat(1, idle=0))
    [claim] = take(line, 5)
    assert line.recover(at(9.999)) == []
    assert line.recover(at(10)) == [claim]
    assert line.recover(at(10)) == []
    [again] = take(line, 11)
    assert pairs([again]) == pairs([claim])
    # The dead process was only slow: its claim is no longer its own, the new one stands.
    assert line.confirm(claim) is False
    assert line.give_back(claim, True, True) is False
    assert line.confirm(again) is True


def test_an_answer_lost_on_its_way_is_given_again(line: LiveQueue) -> None:
    join(line, caller(1, came=0), caller(2, came=1), caller(3, came=2))
    free(line, seat(1, idle=0), seat(2, idle=1), seat(3, idle=2))
    ask = ("take", 10_000_000, 20_000_000, "nonce", 2, "")
    # The clock of these stands at 1970, but nothing here waits for anything.
    first = line._run(*ask)
    assert len(first) == 6
    assert line._run(*ask) == first


def test_a_line_written_at_once_is_the_same_as_one_that_grew(line: LiveQueue) -> None:
    entries = [caller(n, came=n % 7, skill=("", "card")[n % 2], centre=(HEFEI, ANQING)[n % 3 > 1]) for n in range(40)]
    seats = [seat(n, idle=n % 5 + n / 100, skills=["card"][: n % 2], cool=(None, 50)[n % 4 == 3]) for n in range(30)]
    join(line, *entries)
    free(line, *seats)
    grown = [pairs(take(line, now, 100)) for now in (40, 60, 120)]
    write_line(line.live_store, [(entry, False) for entry in entries], seats)
    assert [pairs(take(line, now, 100)) for now in (40, 60, 120)] == grown


def test_nothing_is_left_of_a_morning_that_is_over(line: LiveQueue) -> None:
    join(line, *(caller(number, came=number) for number in range(50)))
    free(line, *(seat(number, idle=number, cool=number % 2) for number in range(50)))
    for claim in take(line, 60, limit=50):
        line.confirm(claim)
        line.leave(claim.entry_id)
    join(line, caller(99, came=60, skill="card"))
    line.leave(99)
    left = {key.split(b":")[2] for key in line.live_store.scan_iter("{line}:?*:*")}
    # What seats can do is kept for the next time they are free.
    assert left == {b"profile", b"serving"}

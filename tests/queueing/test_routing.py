"""Routing: who may serve whom, in which order, and that nobody is overtaken without a rule that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueing.line_rules import DEFAULT_RULES, DROPPED_BONUS_SECONDS, LineRules
from queueing.routing import (
    LANGUAGES,
    RULES_ZH,
    SKILLS,
    QueueKey,
    Seat,
    Waiting,
    assign,
    can_serve,
    choose,
    greatest_bonus_seconds,
    head_of,
    queues_for,
    rank,
)

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
HEFEI, WUHU, FUYANG, BOZHOU = "340100", "340200", "341200", "341600"
HELPS = {FUYANG: (BOZHOU,), BOZHOU: (FUYANG,)}
RULES = {HEFEI: DEFAULT_RULES, WUHU: LineRules(any_skill_after_seconds=30), FUYANG: LineRules(help_after_seconds=45)}


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def seat(
    number: int = 1, centre: str = HEFEI, skills: str = "", languages: str = "", idle: float = 60, cooling: float = 0
) -> Seat:
    cool_until = NOW + timedelta(seconds=cooling) if cooling else None
    return Seat(number, centre, frozenset(skills.split()), frozenset(languages.split()), ago(idle), cool_until)


def caller(
    number: int = 1,
    centre: str = HEFEI,
    skill: str = "",
    language: str = "",
    waited: float = 0,
    **why: bool | float,
) -> Waiting:
    rank_at, rules = rank(ago(waited), rules=RULES.get(centre, DEFAULT_RULES), **why)  # type: ignore[arg-type]
    return Waiting(number, centre, skill, language, ago(waited), rank_at, tuple(rules))


def serves(one: Seat, other: Waiting) -> bool:
    return can_serve(one, other, RULES, HELPS, NOW)


@pytest.mark.parametrize(
    ("who", "whom", "may"),
    [
        (seat(skills="pension"), caller(skill="pension"), True),
        (seat(skills="pension"), caller(skill=""), True),
        (seat(), caller(skill=""), True),
        (seat(skills="pension"), caller(skill="card", waited=59), False),
        (seat(skills="pension"), caller(skill="card", waited=60), True),
        (seat(), caller(language="hefei", waited=59), False),
        (seat(), caller(language="hefei", waited=60), True),
        (seat(languages="hefei"), caller(language="hefei"), True),
        (seat(languages="hefei"), caller(), True),
        (seat(languages="hefei"), caller(skill="card", language="hefei"), False),
        (seat(skills="card", languages="hefei"), caller(skill="card", language="hefei"), True),
        (seat(centre=WUHU), caller(centre=WUHU, skill="card", waited=30), True),
        (seat(centre=WUHU), caller(centre=HEFEI, waited=9999), False),
        # Bozhou helps Fuyang, by the rules of Fuyang.
        (seat(centre=BOZHOU), caller(centre=FUYANG, waited=44), False),
        (seat(centre=BOZHOU), caller(centre=FUYANG, waited=45), True),
        (seat(centre=BOZHOU), caller(centre=FUYANG, skill="card", waited=9999), False),
        (seat(centre=BOZHOU, skills="card"), caller(centre=FUYANG, skill="card", waited=45), True),
        (seat(centre=BOZHOU), caller(centre=FUYANG, language="english", waited=59), False),
        (seat(centre=BOZHOU), caller(centre=FUYANG, language="english", waited=60), True),
        (seat(centre=BOZHOU, languages="english"), caller(centre=FUYANG, language="english", waited=45), True),
        # A bonus is no waiting: the old man from Hefei is not given to somebody without his dialect any sooner.
        (seat(), caller(language="hefei", waited=10, is_slow=True), False),
        # Cooling down is the seat's own matter.
        (seat(cooling=9), caller(), True),
    ],
)
def test_who_may_serve_whom(who: Seat, whom: Waiting, may: bool) -> None:
    assert serves(who, whom) is may


def test_the_first_in_the_line_goes_to_the_longest_idle_seat() -> None:
    seats = [seat(1, idle=10), seat(2, idle=90), seat(3, idle=50)]
    line = [caller(11, waited=5), caller(12, waited=40), caller(13, waited=20)]
    pairs = assign(seats, line, NOW, RULES, HELPS)
    assert [(one.agent_id, other.entry_id) for one, other in pairs] == [(2, 12), (3, 13), (1, 11)]


def test_who_is_idle_equally_long_goes_by_number_and_who_came_together_by_place() -> None:
    pairs = assign([seat(2), seat(1)], [caller(8), caller(7)], NOW, RULES, HELPS)
    assert [(one.agent_id, other.entry_id) for one, other in pairs] == [(1, 7), (2, 8)]


def test_a_seat_that_cools_down_is_passed_over_and_halts_nobody() -> None:
    seats = [seat(1, idle=500, cooling=5), seat(2, skills="card", idle=1)]
    pairs = assign(seats, [caller(1)], NOW, RULES, HELPS)
    assert [one.agent_id for one, _ in pairs] == [2]
    assert choose(seats[0], [caller(1)], NOW, RULES, HELPS) is None
    later = NOW + timedelta(seconds=5)
    assert choose(seats[0], [caller(1)], later, RULES, HELPS) == caller(1)


def test_a_caller_whom_nobody_can_serve_yet_halts_nobody() -> None:
    line = [caller(1, skill="card", waited=50), caller(2, waited=10)]
    assert assign([seat()], line, NOW, RULES, HELPS) == [(seat(), line[1])]


def test_a_seat_looks_past_a_head_who_has_a_bonus_but_has_only_just_come() -> None:
    line = [caller(1, FUYANG, waited=5, was_dropped=True), caller(2, FUYANG, waited=50)]
    assert assign([seat(centre=BOZHOU)], line, NOW, RULES, HELPS) == [(seat(centre=BOZHOU), line[1])]


def test_a_caller_from_a_machine_whose_clock_is_ahead_is_served_all_the_same() -> None:
    assert assign([seat()], [caller(waited=-2)], NOW, RULES, HELPS) == [(seat(), caller(waited=-2))]
    assert not serves(seat(), caller(skill="card", waited=-2))


def test_a_centre_that_is_no_longer_configured_has_the_usual_rules() -> None:
    gone = seat(centre="349999")
    assert can_serve(gone, caller(centre="349999", skill="card", waited=60), {}, {}, NOW)


@pytest.mark.parametrize(
    ("why", "seconds", "names"),
    [
        ({}, 0, []),
        ({"is_slow": True}, 120, ["slow"]),
        ({"waited_before_seconds": 200.9}, 200, ["returning"]),
        ({"waited_before_seconds": 5000}, 600, ["returning"]),
        ({"waited_before_seconds": -3}, 0, []),
        ({"waited_before_seconds": 0.4}, 0, []),
        ({"was_dropped": True}, 86_400, ["dropped"]),
        ({"missed_callback": True}, 600, ["missed_callback"]),
        ({"is_slow": True, "waited_before_seconds": 60}, 180, ["slow", "returning"]),
    ],
)
def test_rules_move_a_caller_ahead_and_are_named(why: dict[str, float], seconds: int, names: list[str]) -> None:
    assert rank(NOW, rules=DEFAULT_RULES, **why) == (ago(seconds), names)  # type: ignore[arg-type]
    assert set(names) <= set(RULES_ZH)


def test_a_rule_that_a_centre_has_set_to_nothing_moves_nobody_and_is_not_named() -> None:
    assert rank(NOW, is_slow=True, rules=LineRules(slow_bonus_seconds=0)) == (NOW, [])


def test_a_dropped_talk_comes_before_everybody_else() -> None:
    dropped = caller(9, waited=1, was_dropped=True)
    others = [caller(1, waited=1800, is_slow=True, waited_before_seconds=600, missed_callback=True), caller(2)]
    assert min([*others, dropped], key=lambda entry: entry.order) == dropped


def test_a_seat_draws_from_its_own_lines_at_once_and_from_others_later() -> None:
    keys = queues_for(seat(centre=BOZHOU, skills="card", languages="english"), RULES, HELPS)
    own = {key[1:3] for key in keys if key.centre == BOZHOU and key.minimum_wait_seconds == 0}
    assert own == {("", ""), ("", "english"), ("card", ""), ("card", "english")}
    assert {key.centre for key in keys} == {BOZHOU, FUYANG}
    assert QueueKey(BOZHOU, "pension", "", 60) in keys
    assert QueueKey(FUYANG, "card", "english", 45) in keys
    assert QueueKey(FUYANG, "card", "wuhu", 60) in keys
    assert not any(key.centre == FUYANG and key.skill == "pension" for key in keys)


CENTRES = (HEFEI, FUYANG, BOZHOU)
seats = st.builds(
    seat,
    number=st.integers(1, 40),
    centre=st.sampled_from(CENTRES),
    skills=st.sampled_from(["", "card", "pension", "card pension"]),
    languages=st.sampled_from(["", "hefei", "hefei english"]),
    idle=st.integers(0, 300),
    cooling=st.sampled_from([0, 0, 0, 10]),
)
callers = st.builds(
    caller,
    number=st.integers(1, 60),
    centre=st.sampled_from(CENTRES),
    skill=st.sampled_from(["", "card", "pension"]),
    language=st.sampled_from(["", "", "hefei"]),
    waited=st.integers(-2, 150),
    is_slow=st.booleans(),
    waited_before_seconds=st.sampled_from([0, 0, 90, 900]),
    was_dropped=st.sampled_from([False, False, False, True]),
    missed_callback=st.sampled_from([False, False, True]),
)
all_seats = st.lists(seats, max_size=8, unique_by=lambda one: one.agent_id)
lines = st.lists(callers, max_size=14, unique_by=lambda entry: entry.entry_id)


def bonus(entry: Waiting) -> timedelta:
    return entry.arrived_at - entry.rank_at


@given(all_seats, lines)
def test_no_seat_has_two_callers_and_no_caller_two_seats(seats: list[Seat], line: list[Waiting]) -> None:
    pairs = assign(seats, line, NOW, RULES, HELPS)
    assert len({one.agent_id for one, _ in pairs}) == len(pairs) == len({entry.entry_id for _, entry in pairs})
    assert all(one.is_ready(NOW) and serves(one, entry) for one, entry in pairs)


@settings(max_examples=300)
@given(all_seats, lines)
def test_nobody_is_overtaken_without_a_rule_that_says_so(seats: list[Seat], line: list[Waiting]) -> None:
    """A seat took `given` while `passed`, whom it could have served as well, got nobody or got somebody later in the
    round: then `passed` stands behind in the line. So if `passed` arrived earlier, `given` bears a rule, and its bonus
    is larger by at least the time between their arrivals."""
    pairs = assign(seats, line, NOW, RULES, HELPS)
    turn = {entry.entry_id: place for place, (_, entry) in enumerate(pairs)}
    for place, (one, given_) in enumerate(pairs):
        for passed in line:
            if turn.get(passed.entry_id, len(pairs)) > place and serves(one, passed):
                assert given_.order < passed.order
                if passed.arrived_at < given_.arrived_at:
                    assert given_.rules
                    assert bonus(given_) - bonus(passed) >= given_.arrived_at - passed.arrived_at


@settings(max_examples=300)
@given(all_seats, lines)
def test_the_longest_idle_seat_that_can_serve_gets_the_caller_it_is_the_best_for(
    seats: list[Seat], line: list[Waiting]
) -> None:
    """Whoever has been idle longer, is ready and could have served this caller as well, took somebody who stands
    further ahead; nobody who could serve anybody that is left over is left without."""
    pairs = assign(seats, line, NOW, RULES, HELPS)
    took = {one.agent_id: entry for one, entry in pairs}
    for one, entry in pairs:
        for other in seats:
            if other.order < one.order and other.is_ready(NOW) and serves(other, entry):
                assert took[other.agent_id].order < entry.order
    left = [entry for entry in line if entry not in took.values()]
    idle = [one for one in seats if one.agent_id not in took and one.is_ready(NOW)]
    assert not any(serves(one, entry) for one in idle for entry in left)


@given(all_seats, lines)
def test_seats_that_cool_down_change_nothing_for_the_rest(seats: list[Seat], line: list[Waiting]) -> None:
    ready = [one for one in seats if one.is_ready(NOW)]
    assert assign(seats, line, NOW, RULES, HELPS) == assign(ready, line, NOW, RULES, HELPS)


@settings(max_examples=300)
@given(seats, lines)
def test_looking_at_the_heads_alone_finds_the_best_of_the_whole_line(one: Seat, line: list[Waiting]) -> None:
    keys = queues_for(one, RULES, HELPS)
    ordered = sorted(line, key=lambda entry: entry.order)
    heads = [
        head_of([entry for entry in ordered if entry.line == key[:3]], key.minimum_wait_seconds, NOW) for key in keys
    ]
    by_heads = choose(one, [head for head in heads if head], NOW, RULES, HELPS)
    assert by_heads == choose(one, line, NOW, RULES, HELPS)


@given(seats, callers)
def test_the_keys_of_a_seat_say_exactly_whom_it_can_serve(one: Seat, entry: Waiting) -> None:
    waits = {key[:3]: key.minimum_wait_seconds for key in queues_for(one, RULES, HELPS)}
    waited = max(0.0, (NOW - entry.arrived_at).total_seconds())
    assert (waited >= waits.get(entry.line, 10**9)) == serves(one, entry)


@given(seats)
def test_waiting_longer_never_takes_a_seat_away(one: Seat) -> None:
    for skill in SKILLS:
        for language in LANGUAGES:
            by_wait = [serves(one, caller(1, FUYANG, skill, language, waited)) for waited in range(0, 120, 5)]
            assert by_wait == sorted(by_wait)


rules_of_a_centre = st.builds(
    LineRules,
    slow_bonus_seconds=st.integers(0, 1800),
    returning_bonus_seconds=st.integers(0, 3600),
    missed_callback_bonus_seconds=st.integers(0, 3600),
)


@given(
    rules_of_a_centre,
    st.booleans(),
    st.floats(0, 10**6),
    st.booleans(),
    st.booleans(),
    st.integers(1, 10**6),
)
def test_a_caller_is_moved_ahead_only_by_rules_that_are_named_and_never_without_end(
    rules: LineRules, is_slow: bool, waited: float, was_dropped: bool, missed: bool, later: int
) -> None:
    """Whoever arrives later than the greatest bonus stands behind, whatever rules they bear: so everybody comes to
    the front, since the few who arrive within it are finitely many."""
    arrived = NOW + timedelta(seconds=later)
    rank_at, names = rank(
        arrived,
        is_slow=is_slow,
        waited_before_seconds=waited,
        was_dropped=was_dropped,
        missed_callback=missed,
        rules=rules,
    )
    assert (rank_at < arrived) == bool(names) and rank_at <= arrived
    assert (arrived - rank_at).total_seconds() <= greatest_bonus_seconds(rules)
    if later > greatest_bonus_seconds(rules):
        assert rank_at > NOW
    if "dropped" not in names and later > greatest_bonus_seconds(rules) - DROPPED_BONUS_SECONDS:
        assert rank_at > NOW


@given(lines)
def test_everybody_comes_first_once_those_ahead_are_served(line: list[Waiting]) -> None:
    """One seat for everything, serving again and again: within as many rounds as callers, everybody was served."""
    left, later = list(line), NOW + timedelta(hours=1)
    only = seat(centre=BOZHOU, skills="card pension", languages="hefei")
    mine = [entry for entry in line if entry.centre != HEFEI]
    for _ in mine:
        ((_, served),) = assign([only], left, later, RULES, HELPS)
        left.remove(served)
    assert not [entry for entry in left if entry in mine]

"""A replayed day follows the rules in use, is the same for the same seed, and without callbacks comes near 2016."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueing import callback_booking, entries
from queueing.callback import JOINED, UNREACHED
from queueing.replay import calling_back, simulation
from queueing.replay import journal as facts
from queueing.replay.account import LOST, RUNG_TODAY
from queueing.replay.calling_back import CallingBack
from queueing.replay.day import People, Person
from queueing.replay.places import Callback, Line, Place
from queueing.replay.plan import Peak, Plan
from queueing.replay.quarters import quarters_of
from queueing.replay.scenarios import PUBLISHED_RATE, Replay, Scenario, baseline, figure, replay
from queueing.replay.setting import MOST_DAYS_FOLLOWED, rate_by_piece
from queueing.replay.staff import Staff, plan_breaks
from queueing.replay.virtual_time import Timeline
from queueing.routing import Waiting, assign
from tests.queueing.replay_scene import SETTING, SMALL, account, day_of, one_by_one, play_small, setting_with

NOON = ((9 * 3600.0, 12 * 3600.0), (14.5 * 3600, 17.5 * 3600))


def test_the_same_seed_is_the_same_day_and_another_seed_is_another() -> None:
    first, again, other = play_small(seed=7), play_small(seed=7), play_small(seed=8)
    assert first.facts == again.facts and first.samples == again.samples
    assert first.facts != other.facts


def test_the_same_people_call_with_and_without_callbacks() -> None:
    def first_calls(with_callbacks: bool) -> dict[int, float]:
        calls = [fact for fact in play_small(with_callbacks).facts if fact.kind == facts.CALLED]
        return {fact.person: fact.at for fact in reversed(calls) if day_of(fact.person) == 0}

    assert first_calls(True) == first_calls(False)


def test_more_people_are_the_same_people_and_some_more() -> None:
    people = People(SMALL, 3, Random)
    few = [person.number for person in people.of_day(0, 10, 0)]
    many = [person.number for person in People(SMALL, 3, Random).of_day(0, 20, 0)]
    assert many[:10] == few
    assert [person.try_number(2) for person in people.of_day(0, 10, 0)] == [
        person.try_number(2) for person in People(SMALL, 3, Random).of_day(0, 20, 0)[:10]
    ]


# The day of 2016


@cache
def played() -> Replay:
    return replay(Plan(days=4), SETTING, (3.0, 3.5, 5.0), Random, one_by_one)


def mean(scenario: Scenario, name: str) -> float:
    found = figure(played().find(scenario), name).mean
    assert found is not None
    return found


def test_without_callbacks_the_model_comes_near_the_published_year() -> None:
    first = baseline(played().plan)
    rate = mean(first, "connection_rate")
    print(f"without callbacks {rate:.1%}, published {PUBLISHED_RATE:.1%}, {played().people} people")
    assert 0.54 < rate < 0.62
    assert mean(first, "asked") == pytest.approx(played().plan.wanting, rel=0.02)
    assert mean(first, "at_work") == pytest.approx(4.0, abs=0.02)


@pytest.mark.parametrize("with_callbacks", [False, True])
def test_more_consultants_serve_more_people_the_same_day(with_callbacks: bool) -> None:
    served = [mean(Scenario(number, with_callbacks), "served_today") for number in (3.0, 3.5, 4.0, 5.0)]
    assert all(more > fewer + 5 for fewer, more in pairwise(served)), served


def test_more_consultants_owe_fewer_callbacks_at_the_close_and_ring_sooner() -> None:
    for name in ("owed_first_day", "rung_after"):
        values = [mean(Scenario(number, True), name) for number in (3.0, 3.5, 4.0, 5.0)]
        assert all(fewer < more for more, fewer in pairwise(values)), (name, values)


def test_with_callbacks_nobody_of_the_whole_day_is_lost() -> None:
    for result in played().results:
        assert all(found.people[LOST] == 0 for found in result.accounts)


def test_callbacks_serve_more_people_than_dialling_again() -> None:
    for number in (3.0, 3.5, 4.0):
        assert mean(Scenario(number, True), "served") > mean(Scenario(number, False), "served") + 20


# When people call


@given(
    st.lists(st.floats(0.05, 0.45), min_size=0, max_size=2),
    st.sampled_from([NOON, (NOON[0],), ((9 * 3600.0, 17 * 3600.0),), ((15 * 3600.0, 18 * 3600.0),)]),
)
def test_the_shares_of_a_day_add_up(shares: list[float], spans: tuple[tuple[float, float], ...]) -> None:
    peaks = [Peak(since, since + 2, share) for since, share in zip((9, 14), shares, strict=False)]
    pieces = rate_by_piece(spans, peaks)
    assert sum(piece.share for piece in pieces) == pytest.approx(1)
    assert [piece.since for piece in pieces[1:]] == [piece.until for piece in pieces[:-1]]
    assert (pieces[0].since, pieces[-1].until) == (spans[0][0], spans[-1][1])


def test_the_peaks_have_their_shares_of_the_whole_day_and_noon_counts() -> None:
    calls = Counter[str]()
    for seed in range(5):
        for fact in play_small(False, Plan(redial=0.0), seed, people=508).facts:
            if fact.kind == facts.CALLED:
                calls["9-11" if fact.at < 11 * 3600 else "14-16" if 14 * 3600 <= fact.at < 16 * 3600 else "rest"] += 1
    assert calls.total() == 5 * 720
    assert calls["9-11"] / calls.total() == pytest.approx(0.28, abs=0.025)
    assert calls["14-16"] / calls.total() == pytest.approx(0.26, abs=0.025)


def test_who_wants_a_human_first_calls_while_the_centre_is_open() -> None:
    journal = play_small(plan=replace(SMALL, redial=0.0))
    for fact in journal.facts:
        if fact.kind == facts.CALLED and fact.person in journal.people:
            assert any(since <= fact.at < until for since, until in journal.spans)


# Who is at work


@given(st.integers(1, 30), st.floats(0.05, 1), st.integers(0, 40))
def test_breaks_leave_as_many_at_work_as_was_said(consultants: int, share: float, turn: int) -> None:
    effective = max(0.5, share * consultants)
    breaks = plan_breaks(consultants, effective, list(NOON), turn)
    off = sum(each.seconds for each in breaks) / sum(until - since for since, until in NOON)
    assert off == pytest.approx(consultants - effective, abs=0.01)
    assert all(0 <= each.consultant < consultants for each in breaks)


@pytest.mark.parametrize(("consultants", "effective"), [(5, 3.0), (5, 3.5), (5, 3.83), (5, 5.0), (2, 0.5), (7, 6.1)])
@pytest.mark.parametrize("with_callbacks", [False, True])
def test_as_many_are_at_work_as_was_said(consultants: int, effective: float, with_callbacks: bool) -> None:
    plan = replace(SMALL, consultants=consultants, effective=effective)
    found = account(play_small(with_callbacks, plan), with_callbacks)
    assert found.at_work == pytest.approx(effective, abs=0.04)


def test_two_talks_of_one_consultant_never_overlap() -> None:
    """One consultant without breaks: from one talk to the next there is at least the shortest talk."""
    journal = play_small(plan=replace(SMALL, effective=1.0), people=90)
    talks = [fact.at for fact in journal.facts if fact.kind in (facts.ANSWERED, facts.TALKED)]
    assert len(talks) > 60
    assert min(later - earlier for earlier, later in pairwise(talks)) >= SMALL.talk[0]


# The rules in use


def moment(seconds: float) -> datetime:
    return SETTING.moment(9 * 3600 + seconds)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 900)), max_size=8),
    st.integers(1, 4),
)
def test_the_line_offers_whom_the_rules_of_routing_would(joined: list[tuple[int, int]], consultants: int) -> None:
    timeline = Timeline()
    staff = Staff(consultants, "340000", timeline, moment, lambda: None)
    line = Line("340000", SETTING.line, staff, moment)
    places: list[Place] = []
    person = People(SMALL, 1, Random).of_day(0, 1, 0)[0]
    for at, bonus in sorted(joined):
        places.append(line.join(person, at, moment(at) - timedelta(seconds=bonus), (), 1, None))
    staff.sign_in([])
    waiting: list[Waiting] = [place.waiting for place in places]
    expected = assign(staff.free_seats(), waiting, moment(300), {"340000": SETTING.line}, {})
    pairs = line.take_pairs(300)
    assert [(seat.agent_id, place.waiting) for seat, place in pairs] == [
        (seat.agent_id, entry) for seat, entry in expected
    ]
    assert not any(line.is_waiting(place) for _, place in pairs) and line.callers == len(places)


def test_who_came_first_is_answered_first() -> None:
    """Patient callers, no bonus for anybody: answered in the order in which they joined."""
    plan = replace(SMALL, patience=3600.0, redial=0.0, consultants=2, effective=2.0)
    setting = replace(SETTING, line=replace(SETTING.line, longest_wait_minutes=240))
    journal = play_small(False, plan, setting=setting, people=60)
    answered = [fact.number for fact in journal.facts if fact.kind == facts.ANSWERED]
    # The telephones of two consultants ring for a different time.
    late = [number for n, number in enumerate(answered) if number < max(answered[:n], default=0) - 1]
    assert len(answered) > 40 and late == []


def test_nobody_is_rung_outside_decent_hours() -> None:
    journal = play_small(plan=replace(SMALL, redial_within=3600.0), whole_days=3)
    spans = [(SETTING.seconds(since), SETTING.seconds(until)) for since, until in SETTING.decent_spans()]
    rung = [fact for fact in journal.facts if fact.kind in (facts.TRIED, facts.TALKED)]
    # Dialled before the end of the span, answered or given up a little later.
    assert all(any(since < fact.at < until + 60 for since, until in spans) for fact in rung)
    assert {int(fact.at // 86_400) for fact in rung} >= {0, 1, 2}


def test_after_an_attempt_the_retry_comes_as_late_as_the_rules_say() -> None:
    minutes = {"busy": 5, "no_answer": 30, "machine": 120}
    journal = play_small(plan=replace(SMALL, reached=0.2), whole_days=MOST_DAYS_FOLLOWED)
    tried: dict[int, list[facts.Fact]] = {}
    for fact in journal.facts:
        if fact.kind == facts.TRIED:
            tried.setdefault(fact.number, []).append(fact)
    gaps = [(first.word, later.at - first.at) for found in tried.values() for first, later in pairwise(found)]
    assert {word for word, _ in gaps} == set(minutes)
    assert all(seconds >= 60 * minutes[word] for word, seconds in gaps)


def test_attempts_are_as_many_as_the_rules_allow() -> None:
    setting = setting_with(most_attempts=2)
    journal = play_small(plan=replace(SMALL, reached=0.0), setting=setting, whole_days=MOST_DAYS_FOLLOWED)
    tried = Counter(fact.number for fact in journal.facts if fact.kind == facts.TRIED)
    unreached = {fact.number for fact in journal.facts if fact.kind == facts.ENDED and fact.word == UNREACHED}
    assert unreached and {tried[number] for number in unreached} == {2}


def test_who_rings_in_takes_the_place_and_their_callback_ends() -> None:
    journal = play_small(plan=replace(SMALL, accept=0.0, redial=1.0))
    joined = [fact for fact in journal.facts if fact.kind == facts.ENDED and fact.word == JOINED]
    assert joined
    calls = {(fact.at, fact.person) for fact in journal.facts if fact.kind == facts.CALLED}
    assert {(fact.at, fact.person) for fact in joined} <= calls


def test_the_place_that_is_taken_is_the_one_that_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[tuple[Callback, tuple[datetime, tuple[str, ...]]]] = []
    real_come = CallingBack.come

    def come(calling_back: CallingBack, callback: Callback) -> tuple[datetime, tuple[str, ...]]:
        came.append((callback, real_come(calling_back, callback)))
        return came[-1][1]

    monkeypatch.setattr(CallingBack, "come", come)
    play_small(plan=replace(SMALL, accept=0.0, redial=1.0, reached=0.0))
    missed_bonus = timedelta(seconds=SETTING.line.missed_callback_bonus_seconds)
    for callback, (rank_at, rules) in came:
        if callback.attempts and not callback.rules:
            assert (rank_at, rules) == (callback.arrived_at - missed_bonus, ("missed_callback",))
        else:
            assert (rank_at, rules) == (callback.rank_at, callback.rules)
    assert {bool(callback.attempts) for callback, _ in came} == {True, False}


@pytest.mark.parametrize(("minutes", "are_offered"), [(1, True), (5, True), (29, False)])
def test_a_callback_is_offered_when_the_wait_is_as_long_as_the_rules_say(minutes: int, are_offered: bool) -> None:
    """Everybody wants one; a short day, in which nobody is told of a wait of half an hour."""
    setting = replace(SETTING, line=replace(SETTING.line, offer_callback_after_minutes=minutes))
    plan = replace(SMALL, accept=1.0, redial=0.0)
    found = account(play_small(plan=plan, setting=setting, people=50), True, setting)
    assert (found.calls[facts.BOOKED] > 0) == (found.asked["line"] > 0) == are_offered


def test_whoever_wants_no_callback_in_the_line_asks_for_none() -> None:
    found = account(play_small(plan=replace(SMALL, accept=0.0, redial=0.0)))
    assert set(found.asked) == {"abandoned"}


def test_who_gave_up_and_comes_again_gets_what_was_waited_before(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[tuple[int, Place]] = []
    real_join = Line.join

    def join(line: Line, person: Person, *rest: Any) -> Place:
        joined.append((person.number, real_join(line, person, *rest)))
        return joined[-1][1]

    monkeypatch.setattr(Line, "join", join)
    journal = play_small(False, replace(SMALL, redial=1.0, redial_within=60.0))
    waited = Counter[int]()
    for fact in journal.facts:
        if fact.kind == facts.HUNG_UP:
            joining = next(place for _, place in joined if place.call == fact.number)
            before = joining.waiting.arrived_at - joining.waiting.rank_at
            assert before.total_seconds() == min(int(waited[fact.person]), SETTING.line.returning_bonus_seconds)
            assert joining.waiting.rules == (("returning",) if before else ())
            waited[fact.person] += fact.value
    assert any(place.waiting.rules for _, place in joined)


@pytest.mark.parametrize("capacity", [1, 3])
def test_no_more_callbacks_are_promised_for_a_half_hour_than_the_rules_allow(
    monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    promised = Counter[datetime]()
    real_enter = CallingBack._enter

    def enter(calling_back: CallingBack, *rest: Any) -> None:
        slot = rest[-1]
        promised.update([slot.since] if slot else [])
        real_enter(calling_back, *rest)

    monkeypatch.setattr(CallingBack, "_enter", enter)
    play_small(plan=replace(SMALL, accept=1.0, slot=1.0, redial=0.0), setting=setting_with(slot_capacity=capacity))
    assert max(promised.values()) == capacity


def test_the_bounds_of_the_real_line_hold() -> None:
    line = replace(SETTING.line, most_waiting=1, longest_wait_minutes=6)
    found = account(play_small(plan=replace(SMALL, patience=900.0), setting=replace(SETTING, line=line)))
    assert found.calls[facts.FULL] > 0 and found.calls[facts.LIMIT] > 0
    assert max(found.waits) < 6 * 60 + SETTING.line.ring_seconds


def test_what_is_said_twice_is_said_the_same() -> None:
    """The simulation cannot read these from modules that need a database."""
    assert timedelta(seconds=simulation.RETURNS_WITHIN) == entries.RETURNS_WITHIN
    assert calling_back.GOODBYE == callback_booking.GOODBYE


@pytest.mark.parametrize("limit", [0, 5, 60])
def test_the_quarters_of_an_hour_add_up_to_the_day(limit: int) -> None:
    setting = setting_with(abandoned_after_seconds=limit)
    journal = play_small(plan=replace(SMALL, redial_within=60.0), setting=setting)
    found, quarters = account(journal, True, setting), quarters_of(journal)
    assert len(quarters.called) == 34
    # Who dials again at noon or after hours is told that it is closed, and not counted here.
    assert sum(quarters.called) == found.asked_for_a_human
    assert sum(quarters.rung) == found.people[RUNG_TODAY]
    ended = sum(quarters.answered) + sum(quarters.abandoned) + sum(quarters.promised)
    # The last ones are answered after the close.
    assert found.asked_for_a_human - 5 <= ended <= found.asked_for_a_human
    by_ending = Counter((f.at, f.person) for f in journal.facts if f.kind == facts.ASKED and f.person in journal.people)
    in_vain = [
        fact
        for fact in journal.facts
        if fact.kind == facts.HUNG_UP and fact.person in journal.people and (fact.at, fact.person) not in by_ending
    ]
    assert sum(quarters.abandoned) == sum(fact.at < journal.spans[-1][1] for fact in in_vain) > 0
    assert all(not limit or fact.value < limit for fact in in_vain)
    assert max(quarters.callers) > 0 < max(quarters.callbacks)


# Days that are played


def test_days_after_the_first_are_played_only_as_long_as_somebody_of_it_waits() -> None:
    journal = play_small()
    last = max(fact.at for fact in journal.facts)
    ended = [fact.at for fact in journal.facts if fact.kind == facts.ENDED and fact.person in journal.people]
    assert 86_400 < last == max(ended) < 2 * 86_400
    assert len(journal.owed) == 1


def test_a_backlog_that_grows_is_seen_to_grow() -> None:
    owed = play_small(whole_days=4).owed
    assert all(later > earlier for earlier, later in pairwise(owed)), owed


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_nobody_is_left_on_the_telephone_at_night(seed: int) -> None:
    journal = play_small(False, replace(SMALL, patience=600.0), seed)
    closes = journal.spans[-1][1]
    assert all(fact.at < closes + 3600 for fact in journal.facts)
    assert fmean(sample.callers for sample in journal.samples[:180]) > 0

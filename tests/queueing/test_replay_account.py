"""Every call and every person of a replayed day is accounted for exactly once, and with callbacks nobody is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queueing.callback import JOINED
from queueing.replay import journal as facts
from queueing.replay.account import (
    ENDINGS,
    GAVE_UP,
    LEFT_EARLY,
    LOST,
    NOT_REACHED,
    ON_THE_LINE,
    RUNG_LATER,
    RUNG_TODAY,
    STILL_OPEN,
    Unaccounted,
    endings_of_calls,
    percentile,
)
from queueing.replay.journal import Fact, Journal
from queueing.replay.plan import Plan
from queueing.replay.setting import MOST_DAYS_FOLLOWED
from tests.queueing.replay_scene import SETTING, SMALL, SMALL_PEOPLE, account, day_of, play_small, setting_with

shares = st.floats(0, 1)
plans = st.builds(
    lambda consultants, at_work, **options: Plan(
        calls=120, wanting=90, consultants=consultants, effective=max(0.5, at_work * consultants), **options
    ),
    consultants=st.integers(1, 3),
    at_work=st.floats(0.3, 1),
    patience=st.floats(5, 2500),
    talk=st.sampled_from([(20.0, 40.0), (240.0, 300.0), (600.0, 900.0)]),
    redial=shares,
    redial_within=st.floats(60, 3600),
    accept=shares,
    slot=shares,
    reached=shares,
)
rules = st.fixed_dictionaries(
    {
        "abandoned_after_seconds": st.sampled_from([0, 1, 5, 60, 300]),
        "most_attempts": st.integers(1, 4),
        "slot_capacity": st.integers(1, 4),
        "ring_seconds": st.sampled_from([5, 30, 120]),
    }
)


@settings(max_examples=60, deadline=None)
@given(plans, rules, st.integers(0, 10_000), st.integers(1, 70), st.sampled_from([1, 3, 200]))
def test_with_callbacks_nobody_is_lost_whatever_the_day_is_like(
    plan: Plan, callback_rules: dict[str, int], seed: int, people: int, most_waiting: int
) -> None:
    setting = setting_with(**callback_rules)
    setting = replace(setting, line=replace(setting.line, most_waiting=most_waiting))
    journal = play_small(True, plan, seed, people, setting, whole_days=2)
    found = account(journal, True, setting)
    assert found.people[LOST] == 0
    assert found.people[GAVE_UP] == 0
    assert sum(found.people.values()) == people
    assert set(found.people) <= set(ENDINGS)
    limit = callback_rules["abandoned_after_seconds"]
    waited_long = {fact.person for fact in journal.facts if fact.kind == facts.HUNG_UP and 0 < limit <= fact.value}
    assert waited_long <= {fact.person for fact in journal.facts if fact.kind == facts.ASKED}


@settings(max_examples=40, deadline=None)
@given(plans, st.integers(0, 10_000), st.booleans())
def test_every_call_of_every_day_has_one_ending(plan: Plan, seed: int, with_callbacks: bool) -> None:
    journal = play_small(with_callbacks, plan, seed, whole_days=2)
    # A third day is only played until the first one's people are done with.
    everybody = {fact.person for fact in journal.facts if day_of(fact.person) < 2}
    endings = endings_of_calls(journal, everybody)
    assert len(endings) == sum(fact.kind == facts.CALLED and fact.person in everybody for fact in journal.facts)
    found = account(journal, with_callbacks)
    of_today = sum(fact.person in journal.people | journal.listeners for fact in endings)
    assert found.calls.total() == of_today
    assert found.calls[facts.AUTOMATIC] == plan.calls - plan.wanting == len(journal.listeners)
    assert len(found.held) == sum(found.people.values()) == len(journal.people) == SMALL_PEOPLE


@settings(max_examples=40, deadline=None)
@given(plans, st.integers(0, 10_000))
def test_a_callback_is_asked_for_once_and_ends_once_or_is_open(plan: Plan, seed: int) -> None:
    journal = play_small(True, plan, seed, whole_days=MOST_DAYS_FOLLOWED)
    asked = Counter(fact.number for fact in journal.facts if fact.kind == facts.ASKED)
    ended = Counter(fact.number for fact in journal.facts if fact.kind == facts.ENDED)
    assert set(asked.values()) <= {1} and set(ended.values()) <= {1} and set(ended) <= set(asked)
    assert len(asked) - len(ended) == journal.owed[-1]


def test_without_callbacks_who_was_not_answered_is_counted_as_such() -> None:
    found = account(play_small(False), False)
    assert set(found.people) == {ON_THE_LINE, GAVE_UP}
    assert found.people[ON_THE_LINE] == found.calls[facts.ANSWERED] == len(found.waits) == found.served
    assert found.people[GAVE_UP] > 10 and not found.asked and not found.owed[0]


def test_persons_and_calls_are_counted_apart() -> None:
    found = account(play_small(False), False)
    assert found.asked_for_a_human == found.calls[facts.ANSWERED] + found.calls[facts.HUNG_UP] > SMALL_PEOPLE
    assert found.connection_rate == found.calls[facts.ANSWERED] / found.asked_for_a_human < found.served / SMALL_PEOPLE


def test_those_rung_the_next_day_are_told_apart_and_waited_for() -> None:
    found = account(play_small())
    assert found.people[RUNG_LATER] > 0 and found.people[STILL_OPEN] == 0
    assert len(found.rung) == found.people[RUNG_TODAY] > 0
    assert found.owed[0] >= found.people[RUNG_LATER]


# The account must be able to find what the rules forgot: it is shown journals in which something is missing.


def without(journal: Journal, *forgotten: Fact) -> Journal:
    return replace(journal, facts=[fact for fact in journal.facts if fact not in forgotten])


def all_of(journal: Journal, number: int) -> list[Fact]:
    kinds = (facts.ASKED, facts.TRIED, facts.TALKED, facts.ENDED)
    return [fact for fact in journal.facts if fact.kind in kinds and fact.number == number]


def test_the_account_finds_who_was_forgotten() -> None:
    journal = play_small()
    waits = {(fact.at, fact.person): fact for fact in journal.facts if fact.kind == facts.HUNG_UP and fact.value >= 60}
    asked = [fact for fact in journal.facts if fact.kind == facts.ASKED and (fact.at, fact.person) in waits]
    only_one = next(
        fact for fact in asked if sum(f.kind == facts.ASKED and f.person == fact.person for f in journal.facts) == 1
    )
    forgotten = without(journal, *all_of(journal, only_one.number))
    answered = {fact.person for fact in forgotten.facts if fact.kind == facts.ANSWERED}
    assert only_one.person not in answered
    assert account(forgotten).people[LOST] == account(journal).people[LOST] + 1 == 1


def test_the_account_finds_who_lost_a_promise_by_ringing_in() -> None:
    """Who takes the place of a callback and hangs up at once was promised something all the same."""
    setting = setting_with(abandoned_after_seconds=60)
    journal = play_small(setting=setting)
    joined = [fact for fact in journal.facts if fact.kind == facts.ENDED and fact.word == JOINED]
    kept = next(
        fact
        for fact in journal.facts
        if fact.kind == facts.ASKED
        and fact.word == "line"
        and fact.person in {each.person for each in joined}
        and sum(f.kind == facts.ASKED and f.person == fact.person for f in journal.facts) == 2
        and not any(f.kind == facts.ANSWERED and f.person == fact.person for f in journal.facts)
    )
    assert account(journal, setting=setting).people[LOST] == 0
    assert account(without(journal, *all_of(journal, kept.number)), setting=setting).people[LOST] == 1


def test_a_call_without_an_ending_does_not_add_up() -> None:
    journal = play_small()
    answered = next(fact for fact in journal.facts if fact.kind == facts.HUNG_UP)
    with pytest.raises(Unaccounted, match="without exactly one ending"):
        account(without(journal, answered))


def test_a_call_with_two_endings_does_not_add_up() -> None:
    journal = play_small()
    hung_up = next(fact for fact in journal.facts if fact.kind == facts.HUNG_UP)
    with pytest.raises(Unaccounted, match="without exactly one ending"):
        account(replace(journal, facts=[*journal.facts, hung_up._replace(kind=facts.BOOKED)]))


def test_somebody_served_twice_does_not_add_up() -> None:
    journal = play_small()
    talked = next(fact for fact in journal.facts if fact.kind == facts.TALKED and fact.person in journal.people)
    with pytest.raises(Unaccounted, match="person"):
        account(replace(journal, facts=[*journal.facts, talked._replace(at=talked.at + 600)]))


def test_a_talk_whose_callback_ended_otherwise_does_not_add_up() -> None:
    journal = play_small()
    talked = next(fact for fact in journal.facts if fact.kind == facts.TALKED and fact.person in journal.people)
    changed = [
        fact._replace(word="unreached") if fact.kind == facts.ENDED and fact.number == talked.number else fact
        for fact in journal.facts
    ]
    with pytest.raises(Unaccounted, match="without its callback"):
        account(replace(journal, facts=changed))


def test_who_hung_up_sooner_than_the_rules_ask_is_told_apart() -> None:
    short, long = setting_with(abandoned_after_seconds=5), setting_with(abandoned_after_seconds=300)
    few, many = account(play_small(setting=short), True, short), account(play_small(setting=long), True, long)
    assert few.people[LEFT_EARLY] < many.people[LEFT_EARLY]
    assert few.asked["abandoned"] > many.asked["abandoned"]


def test_who_can_never_be_reached_is_rung_as_often_as_the_rules_say_and_then_known() -> None:
    journal = play_small(plan=replace(SMALL, reached=0.0), setting=SETTING, whole_days=1)
    found = account(journal)
    assert found.people[NOT_REACHED] > 10
    assert found.people[RUNG_TODAY] == found.people[RUNG_LATER] == 0
    ended = [fact.number for fact in journal.facts if fact.kind == facts.ENDED and fact.word == "unreached"]
    tried = Counter(fact.number for fact in journal.facts if fact.kind == facts.TRIED)
    assert {tried[number] for number in ended} == {SETTING.callbacks.most_attempts}


def test_the_ninetieth_percentile_is_a_value_that_occurred() -> None:
    assert percentile(tuple(float(n) for n in range(1, 11)), 0.9) == 9.0
    assert percentile((4.0,), 0.9) == 4.0
    assert percentile((), 0.9) is None

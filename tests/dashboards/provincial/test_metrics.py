"""Figures: made of sums, divided last, each with its words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.call_counts import DEFINITIONS
from dashboards.metrics import COUNT, FIGURES, GROUPS_ZH, Value, figure_json, value_json, value_of
from dashboards.provincial.measures import MEASURES, SCORES
from ivr.outcome import NAMES_ZH, PRECEDENCE

ASKED_FOR = [
    "received",
    "in_progress",
    "connection_rate",
    "human_connection_rate",
    "service_level",
    "service_level_answered",
    "asa_seconds",
    "aht_seconds",
    "occupancy",
    "menu_abandonment",
    "queue_abandonment",
    "short_abandonment",
    "after_hours_rate",
    "satisfaction",
    "survey_response",
    "fcr",
    "on_time",
    "case_response",
    "case_resolution",
    "case_return",
    "case_rework",
    "talks",
    "cases_opened",
    "callbacks_asked",
    "callback_reached",
    "callback_in_time",
]
SUMS = st.fixed_dictionaries({name: st.integers(0, 10_000) for name in MEASURES})


def figure(key: str, **sums: int) -> float | None:
    return value_of(FIGURES[key], sums).value


def test_every_figure_that_the_province_asked_for_is_there() -> None:
    assert {*ASKED_FOR, *PRECEDENCE} == set(FIGURES)


def test_2016_of_this_province_comes_out_as_published() -> None:
    year = {"received": 180_000, "answered": 74_000, "self_served": 53_000, "abandoned_in_queue": 53_000}
    year["asked_human"] = 74_000 + 53_000
    assert year["received"] == sum(year.get(outcome, 0) for outcome in PRECEDENCE)
    assert value_of(FIGURES["connection_rate"], year) == Value(127 / 180, 127_000, 180_000)
    assert f"{figure('connection_rate', **year):.1%}" == "70.6%"
    assert f"{figure('human_connection_rate', **year):.1%}" == "58.3%"


def test_ningxia_in_the_third_quarter_of_2020_comes_out_as_published() -> None:
    assert f"{figure('connection_rate', answered=85_582, self_served=154_917, received=263_851):.2%}" == "91.15%"


@pytest.mark.parametrize("key", [key for key, one in FIGURES.items() if one.unit != COUNT])
def test_without_a_denominator_there_is_no_figure_and_never_a_zero(key: str) -> None:
    assert value_of(FIGURES[key], {}) == Value(None, 0, 0)


def test_nothing_counted_is_a_count_of_zero() -> None:
    assert value_of(FIGURES["received"], {}) == Value(0, 0, None)


@given(SUMS, SUMS)
def test_the_figure_of_two_slices_together_is_made_of_their_sums(one: dict[str, int], other: dict[str, int]) -> None:
    both = {name: one[name] + other[name] for name in MEASURES}
    for each in FIGURES.values():
        first, second, together = (value_of(each, sums) for sums in (one, other, both))
        assert together.numerator == first.numerator + second.numerator
        if together.denominator is None:
            assert together.value == together.numerator
        else:
            assert together.denominator == (first.denominator or 0) + (second.denominator or 0)
            assert together.value == (together.numerator / together.denominator if together.denominator else None)


def test_service_level_is_shown_of_those_offered_and_apart_of_those_answered() -> None:
    sums = {"offered": 100, "answered_15": 60, "served_wait_0": 20, "served_wait_1": 40, "served_wait_2": 20}
    assert figure("service_level", **sums) == 0.6
    assert figure("service_level_answered", **sums) == 0.75


def test_handling_time_is_talk_and_hold_and_wrap_up_of_each_talk() -> None:
    assert figure("aht_seconds", talk_seconds=300, hold_seconds=40, wrap_up_seconds=60, legs=2) == 200


def test_who_pressed_1_to_3_was_satisfied() -> None:
    scores = dict(zip(SCORES, (5, 4, 3, 2, 1), strict=True))
    assert figure("satisfaction", **scores) == 12 / 15
    assert figure("survey_response", **scores, surveyed=30) == 0.5


def test_occupancy_leaves_breaks_out() -> None:
    assert figure("occupancy", handling_seconds=300, available_seconds=100, break_seconds=500) == 0.75


def test_every_figure_is_explained_in_chinese_with_its_denominator() -> None:
    for each in FIGURES.values():
        told = figure_json(each)
        assert told["group"] in GROUPS_ZH
        for words in (told["name"], told["definition"], *([told["denominator"]] if each.unit != COUNT else [])):
            assert re.search("[一-鿿]", words), each.key
        assert bool(each.denominator) == bool(told["denominator"]) == (each.unit != COUNT)
        assert {*each.numerator, *each.denominator} <= set(MEASURES)


def test_outcomes_have_the_words_of_the_status_page() -> None:
    for outcome in PRECEDENCE:
        assert FIGURES[outcome].name_zh == NAMES_ZH[outcome]
        assert FIGURES[outcome].definition_zh == DEFINITIONS[outcome]


def test_a_value_is_told_with_what_was_divided_by_what() -> None:
    assert value_json(value_of(FIGURES["service_level"], {"answered_15": 1, "offered": 4})) == {
        "value": 0.25,
        "numerator": 1,
        "denominator": 4,
    }

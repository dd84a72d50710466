"""The parts of the page of figures: who stands where, how a period is cut, and what too small a sample is worth."""

from __future__ import annotations

from datetime import date, datetime

from dashboards.metrics import FIGURES
from dashboards.provincial.explore.parts import (
    all_values,
    by_stretch,
    grain_of,
    heat,
    midnight,
    ranking,
    stretches,
    trend,
    wait_words,
    waits,
)
from dashboards.provincial.measures import WAIT_BOUNDS
from dashboards.provincial.periods import Period
from integrations.work_calendar import SHANGHAI

RATE, ASA, RECEIVED = FIGURES["connection_rate"], FIGURES["asa_seconds"], FIGURES["received"]
NAMES = {"a": "甲", "b": "乙", "c": "丙", "d": "丁"}


def calls(received: int, answered: int) -> dict[str, int]:
    return {"received": received, "answered": answered}


def order(rows: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(row["centre"], row["rank"]) for row in rows]


def test_the_best_is_first_and_small_samples_stand_behind() -> None:
    sums = {"a": calls(100, 80), "b": calls(29, 29), "c": calls(1000, 900)}
    rows = ranking(RATE, sums, NAMES, None)
    assert order(rows) == [("c", 1), ("a", 2), ("b", 3), ("d", None)]
    assert [row["is_small_sample"] for row in rows] == [False, False, True, True]
    assert rows[3]["value"] is None and rows[0]["sample"] == 1000 and rows[0]["compared"] is None


def test_equals_share_a_rank() -> None:
    rows = ranking(RATE, {"a": calls(100, 80), "b": calls(200, 160), "c": calls(100, 70)}, NAMES, None)
    assert order(rows)[:3] == [("a", 1), ("b", 1), ("c", 3)]


def test_where_low_is_good_the_lowest_is_first() -> None:
    slow, quick = {"answer_wait_seconds": 4000, "served_wait_3": 100}, {"answer_wait_seconds": 900, "served_wait_1": 90}
    sums = {"a": slow, "b": quick}
    assert order(ranking(ASA, sums, NAMES, None))[:2] == [("b", 1), ("a", 2)]


def test_a_count_has_no_small_sample() -> None:
    rows = ranking(RECEIVED, {"a": calls(2, 0), "b": calls(3, 0)}, NAMES, None)
    assert order(rows)[:2] == [("b", 1), ("a", 2)] and not rows[0]["is_small_sample"]


def test_a_centre_beside_its_own_past() -> None:
    row = ranking(RATE, {"a": calls(100, 80)}, {"a": "甲"}, {"a": calls(50, 20)})[0]
    assert row["compared"] == {"value": 0.4, "numerator": 20, "denominator": 50}
    assert ranking(RATE, {"a": calls(100, 80)}, {"a": "甲"}, {})[0]["compared"]["value"] is None


def test_years_are_drawn_by_month_and_days_by_hour() -> None:
    first = date(2026, 1, 1)
    ends = {date(2026, 1, 3): "hour", date(2026, 4, 2): "day", date(2026, 12, 31): "week", date(2028, 1, 1): "month"}
    assert {last: grain_of(Period(first, last)) for last in ends} == ends


def test_the_stretches_of_a_period_cover_it_without_a_gap() -> None:
    period = Period(date(2026, 10, 7), date(2026, 11, 3))
    assert [at.date() for at in stretches(period, "week")] == [
        date(2026, 10, 7), date(2026, 10, 12), date(2026, 10, 19), date(2026, 10, 26), date(2026, 11, 2),
    ]  # fmt: skip
    assert [at.date() for at in stretches(period, "month")] == [date(2026, 10, 7), date(2026, 11, 1)]
    assert len(list(stretches(period, "day"))) == 28
    assert len(list(stretches(Period(period.first, period.first), "hour"))) == 24


def test_days_are_added_up_to_their_weeks() -> None:
    period = Period(date(2026, 10, 7), date(2026, 10, 13))
    sums = {midnight(date(2026, 10, day)): calls(10, day) for day in (7, 11, 12, 13)}
    found = by_stretch(sums, period, "week")
    assert [(at.day, part) for at, part in found.items()] == [(7, calls(20, 18)), (12, calls(20, 25))]


def test_a_trend_says_what_is_not_over_yet_and_leaves_out_what_has_not_begun() -> None:
    now = datetime(2026, 11, 20, 10, 20, tzinfo=SHANGHAI)
    period = Period(date(2026, 11, 20), date(2026, 11, 20))
    points = trend(RATE, {midnight(date(2026, 11, 20)): calls(4, 3)}, period, "hour", now)
    assert len(points) == 11 and [point["is_unfinished"] for point in points] == [False] * 10 + [True]
    assert points[0]["value"] == 0.75 and points[1]["value"] is None
    assert points[0]["at"] == "2026-11-20T00:00:00+08:00" and points[0]["day"] == "2026-11-20"


def test_a_week_has_all_its_hours_on_the_map() -> None:
    found = heat(RATE, {(0, 9): calls(100, 90), (6, 23): calls(3, 3)})
    assert [len(row) for row in found] == [24] * 7
    assert found[0][9]["value"] == 0.9 and found[6][23]["is_small_sample"] and found[3][3]["value"] is None


def test_waits_have_words_for_every_stretch() -> None:
    bounds = list(zip((0, *WAIT_BOUNDS), (*WAIT_BOUNDS, None), strict=True))
    assert [wait_words(*pair) for pair in bounds] == [
        "5秒以内", "5至15秒", "15至30秒", "30秒至1分钟", "1至2分钟", "2至5分钟", "5至10分钟", "10分钟以上",
    ]  # fmt: skip
    found = waits({"served_wait_0": 3, "left_wait_7": 2})
    assert (found[0]["served"], found[7]["left"], found[7]["to"]) == (3, 2, None)


def test_nothing_known_is_not_nought() -> None:
    assert all(value["value"] is None for value in all_values({}).values())
    assert all_values(calls(10, 0))["received"]["value"] == 10
    assert all_values(calls(10, 0))["connection_rate"]["value"] == 0

"""The answers of the page of figures: the same sums in every part, and only of the own centres."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from tests.dashboards.provincial.figures_app import HEFEI, WUHU, Figures
from tests.dashboards.staff_app import StaffApp

OCTOBER = {"since": "2026-10-01", "until": "2026-10-31"}


@pytest.fixture
def figures(staff: StaffApp) -> Iterator[Figures]:
    """Some hours of October and September in two cities; today is 20 November 2026."""
    office = Figures(staff)
    office.fact("2026-10-05 09:00", subject="pension-benefit", received=60, answered=30, self_served=18, offered=40)
    office.fact("2026-10-05 10:00", received=40, answered=10, after_hours=20, served_wait_1=10, left_wait_4=5)
    office.fact("2026-10-31 23:00", WUHU, channel="wechat", source="city", received=20, answered=20, voicemail=0)
    office.fact("2026-10-12 09:00", WUHU, subject="card-loss", received=30, answered=15, callbacks_asked=4)
    office.fact("2026-09-07 09:00", received=50, answered=20)
    office.fact("2026-11-02 09:00", received=1000, answered=1000)
    yield office


def value(found: dict[str, Any], key: str) -> tuple[Any, Any, Any]:
    one = found["totals"][key]
    return one["value"], one["numerator"], one["denominator"]


def test_the_province_sees_all_centres_in_numbers_that_agree(figures: Figures) -> None:
    found = figures.ask(figures.visitor(), **OCTOBER)
    assert found["period"] == "2026年10月" and found["sources"] == ["city", "own"] and not found["is_demo"]
    assert value(found, "received") == (150, 150, None)
    assert value(found, "connection_rate") == (93 / 150, 93, 150)
    ranked = {row["centre"]: (row["numerator"], row["denominator"]) for row in found["ranking"]}
    assert len(ranked) == 17 and ranked[HEFEI] == (58, 100) and ranked[WUHU] == (35, 50)
    for part in (found["trend"], list(chain(*found["heat"])), found["by_subject"], found["by_channel"]):
        assert sum(row["denominator"] for row in part) == 150
        assert sum(row["numerator"] for row in part) == 93
    assert found["trend_grain"] == "day" and len(found["trend"]) == 31
    assert found["waits"][1]["served"] == 10 and found["waits"][4]["left"] == 5
    assert found["callbacks"]["callbacks_asked"]["value"] == 4


def test_the_whole_month_is_in_it_to_its_last_hour(figures: Figures) -> None:
    found = figures.ask(figures.visitor(), since="2026-10-31", until="2026-10-31", figure="received")
    assert found["trend_grain"] == "hour" and len(found["trend"]) == 24
    assert found["trend"][23]["value"] == 20 and value(found, "received")[0] == 20
    assert figures.ask(figures.visitor(), since="2026-11-01", until="2026-11-01")["is_empty"]


def test_a_group_of_subjects_and_a_channel_cut_every_part(figures: Figures) -> None:
    visitor = figures.visitor()
    pension = figures.ask(visitor, **OCTOBER, subjects="pension")
    assert value(pension, "received")[0] == 60 and [row["key"] for row in pension["by_subject"]] == ["pension-benefit"]
    assert pension["by_subject"][0]["group"] == "养老保险"
    assert figures.ask(visitor, **OCTOBER, subjects="none")["totals"]["received"]["value"] == 60
    wechat = figures.ask(visitor, **OCTOBER, channels="wechat")
    assert value(wechat, "received")[0] == 20 and [row["name"] for row in wechat["by_channel"]] == ["微信"]


def test_a_month_beside_the_one_before(figures: Figures) -> None:
    found = figures.ask(figures.visitor(), **OCTOBER, compare="previous")
    assert found["compared_period"] == "2026年9月"
    assert found["compared_totals"]["received"]["value"] == 50
    assert len(found["compared_trend"]) == 30 and found["compared_trend"][6]["value"] == 0.4
    hefei = next(row for row in found["ranking"] if row["centre"] == HEFEI)
    assert hefei["compared"] == {"value": 0.4, "numerator": 20, "denominator": 50}


def test_a_city_sees_itself_alone(figures: Figures) -> None:
    wuhu = figures.visitor("wuhu")
    found = figures.ask(wuhu, **OCTOBER)
    assert [row["centre"] for row in found["ranking"]] == [WUHU] and value(found, "received")[0] == 50
    assert wuhu.get("/province/api/explore", query_string={**OCTOBER, "centres": HEFEI}).status_code == 403
    assert wuhu.get("/province/api/explore", query_string={"centres": "340100,340200"}).status_code == 403


def test_an_empty_period_has_no_values_at_all(figures: Figures) -> None:
    found = figures.ask(figures.visitor(), since="2025-01-01", until="2025-01-31", compare="year")
    assert found["is_empty"] and found["sources"] == []
    assert all(one["value"] is None for one in found["totals"].values())
    assert all(row["value"] is None and row["rank"] is None for row in found["ranking"])
    assert all(point["value"] is None for point in found["trend"]) and found["by_subject"] == []


def test_a_part_alone_says_the_same_as_with_the_others(figures: Figures) -> None:
    visitor = figures.visitor()
    whole, part = figures.ask(visitor, **OCTOBER), figures.ask(visitor, **OCTOBER, part="ranking,trend")
    assert {"totals", "heat", "waits"}.isdisjoint(part) and part["ranking"] == whole["ranking"]
    assert part["trend"] == whole["trend"] and part["query"] == whole["query"]


def test_a_wrong_address_is_told_in_sentences(figures: Figures) -> None:
    visitor = figures.visitor()
    response = visitor.get("/province/api/explore?since=2026-10-09&until=2026-10-01&figure=luck")
    assert response.status_code == 400
    assert response.get_json()["problems"] == [
        "结束日期在开始日期前面，请换过来。", "没有“luck”这个指标，请从页面上选。",
    ]  # fmt: skip
    assert visitor.get("/province/api/explore?part=moon").get_json()["error"] == "没有“moon”这一部分。"
    assert visitor.get("/province/api/explore?centres=999999").status_code == 404


def test_demo_history_is_named_as_such(figures: Figures) -> None:
    figures.fact("2026-10-06 09:00", source="demo", received=500, answered=400)
    found = figures.ask(figures.visitor(), **OCTOBER)
    assert found["is_demo"] and found["sources"] == ["city", "demo", "own"]


def test_consultants_time_has_no_subject(figures: Figures) -> None:
    figures.fact("2026-10-06 09:00", subject="*", handling_seconds=0)
    figures.staff.write("UPDATE fact SET handling_seconds = 1800, available_seconds = 1800 WHERE subject = '*'")
    found = figures.ask(figures.visitor(), **OCTOBER, figure="occupancy")
    assert found["by_subject"] == [] and value(found, "occupancy")[0] == 0.5


def test_the_page_is_told_what_there_is_to_choose(figures: Figures) -> None:
    page = figures.visitor("wuhu").page("/province/explore")
    assert "芜湖" in page and "合肥" not in page.split('id="explore-config"')[1].split("</script>")[0]
    assert "connection_rate" in page and "pension-benefit" in page
    assert figures.visitor("wuhu").get("/province/explore?centres=340100").status_code == 403


def test_today_is_read_from_its_hours_in_every_part(figures: Figures) -> None:
    figures.fact("2026-11-20 09:00", received=12, answered=6)
    figures.staff.write("DELETE FROM fact WHERE grain <> 'hour' AND at >= '2026-11-19 16:00Z'")
    visitor = figures.visitor()
    found = figures.ask(visitor, period="last_7_days")
    assert value(found, "received")[0] == 12 and found["trend"][-1]["value"] == 0.5
    assert found["trend"][-1]["is_unfinished"] and found["heat"][4][9]["denominator"] == 12
    assert found["by_subject"][0]["sample"] == 12 and found["sources"] == ["own"]
    rows = visitor.get("/province/export.csv?period=today").get_data(as_text=True).splitlines()
    assert len(rows) == 2 and rows[1].startswith("2026-11-20,340100")

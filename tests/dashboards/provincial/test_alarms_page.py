"""Who sees which alarms, who may clear them, and what the page is told."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.provincial.alarms.page import (
    CHOOSE_A_REASON,
    CLEARED_ALREADY,
    NO_SUCH_ALARM,
    NOT_YOURS,
    NOTHING_TO_CLEAR,
    SAY_WHY,
    TOO_LONG,
)
from dashboards.provincial.alarms.rules import Found
from integrations.services import Services
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import HEFEI01, ConsoleApp
from tests.dashboards.provincial.alarm_app import (
    HEFEI,
    SID,
    WUHU,
    build_alarm_app,
    clear,
    data,
    end_all,
    look,
    lost,
    overdue,
    prove,
)

CITY, PROVINCE = "hefei", "xinxi"
CONNECTOR = Found("connector", None, "省养老", "urgent", "省养老连不上", {"centres": [HEFEI, WUHU]})
BEHIND = Found("figures_behind", None, "", "urgent", "统计数字停在3分前")


@pytest.fixture
def app(services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch) -> ConsoleApp:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    return build_alarm_app(services, keeper)


def rules(rows: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(row["rule"], row["centre"]) for row in rows}


def test_a_city_sees_its_own_and_what_of_the_province_is_about_it(app: ConsoleApp) -> None:
    look(app, overdue(HEFEI), overdue(WUHU), CONNECTOR, BEHIND, lost(WUHU, SID))
    city, province = data(app.at(CITY)), data(app.at(PROVINCE))
    assert rules(city["open"]) == {("overdue", HEFEI), ("connector", None)} and city["to_clear"] == []
    [connector] = [row for row in city["open"] if row["rule"] == "connector"]
    # Of the other centres that it is about nothing is said.
    assert connector["about_zh"] == ["合肥"] and connector["centre_name"] == "全省"
    assert len(province["open"]) == 4 and rules(province["to_clear"]) == {("carrier", WUHU)}
    assert rules(data(app.at(PROVINCE), WUHU)["open"]) == {("overdue", WUHU), ("connector", None)}


def test_nobody_asks_about_a_centre_that_is_not_theirs(app: ConsoleApp) -> None:
    data(app.at(CITY), WUHU, 403)
    data(app.at(PROVINCE), "999999", 404)
    data(app.at(HEFEI01), status=403)
    assert app.at(HEFEI01).get("/province/alarms").status_code == 403
    assert app.visitor().get("/province/alarms").status_code == 302
    assert app.visitor().get("/province/api/alarms").status_code == 401


def test_the_page_has_the_reader_s_centres_and_the_limits(app: ConsoleApp) -> None:
    page = app.at(PROVINCE).page("/province/alarms")
    assert "全部 17 个中心" in page and "超过多少算太多：20%" in page
    assert "全部" not in app.at(CITY).page("/province/alarms").split('id="loading"')[0].split("floor-head")[1]


def test_a_lost_call_is_named_and_one_that_we_have_leads_to_its_page(app: ConsoleApp) -> None:
    look(
        app,
        lost(HEFEI, SID),
        Found("ledger", HEFEI, "x", "urgent", "对不上", lost(HEFEI, SID, what="one_sided").detail, True),
    )
    calls = {row["rule"]: row["calls"] for row in data(app.at(CITY))["to_clear"]}
    assert [(one["call"], one["path"]) for one in calls["carrier"]] == [(SID, None)]
    assert [one["path"] for one in calls["ledger"]] == [f"/province/calls/{SID}"]
    assert "运营商接到了" in calls["carrier"][0]["words"]


def test_an_alarm_leads_to_where_something_can_be_done(app: ConsoleApp) -> None:
    look(app, overdue(HEFEI))
    assert data(app.at(CITY))["open"][0]["there"] == {"name": "督办", "path": "/cases/board"}
    # That page is not for administrators.
    assert data(app.at("guanli"))["open"][0]["there"] is None


def test_clearing_needs_a_reason_and_is_written_down(app: ConsoleApp) -> None:
    look(app, lost(HEFEI, SID))
    end_all(app)
    city = app.at(CITY)
    [row] = data(city)["to_clear"]
    assert row["may_clear"] and row["ended_at"] is not None
    for body, sentence in (
        ({}, CHOOSE_A_REASON),
        ({"reason": "because"}, CHOOSE_A_REASON),
        ({"reason": "other", "words": "  "}, SAY_WHY),
        ({"reason": "test", "words": "长" * 201}, TOO_LONG),
    ):
        assert clear(city, row["id"], 422, **body)["error"] == sentence
    assert clear(city, row["id"], reason="test", words=" 培训时\n打的 ")["ok"]
    found = data(city)
    [past] = found["history"]
    assert found["to_clear"] == [] and past["cleared_reason"] == "是测试电话：培训时 打的"
    assert past["cleared_by"] and past["cleared_by"] != CITY and not past["may_clear"]
    assert app.audit("alarm_cleared") == [(CITY, HEFEI, f"alarm {row['id']}: carrier")]
    assert clear(city, row["id"], 409, reason="test")["error"] == CLEARED_ALREADY


def test_only_what_is_one_s_own_is_cleared(app: ConsoleApp) -> None:
    about_hefei = Found("ledger", None, "x", "urgent", "对不上", {"centres": [HEFEI], "calls": []}, must_clear=True)
    look(app, lost(WUHU, SID), about_hefei, overdue(HEFEI))
    city, province = app.at(CITY), app.at(PROVINCE)
    ids = {row["rule"]: row["id"] for row in [*data(province)["to_clear"], *data(province)["open"]]}
    assert [row["may_clear"] for row in data(city)["to_clear"]] == [False]
    assert clear(city, ids["carrier"], 404, reason="test")["error"] == NO_SUCH_ALARM
    assert clear(city, ids["ledger"], 403, reason="test")["error"] == NOT_YOURS
    assert clear(city, 99, 404, reason="test")["error"] == NO_SUCH_ALARM
    assert clear(city, ids["overdue"], 409, reason="test")["error"] == NOTHING_TO_CLEAR
    clear(city, ids["ledger"], 400, token="forged", reason="test")
    assert app.audit("alarm_cleared") == []
    clear(province, ids["carrier"], reason="carrier")
    clear(province, ids["ledger"], reason="corrected")
    assert data(province)["to_clear"] == []


def test_the_hours_that_were_proven_are_shown_without_anybody_s_counts(app: ConsoleApp) -> None:
    prove(app, 3)
    prove(app, 2, "carrier", None)
    found = data(app.at(CITY))["proofs"]
    states = {kind: [one["state"] for one in found if one["kind"] == kind] for kind in ("outcomes", "carrier")}
    assert states["outcomes"] == ["missing"] * 23 + ["holds"] * 3
    assert states["carrier"] == ["missing"] * 24 + ["unknown"] * 2
    assert all(one.keys() == {"hour", "kind", "state"} for one in found)

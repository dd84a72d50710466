"""The list of callbacks: whose is when, what was tried, and what may be done by whom."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from dashboards.console.callback_words import CANCEL_REASONS, CLEAR_REASONS
from queueing.callback_rows import note_breaches
from tests.dashboards.callback_app import (
    AT_THREE,
    HALF_PAST,
    LI_QIANG,
    asks,
    comes_due,
    dials,
    hears,
    picks_up,
    rung_in_vain,
    unreached,
)
from tests.dashboards.console_app import CALLER, HEFEI01, HEFEI02, WUHU01, Console, ConsoleApp

THIRD = "+8613755100001"
DEEDS: dict[str, dict[str, Any]] = {
    "call-now": {},
    "postpone": {"slot": AT_THREE.isoformat()},
    "cancel": {"reason": "not_needed"},
    "clear": {"reason": "reached"},
}


def look(at: Console, tab: str = "centre", **more: Any) -> dict[str, Any]:
    response = at.client.get("/console/callbacks/data", query_string={"tab": tab, **more})
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


def rows(at: Console, tab: str = "centre", **more: Any) -> list[dict[str, Any]]:
    return list(look(at, tab, **more)["rows"])


def do(at: Console, callback: int, deed: str, body: dict[str, Any] | None = None) -> TestResponse:
    return at.act(f"callbacks/{callback}/{deed}", DEEDS[deed] if body is None else body)


def sentence(response: TestResponse) -> str:
    return str(response.get_json()["error"])


def breaches(console: ConsoleApp) -> None:
    with console.services.database.pool.connection() as connection:
        note_breaches(connection, console.clock())


def test_a_row_says_who_when_why_and_what_was_tried(console: ConsoleApp) -> None:
    callback = rung_in_vain(console, HEFEI01, skill="pension", language="hefei", is_slow=True)
    (row,) = rows(console.at(HEFEI02))
    assert (row["id"], row["caller"], row["skill_zh"], row["language_zh"], row["is_slow"]) == (
        callback, {"masked": "138****2345", "region": "安徽合肥"}, "养老", "合肥话", True,
    )  # fmt: skip
    assert (row["status"], row["status_zh"], row["source_zh"]) == ("scheduled", "等着再打", "按7约的")
    assert row["not_before"] == (console.clock() + timedelta(minutes=30)).isoformat()
    (attempt,) = row["attempts"]
    assert (attempt["result_zh"], attempt["is_counted"], attempt["agent"]) == (
        "没人接", True, {"number": "1001", "name": "赵磊"},
    )  # fmt: skip
    assert row["last_agent"] == {"number": "1001", "name": "赵磊"}
    assert row["may"] == {"call_now": True, "postpone": True, "cancel": True, "clear": False}


def test_no_number_is_shown_whole(console: ConsoleApp) -> None:
    asks(console)
    response = console.at("hefei").client.get("/console/callbacks/data?tab=centre")
    assert CALLER.removeprefix("+86") not in response.get_data(as_text=True)


def test_what_happens_now_comes_first_then_the_line_then_the_promised_times(console: ConsoleApp) -> None:
    later = asks(console, "+8613955100009", slot=HALF_PAST)
    sooner = asks(console, "+8613955100008", slot=AT_THREE)
    first = asks(console)
    console.clock.forward(seconds=1)
    second, dialled = asks(console, LI_QIANG), asks(console, THIRD)
    for callback in (second, first, dialled):
        comes_due(console, callback, 21 if callback == second else 0.1)
    attempt = dials(console, HEFEI01, dialled)
    at = console.at(HEFEI02)
    assert [row["id"] for row in rows(at)] == [dialled, first, second, sooner, later]
    # Whoever is being rung has a place in the line, too.
    assert [row["position"] for row in rows(at)] == [None, 1, 2, None, None]
    states = [row["status_zh"] for row in rows(at)]
    assert states == ["正在拨打", "排队等回电", "排队等回电", "约好时间", "约好时间"]
    assert rows(at)[0]["attempts"][0]["result_zh"] == "正在打" and not any(rows(at)[0]["may"].values())
    picks_up(console, attempt)
    assert rows(at)[0]["status_zh"] == "已接通来电人"


def test_the_own_tab_has_what_the_seat_booked_or_rang(console: ConsoleApp) -> None:
    booked = asks(console, source="desk", slot=AT_THREE, owner_id=console.seat(HEFEI01))
    rung = rung_in_vain(console, HEFEI02, LI_QIANG)
    comes_due(console, rung, 1801)
    hears(console, dials(console, HEFEI01, rung), "busy")
    asks(console, THIRD)
    assert {row["id"] for row in rows(console.at(HEFEI01), "mine")} == {booked, rung}
    assert [row["id"] for row in rows(console.at(HEFEI02), "mine")] == [rung]
    counts = look(console.at(HEFEI01))["counts"]
    assert (counts["mine"], counts["centre"], counts["todo"]) == (2, 3, 0)
    # Without a seat there is nothing of one's own.
    assert rows(console.at("hefei"), "mine") == [] and look(console.at("hefei"))["counts"]["mine"] == 0


def test_an_ended_one_is_found_under_today_with_its_reason(console: ConsoleApp) -> None:
    callback = asks(console)
    at = console.at(HEFEI01)
    assert do(at, callback, "cancel", {"reason": "other", "words": "家里人来过了"}).status_code == 200
    assert rows(at) == []
    (row,) = rows(at, ended="1")
    assert (row["status_zh"], row["end_note"], row["ended_by"]) == ("咨询员取消", "家里人来过了", "hefei01")
    assert not any(row["may"].values()) and look(at)["counts"]["ended"] == 1
    console.clock.forward(days=1)
    assert rows(console.at(HEFEI01), ended="1") == []


def test_an_open_one_is_there_however_old_it_is(console: ConsoleApp) -> None:
    callback = asks(console)
    console.clock.forward(days=3)
    assert [row["id"] for row in rows(console.at(HEFEI01))] == [callback]


def test_a_broken_promise_is_said_with_its_time(console: ConsoleApp) -> None:
    callback = asks(console, slot=AT_THREE)
    comes_due(console, callback, (AT_THREE - console.clock()).total_seconds() + 1)
    at = console.at(HEFEI01)
    assert rows(at)[0]["is_overdue"] is False
    console.clock.at = HALF_PAST + timedelta(minutes=25)
    breaches(console)
    (row,) = rows(at)
    assert (row["is_overdue"], row["promised_until"]) == (True, HALF_PAST.isoformat())
    assert look(at)["counts"]["overdue"] == 1 and look(at)["badge"]["overdue"] == 1


def test_a_promise_in_which_the_caller_was_rung_was_kept(console: ConsoleApp) -> None:
    callback = asks(console, slot=AT_THREE)
    comes_due(console, callback, (AT_THREE - console.clock()).total_seconds() + 1)
    hears(console, dials(console, HEFEI01, callback), "initiated", "no-answer")
    console.clock.at = HALF_PAST + timedelta(minutes=25)
    assert rows(console.at(HEFEI01))[0]["is_overdue"] is False


def test_the_last_four_digits_find_a_callback(console: ConsoleApp) -> None:
    callback = asks(console)
    asks(console, LI_QIANG)
    at = console.at(HEFEI01)
    assert [row["id"] for row in rows(at, tail="2345")] == [callback]
    assert rows(at, tail="9999") == []
    for tail in ("23", "234x", "%27--"):
        assert at.client.get(f"/console/callbacks/data?tab=centre&tail={tail}").status_code == 404


def test_a_long_list_says_how_many_there_are(console: ConsoleApp) -> None:
    asks(console)
    console.write(
        "INSERT INTO callback (centre, number_sealed, number_hash, number_tail, source, call_sid, arrived_at, rank_at, "
        "asked_at, status, not_before) SELECT centre, number_sealed, int4send(n), '1111', source, call_sid, "
        "arrived_at, rank_at, asked_at, status, not_before FROM callback, generate_series(1, 250) n"
    )
    at = console.at(HEFEI01)
    assert (len(look(at)["rows"]), look(at)["total"]) == (200, 251)
    assert len(rows(at, most=400)) == 251


# Who sees what


def test_a_consultant_sees_the_own_centre_only(console: ConsoleApp) -> None:
    hefei, wuhu = asks(console), asks(console, LI_QIANG, centre="340200")
    assert [row["id"] for row in rows(console.at(HEFEI01))] == [hefei]
    assert [row["id"] for row in rows(console.at(WUHU01))] == [wuhu]
    assert console.at(HEFEI01).client.get("/console/callbacks/data?tab=centre&centre=340200").status_code == 403


def test_who_helped_another_centre_still_sees_whom_they_rang(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    dials(console, WUHU01, callback)
    at = console.at(WUHU01)
    (row,) = rows(at, "mine")
    assert row["centre_name"] == "合肥" and rows(at) == []
    console.line.callbacks.end(console.rows("SELECT id FROM callback_attempt")[0][0], "no_answer")
    (row,) = rows(at, "mine")
    assert not any(row["may"].values())
    refused = do(at, callback, "cancel")
    assert refused.status_code == 403 and "合肥" in sentence(refused)


@pytest.mark.parametrize("username", ["xinxi", "guanli"])
def test_the_province_sees_all_centres_and_changes_nothing(console: ConsoleApp, username: str) -> None:
    hefei, wuhu = asks(console), asks(console, LI_QIANG, centre="340200")
    at = console.at(username)
    assert [row["id"] for row in rows(at)] == [hefei, wuhu]
    assert [row["id"] for row in rows(at, centre="340200")] == [wuhu]
    assert at.client.get("/console/callbacks/data?tab=centre&centre=999999").status_code == 404
    assert not any(value for row in rows(at) for value in row["may"].values())
    for deed in DEEDS:
        assert do(at, hefei, deed).status_code == 403
    assert at.client.get(f"/console/callbacks/{hefei}/slots").status_code == 403


@pytest.mark.parametrize("deed", DEEDS)
def test_another_centres_callback_is_left_alone(console: ConsoleApp, deed: str) -> None:
    callback = asks(console)
    before = console.rows("SELECT * FROM callback")
    response = do(console.at("wuhu"), callback, deed)
    assert response.status_code == 403 and "合肥" in sentence(response)
    assert console.rows("SELECT * FROM callback") == before
    assert do(console.at("wuhu"), 10**9, deed).status_code == 404
    assert do(console.at("wuhu"), 10**30, deed).status_code == 404


@pytest.mark.parametrize("deed", DEEDS)
def test_without_session_or_token_nothing_is_done(console: ConsoleApp, deed: str) -> None:
    callback = asks(console)
    before = console.rows("SELECT * FROM callback")
    stranger = console.app.test_client().post(f"/console/callbacks/{callback}/{deed}", json=DEEDS[deed])
    assert stranger.status_code == 401
    response = console.at("hefei").act(f"callbacks/{callback}/{deed}", DEEDS[deed], token="wrong")
    assert response.status_code == 400
    assert console.rows("SELECT * FROM callback") == before


def test_the_looks_are_for_staff(console: ConsoleApp) -> None:
    client = console.app.test_client()
    for path in ("callbacks/data?tab=centre", "callbacks/badge", "callbacks/1/slots", "booking?offer=x"):
        assert client.get(f"/console/{path}").status_code == 401
    assert client.get("/callbacks").location == "/login?next=/callbacks"


# What is done about one


def test_a_callback_is_rung_now(console: ConsoleApp) -> None:
    callback = asks(console, slot=AT_THREE)
    at = console.at(HEFEI01)
    assert "有人空闲就打" in do(at, callback, "call-now").get_json()["said"]
    assert rows(at)[0]["status"] == "waiting"
    again = do(at, callback, "call-now")
    assert again.status_code == 409 and "队伍里" in sentence(again)
    assert console.audit("callback_called") == [("hefei01", "340100", f"callback {callback}")]


def test_nobody_is_rung_at_night_and_it_is_said_when(console: ConsoleApp) -> None:
    callback = asks(console)
    # 22:20 in Hefei, before a weekend.
    console.clock.forward(hours=12)
    response = do(console.at(HEFEI01), callback, "call-now")
    assert response.status_code == 409
    assert re.search(r"最早11月2\d日 \d\d:\d\d可以打", sentence(response))
    assert console.rows("SELECT status FROM callback") == [("scheduled",)] and console.audit("callback_called") == []


def test_a_callback_is_put_off_to_a_free_half_hour(console: ConsoleApp) -> None:
    callback = asks(console)
    at = console.at(HEFEI01)
    slots = at.client.get(f"/console/callbacks/{callback}/slots").get_json()["slots"]
    assert len(slots) == 3
    more = at.client.get(f"/console/callbacks/{callback}/slots?more=1").get_json()["slots"]
    assert len(more) > 3 and more[:3] == slots
    assert do(at, callback, "postpone", {"slot": slots[1]["from"]}).status_code == 200
    (row,) = rows(at)
    assert (row["slot_from"], row["not_before"]) == (row["not_before"], row["slot_from"])
    assert row["promised_until"] and row["status_zh"] == "约好时间"
    assert console.audit("callback_postponed") == [("hefei01", "340100", f"callback {callback}")]


def test_a_full_half_hour_is_refused(console: ConsoleApp) -> None:
    callback = asks(console)
    capacity = console.line.waiting.callback_rules("340100").slot_capacity
    for n in range(capacity):
        asks(console, f"+861385510000{n}", slot=AT_THREE)
    response = do(console.at(HEFEI01), callback, "postpone")
    assert response.status_code == 409 and "约满" in sentence(response)
    assert console.audit("callback_postponed") == []


@pytest.mark.parametrize("slot", ["", "soon", "2026-11-20T15:00:00", 7, None])
def test_a_time_that_is_none_is_refused(console: ConsoleApp, slot: Any) -> None:
    callback = asks(console)
    response = do(console.at(HEFEI01), callback, "postpone", {"slot": slot})
    assert response.status_code == 422 and sentence(response)


def test_cancelling_needs_a_reason(console: ConsoleApp) -> None:
    callback = asks(console)
    at = console.at(HEFEI01)
    for body in ({}, {"reason": "x"}, {"reason": "other"}, {"reason": "other", "words": "  "}, {"words": "因为"}):
        response = do(at, callback, "cancel", body)
        assert response.status_code == 422 and sentence(response)
    assert do(at, callback, "cancel", {"reason": "not_needed", "words": "长" * 201}).status_code == 422
    assert console.rows("SELECT status FROM callback") == [("scheduled",)]
    body = {"reason": "done", "words": "身份证340102195801011234的事办好了"}
    assert do(at, callback, "cancel", body).status_code == 200
    (note,) = console.rows("SELECT end_note FROM callback")[0]
    assert note.startswith(f"{CANCEL_REASONS['done']}：身份证[") and "3401021958" not in note
    gone = do(at, callback, "cancel")
    assert gone.status_code == 409 and "已经结束" in sentence(gone)
    assert console.audit("callback_cancelled") == [("hefei01", "340100", f"callback {callback}")]


def test_whom_one_talks_to_is_left_alone(console: ConsoleApp) -> None:
    callback = asks(console)
    comes_due(console, callback)
    picks_up(console, dials(console, HEFEI01, callback))
    at = console.at(HEFEI02)
    for deed in ("call-now", "postpone", "cancel"):
        response = do(at, callback, deed)
        assert response.status_code == 409 and sentence(response)
    assert console.rows("SELECT status FROM callback") == [("live",)]


# What a supervisor sees to


def test_what_was_not_reached_stays_until_a_supervisor_clears_it(console: ConsoleApp) -> None:
    callback = unreached(console, HEFEI01)
    at, consultant = console.at("hefei"), console.at(HEFEI01)
    (row,) = rows(at, "todo")
    assert (row["id"], row["to_clear_zh"], row["may"]["clear"]) == (callback, ["打满次数没接通"], True)
    assert [attempt["result_zh"] for attempt in row["attempts"]] == ["没人接"] * 3
    assert look(at)["badge"] == {"open": 0, "overdue": 0, "todo": 1}
    console.clock.forward(days=9)
    at, consultant = console.at("hefei"), console.at(HEFEI01)
    assert len(rows(at, "todo")) == 1
    assert do(consultant, callback, "clear").status_code == 403
    assert do(at, callback, "clear", {"reason": "other"}).status_code == 422
    assert do(at, callback, "clear", {"reason": "reached", "words": "打到家里座机了"}).status_code == 200
    assert rows(at, "todo") == []
    assert console.rows("SELECT cleared_by, cleared_reason FROM callback") == [
        ("hefei", f"{CLEAR_REASONS['reached']}：打到家里座机了")
    ]
    again = do(at, callback, "clear")
    assert again.status_code == 409 and "已经有人" in sentence(again)
    assert console.audit("callback_cleared") == [("hefei", "340100", f"callback {callback}")]


def test_a_broken_promise_is_to_be_cleared_while_it_is_still_open(console: ConsoleApp) -> None:
    callback = asks(console, slot=AT_THREE)
    console.clock.at = HALF_PAST + timedelta(minutes=5)
    breaches(console)
    at = console.at("hefei")
    (row,) = rows(at, "todo")
    assert row["to_clear_zh"] == ["没按约好的时间打"] and row["may"]["clear"] and row["may"]["postpone"]
    assert do(at, callback, "clear").status_code == 200
    assert rows(at, "todo") == [] and [row["id"] for row in rows(at)] == [callback]


def test_the_list_of_what_is_to_be_seen_to_is_no_consultants(console: ConsoleApp) -> None:
    unreached(console, HEFEI01)
    at = console.at(HEFEI01)
    assert at.client.get("/console/callbacks/data?tab=todo").status_code == 403
    assert look(at)["badge"]["todo"] == 0
    assert rows(console.at("xinxi"), "todo")[0]["may"]["clear"] is False
    assert rows(console.at("wuhu"), "todo") == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("no_channel", "短信没有通道，没有发"),
        ("sent", "已发短信"),
        ("failed", "短信没有发出去"),
        ("waiting", "短信还没有发"),
    ],
)
def test_what_became_of_the_text_is_said_as_it_is(console: ConsoleApp, status: str, words: str) -> None:
    callback = unreached(console, HEFEI01)
    console.write("UPDATE text_message SET status = %s WHERE callback_id = %s", status, callback)
    assert rows(console.at("hefei"), "todo")[0]["text_zh"] == words


def test_nothing_is_said_of_a_text_that_is_not_due(console: ConsoleApp) -> None:
    asks(console)
    assert rows(console.at(HEFEI01))[0]["text_zh"] is None


# The page


def config(at: Console) -> dict[str, Any]:
    page = at.page("/callbacks")
    found = re.search(r'id="callbacks-config">(.+?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_each_role_has_its_tabs_and_centres(console: ConsoleApp) -> None:
    assert config(console.at(HEFEI01))["tabs"] == ["mine", "centre"]
    assert config(console.at("hefei"))["tabs"] == ["centre", "todo"]
    province = config(console.at("xinxi"))
    assert province["tabs"] == ["centre", "todo"] and len(province["centres"]) == 17
    assert [row["key"] for row in config(console.at(WUHU01))["centres"]] == ["340200"]


@pytest.mark.parametrize("username", [HEFEI01, "hefei", "xinxi", "guanli"])
def test_everybody_finds_the_page(console: ConsoleApp, username: str) -> None:
    assert 'href="/callbacks"' in console.at(username).page("/status")


def test_the_list_of_an_unknown_tab_is_none(console: ConsoleApp) -> None:
    assert console.at(HEFEI01).client.get("/console/callbacks/data?tab=x").status_code == 404

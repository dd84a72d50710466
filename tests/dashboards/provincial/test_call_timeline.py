"""Single calls: the list behind a figure, page by page, and everything that happened in one; seen by few, and noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.dashboards.provincial.figures_app import HEFEI, WUHU, Figures, shanghai
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

OCTOBER = {"since": "2026-10-01", "until": "2026-10-31"}


@pytest.fixture
def figures(staff: StaffApp) -> Iterator[Figures]:
    yield Figures(staff)


def talked(figures: Figures, sid: str, at: str, subject: str = "card-loss", centre: str = HEFEI) -> None:
    """A call with a talk, held once, judged and written up."""
    figures.own_call(sid, at, centre)
    began = shanghai(at)
    after = {seconds: began + timedelta(seconds=seconds) for seconds in (5, 20, 24, 30, 150, 160)}
    agent = figures.staff.rows("SELECT id FROM agent WHERE number = '1001'")[0][0]
    entry = figures.enter(
        "queue_entry",
        {"call_sid": sid, "centre": centre, "skill": "card", "arrived_at": after[5], "joined_at": after[5],
         "rank_at": after[5], "answered_at": after[30], "status": "ended", "ended_at": after[150],
         "end_reason": "served"},
        "id",
    )  # fmt: skip
    figures.enter(
        "offer",
        {"id": f"of{sid}", "entry_id": entry, "agent_id": agent, "call_sid": sid, "centre": centre,
         "status": "finished", "made_at": after[20], "ring_until": after[30], "accepted_at": after[24],
         "connected_at": after[30], "ended_at": after[150], "end_reason": "caller",
         "held_seconds": 15, "wait_seconds": 25},
    )  # fmt: skip
    figures.enter(
        "wrap_up",
        {"offer_id": f"of{sid}", "agent_id": agent, "subject": subject, "disposition": "answered",
         "note": "家里的事，电话13855115678", "saved_at": after[160], "done_at": after[160]},
    )  # fmt: skip
    figures.enter(
        "rating",
        {"offer_id": f"of{sid}", "call_sid": sid, "agent_id": agent, "centre": centre, "score": 1, "at": after[150]},
    )
    for turn, (kind, node, keys) in enumerate((("call_started", "main", None), ("keys", "no-such-node", "0")), start=1):
        figures.enter(
            "call_step",
            {"call_sid": sid, "turn": turn, "kind": kind, "at": began, "centre": centre, "node": node, "keys": keys,
             "reply": b'["sealed words 13855115678"]'},
        )  # fmt: skip
    for status in ("ringing", "completed", "ringing"):
        is_first = not figures.staff.rows("SELECT 1 FROM call_status_event WHERE call_sid = %s", sid)
        applied = status != "ringing" or is_first
        figures.enter(
            "call_status_event", {"call_sid": sid, "status": status, "received_at": began, "applied": applied}
        )


def plain(page: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", page.split("<main")[1]))


def ids(figures: Figures, visitor: Visitor, **args: str) -> list[str]:
    return [row["id"] for row in figures.ask(visitor, "calls", **OCTOBER, **args)["rows"]]


def test_the_calls_of_a_slice_are_listed_from_both_ledgers(figures: Figures) -> None:
    talked(figures, "CA1", "2026-10-05 09:10")
    figures.own_call("CA2", "2026-10-06 10:00", outcome="abandoned_in_menu")
    figures.own_call("CA3", "2026-10-31 23:59", WUHU, outcome=None)
    figures.own_call("CA4", "2026-11-01 00:00")
    figures.own_call("CA5", "2026-10-07 10:00", direction="outbound-api")
    figures.city_call("w/1", "2026-10-06 10:00", subject="pension-benefit")
    figures.city_call("w2", "2026-10-08 10:00", is_withdrawn=True)
    visitor = figures.visitor()
    assert ids(figures, visitor) == ["CA3", "CA2", "w/1", "CA1"]
    assert ids(figures, visitor, channels="web") == ["w/1"]
    assert ids(figures, visitor, outcome="in_progress,abandoned_in_menu") == ["CA3", "CA2"]
    assert ids(figures, visitor, subjects="card") == ["CA1"]
    assert ids(figures, visitor, subjects="none") == ["CA3", "CA2"]
    assert ids(figures, visitor, centres=WUHU) == ["CA3", "w/1"]
    # 5 October 2026 is a Monday.
    assert ids(figures, visitor, weekday="0", hour="9") == ["CA1"]
    row = figures.ask(visitor, "calls", **OCTOBER)["rows"][3]
    assert (row["caller"], row["outcome_zh"], row["seconds"]) == ("尾号5678", "人工接通", 180)
    assert row["centre_name"] == "合肥"
    assert row["href"] == "/province/calls/CA1" and "卡" in row["subject_zh"]


def test_pages_follow_one_another_without_a_gap_or_a_repetition(figures: Figures) -> None:
    for n in range(5):
        figures.own_call(f"CA{n}", "2026-10-05 09:10")
        figures.city_call(f"c{n}", "2026-10-05 09:10")
    for n in range(4):
        talked(figures, f"CB{n}", f"2026-10-0{n + 1} 08:00")
    visitor, found, after = figures.visitor(), [], ""
    for _ in range(20):
        page = figures.ask(visitor, "calls", **OCTOBER, limit="3", **({"after": after} if after else {}))
        found += [row["id"] for row in page["rows"]]
        after = page["next"] or ""
        if not after:
            break
    assert len(found) == 14 and len(set(found)) == 14 and found == ids(figures, visitor)


def test_a_rare_subject_is_looked_for_a_stretch_at_a_time(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.provincial.explore.call_rows.LOOKED_THROUGH_BY_SUBJECT", 4)
    talked(figures, "CA0", "2026-10-01 08:00")
    for n in range(1, 6):
        figures.own_call(f"CA{n}", f"2026-10-0{n + 1} 09:10")
    monkeypatch.setattr("dashboards.provincial.explore.call_rows.LOOKED_THROUGH", 3)
    visitor = figures.visitor()
    first = figures.ask(visitor, "calls", **OCTOBER, subjects="card-loss", limit="1")
    assert [row["id"] for row in first["rows"]] == ["CA0"] and first["next"] is None
    assert ids(figures, visitor, weekday="3", hour="8", limit="1") == ["CA0"]
    nothing = figures.ask(visitor, "calls", **OCTOBER, outcome="failed", limit="1")
    assert nothing["rows"] == [] and nothing["next"] is None


def test_what_is_wrong_with_the_list_is_told(figures: Figures) -> None:
    visitor = figures.visitor()
    response = visitor.get("/province/api/calls?outcome=luck&hour=24&after=x&limit=0")
    assert response.status_code == 400 and len(response.get_json()["problems"]) == 4


def test_demo_history_has_no_single_calls_and_says_so(figures: Figures) -> None:
    figures.fact("2026-10-06 09:00", source="demo", received=500)
    found = figures.ask(figures.visitor(), "calls", **OCTOBER)
    assert found["rows"] == [] and found["note"].startswith("演示历史只有")


def test_one_call_from_the_first_ring_to_the_judgement(figures: Figures) -> None:
    talked(figures, "CA1", "2026-10-05 09:10")
    words = plain(figures.visitor().page("/province/calls/CA1"))
    told = [
        "来电，合肥接到", "电话打进来", "运营商：振铃", "09:10:05", "进入排队", "分给1001号，开始振铃", "1001号应答",
        "振铃4秒", "和1001号通话", "到这时等了25秒", "通话结束，来电人挂断", "通话2分00秒，其中保持15秒",
        "来电人评价1001号：非常满意", "1001号写完话后整理", "当场答复", "来电结束：人工接通", "共3分00秒",
    ]  # fmt: skip
    places = [words.find(part) for part in told]
    assert -1 not in places, told[places.index(-1)]
    assert "按键0，到“no-such-node”" in words and "来晚了或重复" in words and words.count("运营商：") == 2
    assert "13855115678" not in words and "家里的事" not in words


def test_a_callback_and_a_case_belong_to_the_call(figures: Figures) -> None:
    figures.own_call("CA1", "2026-10-05 09:10", outcome="callback_requested")
    figures.own_call("CA2", "2026-10-05 11:00", direction="outbound-api")
    asked = shanghai("2026-10-05 09:12")
    figures.enter(
        "callback",
        {"centre": HEFEI, "number_sealed": b"x", "number_hash": b"x", "number_tail": "5678", "source": "line",
         "call_sid": "CA1", "arrived_at": asked, "rank_at": asked, "asked_at": asked, "status": "waiting",
         "promised_until": shanghai("2026-10-05 12:00")},
    )  # fmt: skip
    for kind, number in (("message", 1001), ("report", 1002)):
        figures.enter(
            "work_order",
            {"id": number, "kind": kind, "origin": f"test:{number}", "centre": HEFEI, "first_centre": HEFEI,
             "source": "key", "call_sid": "CA1", "opened_at": asked, "due_at": shanghai("2026-10-08 17:30")},
        )  # fmt: skip
    page = plain(figures.visitor("hefei").page("/province/calls/CA1"))
    assert "记下要回电" in page and "答应10月5日12:00以前" in page and "立了办件1001" in page and "办件1002" in page
    # Reports are no administrator's to see.
    assert "办件1001" in plain(figures.visitor("guanli").page("/province/calls/CA1"))
    assert "办件1002" not in plain(figures.visitor("guanli").page("/province/calls/CA1"))


def left_a_report(figures: Figures, sid: str, turn: int, case: int, is_anonymous: bool) -> None:
    """A message of this call that is a report, with its case, at HEFEI; the way to it stands in the steps."""
    at = shanghai("2026-10-05 09:12")
    figures.enter(
        "work_order",
        {"id": case, "kind": "report", "origin": f"test:{case}", "centre": HEFEI, "first_centre": HEFEI,
         "source": "key", "call_sid": sid, "opened_at": at, "is_anonymous": is_anonymous},
    )  # fmt: skip
    figures.enter(
        "message",
        {"call_sid": sid, "turn": turn, "kind": "report", "centre": HEFEI, "source": "key",
         "status": "kept", "begun_at": at, "ended_at": at, "case_id": case, "is_anonymous": is_anonymous},
    )  # fmt: skip
    for number, node in ((turn - 1, "complaint_which"), (turn, "report"), (turn + 1, "speak_report")):
        figures.enter(
            "call_step",
            {"call_sid": sid, "turn": number, "kind": "keys", "at": at, "centre": HEFEI, "node": node, "keys": "2",
             "reply": b"[]"},
        )  # fmt: skip


def test_a_report_is_seen_by_who_may_see_reports_and_without_a_name_by_nobody(figures: Figures) -> None:
    for sid, case, is_anonymous in (("CA1", 1002, False), ("CA2", 1003, True)):
        figures.own_call(sid, "2026-10-05 09:10", outcome="voicemail")
        left_a_report(figures, sid, 4, case, is_anonymous)
    for username, path, sees in (("hefei", "CA1", True), ("guanli", "CA1", False), ("hefei", "CA2", False)):
        page = plain(figures.visitor(username).page(f"/province/calls/{path}"))
        assert "到“投诉举报”" in page, (username, path)
        for words in ("到“举报”", "到“录举报”", "开始录举报", "立了办件"):
            assert (words in page) is sees, (username, path, words)


def test_a_callback_that_answers_a_report_is_seen_with_it(figures: Figures) -> None:
    figures.own_call("CA1", "2026-10-05 09:10", outcome="voicemail")
    left_a_report(figures, "CA1", 4, 1002, is_anonymous=False)
    asked = shanghai("2026-10-06 09:12")
    callback = figures.enter(
        "callback",
        {"centre": HEFEI, "number_sealed": b"x", "number_hash": b"x", "number_tail": "5678", "source": "case",
         "call_sid": "CA1", "arrived_at": asked, "rank_at": asked, "asked_at": asked, "status": "waiting"},
        "id",
    )  # fmt: skip
    figures.enter(
        "case_reply", {"case_id": 1002, "kind": "call", "by": "hefei", "made_at": asked, "callback_id": callback}
    )
    assert "记下要回电" in plain(figures.visitor("hefei").page("/province/calls/CA1"))
    assert "记下要回电" not in plain(figures.visitor("guanli").page("/province/calls/CA1"))


def test_how_another_centres_consultant_was_judged_is_not_told(figures: Figures) -> None:
    talked(figures, "CA1", "2026-10-05 09:10")
    figures.staff.write("UPDATE call SET centre = %s WHERE call_sid = 'CA1'", WUHU)
    assert "来电人评价" not in plain(figures.visitor("wuhu").page("/province/calls/CA1"))
    assert "来电人评价" in plain(figures.visitor("hefei").page("/province/calls/CA1"))


def test_a_citys_call_with_all_that_was_told_of_it(figures: Figures) -> None:
    figures.city_call("w/1", "2026-10-06 10:00", version=1, is_current=False, talk_seconds=60)
    figures.city_call("w/1", "2026-10-06 10:00", version=2, talk_seconds=95, wait_seconds=3, score=2)
    found = figures.ask(figures.visitor(), "calls", **OCTOBER)["rows"][0]
    assert found["href"] == "/province/calls/city/340200/w%2F1"
    words = plain(figures.visitor("wuhu").page(found["href"]))
    assert words.index("第2版") < words.index("第1版") and "1分35秒" in words and "1分00秒" in words
    assert "已被替换" in words and "系统推送" in words


def test_what_a_city_of_a_demo_tells_is_called_made_up_everywhere(figures: Figures) -> None:
    figures.city_call("w1", "2026-10-06 10:00")
    figures.fact("2026-10-06 10:00", WUHU, source="city", received=1, answered=1)
    visitor = figures.visitor()
    assert figures.ask(visitor, **OCTOBER)["is_demo"] is False
    assert "演示数据" not in plain(visitor.page("/province/calls/city/340200/w1"))
    key = {"id": "ck-1", "centre": WUHU, "secret_sealed": b"x", "made_at": shanghai("2026-10-01"), "made_by": "(demo)"}
    figures.enter("city_key", key)
    assert figures.ask(visitor, **OCTOBER)["is_demo"] is True
    assert figures.ask(visitor, **OCTOBER, centres=HEFEI)["is_demo"] is False
    assert "演示数据" in plain(visitor.page("/province/calls/city/340200/w1"))
    table = visitor.get("/province/export.csv", query_string=OCTOBER).get_data(as_text=True)
    assert table.splitlines()[1].split(",")[7] == "是"


def test_the_way_back_leads_to_the_question(figures: Figures) -> None:
    figures.own_call("CA1", "2026-10-05 09:10")
    visitor, question = figures.visitor(), "/province/explore?since=2026-10-01&until=2026-10-31&view=calls"
    for came_from, back in (
        (f"http://localhost{question}", question.replace("&", "&amp;")),
        ("http://localhost/province/alarms?x=1", "/province/explore"),
        (f"http://elsewhere{question}", "/province/explore"),
        ("", "/province/explore"),
    ):
        page = text_of(visitor.get("/province/calls/CA1", headers={"Referer": came_from}))
        assert f'<a href="{back}">← 统计</a>' in page, came_from


def test_a_call_of_another_centre_is_not_there(figures: Figures) -> None:
    figures.own_call("CA1", "2026-10-05 09:10")
    figures.own_call("CA2", "2026-10-05 09:10", HEFEI)
    figures.staff.write("UPDATE call SET centre = %s WHERE call_sid = 'CA2'", WUHU)
    figures.city_call("h1", "2026-10-06 10:00", HEFEI)
    wuhu = figures.visitor("wuhu")
    for path in ("CA1", "city/340100/h1", "CA404", "city/340200/h1", "city/999999/h1", "a%00b"):
        response = wuhu.get(f"/province/calls/{path}")
        assert response.status_code == 404 and "没有这个来电" in text_of(response), path
    # It was handed to Wuhu.
    assert wuhu.get("/province/calls/CA2").status_code == 200
    assert ids(figures, wuhu) == []


def test_every_look_at_a_call_is_noted(figures: Figures) -> None:
    figures.own_call("CA1", "2026-10-05 09:10")
    figures.city_call("w1", "2026-10-06 10:00")
    visitor = figures.visitor("wuhu")
    visitor.get("/province/calls/CA1")
    visitor.page("/province/calls/city/340200/w1")
    figures.visitor().page("/province/calls/CA1")
    trail: list[Any] = figures.staff.rows(
        "SELECT username, centre, subject FROM audit_entry WHERE action = 'call_timeline' ORDER BY id"
    )
    assert trail == [("wuhu", WUHU, "city_call 340200/w1"), ("xinxi", HEFEI, "call CA1")]

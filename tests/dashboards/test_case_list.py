"""The list of cases: what is on it for whom, in which order, and how it is narrowed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from tests.dashboards.case_app import WUHU, case, deputise, due_in, ids, listed, owned, put, say
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, ConsoleApp

# Friday 20 November 2026, 10:20 in Hefei.


def test_cases_come_by_their_date_and_say_how_long_there_is(console: ConsoleApp) -> None:
    normal = put(console)
    late = put(console, **due_in(console, days=-1))
    today = put(console, **due_in(console, hours=2))
    found = listed(console.at("hefei"))
    assert ids(found) == [late, today, normal]
    words = [row["due"]["zh"] for row in found["rows"]]
    assert words == ["超期1天", "今天12:20前", "还剩3个工作日"]
    assert [row["due"]["key"] for row in found["rows"]] == ["overdue", "today", "later"]
    assert found["counts"] == {
        "mine": "0", "unowned": "3", "today": "1", "overdue": "1", "all": "3", "texts": "0", "replied": "0",
    }  # fmt: skip


def test_a_row_says_what_was_said_and_shows_no_number(console: ConsoleApp) -> None:
    case_id = put(console, caller="+8613855115678", suggested_subject="pension-benefit", urges=2)
    say(console, case_id, "我的身份证号是三四零一零四一九九零零一零一一二三四 养老金没有到账")
    (row,) = listed(console.at(HEFEI01))["rows"]
    assert (
        row["caller_zh"] == "尾号5678" and row["is_suggested"] and row["flags"] == [{"key": "urged", "name": "催办×2"}]
    )
    assert "养老金没有到账" in row["words"] and "三四零一" not in str(row) and "13855115678" not in str(row)


@pytest.mark.parametrize(
    ("level", "flags"),
    [
        (0, []),
        (1, [("reminded", "已提醒", "时间过半")]),
        (3, [("reminded", "已提醒", "今天到期")]),
        # That it is late the date says.
        (4, []),
        (5, [("province", "已报省厅", "超期满一个工作日，报省厅")]),
    ],
)
def test_a_reminder_is_seen_in_the_list_and_on_the_page(
    console: ConsoleApp, level: int, flags: list[tuple[str, ...]]
) -> None:
    case_id, visitor = put(console, level=level), console.at(HEFEI01)
    for found in (listed(visitor)["rows"][0], case(visitor, case_id)):
        assert [tuple(flag.values()) for flag in found["flags"]] == flags


def test_what_was_explained_is_the_provinces_no_longer(console: ConsoleApp) -> None:
    cleared = {"cleared_at": console.clock(), "cleared_by": "hefei", "cleared_reason": "在等税务"}
    put(console, level=5, breached_at=console.clock(), **cleared)
    assert listed(console.at("hefei"))["rows"][0]["flags"] == []


def test_what_the_supervisor_has_to_decide_is_marked(console: ConsoleApp) -> None:
    stuck, answered = owned(console, HEFEI01), owned(console, HEFEI01)
    for case_id in (stuck, answered):
        console.write(
            "INSERT INTO case_reply (case_id, kind, by, made_at, ended_at, result) "
            "VALUES (%s, 'call', %s, %s, %s, 'wrong_number')",
            *(case_id, HEFEI01, console.clock(), console.clock()),
        )
        console.write(
            "INSERT INTO case_event (case_id, at, actor, event, detail) VALUES (%s, %s, 'system', 'reply_failed', %s)",
            *(case_id, console.clock(), Jsonb({"next": "supervisor"})),
        )
    console.write(
        "INSERT INTO case_event (case_id, at, actor, event) VALUES (%s, %s, 'caller', 'replied')",
        *(answered, console.clock()),
    )
    visitor = console.at("hefei")
    marked = {row["id"]: [flag["name"] for flag in row["flags"]] for row in listed(visitor)["rows"]}
    assert marked == {stuck: ["请值班长定"], answered: []}
    assert [flag["name"] for flag in case(visitor, stuck)["flags"]] == ["请值班长定"]


@pytest.mark.parametrize(
    ("status", "transcript", "words"),
    [("home", "waiting", "转写中"), ("home", "no_model", "没有转写，请听录音"), ("lost", "", "无法使用的录音")],
)
def test_what_cannot_be_read_says_why(console: ConsoleApp, status: str, transcript: str, words: str) -> None:
    say(console, put(console), status=status, transcript=transcript)
    (row,) = listed(console.at(HEFEI01))["rows"]
    assert row["words"] == words


def test_everybody_sees_the_cases_of_the_own_centre_and_the_province_all(console: ConsoleApp) -> None:
    hefei, wuhu = put(console), put(console, centre=WUHU)
    assert ids(listed(console.at(HEFEI01))) == [hefei]
    assert ids(listed(console.at(WUHU01))) == [wuhu]
    for username in ("xinxi", "guanli"):
        assert sorted(ids(listed(console.at(username)))) == [hefei, wuhu]
    assert ids(listed(console.at("xinxi"), centre=WUHU)) == [wuhu]
    assert console.at(HEFEI01).client.get(f"/console/cases/data?tab=all&centre={WUHU}").status_code == 403


def test_a_report_is_its_owners_and_the_heads_alone(console: ConsoleApp) -> None:
    report = owned(console, HEFEI01, kind="report")
    low = put(console, "low_rating")
    assert ids(listed(console.at(HEFEI02))) == [] and listed(console.at(HEFEI02))["counts"]["all"] == "0"
    assert ids(listed(console.at(HEFEI01))) == [report]
    assert sorted(ids(listed(console.at("hefei")))) == sorted(ids(listed(console.at("xinxi")))) == [report, low]
    # Whoever runs the machines does not read who reported whom.
    assert ids(listed(console.at("guanli"))) == [low]
    assert ids(listed(console.at("wuhu"))) == []


def test_mine_are_those_of_whom_i_stand_in_for_too(console: ConsoleApp) -> None:
    mine, of_another = owned(console, HEFEI01), owned(console, HEFEI02)
    visitor = console.at(HEFEI01)
    assert ids(listed(visitor, "mine")) == [mine]
    deputise(console, HEFEI02, HEFEI01)
    found = listed(visitor, "mine")
    assert ids(found) == [mine, of_another] and [row["is_for_another"] for row in found["rows"]] == [False, True]


def test_each_tab_and_each_filter_narrows(console: ConsoleApp) -> None:
    unowned = put(console, desk="card")
    complaint = owned(console, HEFEI02, kind="complaint", subject="labour-contract", subject_by="staff")
    replied = put(console, status="replied", replied_at=console.clock(), reply_kind="call")
    closed = put(console, status="closed", closed_at=console.clock(), closed_by="hefei", closed_reason="重复")
    console.write(
        "INSERT INTO case_reply (case_id, kind, by, made_at, words) VALUES (%s, 'text', %s, %s, '好')",
        *(complaint, HEFEI02, console.clock()),
    )
    visitor = console.at("hefei")
    tabs = {tab: ids(listed(visitor, tab)) for tab in ("unowned", "all", "texts", "replied", "closed")}
    assert tabs == {
        "unowned": [unowned], "all": [unowned, complaint], "texts": [complaint], "replied": [replied],
        "closed": [closed],
    }  # fmt: skip
    assert ids(listed(visitor, kind="complaint")) == ids(listed(visitor, subject="labour-contract")) == [complaint]
    assert ids(listed(visitor, desk="card")) == [unowned]
    assert listed(visitor, kind="complaint")["counts"]["all"] == "1"


def test_a_case_is_found_by_its_number_or_its_callers_tail_wherever_it_stands(console: ConsoleApp) -> None:
    closed = put(console, caller="+8613855115678", status="closed", closed_at=console.clock(), closed_reason="重复")
    hidden = put(console, "report", caller="+8613855115678", is_anonymous=True)
    old = put(
        console, caller="+8613855115678", opened_at=console.clock() - timedelta(days=200), status="closed",
        closed_at=console.clock() - timedelta(days=190), closed_reason="重复",
    )  # fmt: skip
    visitor = console.at("hefei")
    assert ids(listed(visitor, "mine", search="5678")) == [closed]
    assert ids(listed(visitor, "mine", search=str(old))) == [old]
    assert ids(listed(visitor, search=str(hidden))) == [hidden]
    assert ids(listed(console.at(WUHU01), search=str(closed))) == []


def test_a_page_goes_on_where_the_one_before_ended(console: ConsoleApp) -> None:
    all_ids = [put(console, **due_in(console, hours=n // 2)) for n in range(1, 6)]
    undated = [put(console) for _ in range(2)]
    console.write("UPDATE work_order SET due_at = NULL WHERE id = ANY(%s)", undated)
    visitor, found, after = console.at(HEFEI01), [], ""
    while True:
        page = listed(visitor, most=2, after=after)
        found += ids(page)
        after = page["next"]
        if after is None:
            break
    assert found == [*all_ids, *undated]


@pytest.mark.parametrize(
    "query", ["tab=nonsense", "tab=all&kind=x", "tab=all&after=x", "tab=all&search=ab", "tab=all&subject=x"]
)
def test_what_no_page_of_ours_asks_for_is_not_there(console: ConsoleApp, query: str) -> None:
    assert console.at("hefei").client.get(f"/console/cases/data?{query}").status_code == 404


def test_the_badge_counts_the_own_ones_of_today_and_late_ones(console: ConsoleApp) -> None:
    owned(console, HEFEI01, **due_in(console, hours=-1))
    owned(console, HEFEI01, **due_in(console, hours=1))
    owned(console, HEFEI02, **due_in(console, hours=1))
    put(console, **due_in(console, hours=1))
    visitor = console.at(HEFEI01)
    assert visitor.client.get("/console/cases/badge").get_json() == {"overdue": 1, "today": 1}
    assert console.at("xinxi").client.get("/console/cases/badge").get_json() == {"overdue": 0, "today": 0}
    page = visitor.page("/cases")
    assert re.search(r'href="/cases"[^>]*aria-current', page) and 'data-cases="due"' in page


def test_nobody_sees_anything_without_signing_in(console: ConsoleApp) -> None:
    client = console.app.test_client()
    assert client.get("/console/cases/data?tab=all").status_code == 401
    assert client.get("/cases").status_code in (302, 303)


def test_what_may_be_done_with_a_row_is_the_readers(console: ConsoleApp) -> None:
    put(console)
    owned(console, HEFEI02)
    may = {name: [row["may"] for row in listed(console.at(name))["rows"]] for name in (HEFEI01, "hefei", "xinxi")}
    assert may == {
        HEFEI01: [["take", "transfer"], []],
        "hefei": [["assign", "transfer"], ["assign", "transfer", "release"]],
        "xinxi": [[], []],
    }

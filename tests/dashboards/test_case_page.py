"""The page of a case: who opens it, what it says, and the trace that opening it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dashboards.case_app import WUHU, case, deputise, do, owned, put, say, sentence
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, ConsoleApp
from voicemail.work_order import CLOSE_REASONS_ZH

NUMBER = "+8613855115678"


def test_every_opening_leaves_one_entry_in_ten_minutes(console: ConsoleApp) -> None:
    case_id = put(console)
    visitor = console.at(HEFEI01)
    for _ in range(2):
        case(visitor, case_id)
    console.clock.forward(minutes=11)
    case(visitor, case_id)
    case(console.at(HEFEI02), case_id)
    opened = f"work_order {case_id}"
    assert console.audit("case_opened") == [
        (HEFEI01, "340100", opened), (HEFEI01, "340100", opened), (HEFEI02, "340100", opened)
    ]  # fmt: skip


def test_a_case_of_another_centre_is_not_there(console: ConsoleApp) -> None:
    case_id = put(console, centre=WUHU)
    visitor = console.at(HEFEI01)
    for path in (f"/cases/{case_id}", f"/console/cases/{case_id}/data", f"/console/cases/{case_id + 1}/data"):
        assert visitor.client.get(path).status_code == 404
    assert visitor.act(f"cases/{case_id}/number").status_code == 404
    assert console.audit("case_opened", "case_number_shown") == []
    assert f"办件{case_id}" in console.at(WUHU01).page(f"/cases/{case_id}")


def test_a_report_is_opened_by_its_owner_and_the_heads_alone(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01, kind="report")
    opened = {
        name: console.at(name).client.get(f"/console/cases/{case_id}/data").status_code
        for name in (HEFEI01, HEFEI02, "hefei", "xinxi", "guanli", "wuhu")
    }
    assert opened == {HEFEI01: 200, HEFEI02: 404, "hefei": 200, "xinxi": 200, "guanli": 404, "wuhu": 404}


def test_the_head_says_what_was_promised_and_who_has_it(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI02, caller=NUMBER, desk="card", due_is_provisional=True, first_centre=WUHU)
    deputise(console, HEFEI02, HEFEI01)
    found = case(console.at(HEFEI01), case_id)
    assert found["due_zh"] == "11月25日17:30前答复，临时日期，放假通知出来后会重算"
    assert (found["due"]["zh"], found["status_zh"], found["source_zh"]) == ("还剩3个工作日", "在办", "下班时间打来")
    assert found["owner"] == {"number": "1002", "name": "吴涛"} and found["deputy"] == {
        "number": "1001",
        "name": "赵磊",
    }
    assert found["is_for_another"] and found["first_centre_name"] == "芜湖" and found["desk_zh"] == "社保卡"
    assert found["caller"]["zh"] == "尾号5678" and "13855115678" not in str(found)


def test_messages_come_with_their_words_once(console: ConsoleApp) -> None:
    case_id = put(console)
    say(console, case_id, "养老金没到账")
    say(console, case_id, transcript="waiting", status="completed")
    visitor = console.at(HEFEI01)
    found = case(visitor, case_id)
    first, second = found["messages"]
    assert first["text"] == "养老金没到账" and len(first["words"]) == 6 and len(first["peaks"]) == 40
    assert first["src"] == f"/console/messages/{first['recording']}/sound" and second["src"] == ""
    assert "正在转写" in second["state_zh"] and "还在路上" in second["sound_zh"]
    assert case(visitor, case_id, seen=found["version"])["messages"] is None


def test_an_anonymous_report_leads_to_nobody(console: ConsoleApp) -> None:
    other = put(console, caller=NUMBER)
    report = put(console, "report", caller=NUMBER, is_anonymous=True)
    visitor = console.at("hefei")
    found = case(visitor, report)
    assert found["caller"] == {"zh": "匿名", "region": "", "is_anonymous": True, "is_proven": False}
    assert found["others"] == [] and "5678" not in str(found) and "number" not in found["may"]
    assert case(visitor, other)["others"] == []
    assert "number" in case(visitor, other)["may"] and visitor.act(f"cases/{report}/number").status_code == 409
    assert console.audit("case_number_shown") == []


def test_the_number_is_shown_to_who_acts_and_that_is_in_the_trail(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01, caller=NUMBER)
    shown = console.at(HEFEI01).act(f"cases/{case_id}/number")
    assert shown.get_json()["number"] == "13855115678"
    assert console.at(HEFEI02).act(f"cases/{case_id}/number").status_code == 403
    assert console.at("xinxi").act(f"cases/{case_id}/number").status_code in (403, 409)
    assert console.at(HEFEI01).act(f"cases/{case_id}/number", token="wrong").status_code == 400
    assert console.audit("case_number_shown") == [(HEFEI01, "340100", f"work_order {case_id}")]


def test_the_same_callers_other_cases_are_there_to_be_merged(console: ConsoleApp) -> None:
    first, second = owned(console, HEFEI01, caller=NUMBER), owned(console, HEFEI01, caller=NUMBER)
    put(console, caller="+8613900000000")
    found = case(console.at(HEFEI01), second)
    assert [(other["id"], other["can_take_it_in"]) for other in found["others"]] == [(first, True)]
    assert found["may"]["merge"] == ""


def test_only_cases_of_one_kind_are_offered_to_be_merged(console: ConsoleApp) -> None:
    message, complaint = (
        owned(console, HEFEI01, caller=NUMBER),
        owned(console, HEFEI01, caller=NUMBER, kind="complaint"),
    )
    freeze = owned(console, HEFEI01, caller=NUMBER, kind="card_freeze")
    visitor = console.at(HEFEI01)
    may = {
        one: ([other["id"] for other in found["others"] if other["can_take_it_in"]], "merge" in found["may"])
        for one in (message, complaint, freeze)
        if (found := case(visitor, one))
    }
    assert may == {message: ([], False), complaint: ([], False), freeze: ([message], True)}
    assert do(visitor, complaint, "merge", into=message).status_code == 409
    assert do(visitor, freeze, "merge", into=complaint).status_code == 422


def test_why_a_case_was_closed_is_said_in_words(console: ConsoleApp) -> None:
    visitor = console.at("hefei")
    reasons = {
        "not_a_message": "",
        "duplicate": "和昨天一样",
        "unreachable": "",
        "withdrawn": "",
        "other": "转到信访办",
    }
    for reason, words in reasons.items():
        case_id = put(console)
        assert do(visitor, case_id, "close", reason=reason, words=words).status_code == 200
        found = case(visitor, case_id)
        happened, facts = found["history"][0]["zh"], str(found["facts"])
        name = words if reason == "other" else CLOSE_REASONS_ZH[reason]
        assert happened.startswith(f"办结：{name}") and name in facts and reason not in happened + facts


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (HEFEI01, {"take", "note", "subject", "transfer", "dial", "talk", "text", "close", "correct", "number"}),
        ("hefei", {"note", "subject", "assign", "transfer", "text", "close", "urge", "supervise", "correct", "number"}),
        ("xinxi", {"note", "urge", "supervise"}),
        ("guanli", set()),
    ],
)
def test_whatever_may_not_be_done_is_not_offered(console: ConsoleApp, who: str, may: set[str]) -> None:
    found = case(console.at(who), put(console))
    assert set(found["may"]) == may


def test_what_waits_for_something_says_for_what(console: ConsoleApp) -> None:
    may = case(console.at(HEFEI01), put(console))["may"]
    assert "先按“接办”" in may["close"] and "短信没有通道" in may["text"]
    freeze = case(console.at("hefei"), put(console, "card_freeze"))
    assert "“挂失”页" in freeze["may"]["close"] and freeze["page_elsewhere"] == "/freezes"


def test_the_tries_say_what_comes_next_and_how_far_the_present_one_is(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01)
    at = console.clock() - timedelta(minutes=30)
    console.write(
        "INSERT INTO case_reply (case_id, kind, by, made_at, ended_at, result) "
        "VALUES (%s, 'call', %s, %s, %s, 'no_answer')",
        *(case_id, HEFEI01, at, at),
    )
    visitor = console.at(HEFEI01)
    found = case(visitor, case_id)
    assert [(reply["result_zh"], reply["who"]) for reply in found["replies"]] == [("没人接", "赵磊")]
    assert "11月20日下午起再打" in found["next_zh"] and "3个不同的半天" in found["rule_zh"] and found["attempt"] is None
    console.write(
        "INSERT INTO case_reply (case_id, kind, by, made_at, sent_at, words) VALUES (%s, 'text', %s, %s, %s, '好')",
        *(case_id, HEFEI01, at, at),
    )
    found = case(visitor, case_id)
    assert found["attempt"] == {"kind": "text", "stage": "", "zh": "短信已发出，等回执"}
    # Nobody waits out the day for a receipt that does not come.
    assert found["may"]["dial"] == "" and "还没有回执" in found["may"]["text"]
    console.write("UPDATE case_reply SET sent_at = %s WHERE kind = 'text'", console.clock() - timedelta(minutes=9))
    may = case(visitor, case_id)["may"]
    assert "先等回执" in may["dial"] and may["dial"] == may["text"] and may["talk"] == ""


def test_the_history_reads_as_sentences_newest_first(console: ConsoleApp) -> None:
    case_id = put(console)
    visitor = console.at(HEFEI01)
    assert sentence(do(visitor, case_id, "take"))[0] == 200
    assert sentence(do(visitor, case_id, "note", words="打过去说晚点再打"))[0] == 200
    told = [(event["who"], event["zh"]) for event in case(visitor, case_id)["history"]]
    assert told == [("赵磊", "备注：打过去说晚点再打"), ("赵磊", "接办"), ("来电人", "提出来，立了案")]

"""What staff do about cases: every deed's happy way and a refusal, by role and centre."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.services import Services
from ivr.keeper import LibraryKeeper
from queueing.desk import AgentDesk
from tests.dashboards.case_app import WUHU, case, deputise, do, due_in, history, owned, put, row, say, sentence
from tests.dashboards.console_app import HEFEI01, HEFEI02, WUHU01, ConsoleApp, build_console_app
from tests.integrations.text_recorder import TextRecorder

DEEDS = {
    "take": {}, "release": {}, "assign": {"agent": 1}, "transfer": {"centre": WUHU, "words": "好"},
    "note": {"words": "好"}, "subject": {"subject": "card-apply"}, "decide": {"decision": "accepted"},
    "close": {"reason": "duplicate"},
    "reopen": {"words": "好"}, "urge": {}, "supervise": {"on": True}, "merge": {"into": 1}, "split": {"message": 1},
    "clear": {"words": "好"}, "dial": {}, "talk": {}, "text": {"words": "好"},
}  # fmt: skip


def test_a_case_of_another_centre_is_nobodys_to_touch(console: ConsoleApp) -> None:
    case_id = put(console)
    before = history(console, case_id)
    stranger, reader, consultant = console.at(WUHU01), console.at("guanli"), console.at(HEFEI01)
    for deed, body in DEEDS.items():
        assert do(stranger, case_id, deed, **body).status_code == 404, deed
        # Nor by one who only looks.
        assert do(reader, case_id, deed, **body).status_code == 403, deed
        assert consultant.act(f"cases/{case_id}/do/{deed}", body, token="wrong").status_code == 400, deed
    assert history(console, case_id) == before and console.audit(*(f"case_{deed}" for deed in DEEDS)) == []


def test_who_takes_a_case_first_has_it(console: ConsoleApp) -> None:
    case_id = put(console)
    assert sentence(do(console.at(HEFEI01), case_id, "take")) == (200, "接办了，现在归您。")
    assert row(console, case_id, "status", "owner_id") == ("owned", console.seat(HEFEI01))
    assert console.audit("case_take") == [(HEFEI01, "340100", f"work_order {case_id}")]
    assert do(console.at(HEFEI02), case_id, "take").status_code == 403
    assert do(console.at("hefei"), case_id, "take").status_code == 409


def test_a_case_is_put_back_by_who_has_it_the_deputy_or_the_supervisor(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01)
    assert do(console.at(HEFEI02), case_id, "release").status_code == 403
    deputise(console, HEFEI01, HEFEI02)
    assert do(console.at(HEFEI02), case_id, "release").status_code == 200
    assert row(console, case_id, "status", "owner_id") == ("open", None)
    assert do(console.at("hefei"), owned(console, HEFEI01), "release").status_code == 200


def test_a_supervisor_gives_it_to_somebody_of_the_centre(console: ConsoleApp) -> None:
    case_id, visitor = put(console), console.at("hefei")
    assert sentence(do(visitor, case_id, "assign", agent=console.seat(HEFEI02))) == (200, "指派给1002 吴涛了。")
    assert row(console, case_id, "owner_id") == (console.seat(HEFEI02),)
    assert do(visitor, case_id, "assign", agent=console.seat(WUHU01)).status_code == 422
    assert do(visitor, case_id, "assign", agent="x").status_code == 422
    agents = visitor.client.get("/console/cases/agents?centre=340100").get_json()["agents"]
    assert [agent["number"] for agent in agents] == ["1001", "1002"]
    assert console.at(HEFEI01).client.get(f"/console/cases/agents?centre={WUHU}").status_code == 403


def test_a_transfer_keeps_the_callers_date_and_has_one_of_its_own(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01)
    due_at = row(console, case_id, "due_at")
    visitor = console.at(HEFEI01)
    assert do(visitor, case_id, "transfer", centre=WUHU, desk="card").status_code == 422
    assert do(visitor, case_id, "transfer", centre="340100", words="好").status_code == 422
    assert sentence(do(visitor, case_id, "transfer", centre=WUHU, desk="card", words="在芜湖参保"))[0] == 200
    assert row(console, case_id, "centre", "desk", "status", "due_at") == (WUHU, "card", "open", *due_at)
    assert row(console, case_id, "desk_due_at")[0] is not None
    assert visitor.client.get(f"/console/cases/{case_id}/data").status_code == 404
    assert case(console.at(WUHU01), case_id)["desk_due_zh"].endswith("前接办")


def test_notes_and_subjects_are_written_down(console: ConsoleApp) -> None:
    case_id, visitor = put(console, suggested_subject="card-loss"), console.at(HEFEI01)
    assert do(visitor, case_id, "note", words="  ").status_code == 422
    assert do(visitor, case_id, "note", words="证件340104199001011234").status_code == 200
    assert "340104199001011234" not in str(console.rows("SELECT note FROM case_event"))
    assert do(visitor, case_id, "subject", subject="nothing").status_code == 422
    assert do(visitor, case_id, "subject", subject="card-apply").status_code == 200
    assert row(console, case_id, "subject", "subject_by") == ("card-apply", "staff")
    assert console.rows("SELECT suggested, chosen FROM subject_correction") == [("card-loss", "card-apply")]


def test_a_complaint_is_accepted_or_refused_with_a_reason(console: ConsoleApp) -> None:
    case_id, visitor = owned(console, HEFEI01, kind="complaint"), console.at(HEFEI01)
    assert do(visitor, case_id, "decide", decision="maybe").status_code == 422
    assert do(visitor, case_id, "decide", decision="refused").status_code == 422
    assert sentence(do(visitor, case_id, "decide", decision="accepted")) == (200, "受理，记下了。")
    assert row(console, case_id, "decision", "status") == ("accepted", "owned")
    assert do(visitor, case_id, "decide", decision="accepted").status_code == 409
    assert do(visitor, owned(console, HEFEI01), "decide", decision="accepted").status_code == 409


def test_a_case_is_closed_with_a_reason_and_taken_up_again(console: ConsoleApp) -> None:
    case_id, visitor = owned(console, HEFEI01), console.at(HEFEI01)
    assert do(visitor, case_id, "close", reason="").status_code == 422
    # Nobody has answered yet.
    assert do(visitor, case_id, "close", reason="answered").status_code == 409
    # That nobody can be reached is for the supervisor to say.
    assert do(visitor, case_id, "close", reason="unreachable").status_code == 409
    assert sentence(do(visitor, case_id, "close", reason="duplicate", words="和昨天一样")) == (200, "办结了。")
    assert row(console, case_id, "status", "closed_by", "closed_reason") == ("closed", HEFEI01, "重复：和昨天一样")
    assert do(visitor, case_id, "reopen").status_code == 422
    assert do(visitor, case_id, "reopen", words="不是同一件").status_code == 200
    assert row(console, case_id, "status", "reopened") == ("open", 1)


def test_a_consultant_takes_a_case_before_closing_it(console: ConsoleApp) -> None:
    told = sentence(do(console.at(HEFEI01), put(console), "close", reason="duplicate"))
    assert told[0] == 409 and "先按“接办”" in told[1]
    assert do(console.at("hefei"), put(console, "callback"), "close", reason="source_cleared").status_code == 409


def test_supervisors_and_the_province_urge_and_watch(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01)
    consultant, supervisor, province = console.at(HEFEI01), console.at("hefei"), console.at("xinxi")
    for deed in ("urge", "supervise"):
        assert do(consultant, case_id, deed, on=True).status_code == 409
    assert do(supervisor, case_id, "urge", words="快办").status_code == 200
    assert do(province, case_id, "urge").status_code == 200
    assert do(province, case_id, "supervise", on="yes").status_code == 422
    assert do(province, case_id, "supervise", on=True).status_code == 200
    assert row(console, case_id, "urges", "supervised_by") == (2, "xinxi")
    assert sentence(do(supervisor, case_id, "supervise", on=False)) == (200, "不再督办。")
    assert row(console, case_id, "supervised_at") == (None,)


def test_two_cases_of_one_caller_become_one(console: ConsoleApp) -> None:
    first, second = owned(console, HEFEI01), owned(console, HEFEI01)
    stranger = owned(console, HEFEI01, caller="+8613900000000")
    visitor = console.at(HEFEI01)
    assert do(visitor, second, "merge", into=stranger).status_code == 422
    assert sentence(do(visitor, second, "merge", into=first)) == (200, f"并到办件{first}了。")
    assert row(console, second, "status", "merged_into") == ("merged", first)


def test_one_of_two_messages_becomes_a_case_of_its_own(console: ConsoleApp) -> None:
    case_id, visitor = owned(console, HEFEI01), console.at(HEFEI01)
    say(console, case_id, "养老金没到账")
    assert do(visitor, case_id, "split", message=1).status_code == 409
    other = say(console, case_id, "社保卡丢了")
    assert do(visitor, case_id, "split", message=other + 1).status_code == 404
    said = sentence(do(visitor, case_id, "split", message=other))
    assert said[0] == 200 and said[1].startswith("拆成了新的办件")
    assert console.rows("SELECT count(DISTINCT case_id) FROM message") == [(2,)]


def test_being_late_is_cleared_with_a_reason(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01, breached_at=console.clock(), **due_in(console, hours=-1))
    assert do(console.at(HEFEI01), case_id, "clear", words="好").status_code == 409
    supervisor = console.at("hefei")
    assert do(supervisor, case_id, "clear").status_code == 422
    assert do(supervisor, case_id, "clear", words="系统故障，已打过电话").status_code == 200
    assert row(console, case_id, "cleared_by", "cleared_reason") == ("hefei", "系统故障，已打过电话")
    assert do(supervisor, case_id, "clear", words="好").status_code == 409


def test_a_text_needs_a_channel_and_a_number(console: ConsoleApp) -> None:
    visitor = console.at(HEFEI01)
    told = sentence(do(visitor, owned(console, HEFEI01), "text", words="办好了"))
    assert told[0] == 409 and "短信没有通道" in told[1]
    told = sentence(do(visitor, owned(console, HEFEI01, caller=""), "dial"))
    assert told[0] == 409 and "没有来电人的号码" in told[1]


def test_only_a_free_consultant_dials(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01)
    told = sentence(do(console.at(HEFEI01), case_id, "dial"))
    assert told[0] == 409 and console.rows("SELECT count(*) FROM case_reply") == [(0,)]
    assert do(console.at("hefei"), case_id, "dial").status_code == 409


def test_several_are_done_at_once_and_one_that_cannot_holds_up_no_other(console: ConsoleApp) -> None:
    free, taken = [put(console) for _ in range(2)], owned(console, HEFEI02)
    visitor = console.at(HEFEI01)
    told = visitor.act("cases/bulk", {"deed": "take", "ids": [*free, taken]}).get_json()
    assert told["done"] == 2 and [one["id"] for one in told["failed"]] == [taken]
    assert told["said"].startswith(f"接办了2件。办件{taken}没有办成：")
    supervisor = console.at("hefei")
    body = {"deed": "assign", "ids": [*free, taken], "agent": console.seat(HEFEI02)}
    assert supervisor.act("cases/bulk", body).get_json()["said"] == "指派了3件。"
    assert {row(console, one, "owner_id") for one in free} == {(console.seat(HEFEI02),)}
    assert supervisor.act("cases/bulk", {"deed": "close", "ids": free}).status_code == 422
    assert supervisor.act("cases/bulk", {"deed": "take", "ids": []}).status_code == 422
    assert supervisor.act("cases/bulk", body, token="wrong").status_code == 400


def free_at_the_page(console: ConsoleApp, username: str) -> int:
    """The seat of a consultant who waits for calls, with the console open."""
    seat = console.on_duty(username)
    AgentDesk(console.line.waiting).heartbeat(seat)
    return seat


def test_one_key_takes_the_case_and_rings_the_caller(console: ConsoleApp) -> None:
    case_id, seat = put(console), free_at_the_page(console, HEFEI01)
    visitor = console.at(HEFEI01)
    assert sentence(do(visitor, case_id, "dial"))[0] == 200
    assert row(console, case_id, "status", "owner_id") == ("owned", seat)
    found = case(visitor, case_id)
    assert found["attempt"]["kind"] == "call" and "正在拨号" in found["attempt"]["zh"]
    assert "先等这一次" in found["may"]["dial"] and do(visitor, case_id, "dial").status_code == 409
    ring = visitor.desk()["offer"]["callback"]
    assert ring["case_id"] == case_id and f"办件{case_id}" in ring["note"]
    assert history(console, case_id) == ["opened", "taken", "dialled"]


def test_the_talk_with_who_rings_is_the_answer(console: ConsoleApp) -> None:
    case_id, visitor = put(console, caller=""), console.at(HEFEI01)
    told = sentence(do(visitor, case_id, "talk"))
    assert told[0] == 409 and "没有找到您刚才的通话" in told[1]
    # Whoever has nothing to tell has not taken it either.
    assert row(console, case_id, "status") == ("open",)
    console.clock.forward(seconds=60)
    began = console.clock()
    console.ended_talk(HEFEI01, seconds=90)
    assert "dial" in case(visitor, case_id)["may"] and case(visitor, case_id)["may"]["talk"] == ""
    assert sentence(do(visitor, case_id, "talk"))[0] == 200
    assert row(console, case_id, "status", "owner_id", "replied_at", "reply_kind") == (
        "replied", console.seat(HEFEI01), began, "call",
    )  # fmt: skip
    found = case(visitor, case_id)
    assert found["history"][0]["zh"] == "答复了，计时停止：在通话里答复，通话90秒，尾号2345"
    assert [(reply["result_zh"], reply["talk_seconds"]) for reply in found["replies"]] == [("已答复", 90)]
    assert console.audit("case_talk") == [(HEFEI01, "340100", f"work_order {case_id}")]
    assert do(visitor, case_id, "talk").status_code == 409
    # Who has no seat has had no talk.
    assert "talk" not in case(console.at("hefei"), case_id)["may"]
    assert do(console.at("hefei"), case_id, "talk").status_code == 409


def test_no_talk_is_noted_of_an_anonymous_report(console: ConsoleApp) -> None:
    case_id = owned(console, HEFEI01, kind="report", caller="", is_anonymous=True)
    told = sentence(do(console.at(HEFEI01), case_id, "talk"))
    assert told[0] == 409 and "免得从通话找到举报人" in told[1]


def test_a_text_is_handed_to_the_channel_and_stops_nothing_yet(
    services: Services, keeper: LibraryKeeper, demo_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    console = build_console_app(replace(services, texts=TextRecorder()), keeper)
    case_id, visitor = put(console), console.at(HEFEI01)
    assert do(visitor, case_id, "text").status_code == 422
    assert sentence(do(visitor, case_id, "text", words="已经补发到卡上。"))[0] == 200
    assert console.rows("SELECT kind, words, ended_at FROM case_reply") == [("text", "已经补发到卡上。", None)]
    assert row(console, case_id, "status", "owner_id", "replied_at") == ("owned", console.seat(HEFEI01), None)
    found = case(visitor, case_id)
    assert found["attempt"]["kind"] == "text" and "等短信回执" in str(found["flags"])
    assert console.audit("case_text") == [(HEFEI01, "340100", f"work_order {case_id}")]

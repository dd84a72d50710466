"""What a duty supervisor sets counts at once, ends by itself, and is never half-written."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from integrations.work_calendar import statutory_holidays
from tests.dashboards.staff_app import StaffApp, Visitor, text_of

TEXT = "养老金本月15日发放，今天没到账是正常的"
NOTICE = {"centre": "340100", "text": TEXT, "since": "2026-11-20T10:00", "until": "2026-11-20T12:00"}
CLOSING = {"centre": "340100", "reason": "办公楼停电", "since": "2026-11-20T10:00", "until": "2026-11-20T12:00"}
KEY = {"centre": "340100", "feature": "guides", "change": "close", "reason": "正在核对"}
TABLES = ("urgent_notice", "exceptional_closing", "feature_override", "calendar_notice")


def count_rows(staff: StaffApp) -> int:
    return sum(staff.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES)


def audit(staff: StaffApp) -> list[tuple[str, str, str | None]]:
    found = staff.rows("SELECT username, action, centre FROM audit_entry WHERE action <> 'login' ORDER BY id")
    return [(row[0], row[1], row[2]) for row in found]


def sentence_after(visitor: Visitor, response: Any) -> str:
    assert response.status_code == 303, text_of(response)
    page = visitor.page(response.location.split("#")[0])
    return page.split('role="status">')[1].split("</p>")[0]


def notice_on_air(staff: StaffApp, centre: str) -> str | None:
    return staff.line.almanac.moment(centre, staff.clock()).words["notice"]


def test_a_notice_is_on_the_air_at_once_and_ends_by_itself(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    assert notice_on_air(staff, "340100") is None
    sentence = sentence_after(visitor, visitor.post("/duty/notices", NOTICE))
    assert "十秒内在所有来电中生效" in sentence and "11月20日 12:00自动停" in sentence
    assert notice_on_air(staff, "340100") == TEXT + "。"
    assert notice_on_air(staff, "340200") is None
    assert audit(staff) == [("hefei", "notice_set", "340100")]
    page = visitor.page("/duty")
    assert "正在播" in page and "刘洋签发" in page
    staff.clock.forward(minutes=100)
    assert notice_on_air(staff, "340100") is None
    assert "现在没有通知" in visitor.page("/duty")


def test_a_coming_notice_waits_for_its_time(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    visitor.post("/duty/notices", {**NOTICE, "since": "2026-11-20T11:00"})
    assert "还没开始" in visitor.page("/duty") and notice_on_air(staff, "340100") is None
    assert "另有 1 条通知或停止还没到时间" in visitor.page("/status")
    staff.clock.forward(minutes=40)
    assert notice_on_air(staff, "340100") == TEXT + "。"


def test_the_province_speaks_to_all_centres_and_cities_cannot_end_it(staff: StaffApp) -> None:
    staff.signed_in("xinxi").post("/duty/notices", {**NOTICE, "centre": "all"})
    assert notice_on_air(staff, "340000") == notice_on_air(staff, "341800") == TEXT + "。"
    hefei = staff.signed_in("hefei")
    assert TEXT in hefei.page("/duty") and "由省里撤回" in hefei.page("/duty")
    assert hefei.post("/duty/notices/1/withdraw", {}).status_code == 403
    assert notice_on_air(staff, "340000") == TEXT + "。"


def test_of_two_notices_the_newer_is_played_and_the_page_says_so(staff: StaffApp) -> None:
    staff.signed_in("xinxi").post("/duty/notices", {**NOTICE, "centre": "all"})
    hefei = staff.signed_in("hefei")
    hefei.post("/duty/notices", {**NOTICE, "text": "合肥窗口今天下午停办"})
    assert notice_on_air(staff, "340100") == "合肥窗口今天下午停办。"
    assert "被更新的通知替下" in hefei.page("/duty")
    assert "部分中心在播" in staff.signed_in("xinxi").page("/duty")


def test_a_withdrawn_notice_is_off_the_air_at_once(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    visitor.post("/duty/notices", NOTICE)
    assert "已撤回" in sentence_after(visitor, visitor.post("/duty/notices/1/withdraw", {}))
    assert staff.line.duty.board(staff.clock()).notices == ()
    assert "已经有人撤回" in sentence_after(visitor, visitor.post("/duty/notices/1/withdraw", {}))
    assert [action for _, action, _ in audit(staff)] == ["notice_set", "notice_withdrawn"]
    assert staff.rows("SELECT withdrawn_by FROM urgent_notice") == [("刘洋",)]
    assert visitor.post("/duty/notices/99/withdraw", {}).status_code == 404


def test_the_same_notice_twice_is_set_once(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    visitor.post("/duty/notices", NOTICE)
    assert "没有重复添加" in sentence_after(visitor, visitor.post("/duty/notices", NOTICE))
    assert count_rows(staff) == 1


def test_a_preview_is_spoken_and_not_kept(staff: StaffApp) -> None:
    page = text_of(staff.signed_in("hefei").post("/duty/notices", {**NOTICE, "do": "preview"}))
    assert "通知：养老金本月十五日发放" in page and re.search(r"约 \d\.\d 秒", page) and "还没有保存" in page
    assert TEXT in page and count_rows(staff) == 0


def test_a_closing_ends_the_human_service_at_once_and_by_itself(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    sentence = sentence_after(visitor, visitor.post("/duty/closings", CLOSING))
    assert "合肥" in sentence and "十秒内" in sentence
    assert staff.line.almanac.moment("340100", staff.clock()).hours.state == "closed_exceptionally"
    assert "临时停止" in visitor.page("/status") and "办公楼停电" in visitor.page("/status")
    staff.clock.forward(minutes=100)
    assert staff.line.almanac.moment("340100", staff.clock()).hours.state != "closed_exceptionally"
    assert audit(staff) == [("hefei", "closing_set", "340100")]


def test_a_closing_can_be_withdrawn(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    visitor.post("/duty/closings", CLOSING)
    visitor.post("/duty/closings/1/withdraw", {})
    assert staff.line.duty.board(staff.clock()).closings == {}
    assert audit(staff)[-1] == ("hefei", "closing_withdrawn", "340100")


def test_a_key_is_closed_and_opened_again(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    assert "已关闭" in sentence_after(visitor, visitor.post("/duty/keys", KEY))
    assert staff.line.duty.board(staff.clock()).features["340100", "guides"] == (False, "正在核对")
    sentence = sentence_after(visitor, visitor.post("/duty/keys", {**KEY, "change": "open", "reason": "核对完了"}))
    assert "已开通" in sentence
    assert [action for _, action, _ in audit(staff)] == ["key_closed", "key_opened"]


@pytest.mark.parametrize(
    ("feature", "sentence"),
    [
        ("query", "这个键现在就开着"),
        ("message", "这个键现在就开着"),
        ("human", "这个键现在就开着"),
        ("guides", "这个键现在就开着"),
    ],
)
def test_a_key_that_is_open_is_not_opened(staff: StaffApp, feature: str, sentence: str) -> None:
    response = staff.signed_in("hefei").post(
        "/duty/keys", {**KEY, "feature": feature, "change": "open", "reason": "试试看"}
    )
    assert response.status_code == 422 and sentence in text_of(response)
    assert 'value="试试看"' in text_of(response) and count_rows(staff) == 0


def test_a_key_with_nothing_behind_it_is_not_opened(sparse_staff: StaffApp) -> None:
    form = {**KEY, "feature": "message", "change": "open", "reason": "试试看"}
    response = sparse_staff.signed_in("hefei").post("/duty/keys", form)
    assert response.status_code == 422 and "菜单里这个键后面还没有内容，不能开通" in text_of(response)
    assert 'value="试试看"' in text_of(response) and count_rows(sparse_staff) == 0


def test_human_service_is_closed_and_opened_again(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    assert visitor.post("/duty/keys", {**KEY, "feature": "human"}).status_code == 303
    response = visitor.post("/duty/keys", {**KEY, "feature": "human", "change": "open"})
    assert "已开通" in sentence_after(visitor, response)


@pytest.mark.parametrize(
    ("path", "form", "kept"),
    [
        ("/duty/notices", {**NOTICE, "text": "<b>长</b>" * 20}, "&lt;b&gt;长&lt;/b&gt;" * 20),
        ("/duty/notices", {**NOTICE, "until": "2026-11-19T12:00"}, TEXT),
        ("/duty/closings", {**CLOSING, "until": ""}, 'value="办公楼停电"'),
        ("/duty/keys", {**KEY, "change": ""}, 'value="正在核对"'),
        ("/duty/calendar", {"year": "2027", "off": "明年元旦", "work": "2027-02-14"}, "明年元旦</textarea>"),
        ("/duty/calendar", {}, "没有保存"),
    ],
)
def test_what_was_typed_is_kept_when_it_is_refused(staff: StaffApp, path: str, form: dict[str, str], kept: str) -> None:
    response = staff.signed_in("guanli").post(path, form)
    page = text_of(response)
    assert response.status_code == 422 and "没有保存：有" in page
    assert kept in page and 'aria-invalid="true"' in page
    assert count_rows(staff) == 0 and audit(staff) == []


def test_an_impossible_character_is_no_accident(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    visitor.post("/duty/notices", {**NOTICE, "text": "停电\x00了\r\n请稍候"})
    assert notice_on_air(staff, "340100") == "停电 了 请稍候。"


OTHERS = {
    "notice": lambda v: v.post("/duty/notices", {**NOTICE, "centre": "340200"}),
    "notice for all": lambda v: v.post("/duty/notices", {**NOTICE, "centre": "all"}),
    "preview": lambda v: v.post("/duty/notices", {**NOTICE, "centre": "340200", "do": "preview"}),
    "closing": lambda v: v.post("/duty/closings", {**CLOSING, "centre": "340200"}),
    "key": lambda v: v.post("/duty/keys", {**KEY, "centre": "340200"}),
    "calendar": lambda v: v.post("/duty/calendar", {"year": "2027"}),
    "withdraw a notice": lambda v: v.post("/duty/notices/1/withdraw", {}),
    "withdraw a closing": lambda v: v.post("/duty/closings/1/withdraw", {}),
}


@pytest.mark.parametrize("deed", OTHERS.values(), ids=OTHERS.keys())
@pytest.mark.parametrize("username", ["hefei", "shengji", "hefei01"])
def test_another_centre_s_settings_are_refused(staff: StaffApp, username: str, deed: Callable[[Visitor], Any]) -> None:
    wuhu = staff.signed_in("wuhu")
    wuhu.post("/duty/notices", {**NOTICE, "centre": "340200"})
    wuhu.post("/duty/closings", {**CLOSING, "centre": "340200"})
    before = audit(staff)
    assert deed(staff.signed_in(username)).status_code == 403
    assert count_rows(staff) == 2 and audit(staff) == before


def test_a_supervisor_sees_no_other_centre_s_settings(staff: StaffApp) -> None:
    staff.signed_in("wuhu").post("/duty/notices", {**NOTICE, "centre": "340200", "text": "芜湖窗口停电"})
    page = staff.signed_in("hefei").page("/duty")
    assert "芜湖" not in page and 'value="340200"' not in page and "放假安排" not in page
    assert "芜湖窗口停电" in staff.signed_in("xinxi").page("/duty")


def test_consultants_have_no_duty_page(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei01")
    assert visitor.get("/duty").status_code == 403
    assert "/duty" not in visitor.page("/status")


def test_a_year_s_holidays_count_at_once(staff: StaffApp) -> None:
    visitor = staff.signed_in("guanli")
    off = "\n".join(f"{day} {name}" for day, name in statutory_holidays(2027).items())
    form = {"year": "2027", "off": off, "work": "2027-02-14"}
    sentence = sentence_after(visitor, visitor.post("/duty/calendar", form))
    assert "2027年放假安排已保存（放假13天，调休上班1天）" in sentence
    calendar = staff.line.duty.board(staff.clock()).calendar
    day = staff.clock().date() + timedelta(days=365)
    assert not calendar.is_provisional(day)
    assert audit(staff) == [("guanli", "calendar_set", None)]
    assert "2027-02-14</textarea>" in visitor.page("/duty?year=2027")
    visitor.post("/duty/calendar", {**form, "work": ""})
    assert staff.rows("SELECT days->'work' FROM calendar_notice") == [([],)]


def test_nothing_is_written_when_the_trail_cannot_be(staff: StaffApp) -> None:
    visitor = staff.signed_in("hefei")
    staff.write("ALTER TABLE audit_entry ADD CONSTRAINT broken CHECK (action <> 'notice_set') NOT VALID")
    try:
        assert visitor.post("/duty/notices", NOTICE).status_code == 500
    finally:
        staff.write("ALTER TABLE audit_entry DROP CONSTRAINT broken")
    assert count_rows(staff) == 0

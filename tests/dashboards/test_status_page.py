"""The status page tells the truth about each centre, and only about one's own."""

import re
from datetime import timedelta

import pytest

from integrations.database import Database
from ivr.outcome import PRECEDENCE
from ivr.problem import Problem
from queueing.features import FEATURES
from tests.dashboards.staff_app import StaffApp, text_of

ROUTES = ("/status/{}", "/status/{}/menu.svg")


def enter_call(
    staff: StaffApp, sid: str, centre: str, outcome: str | None, now_at: str = "", ago_hours: float = 0
) -> None:
    at = staff.clock() - timedelta(hours=ago_hours)
    staff.write(
        "INSERT INTO call (call_sid, direction, caller_kind, dialled, first_centre, centre, started_at, ended_at, "
        "carrier_status, status_rank, outcome) VALUES (%s, 'inbound', 'mobile', '12333', %s, %s, %s, %s, '', 1, %s)",
        sid,
        centre,
        now_at or centre,
        at,
        at if outcome else None,
        outcome,
    )


def equation(page: str) -> list[tuple[int, str]]:
    """The terms of `received = outcomes + in progress`, as a reader sees them."""
    text = page.split('<p class="equation">')[1].split("</p>")[0]
    return [(int(n), words) for n, words in re.findall(r"<b>(\d+)</b> ([^<]+)</span>", text)]


def test_the_first_address_leads_to_the_status_page(staff: StaffApp) -> None:
    assert staff.signed_in("hefei").get("/").location == "/status"


def test_the_province_sees_all_seventeen_and_a_city_only_itself(staff: StaffApp) -> None:
    centres = staff.line.keeper.library().centres
    page = staff.signed_in("xinxi").page("/status")
    assert all(f"/status/{code}" in page for code in centres) and len(centres) == 17
    for username in ("hefei", "hefei01"):
        page = staff.signed_in(username).page("/status")
        assert set(re.findall(r"/status/(\d{6})", page)) == {"340100"}
        assert "芜湖" not in page and "省本级</a>" not in page


@pytest.mark.parametrize("route", ROUTES)
def test_another_centre_s_pages_are_refused(staff: StaffApp, route: str) -> None:
    visitor = staff.signed_in("hefei")
    for code in staff.line.keeper.library().centres:
        response = visitor.get(route.format(code))
        assert response.status_code == (200 if code == "340100" else 403)
    assert visitor.get(route.format("999999")).status_code == 404
    assert staff.visitor().get(route.format("340100")).status_code == 302


def test_the_refusal_is_a_page_with_a_sentence(staff: StaffApp) -> None:
    response = staff.signed_in("hefei").get("/status/340200")
    assert response.status_code == 403 and "您没有权限看这一页" in text_of(response)


def test_the_hour_is_told_with_the_next_opening(staff: StaffApp) -> None:
    visitor = staff.signed_in("wuhu")
    page = visitor.page("/status")
    assert "7小时10分" in page and "没有人接" in page
    staff.clock.at += timedelta(days=1)
    page = staff.signed_in("wuhu").page("/status")
    assert "周末" in page and "星期一上午9点" in page


def test_every_key_is_shown_open_or_closed_with_its_reason(staff: StaffApp) -> None:
    staff.write(
        "INSERT INTO feature_override (centre, feature, is_open, reason, set_by, set_at) "
        "VALUES ('340100', 'complaints', false, '台账正在搬', '', now())"
    )
    page = staff.signed_in("hefei").page("/status/340100")
    keys = page.split("九个键")[1].split("</section>")[0]
    assert all(name in keys for name in FEATURES.values())
    assert keys.count("✓ 开") == 7 and keys.count("✕ 关") == 2
    assert "台账正在搬" in keys


def test_a_key_that_is_set_open_without_a_room_is_shown_closed(sparse_staff: StaffApp) -> None:
    sparse_staff.write(
        "INSERT INTO feature_override (centre, feature, is_open, reason, set_by, set_at) "
        "VALUES ('340100', 'complaints', true, '', '', now())"
    )
    assert "设为开通，但菜单里没有内容" in sparse_staff.signed_in("hefei").page("/status/340100")


def test_received_is_the_sum_of_outcomes_and_calls_in_progress(staff: StaffApp) -> None:
    for n, outcome in enumerate([*PRECEDENCE, "self_served", None, None]):
        enter_call(staff, f"CA{n}", "340100", outcome)
    enter_call(staff, "CA-yesterday", "340100", "answered", ago_hours=11)
    enter_call(staff, "CA-elsewhere", "340200", "answered")
    terms = equation(staff.signed_in("hefei").page("/status"))
    assert terms[0] == (13, "来电") and terms[-1] == (2, "还没挂断")
    assert terms[0][0] == sum(number for number, _ in terms[1:])
    assert (2, "自助完成") in terms and (1, "人工接通") in terms
    assert equation(staff.signed_in("xinxi").page("/status"))[0] == (14, "来电")


def test_a_call_is_on_the_line_where_it_is_now_and_counted_where_it_rang(staff: StaffApp) -> None:
    enter_call(staff, "CA1", "340000", None, now_at="340100", ago_hours=12)
    page = staff.signed_in("hefei").page("/status")
    assert "<b>1</b><span>正在通话</span>" in page and equation(page)[0] == (0, "来电")
    assert "今天零点以来还没有来电" in page


def test_each_figure_says_how_it_is_counted(staff: StaffApp) -> None:
    page = staff.signed_in("xinxi").page("/status")
    assert 'title="今天（北京时间零点起）打进来的全部来电' in page and "来电数＝各种结果之和＋还没挂断" in page


def test_a_refused_menu_is_told_with_file_and_line(staff: StaffApp, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem("ivr/flows/provincial.yaml", 12, "键1后面<什么>都没有")
    monkeypatch.setattr(staff.line.keeper, "rejected", (problem,))
    page = staff.signed_in("hefei").page("/status")
    assert "文件有问题，仍在用旧菜单" in page
    assert "ivr/flows/provincial.yaml" in page and "第12行：键1后面&lt;什么&gt;都没有" in page


def test_content_that_has_expired_is_on_the_list(staff: StaffApp) -> None:
    staff.clock.at += timedelta(days=365 * 20)
    page = staff.signed_in("hefei").page("/status")
    assert "已到期" in page and "没有一件内容在有效期内" in page
    assert "放假通知还没有录入" in page


def test_events_of_an_outage_that_wait_are_counted(staff: StaffApp) -> None:
    folder = staff.services.settings.var_dir / "outage"
    folder.mkdir(parents=True)
    for name in ("1.json", "2.json", "3.bad"):
        (folder / name).write_text("{}")
    page = staff.signed_in("hefei").page("/status")
    assert "有 2 条来电记录等着补进台账" in page and "有 1 条来电记录补不进台账" in page


def test_the_menu_is_drawn_for_the_centre(staff: StaffApp) -> None:
    response = staff.signed_in("hefei").get("/status/340100/menu.svg")
    assert response.content_type.startswith("image/svg+xml") and "<title>合肥：" in text_of(response)


def test_pages_bring_no_script_or_style_of_their_own(staff: StaffApp) -> None:
    visitor = staff.signed_in("guanli")
    for path in ("/status", "/status/340100", "/duty"):
        page = visitor.page(path)
        assert "<style" not in page and not re.search(r"\s(style|on\w+)=", page)
        assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


def test_without_the_database_a_sentence_is_shown(staff: StaffApp, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = staff.signed_in("hefei")
    gone = Database("postgresql+psycopg://postgres@/hotline?host=/no/such/folder")
    monkeypatch.setattr(Database, "pool", property(lambda self: gone._open_pool()))
    response = visitor.get("/status")
    assert response.status_code == 503 and "现在连不上数据库" in text_of(response)

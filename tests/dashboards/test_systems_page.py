"""The page of the business systems: how they are, what they were asked, who asked, and never whose."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboards.systems_words import RESULTS, TRAIL_KINDS
from integrations.database import Database
from integrations.services import Services
from integrations.social_insurance.contract import (
    CardAction,
    Found,
    Locked,
    NotFound,
    PinVerdict,
    Rejected,
    Unavailable,
    Unknown,
    Written,
)
from integrations.social_insurance.contract import result_class as class_of
from integrations.social_insurance.systems_file import ANSWERED
from ivr.keeper import LibraryKeeper
from tests.dashboards.console_app import HEFEI01, ConsoleApp
from tests.dashboards.look_up_app import ask, console_over, province_talk, somebody
from tests.dashboards.staff_app import Visitor, text_of
from tests.integrations.sandbox_process import SandboxProcess
from tests.waiting import eventually

PERSON = b"p" * 32
Enter = Callable[..., None]


@pytest.fixture
def enter(app: ConsoleApp) -> Enter:
    """Rows of the trail, as the registry writes them."""

    def enter(milliseconds: int | None = 100, **values: Any) -> None:
        row = {
            "at": app.clock(), "who": "caller", "why": "query_pension", "call_sid": "CA" + "7" * 32,
            "centre": "340100", "system": "demo_bus_hefei", "kind": "pension", "person_hash": PERSON,
            "result": "found" if milliseconds is not None else None, "reason": None, "milliseconds": milliseconds,
        } | values  # fmt: skip
        marks = ", ".join(["%s"] * len(row))
        app.write(f"INSERT INTO look_up_audit ({', '.join(row)}) VALUES ({marks})", *row.values())

    return enter


def system(page: str, name: str) -> str:
    """A system's row, as text."""
    return words(page.split(f'id="system-{name}"')[1].split("</tr>")[0])


def recent(page: str) -> list[str]:
    """The rows of the last questions, as texts; empty without the table."""
    body = page.split('id="recent-h"')[1].split("<tbody>") if 'id="recent-h"' in page else []
    return [words(row) for row in body[1].split("<tr>")[1:]] if len(body) > 1 else []


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("</tbody>")[0]).split())


def row_count(app: ConsoleApp) -> int:
    return int(app.rows("SELECT count(*) FROM look_up_audit")[0][0])


# who may see it


@pytest.mark.parametrize(("who", "status"), [("guanli", 200), ("xinxi", 200), ("hefei", 200), (HEFEI01, 403)])
def test_staff_see_it_and_consultants_do_not(app: ConsoleApp, who: str, status: int) -> None:
    visitor = app.at(who)
    assert visitor.get("/systems").status_code == status
    assert ('href="/systems"' in visitor.page("/status")) is (status == 200)


def test_a_stranger_is_sent_to_the_login(app: ConsoleApp) -> None:
    assert app.visitor().get("/systems").status_code == 302


def test_looking_asks_nobodys_data(app: ConsoleApp) -> None:
    app.at("guanli").page("/systems")
    assert row_count(app) == 0


# how they are


def test_every_system_has_a_word_a_shape_and_its_centres(app: ConsoleApp) -> None:
    page = app.at("guanli").page("/systems")
    hefei = system(page, "demo_bus_hefei")
    assert "● 正常" in hefei and "养老保险：合肥" in hefei and "今天没有查询" in hefei
    assert "查询密码：全部17个中心" in system(page, "demo_bus_province")
    assert "芜湖" not in system(page, "demo_medical")


def test_a_system_that_is_down_is_told_so(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    sandbox.turn("pension-hefei", "down")
    assert "■ 连不上" in system(app.at("guanli").page("/systems"), "demo_bus_hefei")


def test_a_system_that_rests_says_until_when(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    visitor, offer = province_talk(app)
    sandbox.turn("pension-province", "error")
    for _ in range(5):
        ask(visitor, offer, id_number=somebody(sandbox, "王芳").id_number)
    found = system(app.at("guanli").page("/systems"), "demo_bus_province")
    assert "◐ 歇一会儿" in found and "以后有人查询时再试" in found and "没有回答 5" in found


def test_a_half_connected_system_says_what_is_missing(
    services: Services, keeper: LibraryKeeper, sandbox: SandboxProcess, demo_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    with console_over(services, keeper, sandbox, system_secrets={}) as app:
        found = system(app.at("guanli").page("/systems"), "demo_medical")
    assert "▲ 接了一半" in found and "SYSTEM_DEMO_MEDICAL_SIGN_KEY" in found


def test_what_is_not_asked_here_is_listed_with_the_reason(app: ConsoleApp) -> None:
    page = app.at("guanli").page("/systems")
    elsewhere = words(page.split("不在这里查的")[1].split("</ul>")[0])
    assert "医保 请来电人打 12393 芜湖" in elsewhere and "社保卡 社保卡系统还在联调 池州" in elsewhere
    assert "12393" not in app.at("hefei").page("/systems")


def test_a_file_with_problems_is_told_with_the_place(
    services: Services,
    keeper: LibraryKeeper,
    sandbox: SandboxProcess,
    demo_hash: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("dashboards.demo.hash_password", lambda password: demo_hash)
    (tmp_path / "systems.yaml").write_text("systems: {x: {adapter: nothing}}")
    with console_over(services, keeper, sandbox, config_dir=tmp_path) as app:
        page = app.at("guanli").page("/systems")
    assert "没有可用的，全部查不了" in page and "systems.x.adapter" in page


# figures


def test_the_figures_are_those_that_were_measured_today(app: ConsoleApp, enter: Enter) -> None:
    for milliseconds in range(10, 210, 10):
        enter(milliseconds)
    enter(9000, result="unavailable", reason="slow")
    enter(None)
    enter(99_999, at=app.clock() - timedelta(days=1))
    found = system(app.at("guanli").page("/systems"), "demo_bus_hefei")
    assert "22 次" in found and "查到 20" in found and "没有回答 1" in found and "没有下文 1" in found
    assert "110 毫秒" in found and "200 毫秒" in found and "99,999" not in found


def test_questions_of_other_centres_are_not_counted_for_a_supervisor(app: ConsoleApp, enter: Enter) -> None:
    enter(system="demo_medical", kind="medical")
    enter(system="demo_medical", kind="medical", centre="340200")
    assert "2 次" in system(app.at("guanli").page("/systems"), "demo_medical")
    assert "1 次" in system(app.at("hefei").page("/systems"), "demo_medical")


def test_a_supervisor_sees_the_systems_of_the_own_centre(app: ConsoleApp) -> None:
    shown = set(re.findall(r'id="system-(\w+)"', app.at("hefei").page("/systems")))
    assert shown == {"demo_medical", "demo_card_hefei", "demo_bus_hefei", "demo_bus_province"}


def test_every_result_of_the_trail_has_its_word() -> None:
    answers = [
        Found((), None, "", ""),
        NotFound(""),
        Unavailable("", "slow"),
        Unknown("", ""),
        Rejected("", ""),
        Locked(None),
        Written("", is_new=True),
        Written("", is_new=False),
    ]  # type: ignore[arg-type, list-item]
    assert {class_of(answer) for answer in answers} | {verdict.value for verdict in PinVerdict} <= set(RESULTS)


def test_everything_in_the_trail_has_its_name() -> None:
    assert {*ANSWERED, *(f"card_{action}" for action in CardAction)} == set(TRAIL_KINDS)


def test_locked_pins_are_a_count_and_nothing_more(app: ConsoleApp) -> None:
    now = app.clock()
    for n in range(10):
        person = b"a" * 32 if n < 5 else bytes([n]) * 32
        app.write("INSERT INTO pin_failure (at, person_hash, caller_hash) VALUES (%s, %s, %s)", now, person, b"c" * 32)
    for _ in range(9):
        old = now - timedelta(hours=25)
        app.write("INSERT INTO pin_failure (at, person_hash, caller_hash) VALUES (%s, %s, NULL)", old, b"b" * 32)
    assert "查询密码现在锁着：<b>1</b> 人，<b>1</b> 部电话" in app.at("guanli").page("/systems")


# who asked


def test_the_last_questions_say_who_and_why_and_never_whose(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    wang = somebody(sandbox, "王芳")
    visitor, offer = province_talk(app, "CAsidofthetalk")
    ask(visitor, offer, id_number=wang.id_number, purpose="complaint")
    page = app.at("guanli").page("/systems")
    (row,) = recent(page)
    for told in (
        "孙丽 shengji01",
        "省本级",
        "全省养老服务总线",
        "养老保险",
        "更正或投诉处理，口头核对",
        "查到",
        "毫秒",
        "…hetalk",
    ):
        assert told in row
    fingerprint = app.services.social_insurance.person_hash(wang.id_number).hex()
    assert all(secret not in page for secret in (wang.id_number, wang.name + "<", fingerprint))
    assert wang.id_number[-4:] not in row


def test_the_last_questions_are_of_the_supervisors_own_centre(app: ConsoleApp, enter: Enter) -> None:
    enter(call_sid="CA-of-hefei")
    enter(centre="340200", call_sid="CA-of-wuhu", who="wuhu01", why="console_pension:enquiry:keypad")
    assert len(recent(app.at("guanli").page("/systems"))) == 2
    page = app.at("hefei").page("/systems")
    assert len(recent(page)) == 1 and "CA-of-hefei" in page and "CA-of-wuhu" not in page and "wuhu01" not in page


def test_the_province_sees_figures_and_not_who_asked(app: ConsoleApp, enter: Enter) -> None:
    enter(who="hefei01")
    page = app.at("xinxi").page("/systems")
    assert "1 次" in system(page, "demo_bus_hefei") and "最近查询" not in page and "hefei01" not in page


def test_without_questions_it_says_so(app: ConsoleApp) -> None:
    assert "还没有人查过" in app.at("guanli").page("/systems")


def test_a_question_of_which_nobody_knows_the_end_is_shown_as_such(app: ConsoleApp, enter: Enter) -> None:
    enter(None)
    enter(8004, result="unavailable", reason="slow")
    first, second = recent(app.at("guanli").page("/systems"))
    assert "没有回答（太慢）" in first and "8,004 毫秒" in first and "没有下文" in second and "—" in second


# trouble


def test_without_the_database_a_sentence_is_shown(app: ConsoleApp, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor: Visitor = app.at("guanli")
    gone = Database("postgresql+psycopg://postgres@/hotline?host=/no/such/folder")
    monkeypatch.setattr(Database, "pool", property(lambda self: gone._open_pool()))
    response = visitor.get("/systems")
    assert response.status_code == 503 and "现在连不上数据库" in text_of(response)


def test_one_system_that_hangs_does_not_keep_the_page(app: ConsoleApp, sandbox: SandboxProcess) -> None:
    sandbox.turn("medical", "hang")
    page = app.at("guanli").page("/systems")
    assert "● 正常" in system(page, "demo_bus_hefei") and "● 正常" not in system(page, "demo_medical")
    sandbox.turn("medical", "normal")
    eventually(lambda: sandbox.get("/")[0] == 200)


def test_the_page_brings_no_script_or_style_of_its_own(app: ConsoleApp, enter: Enter) -> None:
    enter(why="<b>")
    page = app.at("guanli").page("/systems")
    assert "<style" not in page and not re.search(r"\s(style|on\w+)=", page) and "<b>&lt;b" not in page
    assert "&lt;b&gt;" in page and re.findall(r"<script(?![^>]*\bsrc=)", page) == []
